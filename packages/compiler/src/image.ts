import { fnv1a, type KernelImage } from '@ringkernel/core';
import { formatPosition, type Located } from './diagnostics/frame.ts';
import type { Location, Module } from './ir/types.ts';

/** A compiled actor: an image whose program is an IR module. */
export interface ActorImage extends KernelImage {
  readonly program: {
    readonly kind: 'ir';
    readonly module: Module;
    readonly texts?: Readonly<Record<string, string>>;
  };
}

/** `texts`: the module in devices' languages, by the name of the target, when it is there already. */
export function imageOf(module: Module, texts?: Readonly<Record<string, string>>): ActorImage {
  const { name, state, messages, emits } = module;
  const program = { kind: 'ir', module, ...(texts === undefined ? {} : { texts }) } as const;
  return { name, hash: fnv1a(programText(module)), state, messages, emits, program };
}

/** All that decides what a module does, as text: without positions, which move when a comment does. */
function programText(module: Module): string {
  return JSON.stringify(module, (key, value) => {
    if (key === 'location' || key === 'sites') return undefined;
    if (typeof value === 'bigint') return `${value}n`;
    return Object.is(value, -0) ? '-0' : value;
  });
}

/** Finds a line and column of a function's own text in its file. */
export type LocateLine = (at: Location) => Located;

/** How to find the places of an image's faults and statements, and what must be closed after that. */
interface Places {
  readonly capture: { close(): void };
  readonly locators: readonly ((() => Located) | null)[];
  readonly handlerLines: readonly LocateLine[];
  readonly functionLines: readonly LocateLine[];
}

const places = new WeakMap<KernelImage, Places>();

export function keepPlaces(image: KernelImage, found: Places): void {
  places.set(image, found);
}

/** Lets `use` look up the places of an image's statements; null where they are not known. */
export function withPlaces<T>(image: KernelImage, use: (places: Places | null) => T): T {
  const found = places.get(image);
  try {
    return use(found ?? null);
  } finally {
    found?.capture.close();
  }
}

/**
 * Where a fault happened: `counter.ts:12:7`. Positions in files are looked up on this first call, not when the actor
 * is compiled, because that needs the debugger. An image from another process has them in its handlers' own lines
 * (`Counter.Add:3:5`), as `module.sites` says; one from a file has them as they were when it was written.
 */
export function describeSite(image: KernelImage, site: number): string {
  if (image.program.kind !== 'ir') return '';
  const position = locateSite(image, site);
  if (position !== null) return formatPosition(position);
  return (image.program.module as Module).sites[site]?.at ?? '';
}

/** The place of a fault in its file; null where that is not known. */
export function locateSite(image: KernelImage, site: number): Located | null {
  const { capture, locators } = places.get(image) ?? {};
  try {
    const position = locators?.[site]?.() ?? null;
    return position?.file === null ? null : position;
  } finally {
    capture?.close();
  }
}
