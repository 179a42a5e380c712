import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  createRuntime,
  type HandleOf,
  InvalidOptionError,
  K2KFrameError,
  type LinkPeer,
  type MessageLink,
  type Runtime,
} from '@ringkernel/runtime';
import { LinkIdentity, SecureLink } from '@ringkernel/runtime/link';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../dist/k2k/link/frames.js';
import { decodeValue, encodeValue } from '../dist/k2k/link/value.js';
import { expectNothingLost, Probe } from './actors.ts';

/** A runtime of another process, and the end of the link to it. */
async function farNode(): Promise<{ child: ChildProcess; link: SecureLink }> {
  const identity = LinkIdentity.generate();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const file = fileURLToPath(new URL('far-node.mjs', import.meta.url));
  const { port } = server.address() as AddressInfo;
  const key = Buffer.from(identity.publicKey).toString('hex');
  const connected = once(server, 'connection');
  const child = spawn(process.execPath, [file, String(port), key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [socket] = (await connected) as [Socket];
  server.close();
  const allow = [new Uint8Array(Buffer.from(line, 'hex'))];
  return { child, link: await SecureLink.accept(socket, { identity, allow, timeoutMs: 60_000 }) };
}

describe('a broker over a link to another process', () => {
  let runtime: Runtime;
  let source: HandleOf<typeof Probe>;
  let child: ChildProcess;
  let peer: LinkPeer;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 }, nodeId: 3 });
    source = await runtime.launch(Probe, { id: 'near/probe', instances: 2 });
    const far = await farNode();
    child = far.child;
    peer = await runtime.k2k.join(far.link);
    runtime.k2k.addRoute('far/**', peer);
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : [];
    await runtime.close();
    await exited;
  });

  test('messages and calls go there and come back, with their traces', async () => {
    const endpoint = runtime.k2k.endpoint(source.at(1));
    const to = { name: 'far/account', instance: 1 };
    const big = 2n ** 63n + 5n;
    const receipt = await endpoint.send(to, 'Pay', { cents: big });
    expect(receipt).toMatchObject({
      status: 'Delivered',
      source: { node: 3, kernelId: 'near/probe', instance: 1 },
      hops: 1,
      messageId: expect.any(BigInt),
      error: undefined,
    });
    const steps = receipt.trace.map(({ node, step }) => `${step} ${node}`);
    expect(steps).toEqual(['sent 3', 'forwarded 7', 'delivered 7']);
    expect(await endpoint.call(to, 'Balance', {})).toEqual({ cents: big, payments: 1 });
    expect(peer.node).toBe(7);
    expect(runtime.k2k.stats()).toMatchObject({ peers: 1, routes: 1, pending: 0 });
  });

  test('two hundred at once arrive once each', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    const sends = Array.from({ length: 200 }, (_, i) =>
      endpoint.send('far/account', 'Pay', { cents: BigInt(i) }),
    );
    const receipts = await Promise.all(sends);
    expect(receipts.every(({ status }) => status === 'Delivered')).toBe(true);
    expect(await endpoint.call('far/account', 'Balance', {})).toEqual({
      cents: 19_900n,
      payments: 200,
    });
  });

  test('what the other end has against a message is told', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    const outcome = async (name: string, type: string, payload: object) => {
      const { status, error } = await endpoint.send(name, type, payload, { deliveryTimeoutMs: 20 });
      return [status, (error as { code?: string } | undefined)?.code];
    };
    expect(await outcome('far/away', 'Pay', { cents: 1n })).toEqual([
      'NotFound',
      'RK_NAME_NOT_FOUND',
    ]);
    expect(await outcome('far/account', 'Play', {})).toEqual(['Invalid', 'RK_UNKNOWN_MESSAGE']);
    expect(await outcome('far/account', 'Pay', { cents: 'x' })).toEqual([
      'Invalid',
      'RK_SCHEMA_VALUE',
    ]);
    const theirs = await outcome('far/theirs', 'Pay', { cents: 1n });
    expect(theirs).toEqual(['TenantMismatch', 'RK_TENANT_MISMATCH']);
    expect((await outcome('far/full', 'Pay', { cents: 1n }))[0]).toBe('Delivered');
    expect(await outcome('far/full', 'Pay', { cents: 1n })).toEqual(['Timeout', 'RK_TIMEOUT']);
    const broken = endpoint.call('far/account', 'Break', { code: 4 });
    await expect(broken).rejects.toMatchObject({
      code: 'RK_K2K_CALL',
      receipt: { status: 'Delivered', hops: 1 },
      cause: { code: 'RK_HANDLER_FAULT', node: 7 },
    });
    const unsendable = await endpoint.send('far/account', 'Pay', { cents: () => 1 });
    expect(unsendable).toMatchObject({ status: 'Invalid', error: expect.any(TypeError) });
  });

  test('a process that is killed: its messages end, and its routes', async () => {
    const endpoint = runtime.k2k.endpoint(source);
    await endpoint.send('far/full', 'Pay', { cents: 1n });
    const waiting = endpoint.send('far/full', 'Pay', { cents: 1n }, { deliveryTimeoutMs: 600_000 });
    const call = endpoint.call('far/full', 'Balance', {}, { timeoutMs: 600_000 });
    call.catch(() => {}); // looked at below
    await expect.poll(() => runtime.k2k.stats().pending).toBe(2);
    child.kill('SIGKILL');
    expect(await waiting).toMatchObject({ status: 'Timeout', error: { code: 'RK_K2K_LINK_LOST' } });
    await expect(call).rejects.toMatchObject({ receipt: { status: 'Timeout' } });
    expect(await peer.ended).toMatchObject({ code: 'RK_LINK_TRUNCATED' });
    expect(runtime.k2k.stats()).toMatchObject({ peers: 0, routes: 0, pending: 0 });
    expect((await endpoint.send('far/account', 'Pay', { cents: 1n })).status).toBe('NotFound');
    expect(() => runtime.k2k.addRoute('far/**', peer)).toThrow(InvalidOptionError);
  });

  test('disconnected, the other end knows it, too', async () => {
    runtime.k2k.disconnect(peer);
    expect(await peer.ended).toBeUndefined();
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});

