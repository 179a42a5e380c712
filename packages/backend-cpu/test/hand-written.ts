import {
  type DeviceDeadLetter,
  type DeviceFault,
  type DeviceLaunchOptions,
  type DeviceMessage,
  type KernelImage,
  type KernelSink,
  layoutOf,
  type MessageDescriptor,
  type PayloadWriter,
  type StructLayout,
  u32,
} from '@ringkernel/core';

/** Programs written by hand against the compiler's interface, for what the engine must do whatever the compiler. */
export interface HandWritten {
  readonly image: KernelImage;
  readonly text: string;
}

const one: StructLayout = layoutOf({ value: u32 });
export const two: StructLayout = layoutOf({ to: u32, count: u32 });

const type = {
  add: 1,
  get: 2,
  send: 3,
  fail: 4,
  got: 5,
  sum: 6,
  chain: 7,
  spin: 8,
  boom: 9,
} as const;

function message(name: keyof typeof type, layout: StructLayout = one): MessageDescriptor {
  return { name, id: type[name], layout };
}

export const messages = {
  add: message('add'),
  get: { ...message('get'), reply: { id: type.sum, layout: two } },
  send: message('send', two),
  fail: message('fail'),
  chain: message('chain', two),
  spin: message('spin'),
  boom: message('boom'),
};

/** State: u32 sum, u32 count. */
export const adder: HandWritten = {
  image: {
    name: 'adder',
    hash: 1,
    state: two,
    messages: Object.values(messages),
    emits: [message('got')],
    program: { kind: 'host' },
  },
  text: `
    const a = new Uint32Array(env.arena), m = new Uint32Array(env.memory);
    const s0 = env.stateOffset >>> 2, stride = env.stateStride >>> 2;
    return {
      run(self, h) {
        const p = (h >>> 2) + 16, s = s0 + self * stride;
        switch (a[(h >>> 2) + 1]) {
          case 1: m[s] += a[p]; m[s + 1]++; { const o = env.emit(self, h, 5, 4) >>> 2; a[o] = a[p]; } return true;
          case 2: { const o = env.reply(self, h, 6, 8) >>> 2; a[o] = m[s]; a[o + 1] = m[s + 1]; return true; }
          case 3: for (let i = 0; i < a[p + 1]; i++) { const o = env.send(self, h, a[p], 1, 4, 1) >>> 2; a[o] = i; } return true;
          case 4: env.fault(self, 7, a[p]); return true;
          case 7: m[s + 1]++; if (a[p + 1] > 0) {
            const n = a[p + 1] - 1;
            const o = env.send(self, h, env.baseAddress + (self + 1) % env.instances, 7, 8, 1) >>> 2; a[o] = 0; a[o + 1] = n;
          } return true;
          case 8: { const end = Date.now() + a[p]; while (Date.now() < end); } return true;
          case 9: if (a[p] === 0) throw new RangeError('boom'); return true;
        }
        return false;
      },
    };`,
};

export const writeOne: PayloadWriter<number> = (view, offset, value) => {
  view.setUint32(offset, value, true);
};

export const writeTwo: PayloadWriter<readonly [number, number]> = (view, offset, [a, b]) => {
  view.setUint32(offset, a, true);
  view.setUint32(offset + 4, b, true);
};

export const plain = {
  priority: 1,
  correlationLow: 0,
  correlationHigh: 0,
  wantsReply: false,
  deadlineMs: 0,
} as const;

export interface Seen {
  readonly kind: 'emit' | 'reply';
  readonly type: number;
  readonly instance: number;
  readonly correlation: number;
  readonly words: number[];
}

/** Keeps what the device hands over. */
export class Collected implements KernelSink {
  readonly messages: Seen[] = [];
  readonly letters: DeviceDeadLetter[] = [];
  readonly faults: DeviceFault[] = [];

  message(m: DeviceMessage): void {
    const words = Array.from({ length: m.byteLength / 4 }, (_, i) =>
      m.view.getUint32(m.byteOffset + i * 4, true),
    );
    const { kind, type, instance, correlationLow: correlation } = m;
    this.messages.push({ kind, type, instance, correlation, words });
  }

  deadLetter(letter: DeviceDeadLetter): void {
    this.letters.push(letter);
  }

  fault(fault: DeviceFault): void {
    this.faults.push(fault);
  }

  get emitted(): number[] {
    return this.messages.filter((m) => m.kind === 'emit').map((m) => m.words[0] as number);
  }
}

export function launchOptions(more: Partial<DeviceLaunchOptions> = {}): DeviceLaunchOptions {
  return { id: 'k', instances: 1, baseAddress: 64, queueCapacity: 1024, onFull: 'wait', ...more };
}
