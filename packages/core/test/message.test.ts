import { crc32 as zlibCrc32 } from 'node:zlib';
import {
  ChecksumMismatchError,
  crc32,
  deadlineAfter,
  deadlineAt,
  decodeFrame,
  encodeFrame,
  formatMessageId,
  frameOverheadBytes,
  HybridClock,
  InvalidFrameError,
  InvalidOptionError,
  idFromBigInt,
  idToBigInt,
  isExpired,
  LayoutMismatchError,
  ManualClock,
  type MessageHeader,
  MessageIdGenerator,
  MessageIdsExhaustedError,
  MessageTooLargeError,
  maxDeadlineMs,
  messageFlag,
  messageHeader,
  priorityFromCode,
  priorityNames,
  priorityToCode,
  RingKernelError,
  readChecksum,
  readDeadlineMs,
  readDestination,
  readFlags,
  readHeader,
  readHops,
  readPayloadBytes,
  readPriority,
  readSequence,
  readSource,
  readTypeId,
  recordBytes,
  TruncatedFrameError,
  UnsupportedVersionError,
  writeFlags,
  writeHeader,
  writeHops,
  writeStamp,
} from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const flags = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 2 }))
  .map(([bits, qos]) => bits | (qos << messageFlag.qosShift));
const header: fc.Arbitrary<MessageHeader> = fc.record({
  sequence: u32,
  typeId: u32,
  payloadBytes: u32,
  priority: fc.integer({ min: 0, max: 3 }),
  hops: fc.integer({ min: 0, max: 255 }),
  flags,
  messageIdLow: u32,
  messageIdHigh: u32,
  correlationLow: u32,
  correlationHigh: u32,
  physicalLow: u32,
  physicalHigh: u32,
  logical: u32,
  node: u32,
  source: u32,
  destination: u32,
  deadlineMs: u32,
  checksum: u32,
});

describe('header', () => {
  it('comes back, field by field, and touches nothing beside it', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 32 }), u32, (value, at, rest) => {
        const words = new Uint32Array(new SharedArrayBuffer(64 * 4)).fill(rest);
        writeHeader(words, at, value);
        expect(readHeader(words, at)).toEqual(value);
        expect(value).toMatchObject({
          sequence: readSequence(words, at),
          typeId: readTypeId(words, at),
          payloadBytes: readPayloadBytes(words, at),
          priority: readPriority(words, at),
          hops: readHops(words, at),
          flags: readFlags(words, at),
          source: readSource(words, at),
          destination: readDestination(words, at),
          deadlineMs: readDeadlineMs(words, at),
          checksum: readChecksum(words, at),
        });
        const outside = words.filter((_, i) => i < at || i >= at + messageHeader.sizeWords);
        expect(outside.every((word) => word === rest)).toBe(true);
      }),
    );
  });

  it('lies as wire.md says', () => {
    const view = new DataView(new ArrayBuffer(64));
    const sample = fc.sample(header, 1)[0] as MessageHeader;
    writeHeader(new Uint32Array(view.buffer), 0, sample);
    expect(view.getUint32(4, true)).toBe(sample.typeId);
    expect(view.getUint8(12)).toBe(sample.priority);
    expect(view.getUint8(13)).toBe(sample.hops);
    expect(view.getUint16(14, true)).toBe(sample.flags);
    expect(view.getBigUint64(16, true)).toBe(idToBigInt(sample.messageIdLow, sample.messageIdHigh));
    expect(view.getUint32(32, true)).toBe(sample.physicalLow);
    expect(view.getUint32(60, true)).toBe(sample.checksum);
  });

  it('changes hops and flags alone', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 255 }), flags, (value, hops, bits) => {
        const words = new Uint32Array(16);
        writeHeader(words, 0, value);
        writeHops(words, 0, hops);
        writeFlags(words, 0, bits);
        expect(readHeader(words, 0)).toEqual({ ...value, hops, flags: bits });
      }),
    );
  });

  it('takes its stamp from a clock', () => {
    const words = new Uint32Array(32);
    const clock = new HybridClock({ node: 9, physicalClock: new ManualClock(2 ** 33 + 5) });
    clock.tick();
    writeStamp(words, 16, clock);
    expect(readHeader(words, 16)).toMatchObject({
      physicalLow: 5,
      physicalHigh: 2,
      logical: 0,
      node: 9,
    });
  });

  it('is rounded up with its payload to whole slots', () => {
    expect([0, 1, 64, 65, 65_536].map(recordBytes)).toEqual([64, 128, 128, 192, 65_600]);
  });
});

