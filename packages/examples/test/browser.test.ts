import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openChromium, type Page } from '@ringkernel/chromium';
import { createRuntime } from '@ringkernel/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFlights } from '../src/data/flights.ts';
import { readNetwork } from '../src/data/network.ts';
import { streamFlights } from '../src/delays/run.ts';
import { rankAirports } from '../src/pagerank/run.ts';
import { type Drop, Pond } from '../src/wave/pond.ts';
import type { Job } from '../web/job.ts';

const chromium = await openChromium();
const here = typeof chromium !== 'string';
if (!here) console.warn(`no browser is tested: no Chromium starts: ${chromium}`);

const flights = 20_000;
const rows = 2;

interface Seen {
  readonly heights: number[];
  readonly drops: Drop[];
  readonly steps: number;
  readonly colours: number;
}

/** Throws a stone by a click, and looks at the water some frames later. */
const throwAndLook = `(async () => {
  const view = await page.pond;
  const canvas = document.getElementById('pond');
  const { left, top } = canvas.getBoundingClientRect();
  canvas.dispatchEvent(new PointerEvent('pointerdown', { clientX: left + 40, clientY: top + 60 }));
  const heights = await view.heightsAt(view.frames + 10);
  await new Promise(requestAnimationFrame);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set(new Uint32Array(data.buffer)).size;
  return { heights, drops: view.drops, steps: view.stepsPerFrame, colours };
})()`;

/** What the program that serves the page says when it is ready. */
async function firstLine(server: ChildProcess): Promise<string> {
  let said = '';
  for await (const text of server.stdout ?? []) {
    said += String(text);
    if (said.includes('\n')) break;
  }
  return said.trim();
}

describe.skipIf(!here)('in a browser', () => {
  let page: Page;
  let server: ChildProcess | undefined;

  beforeAll(async () => {
    if (!here) return;
    const program = fileURLToPath(new URL('../dist/web.js', import.meta.url));
    const env = { ...process.env, PORT: '0' };
    server = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await firstLine(server);
    page = await chromium.open(`${url}?flights=${flights}&rows=${rows}`);
  }, 120_000);

  afterAll(async () => {
    if (here) await chromium[Symbol.asyncDispose]();
    server?.kill();
  });

  test('the main job finds out what it does on the CPU', { timeout: 120_000 }, async () => {
    const found = await page.evaluate<Job>('page.job');
    expect(found.complaints).toEqual([]);
    await using runtime = await createRuntime({ backend: 'cpu' });
    const network = readNetwork();
    const { milliseconds: _, ...pagerank } = await rankAirports(runtime, network, () => {});
    expect(found.pagerank).toMatchObject(pagerank);
    const stream = await streamFlights(
      runtime,
      await readFlights(flights),
      network.names,
      () => {},
    );
    expect(found.stream.histogram).toEqual(stream.histogram);
    expect(found.stream.outliers).toBe(stream.outliers);
    const whole = ({ iata, count, latest, outliers }: (typeof stream.airports)[number]) => ({
      iata,
      count,
      latest,
      outliers,
    });
    expect(found.stream.airports.map(whole)).toEqual(stream.airports.map(whole));
    expect(await page.evaluate("document.getElementById('progress').textContent")).toContain(
      'All checks passed',
    );
    const ranks =
      "Array.from(document.querySelectorAll('#airports tr td:nth-child(2)'), (td) => td.textContent)";
    expect(await page.evaluate(ranks)).toEqual(
      pagerank.ranked.slice(0, 10).map(({ iata }) => iata),
    );
  });

  test('the pond has the waves that it has on the CPU', { timeout: 120_000 }, async () => {
    const { heights, drops, steps, colours } = await page.evaluate<Seen>(throwAndLook);
    const last = drops.at(-1);
    expect(drops.length).toBeGreaterThan(1);
    await using runtime = await createRuntime({ backend: 'cpu' });
    const pond = await Pond.open(runtime, rows);
    let image: Int32Array = new Int32Array();
    const want = Int32Array.from(heights);
    for (let frame = 0; frame <= (last?.frame ?? 0) + 60; frame++) {
      for (const { x, y, height } of drops.filter((drop) => drop.frame === frame)) {
        await pond.drop(x, y, height);
      }
      image = await pond.run(steps);
      if (image.every((height, i) => height === want[i])) break;
    }
    expect(image).toEqual(want);
    expect(colours).toBeGreaterThan(20);
  });

  test('the page has nothing to complain about', () => {
    expect(page.console).toEqual([]);
  });
});
