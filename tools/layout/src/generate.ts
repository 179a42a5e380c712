import { constants } from './constants.ts';
import type { LayoutDescription } from './description.ts';
import { emitC } from './emit-c.ts';
import { emitTypeScript } from './emit-typescript.ts';
import { emitWgsl } from './emit-wgsl.ts';
import { placeLayout } from './place.ts';
import { structs } from './structs.ts';

/** The one description of all memory that host and kernels share. */
export const sharedLayout: LayoutDescription = { structs, constants };

/** The generated files by their path from the root of the repository. */
export function generate(description: LayoutDescription): ReadonlyMap<string, string> {
  const layout = placeLayout(description);
  return new Map([
    ['packages/core/src/layout/generated.ts', emitTypeScript(layout)],
    ['packages/core/layout/ringkernel_layout.h', emitC(layout)],
    ['packages/core/layout/ringkernel_layout.wgsl', emitWgsl(layout)],
  ]);
}
