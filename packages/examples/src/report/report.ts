import type { Runtime } from '@ringkernel/runtime';
import { histogramEdges, outlierSigmas } from '../delays/actors.ts';
import type { StreamResult } from '../delays/run.ts';
import type { PageRankResult } from '../pagerank/run.ts';
import { barChart, paint } from './chart.ts';

const number = new Intl.NumberFormat('en-US');

function heading(text: string): string {
  return `\n${paint('bold', text)}\n`;
}

/** Which backend runs, and why not another. */
export function selectionText(selection: Runtime['selection']): string {
  return selection
    .map(({ backend, chosen, reason }) => {
      const mark = chosen ? paint('green', 'runs on') : paint('gray', 'not on ');
      return `  ${mark} ${backend.padEnd(6)} ${paint('gray', reason)}`;
    })
    .join('\n');
}

export function rankText(result: PageRankResult): string {
  const { airports, routes, iterations, maxAbsError, ranked, milliseconds } = result;
  const rows = ranked.slice(0, 10).map(({ iata, name, rank }) => ({
    label: `${iata} ${name}`,
    value: rank,
    text: rank.toFixed(5),
  }));
  const summary = `  ${airports} airports, ${number.format(routes)} routes, ${iterations} iterations`;
  const check = `largest difference to the reference ${maxAbsError.toExponential(1)}`;
  return [
    heading('PageRank of US airports'),
    barChart(rows, 24),
    `\n${summary} in ${milliseconds.toFixed(0)} ms\n  ${check}`,
  ].join('\n');
}

function histogramText(histogram: readonly number[]): string {
  const rows = histogram.map((count, bin) => {
    const [low, high] = [histogramEdges[bin - 1], histogramEdges[bin]];
    let label = `${low + 1} to ${high} min`;
    if (bin === 0) label = `${-high} min early or more`;
    else if (high === undefined) label = `more than ${low} min late`;
    return { label, value: count, text: number.format(count) };
  });
  return barChart(rows);
}

export function streamText(result: StreamResult): string {
  const { flights, outliers, messagesPerSecond, latencyUs, airports, farthest, histogram } = result;
  const worst = airports
    .filter((a) => a.count >= 500)
    .sort((a, b) => b.mean - a.mean)
    .slice(0, 8)
    .map(({ iata, name, mean, deviation }) => ({
      label: `${iata} ${name}`,
      value: Math.max(0, mean),
      text: `${mean.toFixed(1)} ± ${deviation.toFixed(0)} min`,
    }));
  const far = farthest
    .slice(0, 5)
    .map(
      ({ iata, name, minutes, sigmas }) =>
        `  ${iata} ${name}: ${minutes} min late, ${sigmas.toFixed(0)} deviations`,
    );
  const rate = `${number.format(messagesPerSecond)} messages/s`;
  const latency = `latency p50 ${latencyUs.p50.toFixed(0)} us, p99 ${latencyUs.p99.toFixed(0)} us`;
  return [
    heading('Departures by delay'),
    histogramText(histogram),
    heading('Worst mean delays (airports with 500 departures or more)'),
    barChart(worst, 16),
    heading(
      `${number.format(outliers)} outliers: ${outlierSigmas} standard deviations from the airport's mean so far`,
    ),
    ...far,
    `\n  ${number.format(flights)} flights, ${rate}, ${latency}`,
  ].join('\n');
}