describe('message ids', () => {
  it('join node, thread and counter', () => {
    const ids = new MessageIdGenerator({ node: 0xabcd, thread: 0xef });
    ids.next();
    expect(formatMessageId(ids.low, ids.high)).toBe('msg:abcdef0000000001');
    ids.next();
    expect(idToBigInt(ids.low, ids.high)).toBe(0xabcdef0000000002n);
    expect(ids.issued).toBe(2);
  });

  it('carry into the high word and end with an error', () => {
    const ids = new MessageIdGenerator({ node: 1, thread: 2, first: 2 ** 32 - 1 });
    ids.next();
    expect([ids.low, ids.high]).toEqual([2 ** 32 - 1, 0x10200]);
    ids.next();
    expect([ids.low, ids.high]).toEqual([0, 0x10201]);
    const last = new MessageIdGenerator({ node: 1, thread: 2, first: 2 ** 40 - 1 });
    last.next();
    expect(formatMessageId(last.low, last.high)).toBe('msg:000102ffffffffff');
    expect(() => last.next()).toThrow(MessageIdsExhaustedError);
    expect(() => last.next()).toThrow(MessageIdsExhaustedError);
  });

  it('are never given twice by several threads', () => {
    const seen = new Set<bigint>();
    for (let thread = 0; thread < 4; thread++) {
      const ids = new MessageIdGenerator({ node: 3, thread, first: 2 ** 32 - 500 });
      for (let i = 0; i < 1_000; i++) {
        ids.next();
        seen.add(idToBigInt(ids.low, ids.high));
      }
    }
    expect(seen.size).toBe(4_000);
  });

  it('come back from bigints', () => {
    fc.assert(
      fc.property(u32, u32, (low, high) => {
        expect(idFromBigInt(idToBigInt(low, high))).toEqual({ low, high });
      }),
    );
  });

  it('refuse parts that do not fit', () => {
    const make = (node: number, thread: number, first?: number) => () =>
      new MessageIdGenerator({ node, thread, ...(first === undefined ? {} : { first }) });
    expect(make(65_536, 0)).toThrow(InvalidOptionError);
    expect(make(0, 256)).toThrow(InvalidOptionError);
    expect(make(0, 0, 0)).toThrow(InvalidOptionError);
    expect(make(0, 0, 2 ** 40)).toThrow(InvalidOptionError);
  });
});

describe('priorities', () => {
  it('go both ways', () => {
    for (const name of priorityNames) expect(priorityFromCode(priorityToCode(name))).toBe(name);
    expect(priorityToCode('critical')).toBe(3);
  });

  it('refuse what is none', () => {
    expect(() => priorityFromCode(4)).toThrow(InvalidOptionError);
    expect(() => priorityToCode('urgent' as 'high')).toThrow(/low, normal, high, critical/);
  });
});

describe('CRC-32', () => {
  it('has the check value of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  // node:zlib has crc32 since 20.15 and 22.2, both below what the package asks for.
  it("is zlib's, for any range of shared memory, in one piece or two", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (data, a, b) => {
        const bytes = new Uint8Array(new SharedArrayBuffer(data.length));
        bytes.set(data);
        const [start, end] = [a % (data.length + 1), b % (data.length + 1)].sort(
          (x, y) => x - y,
        ) as [number, number];
        expect(crc32(bytes, start, end - start)).toBe(zlibCrc32(data.subarray(start, end)));
        const first = crc32(bytes, 0, start);
        expect(crc32(bytes, start, data.length - start, first)).toBe(zlibCrc32(data));
      }),
    );
  });

  it('refuses a range outside of the bytes', () => {
    const bytes = new Uint8Array(8);
    expect(() => crc32(bytes, 4, 5)).toThrow(RangeError);
    expect(() => crc32(bytes, -1, 1)).toThrow(RangeError);
    expect(() => crc32(bytes, 0, Number.NaN)).toThrow(RangeError);
  });
});

describe('deadlines', () => {
  it('are in time until their millisecond is over', () => {
    const deadline = deadlineAfter(1_000_000, 1_000_400, 100);
    expect(deadline).toBe(500);
    expect([499, 500, 501].map((now) => isExpired(deadline, now))).toEqual([false, false, true]);
    expect(isExpired(0, 2 ** 31)).toBe(false);
  });

  it('wrap and never become "none"', () => {
    expect(deadlineAt(0, 2 ** 32)).toBe(1);
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: maxDeadlineMs - 1 }), (now, ms) => {
        const deadline = deadlineAfter(0, now, ms);
        expect(deadline).toBeGreaterThan(0);
        expect(isExpired(deadline, now)).toBe(false);
        expect(isExpired(deadline, now + ms + 2)).toBe(true);
      }),
    );
  });

  it('lie at most half a wrap ahead', () => {
    expect(() => deadlineAfter(0, 0, 2 ** 31)).toThrow(InvalidOptionError);
    expect(() => deadlineAfter(0, 0, -1)).toThrow(InvalidOptionError);
    expect(() => deadlineAfter(0, 0, Number.NaN)).toThrow(InvalidOptionError);
  });
});

