import { type AnyDefinition, InvalidOptionError } from '@ringkernel/core';
import { NameNotFoundError, NameTakenError } from '../errors.ts';
import { type EventStream, Feed } from '../feed.ts';
import { type AnyInstanceHandle, InstanceHandle, type InstanceOf, kernelOf } from '../handle.ts';
import type { Kernel } from '../kernel.ts';
import { checkNames, checkSignal } from '../options.ts';
import type { WaitingRoom } from '../waiting.ts';
import { globOf } from './glob.ts';

/** Events that may wait for a slow watcher before its watch ends with an error. */
const watchCapacity = 10_000;

/** Somebody who can be found by name. */
export interface RegistryEntry {
  readonly name: string;
  readonly tags: readonly string[];
  readonly handle: AnyInstanceHandle;
}

/** Which entries: all conditions given must hold. */
export interface RegistryQuery {
  /** `*` within a level, `?` one character, `**` across levels; levels are parted by `/`. */
  readonly pattern?: string;
  /** Tags that an entry must all have. */
  readonly tags?: readonly string[];
}

export interface WatchOptions extends RegistryQuery {
  readonly signal?: AbortSignal;
}

export interface RegistryEvent extends RegistryEntry {
  readonly kind: 'added' | 'removed';
}

/**
 * Names of kernels and their instances. A kernel is in it under its id from its launch to its end; other names can
 * be given to it, and end with it.
 */
export class Registry {
  readonly #room: WaitingRoom;
  readonly #entries: Map<string, RegistryEntry> = new Map();
  readonly #watches: Map<Feed<RegistryEvent>, (entry: RegistryEntry) => boolean> = new Map();

  /** Made by the runtime. */
  constructor(room: WaitingRoom) {
    this.#room = room;
  }

  /** Names in the order in which they were registered. */
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Gives a kernel, or an instance of it, a name. Throws `NameTakenError`. */
  register(
    name: string,
    handle: AnyInstanceHandle,
    options: { readonly tags?: readonly string[] } = {},
  ): void {
    checkNames(options, ['tags'], 'options');
    if (typeof name !== 'string' || name === '') {
      throw new InvalidOptionError('name', 'a text', name);
    }
    if (!(handle instanceof InstanceHandle)) {
      throw new InvalidOptionError('handle', 'the handle of a kernel or instance', handle);
    }
    const tags = checkTags(options.tags ?? []);
    if (this.#entries.has(name)) throw new NameTakenError(name);
    const kernel = kernelOf(handle);
    if (kernel.ending !== undefined) throw kernel.ending.error(`register '${name}'`);
    const entry = { name, tags, handle };
    this.#entries.set(name, entry);
    this.#tell('added', entry);
  }

  /** Takes a name back. False: nobody had it. */
  unregister(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    this.#entries.delete(name);
    this.#tell('removed', entry);
    return true;
  }

  /**
   * Who has this name; with the definition it was launched from, its handle is typed. Throws `NameNotFoundError`,
   * and `InvalidOptionError` when it is of another definition.
   */
  lookup(name: string): AnyInstanceHandle;
  lookup<D extends AnyDefinition>(name: string, definition: D): InstanceOf<D>;
  lookup(name: string, definition?: AnyDefinition): AnyInstanceHandle {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new NameNotFoundError(name, this.names);
    const { definition: found } = kernelOf(entry.handle);
    if (definition !== undefined && definition !== found) {
      const wanted = `${found.name}, which '${name}' was launched from`;
      throw new InvalidOptionError('definition', wanted, definition.name);
    }
    return entry.handle;
  }

  /** The entry of this name, if there is one. */
  entry(name: string): RegistryEntry | undefined {
    return this.#entries.get(name);
  }

  /** All that match, in the order in which they were registered. */
  find(query: RegistryQuery = {}): RegistryEntry[] {
    checkNames(query, ['pattern', 'tags'], 'query');
    return [...this.#entries.values()].filter(matcher(query));
  }

  /**
   * What is registered and unregistered from now on, preceded by what matches already. A watcher who lets more than
   * 10,000 events wait gets a `FeedOverflowError`, since it can't know any longer what there is.
   */
  watch(options: WatchOptions = {}): EventStream<RegistryEvent> {
    const { signal, ...query } = options;
    checkNames(query, ['pattern', 'tags'], 'options');
    const matches = matcher(query);
    const feed: Feed<RegistryEvent> = new Feed(this.#room, {
      subject: 'watch of the registry',
      capacity: watchCapacity,
      onFull: 'fail',
      signal: signal === undefined ? undefined : checkSignal(signal),
      onEnd: () => void this.#watches.delete(feed),
    });
    if (feed.ended) return feed;
    this.#watches.set(feed, matches);
    for (const entry of this.#entries.values()) {
      if (matches(entry)) feed.push({ kind: 'added', ...entry });
    }
    return feed;
  }

  /** The runtime's own: a kernel has ended, its names are free. */
  release(kernel: Kernel): void {
    for (const { name, handle } of [...this.#entries.values()]) {
      if (kernelOf(handle) === kernel) this.unregister(name);
    }
  }

  /** The runtime's own: nothing more will be registered. */
  close(): void {
    for (const feed of [...this.#watches.keys()]) feed.end();
  }

  #tell(kind: RegistryEvent['kind'], entry: RegistryEntry): void {
    for (const [feed, matches] of [...this.#watches]) {
      if (matches(entry)) feed.push({ kind, ...entry });
    }
  }
}

/** A frozen copy. Throws `InvalidOptionError`. */
export function checkTags(tags: unknown): readonly string[] {
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== '')) {
    return Object.freeze([...tags]);
  }
  throw new InvalidOptionError('tags', 'a list of texts', tags);
}

function matcher({ pattern, tags }: RegistryQuery): (entry: RegistryEntry) => boolean {
  if (pattern !== undefined && typeof pattern !== 'string') {
    throw new InvalidOptionError('pattern', 'a text', pattern);
  }
  const glob = pattern === undefined ? undefined : globOf(pattern);
  const wanted = checkTags(tags ?? []);
  return (entry) =>
    (glob === undefined || glob.test(entry.name)) &&
    wanted.every((tag) => entry.tags.includes(tag));
}
