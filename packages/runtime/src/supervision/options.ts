import { InvalidOptionError, longestTimerMs } from '@ringkernel/core';
import { backgroundTimer } from '../event-loop.ts';
import { checkInteger, checkNames, checkOneOf, type LaunchOptions } from '../options.ts';

/** Who is restarted when a child fails: it alone, all children, or it and those that were added after it. */
export type RestartStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/**
 * When a child is restarted. `permanent`: whenever it fails or ends. `transient`: when it fails. `temporary`: never.
 */
export type RestartKind = 'permanent' | 'transient' | 'temporary';

/**
 * What an instance starts from after a restart: zeros, its state in the last checkpoint, or the state after the last
 * handler that ended well. With `last-good` the kernel is launched with `rollback`; instances that are restarted
 * because of another one keep their states, and a kernel that is launched again begins with zeros.
 */
export type RestartState = 'initial' | 'checkpoint' | 'last-good';

/** What a supervisor tells the time by and waits with. */
export interface SupervisionClock {
  nowMs(): number;
  /** Calls back once after so many milliseconds; the returned function prevents it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** How long restarts are put off: `firstMs` before the first, `factor` times as long before each next one. */
export interface BackOff {
  readonly firstMs: number;
  /** 2 by default. */
  readonly factor?: number;
  /** 30,000 by default. */
  readonly maxMs?: number;
}

export interface SupervisorOptions {
  /** Its part of the paths in events; `supervisor` by default. */
  readonly name?: string;
  /** `one-for-one` by default. */
  readonly strategy?: RestartStrategy;
  /** Restarts allowed within `withinMs`; one more and the supervisor gives up. 3 by default. */
  readonly maxRestarts?: number;
  /** 5,000 by default. */
  readonly withinMs?: number;
  /** None by default: restarts are immediate. */
  readonly backOff?: BackOff;
  /** How often checkpoints are taken; only by `checkpoint()` when left out. */
  readonly checkpointEveryMs?: number;
  /** The real time by default. */
  readonly clock?: SupervisionClock;
}

/** How a child is launched and supervised. */
export interface ChildOptions extends LaunchOptions {
  /** `permanent` by default. */
  readonly restart?: RestartKind;
  /** `initial` by default. */
  readonly restartState?: RestartState;
}

/** What a supervisor was told, complete. */
export interface SupervisorSettings {
  readonly name: string;
  readonly strategy: RestartStrategy;
  readonly maxRestarts: number;
  readonly withinMs: number;
  readonly backOff: Required<BackOff> | null;
  readonly checkpointEveryMs: number | undefined;
  readonly clock: SupervisionClock;
}

const strategies: readonly RestartStrategy[] = ['one-for-one', 'one-for-all', 'rest-for-one'];
const kinds: readonly RestartKind[] = ['permanent', 'transient', 'temporary'];
const states: readonly RestartState[] = ['initial', 'checkpoint', 'last-good'];
const names = [
  'name',
  'strategy',
  'maxRestarts',
  'withinMs',
  'backOff',
  'checkpointEveryMs',
  'clock',
];
const mostRestarts = 2 ** 31 - 1;

/** Real time. A restart that waits does not keep the process alive; whoever waits for a reply does. */
const realTime: SupervisionClock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => backgroundTimer(callback, delayMs),
};

export function supervisorSettings(
  options: SupervisorOptions,
  inherited: SupervisionClock = realTime,
): SupervisorSettings {
  checkNames(options, names, 'options');
  const { name = 'supervisor', backOff, checkpointEveryMs: everyMs, clock = inherited } = options;
  if (typeof name !== 'string' || name === '' || name.includes('/')) {
    throw new InvalidOptionError('name', 'a text without /', name);
  }
  return {
    name,
    clock,
    strategy: checkOneOf('strategy', options.strategy ?? 'one-for-one', strategies),
    maxRestarts: checkInteger('maxRestarts', options.maxRestarts ?? 3, 0, mostRestarts),
    withinMs: checkInteger('withinMs', options.withinMs ?? 5_000, 1, longestTimerMs),
    backOff: backOff === undefined ? null : checkBackOff(backOff),
    checkpointEveryMs:
      everyMs === undefined
        ? undefined
        : checkInteger('checkpointEveryMs', everyMs, 1, longestTimerMs),
  };
}

function checkBackOff(backOff: BackOff): Required<BackOff> {
  checkNames(backOff, ['firstMs', 'factor', 'maxMs'], 'backOff');
  const { factor = 2 } = backOff;
  if (typeof factor !== 'number' || !(factor >= 1)) {
    throw new InvalidOptionError('factor', 'a number of at least 1', factor);
  }
  const firstMs = checkInteger('firstMs', backOff.firstMs, 1, longestTimerMs);
  return {
    firstMs,
    factor,
    maxMs: checkInteger('maxMs', backOff.maxMs ?? 30_000, 1, longestTimerMs),
  };
}

/** The launch options of a child, and the others. Messages wait for a restart where there will be one. */
export function childSettings({
  restart = 'permanent',
  restartState = 'initial',
  ...launch
}: ChildOptions): {
  readonly launch: LaunchOptions;
  readonly restart: RestartKind;
  readonly restartState: RestartState;
} {
  checkOneOf('restart', restart, kinds);
  checkOneOf('restartState', restartState, states);
  const onFailure = restart === 'temporary' ? 'dead-letter' : 'wait';
  const rollback = restartState === 'last-good';
  return { launch: { onFailure, rollback, ...launch }, restart, restartState };
}
