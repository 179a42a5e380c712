// Handlers whose names are all in `uses` compile without the inspector.
import { compile } from '@ringkernel/compiler';
import { actor, u32 } from '@ringkernel/core';

const STEP = 3;
const triple = (x) => x * STEP;

const Permitted = actor('Permitted', {
  state: { n: u32 },
  messages: { Add: { by: u32 } },
  uses: { STEP, triple, u32 },
  on: {
    Add(ctx, m) {
      ctx.state.n += triple(u32(m.by)) + STEP;
    },
  },
});

console.log(JSON.stringify({ compiled: compile(Permitted).name === 'Permitted' }));
