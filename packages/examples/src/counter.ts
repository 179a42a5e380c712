import { actor, ask, createRuntime, u32, u64 } from '@ringkernel/runtime';

/** Ten thousand counters: state, a request with a reply, and an event to the host. */
const Counter = actor('Counter', {
  state: { count: u32, total: u64 },
  messages: { Add: { by: u32 }, Get: ask({}, { count: u32, total: u64 }) },
  emits: { Milestone: { count: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += 1;
      ctx.state.total += u64(m.by);
      if (ctx.state.count % 1000 === 0) ctx.emit('Milestone', { count: ctx.state.count });
    },
    Get(ctx) {
      ctx.reply({ count: ctx.state.count, total: ctx.state.total });
    },
  },
});

await using runtime = await createRuntime({ backend: 'auto' });
const counters = await runtime.launch(Counter, { id: 'counters', instances: 10_000 });
for (let i = 0; i < 2_000; i++) await counters.at(7).send('Add', { by: 5 });
const { count, total } = await counters.at(7).call('Get', {}, { timeoutMs: 1_000 });
console.log(`counter 7: ${count} messages, total ${total}`);

let milestones = 0;
for await (const m of counters.receive('Milestone')) {
  console.log(`counter ${m.from} reached ${m.count}`);
  if (++milestones === 2) break;
}
