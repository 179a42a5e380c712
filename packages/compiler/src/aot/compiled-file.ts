import type { AnyActor } from '@ringkernel/core';
import { builtin } from '../capture/inspector.ts';
import { type ActorImage, imageOf, keepPlaces } from '../image.ts';
import { validateModule } from '../ir/validate.ts';
import { compilerVersion } from '../version.ts';
import { CompiledFileError } from './errors.ts';
import {
  type CompiledActor,
  type CompiledActors,
  compiledActors,
  contentFingerprint,
  fileFormat,
  wholeModule,
} from './format.ts';
import { linesOf } from './positions.ts';
import { whyStale } from './stale.ts';

type FindFile = (file: string) => string | null;

/** A path that counts from nowhere is not known. */
const wholePath: FindFile = (file) => (isWhole(file) ? file : null);

const isWhole = (file: string): boolean => /^([a-z][a-z\d+.-]*:|\/|\\)/iu.test(file);

/** Actors that were compiled ahead of time. */
export class CompiledFile {
  /** For messages: the path, or what it was given as. */
  readonly name: string;
  readonly #compiler: string;
  readonly #actors = new Map<string, CompiledActor>();
  readonly #find: FindFile;
  readonly #images = new WeakMap<AnyActor, ActorImage | string>();

  /**
   * Takes what `compileModule` gave or a file had. `find` gives the path of a file of source, as it is in the content,
   * or null where that is not known: such statements have no source map. Throws `CompiledFileError` for anything else.
   */
  constructor(content: unknown, name = 'what was given', find: FindFile = wholePath) {
    this.name = name;
    this.#find = find;
    const { format, compiler } = Object(content) as { format?: unknown; compiler?: unknown };
    if (format !== fileFormat) {
      const found = JSON.stringify(format) ?? 'nothing';
      throw new CompiledFileError(name, `wanted the format ${fileFormat}, found ${found}`);
    }
    this.#compiler = String(compiler);
    // What another compiler wrote may have another shape.
    if (compiler !== compilerVersion) return;
    for (const actor of decoded(content, name).actors) this.#actors.set(actor.name, actor);
  }

  /** The image of a definition, or in a few words why it must be compiled again. Found out once. */
  imageOf(definition: AnyActor): ActorImage | string {
    const known = this.#images.get(definition);
    if (known !== undefined) return known;
    const found = this.#imageOf(definition);
    this.#images.set(definition, found);
    return found;
  }

  /** Whether an actor of this name is in it. */
  has(actor: string): boolean {
    return this.#compiler !== compilerVersion || this.#actors.has(actor);
  }

  #imageOf(definition: AnyActor): ActorImage | string {
    if (this.#compiler !== compilerVersion) {
      return `it is from version ${this.#compiler} of the compiler, this is ${compilerVersion}`;
    }
    const actor = this.#actors.get(definition.name);
    if (actor === undefined) return 'it is not in it';
    const stale = whyStale(definition, actor);
    if (stale !== null) return stale;
    const module = wholeModule(definition, actor.module);
    const [problem] = validateModule(module);
    if (problem !== undefined) {
      throw new CompiledFileError(this.name, `${definition.name}: ${problem}`);
    }
    const image = imageOf(module, actor.texts);
    keepPlaces(image, {
      ...linesOf(actor.positions, this.#find),
      capture: { close: () => {} },
      locators: [], // The module's sites say where they are.
    });
    return image;
  }
}

function decoded(content: unknown, name: string): CompiledActors {
  const actors = (content as { actors?: unknown }).actors;
  try {
    const checked = compiledActors(content, 'file');
    for (const [i, raw] of (actors as CompiledActor[]).entries()) {
      if (raw.content === contentFingerprint(raw)) continue;
      throw new CompiledFileError(
        name,
        `${raw.name} (actors[${i}]) was changed after it was written`,
      );
    }
    return checked;
  } catch (error) {
    if (error instanceof CompiledFileError) throw error;
    // A DecodeError, or a tree too deep to walk.
    throw new CompiledFileError(name, (error as Error).message, error);
  }
}

/**
 * Reads a file of compiled actors; in a browser it is fetched, from a URL or a path that counts from the page. Throws
 * `CompiledFileError`.
 */
export async function readCompiledFile(file: string | URL): Promise<CompiledFile> {
  const fs = builtin<typeof import('node:fs/promises')>('node:fs/promises');
  const url = builtin<typeof import('node:url')>('node:url');
  const isFile = file instanceof URL || file.startsWith('file:');
  const name = isFile && url !== undefined ? url.fileURLToPath(file) : String(file);
  let content: unknown;
  try {
    content = JSON.parse(fs === undefined ? await fetched(name) : await fs.readFile(name, 'utf8'));
  } catch (error) {
    throw new CompiledFileError(name, (error as Error).message, error);
  }
  const path = builtin<typeof import('node:path')>('node:path');
  return new CompiledFile(content, name, (source) => {
    if (isWhole(source)) return source;
    if (fs === undefined || path === undefined)
      return new URL(source, new URL(name, pageUrl())).href;
    return path.resolve(path.dirname(name), source);
  });
}

/** Of a browser's page. */
function pageUrl(): string {
  return (globalThis as { readonly location?: { readonly href?: string } }).location?.href ?? '';
}

async function fetched(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return await response.text();
}
