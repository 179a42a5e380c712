import type { MessageType } from './message-type.ts';
import { Waiting, type WaitingRoom } from './waiting.ts';

/** Set in the upper word of every correlation of a call; users' own correlations leave it clear. */
const callBit = 0x8000_0000;
const generationMask = 0x7fff_ffff;

export function isCall(correlationHigh: number): boolean {
  return (correlationHigh & callBit) !== 0;
}

/** Who is called, for its errors, and for what becomes of its calls. */
export interface Callee {
  readonly id: string;
}

/** A place in the line of senders, which a call leaves when it gives up. */
interface ParkedPlace {
  abandon(): void;
}

/** A call that waits for its reply. */
export class Call extends Waiting<unknown> {
  readonly callee: Callee;
  readonly type: MessageType;
  readonly instance: number;
  readonly slot: number;
  readonly correlationHigh: number;
  /** While the mailbox is full: the call's place in the line of senders. */
  parked: ParkedPlace | null = null;
  readonly #table: Calls;

  constructor(
    room: WaitingRoom,
    table: Calls,
    slot: number,
    generation: number,
    callee: Callee,
    type: MessageType,
    instance: number,
  ) {
    super(room);
    this.#table = table;
    this.slot = slot;
    this.correlationHigh = (callBit | generation) >>> 0;
    this.callee = callee;
    this.type = type;
    this.instance = instance;
  }

  protected describe(): string {
    return `call ${this.type.name} of instance ${this.instance} of kernel '${this.callee.id}'`;
  }

  protected leave(): void {
    this.#table.free(this);
    this.parked?.abandon();
  }
}

/**
 * Finds the call that a reply belongs to. A correlation is the number of a slot and how often the slot had been used
 * before, so a reply that comes after its call has given up finds nobody instead of somebody else.
 */
export class Calls {
  readonly #room: WaitingRoom;
  readonly #slots: (Call | null)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #waiting = 0;

  constructor(room: WaitingRoom) {
    this.#room = room;
  }

  /** Calls that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  open(callee: Callee, type: MessageType, instance: number): Call {
    const slot = this.#free.pop() ?? this.#slots.length;
    const generation = ((this.#generations[slot] ?? 0) + 1) & generationMask;
    const call = new Call(this.#room, this, slot, generation, callee, type, instance);
    this.#slots[slot] = call;
    this.#generations[slot] = generation;
    this.#waiting++;
    return call;
  }

  find(correlationLow: number, correlationHigh: number): Call | undefined {
    const call = this.#slots[correlationLow];
    return call?.correlationHigh === correlationHigh ? call : undefined;
  }

  free(call: Call): void {
    this.#slots[call.slot] = null;
    this.#free.push(call.slot);
    this.#waiting--;
  }

  /** Ends all calls of one instance. */
  failInstance(error: unknown, kernelId: string, instance: number): void {
    if (this.#waiting === 0) return;
    for (const call of [...this.#slots]) {
      if (call?.callee.id === kernelId && call.instance === instance) call.fail(error);
    }
  }

  /** Ends all calls of one kernel. */
  failAll(error: (call: Call) => unknown, kernelId: string): void {
    if (this.#waiting === 0) return;
    for (const call of [...this.#slots]) {
      if (call?.callee.id === kernelId) call.fail(error(call));
    }
  }
}
