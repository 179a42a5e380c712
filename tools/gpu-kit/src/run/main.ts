import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { KitDescription } from '../kit.ts';
import { runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { markdownOf, type Outcome, type Report } from './report.ts';
import { countsOf, reportIn } from './step-report.ts';
import { allSteps, type Step, stepKinds } from './steps.ts';
import { tryFirst } from './trial.ts';

const usage = `run.sh [--out DIR] [--only KIND,...] [--steps NAME,...] [--limit SECONDS] [--within SECONDS]
       [--messages N] [--quick] [--simulated]

Sends one message to the GPU and back, runs the conformance suite, the measurements, and last compute-sanitizer where it
is installed. Writes results.json, results.md and log.txt into DIR (results by default), after each step. --only runs the
steps of some kinds (${stepKinds.join(', ')}), --steps those of some names. A step that takes longer than the limit (600 s by
default) is killed, with all that it started. --within is how long all of it may take: what finds less than 10 s left is
skipped, and the last step is killed in time, so that results are there when a machine is taken back. --messages is how many messages must arrive (100 million by default); --quick runs little of
everything; --simulated takes CPU threads for the device, which needs g++ and says nothing about speed.`;

/** A step that has less time is not begun; so long may the end of the last one take. Seconds. */
const leastS = 10;
const endS = 5;

const kitFolder = fileURLToPath(new URL('../../../..', import.meta.url));

function readArguments() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'results' },
      only: { type: 'string' },
      steps: { type: 'string' },
      limit: { type: 'string', default: '600' },
      within: { type: 'string', default: '86400' },
      messages: { type: 'string', default: '100000000' },
      quick: { type: 'boolean', default: false },
      simulated: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    limit: positive('limit', values.limit),
    within: positive('within', values.within),
    messages: positive('messages', values.messages),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} wants a whole number above 0: ${text}`);
}

/** What `--only` or `--steps` names; everything without it. */
function chosen(
  steps: readonly Step[],
  option: 'only' | 'steps',
  names: string | undefined,
): readonly Step[] {
  if (names === undefined) return steps;
  const known: readonly string[] = option === 'only' ? stepKinds : steps.map(({ name }) => name);
  const wanted = names.split(',');
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`--${option} has no ${unknown.join(', ')}; there are ${known.join(', ')}`);
  }
  return steps.filter(({ kind, name }) => wanted.includes(option === 'only' ? kind : name));
}

async function runStep(step: Step, limitS: number, log: string): Promise<Outcome> {
  const { name, missing, program, args } = step;
  if (missing !== undefined) return skipped(name, missing);
  const cwd = join(kitFolder, 'tools', 'gpu-kit');
  const { result, seconds, output, errors } = await runCommand(program, args, { cwd, limitS });
  appendFileSync(log, `\n== ${name}: ${program} ${args.join(' ')}\n${output}\n${errors}\n`);
  const said = reportIn(output);
  const results = said?.results ?? {};
  const rows = Object.values(results).flat();
  const counted = said?.passed === undefined ? '' : countsOf(said);
  const last = lastLine(errors) || lastLine(output);
  if (result !== 'passed') {
    return { name, result, seconds, note: [counted, last].filter(Boolean).join('; '), rows };
  }
  if (said === null) return { name, result: 'failed', seconds, note: `no results: ${last}`, rows };
  if (counted !== '' || rows.length > 0) return { name, result, seconds, note: counted, rows };
  return { name, result: 'skipped', seconds, note: JSON.stringify(said.skipped), rows };
}

function skipped(name: string, note: string): Outcome {
  return { name, result: 'skipped', seconds: 0, note, rows: [] };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

async function main(): Promise<number> {
  const begun = performance.now();
  const { help, out, only, steps, limit, within, quick, simulated, messages } = readArguments();
  if (help) {
    console.log(usage);
    return 0;
  }
  const all = allSteps(kitFolder, { simulated, quick, messages });
  const wanted = chosen(chosen(all, 'steps', steps), 'only', only);
  const folder = resolve(out);
  mkdirSync(folder, { recursive: true });
  const kit = JSON.parse(readFileSync(join(kitFolder, 'kit.json'), 'utf8')) as KitDescription;
  const machine = await describeMachine(simulated);
  console.log(`${machine.device}, ${machine.driver}, ${machine.cpu}`);
  const { outcome: trial, origins } = await tryFirst(simulated);
  const outcomes: Outcome[] = [];
  const report: Report = { kit, machine, simulated, origins, outcomes };
  const tell = (outcome: Outcome): void => {
    const { name, result, seconds, note } = outcome;
    outcomes.push(outcome);
    console.log(`${name}: ${result}, ${seconds.toFixed(1)} s ${note}`);
    writeFileSync(join(folder, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(join(folder, 'results.md'), markdownOf(report));
  };
  tell(trial);
  for (const step of wanted) {
    // Each would only wait for the same.
    const leftS = Math.floor(within - (performance.now() - begun) / 1_000) - endS;
    if (trial.result !== 'passed') tell(skipped(step.name, 'the trial failed'));
    else if (leftS < leastS) tell(skipped(step.name, `no time is left of ${within} s`));
    else tell(await runStep(step, Math.min(limit, leftS), join(folder, 'log.txt')));
  }
  return outcomes.some(({ result }) => result === 'failed' || result === 'timed out') ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
