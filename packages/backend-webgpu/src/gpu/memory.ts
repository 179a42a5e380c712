import { DeviceLimitError } from '@ringkernel/core';
import { DeviceMemoryError } from '../errors.ts';
import { bufferUsage, type GpuBuffer, type GpuDevice } from './api.ts';

const { copySource, copyTarget, mapRead, storage, uniform } = bufferUsage;

/** Buffers of one device. */
export class GpuMemory {
  readonly device: GpuDevice;

  constructor(device: GpuDevice) {
    this.device = device;
  }

  /** Bytes a buffer that kernels see may have. */
  get largest(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** A buffer for kernels, all zero. Rejects with `DeviceLimitError` or `DeviceMemoryError`. */
  async storage(subject: string, words: number): Promise<GpuBuffer> {
    const bytes = words * 4;
    if (bytes > this.largest) {
      throw new DeviceLimitError(
        `Bytes of ${subject}`,
        bytes,
        this.largest,
        'launch fewer instances, or smaller states',
      );
    }
    return await this.#create(subject, bytes, storage | copySource | copyTarget);
  }

  async uniform(subject: string, words: number): Promise<GpuBuffer> {
    return await this.#create(subject, words * 4, uniform | copyTarget);
  }

  /** What the host sends up for a submit: its head is a uniform. */
  async upload(words: number): Promise<GpuBuffer> {
    return await this.#create('messages of the host', words * 4, uniform | storage | copyTarget);
  }

  /** A buffer that the host reads. Rejects with `DeviceMemoryError`. */
  async readback(words: number): Promise<GpuBuffer> {
    return await this.#create('what the host reads back', words * 4, mapRead | copyTarget);
  }

  /** A larger buffer with the same contents at the front; the old one is destroyed. */
  async grown(subject: string, old: GpuBuffer, words: number): Promise<GpuBuffer> {
    const buffer = await this.storage(subject, words);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(old, 0, buffer, 0, old.size);
    this.device.queue.submit([encoder.finish()]);
    old.destroy();
    return buffer;
  }

  async #create(subject: string, bytes: number, usage: number): Promise<GpuBuffer> {
    const size = Math.max(16, bytes);
    const made = await this.#attempt(size, usage);
    if ('buffer' in made) return made.buffer;
    throw new DeviceMemoryError(subject, size, await this.#available(size, usage), {
      cause: made.error,
    });
  }

  async #attempt(
    size: number,
    usage: number,
  ): Promise<{ readonly buffer: GpuBuffer } | { readonly error: object }> {
    this.device.pushErrorScope('out-of-memory');
    const buffer = this.device.createBuffer({ size, usage });
    const error = await this.device.popErrorScope();
    return error === null ? { buffer } : { error };
  }

  /** WebGPU does not say how much there is: the largest half of a half … of what did not fit that does. */
  async #available(wanted: number, usage: number): Promise<number> {
    for (let size = wanted; size >= 64; ) {
      size = Math.floor(size / 8) * 4;
      const made = await this.#attempt(size, usage);
      if (!('buffer' in made)) continue;
      made.buffer.destroy();
      return size;
    }
    return 0;
  }
}
