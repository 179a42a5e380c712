/** A loop in a module of its own: what it uses is around it. */
const factor = 2;

export async function double(ctx) {
  while (!ctx.shouldTerminate) {
    const m = await ctx.receive();
    if (m !== undefined) ctx.reply(m, { sum: m.by * factor });
  }
}
