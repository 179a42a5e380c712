import { createRuntime, type Runtime } from '@ringkernel/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaints, type Results } from '../src/checks.ts';
import { readFlights } from '../src/data/flights.ts';
import { readNetwork } from '../src/data/network.ts';
import type { Network } from '../src/data/routes.ts';
import { streamFlights } from '../src/delays/run.ts';
import { rankAirports } from '../src/pagerank/run.ts';

/**
 * The main job compares what the actors found with a plain computation. Here the data changes after the actors have
 * got it and before the comparison: a check that does not notice checks nothing.
 */
let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime({ backend: 'cpu' });
});
afterAll(() => runtime.close());

const nothing = () => {};

async function results(): Promise<Results> {
  await using own = await createRuntime({ backend: 'cpu' });
  const network = readNetwork();
  const pagerank = await rankAirports(own, network, nothing);
  const stream = await streamFlights(own, await readFlights(10_000), network.names, nothing);
  return { pagerank, stream, counts: own.summary().counts };
}

describe('the results of the main job', () => {
  let found: Results;
  beforeAll(async () => {
    found = await results();
  });

  test('have nothing wrong', () => {
    expect(complaints(found)).toEqual([]);
  });

  test('ranks that are off are reported, also when they are no numbers', () => {
    for (const maxAbsError of [1e-8, Number.NaN]) {
      const pagerank = { ...found.pagerank, maxAbsError };
      expect(complaints({ ...found, pagerank })).toEqual([`ranks are off by ${maxAbsError}`]);
    }
  });

  test('a message that nobody counted is reported', () => {
    const counts = { ...found.counts, handled: found.counts.handled - 1 };
    expect(complaints({ ...found, counts })).toEqual([
      expect.stringContaining('the counters do not add up'),
    ]);
  });

  test('a dead letter and a message left behind are reported', () => {
    const { handled, deadLettered, pending } = found.counts;
    const dead = { ...found.counts, handled: handled - 1, deadLettered: deadLettered + 1 };
    const left = { ...found.counts, handled: handled - 1, pending: pending + 1 };
    for (const counts of [dead, left]) {
      expect(complaints({ ...found, counts })).toEqual([
        expect.stringContaining('messages were not handled'),
      ]);
    }
  });
});

describe('the comparison with the reference', () => {
  test('notices a route with other flights', async () => {
    const network: Network = readNetwork();
    const routes = [...network.routes];
    const { maxAbsError } = await rankAirports(runtime, { ...network, routes }, (iteration) => {
      if (iteration === 1) routes[0] = { ...routes[0], flights: routes[0].flights + 1 };
    });
    expect(maxAbsError).toBeGreaterThan(1e-9);
  });

  test.each([
    [
      'a delay of another length',
      (delays: number[]) => delays.splice(7, 1, 9_999),
      'the reference has 9999',
    ],
    ['a minute more', (delays: number[]) => delays.splice(7, 1, delays[7] + 1), 'total'],
  ])('notices %s', async (_, change, text) => {
    const flights = await readFlights(5_000);
    const delays = [...flights.delays];
    const changed = { ...flights, delays };
    const once = new Set([change]);
    const { disagreements } = await streamFlights(runtime, changed, new Map(), () => {
      for (const act of once) act(delays);
      once.clear();
    });
    expect(disagreements.join('\n')).toContain(text);
  });

  test('notices a flight that never reached its airport', async () => {
    const flights = await readFlights(5_000);
    const origins = [...flights.origins];
    let lost = '';
    const { disagreements } = await streamFlights(
      runtime,
      { ...flights, origins },
      new Map(),
      () => {
        lost ||= origins[0];
        origins[0] = 'ZZZ';
      },
    );
    expect(disagreements).toContainEqual(expect.stringMatching(`^${lost}: count`));
    expect(disagreements).toContainEqual(expect.stringContaining('airports, the reference has'));
  });
});
