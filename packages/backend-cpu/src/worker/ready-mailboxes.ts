import type { HostRequests } from './host-requests.ts';
import { failedFlag, mailedFlag, type WorkerKernel } from './kernel.ts';
import type { Mailbox } from './mailbox.ts';

/** Who handles what they hold. */
interface MailHandler {
  handleCopy(kernel: WorkerKernel, instance: number, record: Int32Array): void;
}

/** Mailboxes of running kernels that hold messages, worked off in turns. */
export class ReadyMailboxes {
  readonly #handler: MailHandler;
  readonly #requests: HostRequests;
  readonly #ready: Mailbox[] = [];

  constructor(handler: MailHandler, requests: HostRequests) {
    this.#handler = handler;
    this.#requests = requests;
  }

  get empty(): boolean {
    return this.#ready.length === 0;
  }

  /** Puts a mailbox on the list of those to work off, unless its instance has failed or has a loop. */
  add(mailbox: Mailbox): void {
    const { kernel, instance } = mailbox;
    if (mailbox.empty || mailbox.ready || kernel.loops.has(instance)) return;
    if (((kernel.flags[instance] as number) & failedFlag) !== 0) return;
    mailbox.ready = true;
    this.#ready.push(mailbox);
  }

  /** A turn: so many messages at most, of all and of each; how many it were. */
  run(budget: number): number {
    let taken = 0;
    for (let i = this.#ready.length; i > 0 && taken < budget && !this.#requests.asked; i--) {
      const mailbox = this.#ready.shift() as Mailbox;
      taken += this.#work(mailbox, budget);
      if (mailbox.ready) this.#ready.push(mailbox);
    }
    return taken;
  }

  /** Works off a mailbox; when it is empty its instance takes messages directly again. */
  #work(mailbox: Mailbox, most: number): number {
    const { kernel, instance } = mailbox;
    let taken = 0;
    let failed = false;
    while (taken < most && !kernel.paused && !failed && !this.#requests.asked) {
      const record = mailbox.next();
      if (record === null) break;
      this.#handler.handleCopy(kernel, instance, record);
      failed = ((kernel.flags[instance] as number) & failedFlag) !== 0;
      taken++;
    }
    if (kernel.paused || failed) mailbox.ready = false;
    else if (mailbox.empty) {
      mailbox.ready = false;
      kernel.flags[instance] = (kernel.flags[instance] as number) & ~mailedFlag;
    }
    return taken;
  }
}
