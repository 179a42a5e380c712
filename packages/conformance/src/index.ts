export { ConformanceError, equal, ok, show } from './assert.ts';
export { type Case, type Group, groups } from './case.ts';
export { allCases } from './groups/index.ts';
export { Harness, TestKernel } from './harness.ts';
export { ReferenceDevice } from './reference/device.ts';
export {
  type Counts,
  type Outcome,
  type Report,
  type RunOptions,
  runCase,
  runConformance,
  skipReason,
} from './run.ts';
export { runSuiteCase, type Suite, type SuiteCase, type SuiteContext } from './suite.ts';
