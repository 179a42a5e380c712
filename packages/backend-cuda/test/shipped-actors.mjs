import { actor, u32 } from '@ringkernel/core';

export const Shipped = actor('CudaShipped', {
  state: { total: u32 },
  messages: { Go: {} },
  on: {
    Go(ctx) {
      ctx.state.total += 7;
    },
  },
});

export const limit = 3;
