import { instanceWords } from '@ringkernel/core';
import { faultRecord } from '../queue/record.ts';
import { faultReport } from './fault-report.ts';
import { failedFlag, type WorkerKernel } from './kernel.ts';
import type { Outbox } from './outbox.ts';

/** What went wrong in the handler that runs, until it is told. */
export class Faults {
  /** Whether something did. */
  noted = false;
  readonly #outbox: Outbox;
  #site = 0;
  #value = 0;
  #thrown: unknown;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** The first fault of a handler counts. */
  note(site: number, value: number): void {
    if (this.noted) return;
    this.noted = true;
    this.#site = site;
    this.#value = value;
  }

  /** The same for what a program threw. */
  noteThrown(error: unknown): void {
    this.note(0, 0);
    this.#thrown = error;
  }

  /** What a loop threw counts whatever was before. */
  noteEnd(error: unknown): void {
    this.noted = false;
    this.noteThrown(error);
  }

  /** The instance has failed: the host is told with which message. */
  tell(kernel: WorkerKernel, instance: number, words: Int32Array, word: number): void {
    this.noted = false;
    const own = kernel.wordOf(instance);
    kernel.words[own + instanceWords.faultSiteWord] = this.#site + 1;
    kernel.words[own + instanceWords.faultValueWord] = this.#value;
    kernel.flags[instance] = (kernel.flags[instance] as number) | failedFlag;
    kernel.meter.error();
    const report = faultReport(words, word, this.#site, this.#value, this.#thrown);
    this.#thrown = undefined;
    this.#outbox.forward(report, 0, faultRecord, 0);
  }
}
