import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type AcceptOptions,
  type ConnectOptions,
  LinkIdentity,
  SecureLink,
} from '../dist/link/index.js';
import { connected, type Meddle, tapped } from './link-sockets.ts';

const alice = LinkIdentity.generate();
const bob = LinkIdentity.generate();
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const bytes = (string: string): Uint8Array => new Uint8Array(Buffer.from(string));

const open: SecureLink[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((link) => link.close()));
});

async function linked(
  [a, b]: readonly [Socket, Socket],
  first: Partial<ConnectOptions> = {},
  second: Partial<AcceptOptions> = {},
): Promise<readonly [SecureLink, SecureLink]> {
  const links = await Promise.all([
    SecureLink.connect(a, { identity: alice, peer: bob.publicKey, ...first }),
    SecureLink.accept(b, { identity: bob, allow: [alice.publicKey], ...second }),
  ]);
  open.push(...links);
  return links;
}

async function attempt(
  first: Partial<ConnectOptions>,
  second: Partial<AcceptOptions>,
  meddle: Meddle = (frame) => [frame],
): Promise<readonly unknown[]> {
  const [a, b] = await tapped(meddle);
  const outcomes = await Promise.allSettled([
    SecureLink.connect(a, { identity: alice, peer: bob.publicKey, ...first }),
    SecureLink.accept(b, { identity: bob, allow: [alice.publicKey], ...second }),
  ]);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') return outcome.reason.code;
    open.push(outcome.value);
    return 'linked';
  });
}

