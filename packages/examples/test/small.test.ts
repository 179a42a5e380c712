import { describe, expect, test } from 'vitest';
import { readCsv } from '../src/data/files.ts';
import { run } from './run.ts';

/** The value of a token after so many steps of Marsaglia's xorshift32. */
function xorshift(value: number, steps: number): number {
  let v = value;
  for (let i = 0; i < steps; i++) {
    v ^= v << 13;
    v ^= v >>> 17;
    v ^= v << 5;
  }
  return v >>> 0;
}

/** Months of a share whose return is far from all before it: each computed anew, in double precision. */
function farMonths(symbol: string): string[] {
  const rows = readCsv('stocks.csv').filter((row) => row.symbol === symbol);
  const prices = rows.map((row) => Number(row.price));
  const returns = prices.slice(1).map((price, i) => 100 * (price / prices[i] - 1));
  return returns.flatMap((x, i) => {
    const before = returns.slice(0, i);
    const mean = before.reduce((sum, y) => sum + y, 0) / i;
    const squares = before.reduce((sum, y) => sum + (y - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / (i - 1));
    if (i < 12 || Math.abs(x - mean) <= 2.5 * deviation) return [];
    const change = `${x > 0 ? '+' : ''}${x.toFixed(1)} %`;
    const usual = `usually ${mean.toFixed(1)} ± ${deviation.toFixed(1)} %`;
    return [`${symbol} ${rows[i + 1].date}: ${change}, ${usual}`];
  });
}

describe('the small examples', () => {
  test('counter', () => {
    const { status, stdout } = run('counter');
    expect(stdout).toBe(
      'counter 7: 2000 messages, total 10000\ncounter 7 reached 1000\ncounter 7 reached 2000\n',
    );
    expect(status).toBe(0);
  });

  test('ring', () => {
    const { status, stdout } = run('ring');
    const value = xorshift(1, 100_001);
    expect(stdout).toContain(`after 100000 hops the token is at actor 0 with value ${value}\n`);
    expect(stdout).toMatch(/\n\d+ ns per hop on cpu\n$/);
    expect(status).toBe(0);
  });

  test('outliers', () => {
    const { status, stdout } = run('outliers');
    const symbols = ['AAPL', 'AMZN', 'GOOG', 'IBM', 'MSFT'];
    const lines = symbols.flatMap(farMonths).sort();
    expect(lines.length).toBeGreaterThan(2);
    expect(stdout).toBe(`${lines.join('\n')}\n`);
    expect(status).toBe(0);
  });

  test('supervised', () => {
    const { status, stdout, stderr } = run('supervised');
    const rows = readCsv('stocks.csv');
    const symbols = [...new Set(rows.map((row) => row.symbol))];
    let [entries, large, tooLarge] = [0, 0, 0];
    const lines = symbols.map((symbol) => {
      const prices = rows.filter((row) => row.symbol === symbol).map((row) => Number(row.price));
      let highest = 0;
      for (const price of prices) {
        if (price <= highest) continue;
        highest = price;
        if (price > 700) tooLarge++;
        else if (price > 500) large++;
        else entries++;
      }
      return `${symbol}: ${prices.length} months, highest ${highest.toFixed(2)}`;
    });
    const stuck = rows.filter((_, i) => i % 200 === 100).length;
    expect(Math.min(tooLarge, large, stuck)).toBeGreaterThan(0);
    expect(stderr).toBe('');
    const lost = Number(/2 workers were killed, with (\d+) instances/.exec(stdout)?.[1]);
    expect(lost).toBeGreaterThan(1);
    expect(stdout.trimEnd().split('\n')).toEqual([
      ...lines,
      `${entries} entries booked; ${stuck} handlers did not end, ${large} threw, ${tooLarge} ended their process`,
      `2 workers were killed, with ${lost} instances`,
      `${stuck + large + tooLarge + lost} restarts, 0 dead letters`,
    ]);
    expect(status).toBe(0);
  });

  test('host-loop', () => {
    const { status, stdout } = run('host-loop');
    const [, told, lines, pieces] =
      /^16 sensors told (\d+) .* wrote (\d+) in (\d+) pieces\n/.exec(stdout) ?? [];
    expect(Number(told)).toBeGreaterThan(0);
    expect(lines).toBe(told);
    expect(Number(pieces)).toBeGreaterThan(0);
    expect(stdout).toContain(`\nthe file has ${told} lines\n`);
    expect(status).toBe(0);
  });

  test('fan-out', () => {
    const { status, stdout } = run('fan-out');
    const rows = readCsv('stocks.csv').map(({ symbol, price }) => ({
      symbol,
      cents: Math.round(100 * Number(price)),
    }));
    const lines = [...new Set(rows.map(({ symbol }) => symbol))].map((symbol) => {
      const cents = rows.filter((row) => row.symbol === symbol).map((row) => row.cents);
      const [low, high] = [Math.min(...cents) / 100, Math.max(...cents) / 100];
      return `tickers/${symbol}: ${cents.length} months, ${low} to ${high}`;
    });
    const mean = rows.reduce((sum, { cents }) => sum + cents, 0) / 100 / rows.length;
    lines.push(`market: ${rows.length} prices, ${mean.toFixed(2)} on average`);
    lines.push(`${rows.length} publications, ${2 * rows.length} deliveries, 0 dropped`);
    expect(stdout).toBe(`${lines.join('\n')}\n`);
    expect(status).toBe(0);
  });

  test('flood', () => {
    const { status, stdout } = run('flood');
    expect(stdout).toContain('wait: 984 senders waited, 1000 letters were read\n');
    expect(stdout).toContain('reject: 990 senders were refused, 10 letters wait\n');
    expect(stdout).toContain('rate limit: 995 refused, the next may come in 60 minutes\n');
    expect(stdout).toContain('drop-oldest: 984 dead letters, 1000 letters were read in the end\n');
    const counts = /in all: (\d+) = (\d+) handled \+ (\d+) rejected \+ (\d+) buried/.exec(stdout);
    const [sent = 0, handled = 0, rejected = 0, buried = 0] = (counts ?? []).slice(1).map(Number);
    expect(sent).toBe(handled + rejected + buried);
    expect(rejected).toBe(990 + 995);
    expect(status).toBe(0);
  });
});