/** Two ends in this process. */
function pair(): readonly [MessageLink, MessageLink] {
  const boxes = [new Box(), new Box()] as const;
  const end = (mine: Box, theirs: Box): MessageLink => ({
    send: async (bytes) => theirs.put(bytes),
    receive: () => mine.take(),
    close: async () => {
      theirs.put(undefined);
      mine.put(undefined);
    },
  });
  return [end(boxes[0], boxes[1]), end(boxes[1], boxes[0])];
}

class Box {
  readonly #items: (Uint8Array | undefined)[] = [];
  #wake: () => void = () => {};

  put(item: Uint8Array | undefined): void {
    this.#items.push(item);
    this.#wake();
  }

  async take(): Promise<Uint8Array | undefined> {
    while (this.#items.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#items.shift();
  }
}

describe('joining a link', () => {
  const create = (nodeId: number) =>
    createRuntime({ backend: 'cpu', backendOptions: { workers: 1 }, nodeId });

  test('a relay goes over it, and a loop of routes ends', async () => {
    await using a = await create(1);
    await using b = await create(2);
    const [left, right] = pair();
    const [toB, toA] = await Promise.all([a.k2k.join(left), b.k2k.join(right)]);
    a.k2k.addRoute('**', toB);
    b.k2k.addRoute('**', toA);
    const source = await a.launch(Probe, { id: 'source' });
    const sink = await b.launch(Probe, { id: 'sink' });
    const relay = a.k2k.endpoint(source).relay('Aside', 'sink', 'Other');
    for (let value = 0; value < 20; value++) await source.send('Other', { value });
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) seen.push((await sink.receive('Aside')).value);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
    await expect.poll(() => relay.delivered).toBe(20);
    const lost = await a.k2k.endpoint(source).send('nobody', 'Note', { value: 1 });
    expect(lost).toMatchObject({ status: 'MaxHopsExceeded', hops: 8 });
    expect(b.k2k.stats().forwarded).toBe(4);
  });

  test('an end of the same node id, or that is no broker, is refused', async () => {
    await using a = await create(1);
    const [left, right] = pair();
    await right.send(encodeFrame({ kind: 'hello', version: 1, node: 1 }));
    await expect(a.k2k.join(left)).rejects.toThrow(InvalidOptionError);
    for (const bytes of [
      new Uint8Array(),
      new Uint8Array([255]),
      encodeFrame({ kind: 'hello', version: 2, node: 9 }),
      encodeValue({ kind: 'toString' }),
    ]) {
      const [near, far] = pair();
      await far.send(bytes);
      await expect(a.k2k.join(near)).rejects.toThrow(K2KFrameError);
    }
    expect(a.k2k.stats().peers).toBe(0);
  });

  test('nonsense behind the hello ends the link', async () => {
    await using a = await create(1);
    const [left, right] = pair();
    await right.send(encodeFrame({ kind: 'hello', version: 1, node: 9 }));
    const peer = await a.k2k.join(left);
    await right.send(encodeValue({ kind: 'message', sequence: 1 }));
    expect(await peer.ended).toBeInstanceOf(K2KFrameError);
    expect(a.k2k.stats().peers).toBe(0);
  });

  test('any plain value survives, and no bytes crash', () => {
    const leaf = fc.oneof(
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.string(),
      fc.constantFrom(null, undefined),
      fc.uint8Array(),
      fc.float32Array(),
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(
          fc.string().filter((name) => name !== '__proto__'),
          tie('value'),
          {
            maxKeys: 5,
            noNullPrototype: true,
          },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeValue(encodeValue(given))).toEqual(given);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeFrame(bytes)).toThrow(K2KFrameError);
      }),
    );
    const sound = encodeFrame({ kind: 'hello', version: 1, node: 1 });
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = sound.slice();
        bytes[at] = (bytes[at] as number) ^ change;
        try {
          decodeFrame(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(K2KFrameError);
        }
      }),
    );
  });
});