describe('a secure link', () => {
  test('carries messages both ways, and both ends know each other', async () => {
    const [a, b] = await linked(await connected());
    expect([a.peer, b.peer]).toEqual([bob.publicKey, alice.publicKey]);
    await Promise.all([a.send(bytes('to bob')), b.send(bytes('to alice'))]);
    expect([text(await b.receive()), text(await a.receive())]).toEqual(['to bob', 'to alice']);
    expect(a.statistics).toEqual({
      sentMessages: 1,
      receivedMessages: 1,
      sentBytes: 6,
      receivedBytes: 8,
      rotations: 0,
    });
  });

  test('whatever is sent arrives, in order, with both ciphers, under changing keys', async () => {
    const arbitrary = fc.record({
      cipher: fc.constantFrom('chacha20-poly1305' as const, 'aes-256-gcm' as const),
      rotateAfterFrames: fc.integer({ min: 1, max: 20 }),
      sizes: fc.array(fc.oneof(fc.nat(64), fc.nat(200_000)), { maxLength: 12 }),
      asks: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ cipher, rotateAfterFrames, sizes, asks }) => {
        const options = { cipher, purpose: 'test' };
        const [a, b] = await linked(await connected(), { ...options, rotateAfterFrames }, options);
        const messages = sizes.map((size) => new Uint8Array(randomBytes(size)));
        const sending = async (link: SecureLink): Promise<void> => {
          for (const [i, message] of messages.entries()) {
            if (asks[i]) link.rotate().catch(() => {}); // the link may be closed before that is done
            await link.send(message);
          }
        };
        const taking = async (link: SecureLink): Promise<void> => {
          for (const message of messages) {
            const found = await link.receive();
            expect(Buffer.compare(found ?? bytes('nothing'), message)).toBe(0);
          }
        };
        await Promise.all([sending(a), sending(b), taking(a), taking(b)]);
        await Promise.all([a.close(), b.close()]);
        expect(await a.receive()).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  test('nobody in between reads a message', async () => {
    const secret = 'attack at dawn '.repeat(10);
    const seen: Buffer[] = [];
    const [a, b] = await linked(
      await tapped((frame) => {
        seen.push(frame);
        return [frame];
      }),
    );
    await a.send(bytes(secret));
    expect(text(await b.receive())).toBe(secret);
    const all = Buffer.concat(seen);
    expect(all.length).toBeGreaterThan(secret.length);
    expect(all.includes('attack')).toBe(false);
    expect(all.includes(Buffer.from(alice.publicKey))).toBe(false);
  });

  test('changes its keys when asked to, by either end, and by itself', async () => {
    const [a, b] = await linked(await connected(), { rotateAfterFrames: 10 });
    await a.rotate();
    await expect.poll(() => b.statistics.rotations).toBe(1);
    await b.rotate();
    expect([a.statistics.rotations, b.statistics.rotations]).toEqual([2, 2]);
    for (let i = 0; i < 30; i++) {
      await a.send(bytes(`${i}`));
      expect(text(await b.receive())).toBe(`${i}`);
    }
    expect(b.statistics.rotations).toBeGreaterThan(3);
  });

  test('says goodbye, so that its end differs from a cut', async () => {
    const [a, b] = await linked(await connected());
    await a.send(bytes('last'));
    await a.close();
    expect(text(await b.receive())).toBe('last');
    expect(await b.receive()).toBeUndefined();
    await expect(a.send(bytes('more'))).rejects.toMatchObject({ code: 'RK_LINK_CLOSED' });
    await expect(b.rotate()).rejects.toMatchObject({ code: 'RK_LINK_CLOSED' });
    for await (const _ of b) throw new Error('nothing is left');
  });

  test('refuses messages that are too long, at both ends', async () => {
    const [a, b] = await linked(
      await connected(),
      { maxMessageBytes: 100 },
      { maxMessageBytes: 10 },
    );
    await expect(a.send(new Uint8Array(101))).rejects.toMatchObject({
      code: 'RK_MESSAGE_TOO_LARGE',
    });
    await a.send(new Uint8Array(10));
    expect(await b.receive()).toHaveLength(10);
    await a.send(new Uint8Array(11));
    await expect(b.receive()).rejects.toMatchObject({ code: 'RK_MESSAGE_TOO_LARGE' });
  });

  test('is not read faster than its messages are taken', async () => {
    const [a, b] = await linked(await connected(), {}, { inboxCapacity: 2 });
    const count = 200;
    let sent = 0;
    const sending = (async () => {
      for (; sent < count; sent++) await a.send(new Uint8Array(200_000));
    })();
    await expect.poll(() => b.statistics.receivedMessages).toBe(2);
    for (let i = 0; i < count; i++) {
      expect(await b.receive()).toHaveLength(200_000);
      expect(b.statistics.receivedMessages).toBeLessThanOrEqual(i + 3);
    }
    await sending;
  });
});

describe('somebody in between', () => {
  const meddlers: readonly (readonly [string, Meddle])[] = [
    ['changes a bit', (frame, i) => (i === 3 ? [flipped(frame)] : [frame])],
    ['repeats a frame', (frame, i) => (i === 3 ? [frame, frame] : [frame])],
    ['leaves out a frame', (frame, i) => (i === 3 ? [] : [frame])],
    ['cuts a frame', (frame, i) => (i === 3 ? [frame.subarray(0, frame.length - 1)] : [frame])],
    ['invents a frame', (frame, i) => (i === 3 ? [randomBytes(64), frame] : [frame])],
    ['makes a frame empty', (frame, i) => (i === 3 ? [Buffer.alloc(0)] : [frame])],
  ];
  test.each(meddlers)('%s: what came before arrives, then the link ends', async (_, meddle) => {
    const [a, b] = await linked(await tapped(meddle));
    for (let i = 1; i <= 6; i++) await a.send(bytes(`message ${i}`)).catch(() => {});
    const got: string[] = [];
    const taking = (async () => {
      for await (const message of b) got.push(text(message));
    })();
    await expect(taking).rejects.toMatchObject({ code: 'RK_LINK_CORRUPTED' });
    expect(got.slice(0, 2)).toEqual(['message 1', 'message 2']);
    expect(got.length).toBeLessThanOrEqual(3);
    await expect(b.send(bytes('x'))).rejects.toMatchObject({ code: 'RK_LINK_CLOSED' });
  });

  test('swaps two frames', async () => {
    let held: Buffer | null = null;
    const [a, b] = await linked(
      await tapped((frame, i) => {
        if (i === 2) {
          held = frame;
          return [];
        }
        return i === 3 ? [frame, held as Buffer] : [frame];
      }),
    );
    await a.send(bytes('1'));
    await a.send(bytes('2'));
    await a.send(bytes('3'));
    expect(text(await b.receive())).toBe('1');
    await expect(b.receive()).rejects.toMatchObject({ code: 'RK_LINK_CORRUPTED' });
  });

  test('replays a recorded link: the answer differs, so its frames mean nothing', async () => {
    const recorded: Buffer[] = [];
    const [a, b] = await linked(
      await tapped((frame) => {
        recorded.push(frame);
        return [frame];
      }),
    );
    await a.send(bytes('pay 100'));
    expect(text(await b.receive())).toBe('pay 100');
    const [socket, other] = await connected();
    const accepting = SecureLink.accept(other, { identity: bob, allow: [alice.publicKey] });
    for (const frame of recorded) {
      const head = Buffer.alloc(2);
      head.writeUInt16BE(frame.length);
      socket.write(Buffer.concat([head, frame]));
    }
    const link = await accepting;
    open.push(link);
    await expect(link.receive()).rejects.toMatchObject({ code: 'RK_LINK_CORRUPTED' });
    socket.destroy();
  });

  test('cuts the connection: that is no goodbye', async () => {
    const [a, b] = await connected();
    const [one, two] = await linked([a, b]);
    await one.send(bytes('first'));
    expect(text(await two.receive())).toBe('first');
    a.destroy();
    await expect(two.receive()).rejects.toMatchObject({ code: 'RK_LINK_TRUNCATED' });
  });

  test('changes the first message: no link', async () => {
    const meddle: Meddle = (frame, i) => (i === 0 ? [flipped(frame)] : [frame]);
    expect(await attempt({}, {}, meddle)).toEqual(['RK_LINK_HANDSHAKE', 'RK_LINK_HANDSHAKE']);
  });
});

describe('no link comes about', () => {
  const mallory = LinkIdentity.generate();
  const both = ['RK_LINK_HANDSHAKE', 'RK_LINK_HANDSHAKE'];

  test('with somebody who is not allowed', async () => {
    expect(await attempt({}, { allow: [mallory.publicKey] })).toEqual(both);
    expect(await attempt({ identity: mallory }, {})).toEqual(both);
    expect(await attempt({}, { allow: () => false })).toEqual(both);
    expect(
      await attempt({}, { allow: (key) => Buffer.compare(key, alice.publicKey) === 0 }),
    ).toEqual(['linked', 'linked']);
  });

  test('with somebody else than was meant', async () => {
    expect(await attempt({ peer: mallory.publicKey }, {})).toEqual(both);
    expect(await attempt({}, { identity: mallory })).toEqual(both);
  });

  test('when the ends mean different things', async () => {
    expect(await attempt({ purpose: 'a' }, { purpose: 'b' })).toEqual(both);
    expect(await attempt({ cipher: 'aes-256-gcm' }, {})).toEqual(both);
  });

  test('with somebody who says nothing', async () => {
    const [a, b] = await connected();
    const silent = { identity: alice, peer: bob.publicKey, timeoutMs: 20 };
    await expect(SecureLink.connect(a, silent)).rejects.toMatchObject({ code: 'RK_TIMEOUT' });
    expect(a.destroyed).toBe(true);
    b.destroy();
  });

  test('with an option that makes no sense', async () => {
    const [a, b] = await connected();
    const wrong: object[] = [
      { peer: new Uint8Array(5) },
      { identity: 'alice' },
      { cipher: 'rot13' },
      { timeoutMs: 0 },
      { maxMessageBytes: 1.5 },
      { inboxCapacity: -1 },
      { rotateAfterFrames: 0 },
      { purpose: 7 },
      { porpoise: 'x' },
    ];
    for (const options of wrong) {
      const all = { identity: alice, peer: bob.publicKey, ...options } as ConnectOptions;
      await expect(SecureLink.connect(a, all)).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
    }
    const allow = { identity: bob, allow: 'everybody' } as unknown as AcceptOptions;
    await expect(SecureLink.accept(b, allow)).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
    a.destroy();
    b.destroy();
  });
});

function flipped(frame: Buffer): Buffer {
  const changed = Buffer.from(frame);
  const at = changed.length >>> 1;
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}
