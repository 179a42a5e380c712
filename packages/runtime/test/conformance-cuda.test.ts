import { spawnSync } from 'node:child_process';
import { simulatedBackend } from '@ringkernel/backend-cuda';
import { conform, firstDevice } from './conform.ts';

// The simulated driver is built when it is first asked for.
const buildable = process.platform === 'linux' && spawnSync('g++', ['--version']).status === 0;
const device = buildable
  ? await firstDevice(simulatedBackend)
  : 'the simulated driver needs Linux and g++';
conform(simulatedBackend, device);