describe('frames', () => {
  const payload = fc.uint8Array({ maxLength: 200 });
  const sample = { ...(fc.sample(header, 1)[0] as MessageHeader) };
  const text = new TextEncoder().encode('payload');
  const rewrite = (change: (view: DataView) => void, checksum = false) => {
    const bytes = encodeFrame(sample, text, { checksum });
    change(new DataView(bytes.buffer));
    return () => decodeFrame(bytes, { checksum });
  };

  it('come back from any offset, with more bytes behind them', () => {
    fc.assert(
      fc.property(header, payload, payload, fc.boolean(), (value, body, rest, checksum) => {
        const frame = encodeFrame(value, body, { checksum });
        expect(frame.length).toBe(frameOverheadBytes + body.length);
        const buffer = new Uint8Array(rest.length + frame.length + rest.length);
        buffer.set(frame, rest.length);
        const found = decodeFrame(buffer.subarray(rest.length), { checksum });
        expect(found.header).toEqual({ ...value, payloadBytes: body.length });
        expect([...found.payload]).toEqual([...body]);
        expect(found.frameBytes).toBe(frame.length);
      }),
    );
  });

  it('notice every single changed byte', () => {
    const frame = encodeFrame(sample, text);
    for (let i = 0; i < frame.length; i++) {
      const changed = frame.slice();
      changed[i] = (changed[i] as number) ^ 0x10;
      expect(() => decodeFrame(changed), `byte ${i}`).toThrow(RingKernelError);
    }
    const changed = frame.slice();
    changed[frame.length - 1] = 0;
    expect(() => decodeFrame(changed)).toThrow(ChecksumMismatchError);
  });

  it('notice every cut', () => {
    const frame = encodeFrame(sample, text);
    for (let length = 0; length < frame.length; length++) {
      expect(() => decodeFrame(frame.subarray(0, length))).toThrow(TruncatedFrameError);
    }
  });

  it('name what is wrong', () => {
    expect(rewrite((view) => view.setUint32(0, 1, true))).toThrow(/magic should be 0x52464b52/);
    expect(rewrite((view) => view.setUint16(4, 2, true))).toThrow(UnsupportedVersionError);
    expect(rewrite((view) => view.setUint16(6, 2, true))).toThrow(/flags should be 0 or 1/);
    expect(rewrite((view) => view.setUint32(8, 1, true))).toThrow(LayoutMismatchError);
    expect(rewrite((view) => view.setUint32(24, 65_537, true))).toThrow(/payloadBytes should be/);
    expect(rewrite((view) => view.setUint8(28, 4))).toThrow(/priority should be at most 3/);
    expect(rewrite((view) => view.setUint16(30, 0x8000, true))).toThrow(/message flags should be/);
    expect(rewrite((view) => view.setUint16(30, 0x300, true))).toThrow(/qos should be at most 2/);
  });

  it('are refused without a checksum unless that was agreed', () => {
    const frame = encodeFrame(sample, text, { checksum: false });
    expect(() => decodeFrame(frame)).toThrow(InvalidFrameError);
    expect(decodeFrame(frame, { checksum: false }).payload).toEqual(text);
    const checked = encodeFrame(sample, text);
    checked[checked.length - 1] = 0;
    expect(() => decodeFrame(checked, { checksum: false })).toThrow(ChecksumMismatchError);
  });

  it('hold at most 64 KiB', () => {
    expect(() => encodeFrame(sample, new Uint8Array(65_537))).toThrow(MessageTooLargeError);
    expect(decodeFrame(encodeFrame(sample, new Uint8Array(65_536))).payload).toHaveLength(65_536);
  });

  it('of random bytes give typed errors', () => {
    const start = encodeFrame(sample, text);
    const random = fc.uint8Array({ maxLength: 160 });
    const spoiled = fc
      .tuple(random, fc.nat(start.length))
      .map(([bytes, keep]) => new Uint8Array([...start.subarray(0, keep), ...bytes]));
    fc.assert(
      fc.property(fc.oneof(random, spoiled), fc.boolean(), (bytes, checksum) => {
        try {
          const { payload: found, frameBytes } = decodeFrame(bytes, { checksum });
          expect(frameBytes).toBe(frameOverheadBytes + found.length);
          expect(frameBytes).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RingKernelError);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
