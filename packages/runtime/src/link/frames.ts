import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A frame's length is a big-endian u16 before it, so this is the longest. */
export const longestFrame = 65_535;
const lengthBytes = 2;

/** Byte strings over a stream of bytes that may be cut anywhere. Memory is bounded by the longest frame. */
export class Frames {
  readonly #stream: Duplex;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #drained: Promise<void> | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // Errors reach the reader through the iterator; without a listener a failed write would end the process.
    stream.on('error', () => {});
    // Messages are often awaited one by one; held back for company they take 40 ms each.
    if (stream instanceof Socket) stream.setNoDelay(true);
    this.#chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** The next frame; null when the stream ended between two. Rejects when it ended within one, or broke. */
  async read(): Promise<Buffer | null> {
    for (;;) {
      const { length } = this.#rest;
      if (length >= lengthBytes) {
        const end = lengthBytes + this.#rest.readUInt16BE(0);
        if (length >= end) {
          const frame = this.#rest.subarray(lengthBytes, end);
          this.#rest = this.#rest.subarray(end);
          return frame;
        }
      }
      const { done, value } = await this.#chunks.next();
      if (done !== true) this.#rest = Buffer.concat([this.#rest, value]);
      else if (length === 0) return null;
      else throw new Error(`the connection ended ${length} bytes into a frame`);
    }
  }

  /** Writes a frame; resolves when the stream takes more. */
  write(frame: Uint8Array): Promise<void> {
    const head = Buffer.alloc(lengthBytes);
    head.writeUInt16BE(frame.byteLength);
    this.#stream.cork();
    this.#stream.write(head);
    const free = this.#stream.write(frame);
    this.#stream.uncork();
    if (free || this.#stream.destroyed) return Promise.resolve();
    this.#drained ??= this.#untilDrained();
    return this.#drained;
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        this.#drained = null;
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
  }
}
