import { createRuntime, type Runtime, type RuntimeOptions } from '@ringkernel/runtime';
import { complaints, type Results } from './checks.ts';
import { readFlights } from './data/flights.ts';
import { readNetwork } from './data/network.ts';
import { streamFlights } from './delays/run.ts';
import { type Options, readOptions, UsageError, usage } from './options.ts';
import { rankAirports } from './pagerank/run.ts';
import { ProgressLine } from './report/progress.ts';
import { rankText, selectionText, streamText } from './report/report.ts';

async function work(runtime: Runtime, options: Options): Promise<Results> {
  const line = new ProgressLine(!options.quiet);
  const network = readNetwork();
  const pagerank = await rankAirports(runtime, network, (iteration, change) => {
    line.show(`PageRank: iteration ${iteration}, ranks change by ${change.toExponential(1)}`);
  });
  line.end();
  if (!options.quiet) console.log(rankText(pagerank));

  const flights = await readFlights(options.flights);
  const stream = await streamFlights(
    runtime,
    flights,
    network.names,
    ({ sent, pending, messagesPerSecond, p50Us, p99Us }) => {
      const share = ((100 * sent) / flights.count).toFixed(0);
      const rate = `${Math.round(messagesPerSecond)} messages/s`;
      const latency = `latency p50 ${p50Us.toFixed(0)}, p99 ${p99Us.toFixed(0)} us`;
      line.show(`flights: ${share} %, ${rate}, ${pending} waiting, ${latency}`);
    },
  );
  line.end();
  if (!options.quiet) console.log(streamText(stream));
  return { pagerank, stream, counts: runtime.summary().counts };
}

function json(runtime: Runtime, { pagerank, stream, counts }: Results): string {
  const { airports, routes, iterations, maxAbsError, ranked } = pagerank;
  const { flights, outliers, messagesPerSecond, latencyUs } = stream;
  const worst = stream.airports
    .filter((a) => a.count >= 500)
    .sort((a, b) => b.mean - a.mean)
    .slice(0, 10);
  return JSON.stringify({
    backend: runtime.backend,
    selection: runtime.selection,
    pagerank: { airports, routes, iterations, maxAbsError, top: ranked.slice(0, 10) },
    stream: { flights, outliers, messagesPerSecond, latencyUs, worst },
    counts,
  });
}

/** Which device runs the actors. A device in software is never taken unless it is asked for by its id. */
async function runtimeOptions({ backend, workers, simulated }: Options): Promise<RuntimeOptions> {
  if (!simulated) return { backend, ...(workers !== null && { backendOptions: { workers } }) };
  if (backend === 'webgpu') return { backend, device: 'webgpu:0' };
  const { simulatedBackend } = await import('@ringkernel/backend-cuda');
  return { backend: simulatedBackend, device: 'cuda:simulated' };
}

async function main(options: Options): Promise<number> {
  if (options.help) {
    console.log(usage);
    return 0;
  }
  await using runtime = await createRuntime(await runtimeOptions(options));
  if (!options.quiet) console.log(selectionText(runtime.selection));
  const results = await work(runtime, options);
  const wrong = complaints(results);
  for (const text of wrong) console.error(`wrong: ${text}`);
  if (options.json) console.log(json(runtime, results));
  return wrong.length === 0 ? 0 : 1;
}

/** An error as a line of JSON, for programs that read the last line. */
function errorJson(error: unknown): string {
  const { code, message, hint } = error as { code?: string; message?: string; hint?: string };
  return JSON.stringify({
    error: { code: code ?? 'ERROR', message: message ?? String(error), hint },
  });
}

try {
  process.exitCode = await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
  else console.error(error instanceof Error ? error.message : error);
  if (process.argv.includes('--json')) console.log(errorJson(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
