import { type AnyDefinition, KernelTerminatedError, type RingKernelError } from '@ringkernel/core';
import { type EventStream, Feed } from '../feed.ts';
import type { AnyKernelHandle, HandleOf } from '../handle.ts';
import {
  checkNames,
  checkSignal,
  checkTimeout,
  type TerminateOptions,
  terminateOptionNames,
} from '../options.ts';
import type { WaitingRoom } from '../waiting.ts';
import type { Child, ChildWatcher } from './child.ts';
import { RestartIntensityError, SupervisorStoppedError } from './errors.ts';
import type { SupervisionChange, SupervisionEvent } from './events.ts';
import { KernelChild, type Launch } from './kernel-child.ts';
import {
  type ChildOptions,
  childSettings,
  type RestartKind,
  type SupervisorOptions,
  type SupervisorSettings,
  supervisorSettings,
} from './options.ts';
import { RestartLog } from './restart-log.ts';

/** Events that may wait for one listener. */
const eventCapacity = 1_000;
/** How long `stop` drains each child by default, milliseconds. */
const stopTimeoutMs = 5_000;

/** What a supervisor needs of its runtime. */
export interface SupervisionHost {
  readonly room: WaitingRoom;
  readonly launch: Launch;
}

/** What a supervisor tells the one above it. */
interface Parent {
  failed(child: Child, error: unknown): void;
  tell(path: string, change: SupervisionChange): void;
}

export type SupervisorState = 'running' | 'stopped' | 'gave-up';

/** One child, as `children` shows it. */
export interface SupervisedChild {
  readonly name: string;
  readonly kind: 'kernel' | 'supervisor';
  readonly restart: RestartKind;
  /** False after it ended, and while a restart of it waits. */
  readonly running: boolean;
}

/**
 * Restarts what fails below it. Failures are treated one after the other, in the order in which they were heard of.
 * Made by `runtime.supervise`, or by `supervise` of another one, whose child it is then.
 */
export class Supervisor implements AsyncDisposable {
  readonly #host: SupervisionHost;
  readonly #settings: SupervisorSettings;
  readonly #parent: Parent | undefined;
  readonly #children: Child[] = [];
  readonly #log: RestartLog<Child>;
  readonly #delays: Set<() => void> = new Set();
  readonly #feeds: Set<Feed<SupervisionEvent>> = new Set();
  readonly #watcher: ChildWatcher;
  /** What its parent knows of it. */
  readonly #child: Child;
  #work: Promise<void> = Promise.resolve();
  #state: SupervisorState = 'running';
  #error: RingKernelError | undefined;
  #restarts = 0;

