export { type Comparison, compare, type Difference, interpret } from './compare.ts';
export { type Delivery, runScenario, type Scenario, type Trace } from './engine.ts';
export { type FuzzCase, generateCase } from './generate.ts';
export {
  type FuzzDifference,
  type FuzzOptions,
  type FuzzReport,
  runFuzz,
  type TargetCounts,
} from './run.ts';
export { type Failing, shrink } from './shrink.ts';
export { type FuzzTarget, fuzzTargets } from './targets.ts';
