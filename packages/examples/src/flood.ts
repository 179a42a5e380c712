import {
  actor,
  ask,
  BackpressureError,
  createRuntime,
  RateLimitedError,
  u32,
} from '@ringkernel/runtime';

const Inbox = actor('Inbox', {
  state: { read: u32 },
  messages: { Letter: { nr: u32 }, Count: ask({}, { read: u32 }) },
  on: {
    Letter(ctx) {
      ctx.state.read += 1;
    },
    Count(ctx) {
      ctx.reply({ read: ctx.state.read });
    },
  },
});

/** Sends far more than fits, to kernels that stand still; nothing is lost without being told. */
const letters = 1_000;
const capacity = 16;
await using runtime = await createRuntime();
const launch = (id: string, options: object) =>
  runtime.launch(Inbox, { id, queueCapacity: capacity, autoActivate: false, ...options });

// wait: senders stand in line.
const patient = await launch('wait', {});
const sends = Array.from({ length: letters }, (_, nr) =>
  patient.send('Letter', { nr }, { timeoutMs: 60_000 }),
);
const { waitingSenders } = patient.metrics();
await patient.activate();
await Promise.all(sends);
const { read } = await patient.call('Count', {});
console.log(`wait: ${waitingSenders} senders waited, ${read} letters were read`);

// reject: they are told at once. High water comes before the mailbox is full.
const strict = await launch('reject', {
  onFull: 'reject',
  entrance: { waterMarks: { highWater: 10 } },
});
let refused = 0;
for (let nr = 0; nr < letters; nr++) {
  await strict.send('Letter', { nr }).catch((error: unknown) => {
    if (error instanceof BackpressureError) refused += 1;
  });
}
console.log(`reject: ${refused} senders were refused, ${strict.metrics().pending} letters wait`);

// A rate limit does the same however fast the kernel is.
const limited = await launch('limited', {
  autoActivate: true,
  entrance: { rateLimit: { kind: 'sliding-window', max: 5, windowMs: 3_600_000 } },
});
let retryAfterMs = 0;
for (let nr = 0; nr < letters; nr++) {
  await limited.send('Letter', { nr }).catch((error: unknown) => {
    if (error instanceof RateLimitedError) retryAfterMs = error.retryAfterMs;
  });
}
const { rateLimited } = limited.metrics().flow;
const inMinutes = Math.ceil(retryAfterMs / 60_000);
console.log(`rate limit: ${rateLimited} refused, the next may come in ${inMinutes} minutes`);

// drop-oldest: the newest stay, the others are dead letters, and are sent again when there is time.
const forgetful = await launch('drop-oldest', { onFull: 'drop-oldest' });
for (let nr = 0; nr < letters; nr++) await forgetful.send('Letter', { nr });
await runtime.settled();
const { deadLetters } = runtime;
const buried = deadLetters.size;
await forgetful.activate();
while (deadLetters.size > 0) await deadLetters.replay({ kernelId: 'drop-oldest' });
await runtime.settled();
const total = await forgetful.call('Count', {});
console.log(`drop-oldest: ${buried} dead letters, ${total.read} letters were read in the end`);

await strict.activate();
await runtime.settled();
const { sent, handled, rejected, deadLettered } = runtime.summary().counts;
console.log(`in all: ${sent} = ${handled} handled + ${rejected} rejected + ${deadLettered} buried`);
