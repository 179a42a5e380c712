import type { KernelImage } from '@ringkernel/core';
import { ShaderError } from '../errors.ts';
import { deviceBindings } from '../text/bindings.ts';
import { type PassName, passes } from '../text/index.ts';
import {
  computeStage,
  type GpuBindGroup,
  type GpuBindGroupLayout,
  type GpuBuffer,
  type GpuDevice,
  type GpuPipeline,
  type GpuPipelineLayout,
} from './api.ts';
import { shaderMessage } from './shader-message.ts';

/** Compiles the passes of a device, the engine's own when they are first needed. All have the same bindings. */
export class Pipelines {
  readonly #device: GpuDevice;
  readonly #bindings: GpuBindGroupLayout;
  readonly #layout: GpuPipelineLayout;
  readonly #passes: Map<PassName, Promise<GpuPipeline>> = new Map();

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#bindings = device.createBindGroupLayout({
      entries: deviceBindings.map((type, binding) => ({
        binding,
        visibility: computeStage,
        buffer: { type },
      })),
    });
    this.#layout = device.createPipelineLayout({ bindGroupLayouts: [this.#bindings] });
  }

  pass(name: PassName): Promise<GpuPipeline> {
    let pass = this.#passes.get(name);
    if (pass === undefined) {
      pass = this.compile('engine', passes[name], name, null);
      this.#passes.set(name, pass);
    }
    return pass;
  }

  /** With this many bytes of those that are uniforms. */
  bind(buffers: readonly GpuBuffer[], uniformBytes: readonly number[]): GpuBindGroup {
    const entries = buffers.map((buffer, binding) => {
      const size = uniformBytes[binding];
      return { binding, resource: size === undefined ? { buffer } : { buffer, size } };
    });
    return this.#device.createBindGroup({ layout: this.#bindings, entries });
  }

  /** Rejects with a `ShaderError` that names the handler, and its place where the image of the text is given. */
  async compile(
    id: string,
    code: string,
    entryPoint: string,
    image: KernelImage | null,
  ): Promise<GpuPipeline> {
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ code });
    const [{ messages }] = await Promise.all([
      module.getCompilationInfo(),
      this.#device.popErrorScope(),
    ]);
    const errors = messages.filter(({ type }) => type === 'error');
    if (errors.length > 0) {
      const lines = code.split('\n');
      throw new ShaderError(
        id,
        errors.map((error) => shaderMessage(image, lines, error)),
      );
    }
    try {
      return await this.#device.createComputePipelineAsync({
        layout: this.#layout,
        compute: { module, entryPoint },
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new ShaderError(id, [
        { where: entryPoint, at: null, byHand: false, line: 0, text: '', message },
      ]);
    }
  }
}
