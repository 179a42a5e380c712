import { DeviceClosedError, DeviceLostError, timeLimit } from '@ringkernel/core';
import type { KernelContext } from './context.ts';
import type { Ledger } from './ledger.ts';
import type { Lifecycle } from './lifecycle.ts';

/** How long an ended kernel's last records may take to come in, milliseconds. */
const graceMs = 1_000;

type EndRequest = 'close' | 'bury' | 'remove';

/** The end of a kernel: its workers refuse, handle what waits, bury the rest and forget it. */
export class Ending {
  readonly #context: KernelContext;
  readonly #lifecycle: Lifecycle;
  readonly #ledger: Ledger;
  readonly #baseAddress: number;
  readonly #forget: () => void;
  #goodbyes = 0;
  #removed = false;
  #promise: Promise<{ readonly drained: boolean }> | null = null;

  /** `forget`: nothing of the kernel is on its way to the host any more. */
  constructor(
    context: KernelContext,
    lifecycle: Lifecycle,
    ledger: Ledger,
    baseAddress: number,
    forget: () => void,
  ) {
    this.#context = context;
    this.#lifecycle = lifecycle;
    this.#ledger = ledger;
    this.#baseAddress = baseAddress;
    this.#forget = forget;
  }

  /** The workers know the kernel no more, or will not when they have done what they were asked. */
  get removed(): boolean {
    return this.#removed;
  }

  /** A worker has nothing more of the kernel. */
  goodbye(): void {
    this.#goodbyes++;
  }

  /** Said several times, the first one's time counts. */
  terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    this.#promise ??= this.#terminate(timeoutMs);
    return this.#promise;
  }

  async #terminate(timeoutMs: number): Promise<{ readonly drained: boolean }> {
    const lifecycle = this.#lifecycle;
    const { crew, pump } = this.#context;
    if (lifecycle.state === 'failed' && !lifecycle.roster.allFailed) return { drained: false };
    const ran = lifecycle.state === 'active' || lifecycle.state === 'failed';
    lifecycle.state = 'terminating';
    pump.publish();
    pump.check();
    const grace = timeLimit(timeoutMs + graceMs);
    crew.ref();
    const outcome = { drained: false };
    try {
      const ended = await grace.within(this.#shutDown(ran ? timeoutMs : 0, outcome));
      // A worker is inside of a long handler: it finds this behind the request it has not seen yet.
      if (!ended) this.#ask('bury').catch(() => {});
    } catch (error) {
      if (!(error instanceof DeviceClosedError || error instanceof DeviceLostError)) throw error;
    } finally {
      grace.clear();
      crew.unref();
      lifecycle.end();
    }
    return { drained: outcome.drained };
  }

  /** New messages are refused, those that wait get so much time, then the workers end the kernel. */
  async #shutDown(timeoutMs: number, outcome: { drained: boolean }): Promise<void> {
    const { pump, rounds } = this.#context;
    const until = timeLimit(timeoutMs);
    try {
      await this.#ask('close');
      if (timeoutMs > 0) {
        await until.within(
          rounds?.drain(this.#baseAddress) ?? pump.watch(() => this.#stuck() || until.over, true),
        );
      }
      outcome.drained = this.#ledger.finished();
      const end = (): Promise<void> => this.#end();
      await (rounds?.ordered(end) ?? end());
    } finally {
      until.clear();
      this.#forget();
    }
  }

  /** What waits becomes dead letters, then the workers forget the kernel. */
  async #end(): Promise<void> {
    const { pump, workers } = this.#context;
    const ledger = this.#ledger;
    await this.#ask('bury');
    const grace = timeLimit(graceMs);
    try {
      await pump.watch(() => ledger.finished() || ledger.wounded || grace.over, true);
      this.#removed = true;
      if (!(await grace.within(this.#ask('remove')))) return;
      await pump.watch(() => this.#goodbyes >= workers || grace.over, true);
      if (ledger.wounded) ledger.close();
    } finally {
      grace.clear();
    }
  }

  /** Whether nothing more is handled: all has an end, but for what waits for instances that have failed. */
  #stuck(): boolean {
    const { holds, roster } = this.#lifecycle;
    const ledger = this.#ledger;
    if (ledger.finished()) return true;
    if (ledger.wounded && this.#context.pump.quiet()) return true;
    return holds && ledger.finishedBut(roster.failed);
  }

  #ask(op: EndRequest): Promise<void> {
    return this.#context.crew.askAll({ op, baseAddress: this.#baseAddress });
  }
}
