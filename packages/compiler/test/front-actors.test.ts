import { compile, emitJavaScript } from '@ringkernel/compiler';
import { actor, array, u32 } from '@ringkernel/core';
import { expect, test } from 'vitest';

test('effects inside an index happen once, before the value is read', () => {
  const Order = actor('Order', {
    state: { xs: array(u32, 8), out: u32 },
    messages: { Go: { at: u32 } },
    on: {
      Go(ctx, m) {
        let j = m.at;
        ctx.state.xs[j++ % 8] = j;
        const read = ctx.state.xs[j++ % 8] as number;
        ctx.state.out = read + j;
      },
    },
  });
  const text = emitJavaScript(compile(Order).program.module);
  expect(text.match(/\+ 1\) >>> 0/g)).toHaveLength(2);
});
