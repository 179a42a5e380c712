import { backend } from '@ringkernel/backend-webgpu';
import { allCases, type Report, type RunOptions, runConformance } from '@ringkernel/conformance';
import { suite } from '@ringkernel/runtime/conformance';

/** For those who drive the page: the groups there are, and a run of the suite on `navigator.gpu`. */
export const page = {
  groups: [...new Set([...allCases, ...suite.cases].map(({ group }) => group))],
  run: (options: RunOptions): Promise<Report> =>
    runConformance(backend, { ...options, suites: [suite] }),
};
Object.assign(globalThis, { page });