  constructor(host: SupervisionHost, settings: SupervisorSettings, parent?: Parent) {
    this.#host = host;
    this.#settings = settings;
    this.#parent = parent;
    this.#log = new RestartLog(settings);
    this.#watcher = {
      failed: (child, error, instance) =>
        this.#do(() => this.#failed(child, error, () => child.renew(instance), instance)),
      ended: (child) => this.#do(() => this.#ended(child)),
      lost: (error) => this.#do(() => this.#giveUp(error)),
      changed: (child, change) => this.#tell(child.name, change),
    };
    const running = () => this.#state === 'running';
    this.#child = {
      name: settings.name,
      restart: 'permanent',
      get running() {
        return running();
      },
      start: () => this.#start(),
      renew: () => this.#renew(),
      stillFailed: () => this.#state === 'gave-up',
      stop: (timeoutMs) => this.stop({ timeoutMs }),
      checkpoint: () => this.checkpoint(),
    };
    this.#checkpointLater();
  }

  get name(): string {
    return this.#settings.name;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** Why it gave up. */
  get error(): RingKernelError | undefined {
    return this.#error;
  }

  /** Restarts so far, of children or of parts of them. */
  get restarts(): number {
    return this.#restarts;
  }

  get children(): readonly SupervisedChild[] {
    return this.#children.map((child) => ({
      name: child.name,
      kind: child instanceof KernelChild ? 'kernel' : 'supervisor',
      restart: child.restart,
      running: child.running,
    }));
  }

  /** Launches a kernel as the last child. Rejects as `runtime.launch` does, and with `SupervisorStoppedError`. */
  async launch<D extends AnyDefinition>(
    definition: D,
    options: ChildOptions = {},
  ): Promise<HandleOf<D>> {
    const settings = { definition, ...childSettings(options) };
    const child = new KernelChild(settings, this.#host.launch, this.#watcher);
    await this.#add(child, 'launch');
    return child.handle as AnyKernelHandle as HandleOf<D>;
  }

  /** A supervisor as the last child. It has this one's clock unless it is given another. */
  supervise(options: SupervisorOptions = {}): Supervisor {
    this.#check('supervise');
    const settings = supervisorSettings(options, this.#settings.clock);
    const child = new Supervisor(this.#host, settings, {
      failed: this.#watcher.failed,
      tell: (path, change) => this.#tell(path, change),
    });
    this.#children.push(child.#child);
    return child;
  }

  /** What happens here and below, from now on; a listener that is too slow loses the oldest events (`dropped`). */
  events(options: { readonly signal?: AbortSignal } = {}): EventStream<SupervisionEvent> {
    checkNames(options, ['signal'], 'options');
    const { signal } = options;
    const feed: Feed<SupervisionEvent> = new Feed(this.#host.room, {
      subject: `events of supervisor '${this.name}'`,
      capacity: eventCapacity,
      onFull: 'drop-oldest',
      signal: signal === undefined ? undefined : checkSignal(signal),
      onEnd: () => void this.#feeds.delete(feed),
    });
    if (this.#state !== 'running') feed.end();
    else if (!feed.ended) this.#feeds.add(feed);
    return feed;
  }

  /**
   * Takes the states of all instances of children with `restartState: 'checkpoint'`, here and below, each between two
   * handlers. An instance that has failed keeps its last one.
   */
  async checkpoint(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.checkpoint()));
  }

  /** Ends everything below, the last child first; nothing is restarted any more. Said again, it does nothing. */
  async stop(options: TerminateOptions = {}): Promise<void> {
    checkNames(options, terminateOptionNames, 'options');
    const timeoutMs = checkTimeout(options.timeoutMs ?? stopTimeoutMs);
    await this.#do(async () => {
      if (this.#state === 'running') {
        this.#state = 'stopped';
        await this.#stopChildren(timeoutMs);
        this.#tell(undefined, { kind: 'stopped' });
      }
      this.#endFeeds();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #add(child: Child, operation: string): Promise<void> {
    this.#check(operation);
    let problem: unknown;
    await this.#do(async () => {
      try {
        this.#check(operation);
        await child.start();
        this.#children.push(child);
      } catch (error) {
        problem = error;
      }
    });
    if (problem !== undefined) throw problem;
  }

  /** All of it from the beginning. */
  async #renew(): Promise<void> {
    await this.#do(async () => {
      await this.#stopChildren(0);
      this.#log.clear();
      await this.#start();
      this.#parent?.tell(this.name, { kind: 'relaunched' });
    });
  }

  async #start(): Promise<void> {
    for (const child of this.#children) await child.start();
    this.#state = 'running';
    this.#error = undefined;
    this.#checkpointLater();
  }

  #check(operation: string): void {
    if (this.#state === 'running') return;
    throw new SupervisorStoppedError(this.name, operation, this.#error);
  }

  /** One thing after the other. What goes wrong in a restart ends the supervisor. */
  #do(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => this.#giveUp(error));
    return this.#work;
  }

  async #failed(
    child: Child,
    error: unknown,
    renew: () => Promise<void>,
    instance?: number,
  ): Promise<void> {
    if (this.#state !== 'running') return;
    const still = child.stillFailed(instance);
    this.#tell(child.name, {
      kind: 'failed',
      error,
      ...(instance === undefined ? {} : { instance }),
    });
    if (child.restart === 'temporary' || !still) return;
    await this.#restartSoon(child, error, renew);
  }

  async #ended(child: Child): Promise<void> {
    if (this.#state !== 'running') return;
    this.#tell(child.name, { kind: 'ended' });
    if (child.restart !== 'permanent') return;
    const error = new KernelTerminatedError(child.name, 'supervise');
    await this.#restartSoon(child, error, () => child.renew());
  }

  async #restartSoon(child: Child, cause: unknown, renew: () => Promise<void>): Promise<void> {
    const { name, maxRestarts, withinMs, clock } = this.#settings;
    if (!this.#log.note(child)) {
      return await this.#giveUp(new RestartIntensityError(name, maxRestarts, withinMs, cause));
    }
    const delayMs = this.#log.delayMs(child);
    if (delayMs === 0) return await this.#restart(child, renew);
    this.#tell(child.name, { kind: 'delayed', delayMs });
    const cancel = clock.after(delayMs, () => {
      this.#delays.delete(cancel);
      void this.#do(() => this.#restart(child, renew));
    });
    this.#delays.add(cancel);
  }

  async #restart(child: Child, renew: () => Promise<void>): Promise<void> {
    if (this.#state !== 'running') return;
    const { strategy } = this.#settings;
    const at = this.#children.indexOf(child);
    this.#restarts++;
    for (const [index, other] of this.#children.entries()) {
      if (other === child) await renew();
      else if (strategy === 'one-for-one' || !other.running) continue;
      else if (strategy === 'one-for-all' || index > at) await other.renew();
    }
  }

  async #giveUp(reason: unknown): Promise<void> {
    if (this.#state !== 'running') return;
    const error = reason as RingKernelError;
    this.#state = 'gave-up';
    this.#error = error;
    await this.#stopChildren(0).catch(() => {}); // a lost device has ended them already
    this.#tell(undefined, { kind: 'gave-up', error });
    this.#parent?.failed(this.#child, error);
    if (this.#parent === undefined) this.#endFeeds();
  }

  async #stopChildren(timeoutMs: number): Promise<void> {
    for (const cancel of this.#delays) cancel();
    this.#delays.clear();
    for (const child of [...this.#children].reverse()) await child.stop(timeoutMs);
  }

  #endFeeds(): void {
    for (const feed of [...this.#feeds]) feed.end();
  }

  #tell(below: string | undefined, change: SupervisionChange): void {
    const path = below === undefined ? this.name : `${this.name}/${below}`;
    for (const feed of [...this.#feeds]) feed.push({ path, ...change });
    this.#parent?.tell(path, change);
  }

  #checkpointLater(): void {
    const { checkpointEveryMs: everyMs, clock } = this.#settings;
    if (everyMs === undefined) return;
    const cancel = clock.after(everyMs, () => {
      this.#delays.delete(cancel);
      void this.#do(async () => {
        if (this.#state === 'running') await this.checkpoint();
        if (this.#state === 'running') this.#checkpointLater();
      });
    });
    this.#delays.add(cancel);
  }
}
