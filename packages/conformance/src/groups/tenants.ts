import { Collector, Echo, Relay, Source } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';
import type { Harness, TestKernel } from '../harness.ts';

export const tenants: CaseList = caseList('tenants');

interface Neighbours {
  readonly echoes: TestKernel[];
  readonly relays: TestKernel[];
}

/** An echo of each tenant, 0 being nobody, and one relay of each. */
async function neighbours(t: Harness): Promise<Neighbours> {
  const echoes: TestKernel[] = [];
  const relays: TestKernel[] = [];
  for (const tenant of [0, 1, 2]) {
    echoes.push(await t.launch(Echo, { tenant, instances: 70 }));
    relays.push(await t.launch(Relay, { tenant }));
  }
  return { echoes, relays };
}

async function passEachToEach(
  { echoes, relays }: Neighbours,
  rest: () => Promise<void>,
): Promise<void> {
  for (const [to, echo] of echoes.entries()) {
    for (const [from, relay] of relays.entries()) {
      await relay.inject(0, 'Wire', { to: echo.address + 65 });
      await relay.inject(0, 'Pass', { value: 10 * from + to });
    }
    await rest();
  }
}

function checkRefused({ echoes, relays }: Neighbours): void {
  for (const [own, echo] of echoes.entries()) {
    const said = echo.emits('Said').map((m) => m.fields.value);
    equal(said, [11 * own], `what came to the echo of tenant ${own}`);
    equal(echo.counters.sent, 1, 'the echo counts nothing of the others');
    equal(echo.letters, [], 'nor gets their dead letters');
  }
  for (const [own, relay] of relays.entries()) {
    const others = [0, 1, 2].filter((tenant) => tenant !== own);
    equal(
      relay.letters.map((l) => [l.reason, l.source, l.destination]),
      others.map((to) => {
        const destination = (echoes[to]?.address ?? 0) + 65;
        return ['tenant-mismatch', relay.address, destination];
      }),
      `dead letters of the relay of tenant ${own}`,
    );
    equal(relay.counters.deadLettered['tenant-mismatch'], 2, 'counted by the sender');
    equal(relay.counters.sent, 8, 'six from the host, two refused');
    relay.checkCounters();
  }
}

tenants.async(
  'what an actor sends to another tenant is refused where it is sent',
  async (t) => {
    const all = await neighbours(t);
    await passEachToEach(all, () => t.device.settled());
    checkRefused(all);
  },
  ['tenants'],
);

tenants.lockstep(
  'refusals in rounds',
  async (t) => {
    const all = await neighbours(t);
    await passEachToEach(all, () => t.step(3));
    checkRefused(all);
  },
  ['tenants'],
);

tenants.async(
  'the host may send to all, and gets their replies',
  async (t) => {
    for (const tenant of [1, 2]) {
      const echo = await t.launch(Echo, { tenant });
      const [low, high] = [
        await echo.call(0, 'Ask', { value: 7 }),
        await echo.call(0, 'Ask', { value: 8 }),
      ];
      equal([low.value, high.value], [7, 8], 'replies');
    }
  },
  ['tenants'],
);

tenants.async(
  'a flood of refused messages leaves those within a tenant whole and in order',
  async (t) => {
    const ours = await t.launch(Collector, { tenant: 1 });
    const theirs = await t.launch(Collector, { tenant: 2, queueCapacity: 4 });
    const own = await t.launch(Source, { tenant: 1, instances: 2 });
    for (let i = 0; i < 20; i++) {
      await own.inject(0, 'Burst', { target: theirs.address, count: 50 });
      await own.inject(1, 'Burst', { target: ours.address, count: 50 });
    }
    await t.device.settled();
    const { got, wrong } = await ours.state(0);
    equal([got, wrong], [1_000, 0], 'got and wrong');
    equal(own.letters.length, 1_000, 'refused');
    equal(theirs.counters.sent, 0, 'the other tenant');
    own.checkCounters();
  },
  ['tenants'],
);
