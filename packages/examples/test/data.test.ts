import { describe, expect, test } from 'vitest';
import { parseCsv } from '../src/data/csv.ts';
import { allFlights, readFlights } from '../src/data/flights.ts';
import { readNetwork } from '../src/data/network.ts';

describe('CSV', () => {
  test('fields may be quoted, empty and contain commas and quotes', () => {
    const text = 'a,b,c\r\n1,"two, three","say ""four"""\n,,5\n';
    expect(parseCsv(text)).toEqual([
      ['a', 'b', 'c'],
      ['1', 'two, three', 'say "four"'],
      ['', '', '5'],
    ]);
  });
});

describe('routes', () => {
  const { airports, routes, names } = readNetwork();

  test('there are 5,366 between 305 airports, each named', () => {
    expect(routes).toHaveLength(5_366);
    expect(airports).toHaveLength(305);
    expect(new Set(airports.map(({ iata }) => iata)).size).toBe(305);
    for (const { iata, name } of airports) expect(name).toBe(names.get(iata));
  });

  test('every route joins two airports and has flights', () => {
    for (const { from, to, flights } of routes) {
      expect(airports[from]).toBeDefined();
      expect(airports[to]).toBeDefined();
      expect(flights).toBeGreaterThan(0);
      expect(Number.isInteger(flights)).toBe(true);
    }
  });
});

describe('flights', () => {
  test('are as many as asked for, also across row groups, and always the same ones', async () => {
    const few = await readFlights(1_000);
    const more = await readFlights(150_000);
    expect(few.count).toBe(1_000);
    expect(more.count).toBe(150_000);
    expect(more.delays).toHaveLength(150_000);
    expect(more.origins.slice(0, 1_000)).toEqual(few.origins);
    expect(more.delays.slice(0, 1_000)).toEqual(few.delays);
    expect(more.origins.every((iata) => /^[A-Z0-9]{3}$/.test(iata))).toBe(true);
    expect(more.delays.every(Number.isInteger)).toBe(true);
  });

  test('the file has all that can be asked for', async () => {
    const { count, delays } = await readFlights(allFlights);
    expect(count).toBe(allFlights);
    expect(delays).toHaveLength(allFlights);
  });
});
