import { spawnSync } from 'node:child_process';

/** Why the simulated driver can't be built here, or null. */
export const noSimulation: string | null =
  process.platform !== 'linux'
    ? 'the simulated driver runs on Linux only'
    : spawnSync('g++', ['--version']).status === 0
      ? null
      : 'g++ is missing';

if (noSimulation !== null) console.log(`skipped: ${noSimulation}`);
