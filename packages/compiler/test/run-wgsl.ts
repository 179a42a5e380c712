import { type ActorImage, emitWgsl, type WgslForm } from '@ringkernel/compiler';
import { codecOf } from '@ringkernel/core';
import type { Dawn } from '../src/fuzz/index.ts';
import { jobOf } from '../src/fuzz/wgsl-target.ts';

/** The state of one instance after one message, as WGSL on Dawn. */
export async function runWgsl(
  dawn: Dawn,
  image: ActorImage,
  type: string,
  fields: object,
  form: WgslForm = 'thread',
): Promise<unknown> {
  const { module } = image.program;
  const message = image.messages.find(({ name }) => name === type);
  if (message === undefined) throw new Error(`no message ${type}`);
  const { id, layout } = message;
  const bytes = new Uint8Array(64 + Math.ceil(layout.size / 64) * 64);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, id, true);
  view.setUint32(8, layout.size, true);
  codecOf(layout).encode(view, 64, fields);
  const scenario = { instances: 1, baseAddress: 64, seed: 1, messages: [{ instance: 0, bytes }] };
  const { states } = await dawn.run(jobOf(module, scenario, emitWgsl(module, form), form));
  return codecOf(image.state).decode(new DataView(states.buffer, states.byteOffset), 0);
}
