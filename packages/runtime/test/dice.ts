import { actor, ask, u32 } from '@ringkernel/runtime';

/** Draws random numbers. */
export const Dice = actor('Dice', {
  state: {},
  messages: { Roll: ask({}, { value: u32 }) },
  on: {
    Roll(ctx) {
      ctx.reply({ value: ctx.randomU32() });
    },
  },
});
