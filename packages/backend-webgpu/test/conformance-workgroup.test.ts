import { run } from './suite.ts';

// What the workgroup form does in its own way: rounds of sections, faults, messages that are taken back.
for (const schedule of ['async', 'lockstep'] as const) {
  run(schedule, ['sections', 'faults', 'state', 'lockstep'], { form: 'workgroup' });
}
