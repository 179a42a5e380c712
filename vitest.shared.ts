import { mkdirSync, writeFileSync } from 'node:fs';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

/** Writes `build/test-summary.json`, which `scripts/test.mjs` adds up over all packages. */
class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const failures: string[] = [];
    for (const module of modules) {
      const file = module.relativeModuleId;
      for (const error of module.errors()) {
        count.failed++;
        failures.push(`${file}: ${error.message}`);
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        count[state]++;
        if (state !== 'failed') continue;
        failures.push(`${file} > ${test.fullName}: ${errors.map((e) => e.message).join('; ')}`);
      }
    }
    const { passed, failed, skipped } = count;
    mkdirSync('build', { recursive: true });
    writeFileSync('build/test-summary.json', JSON.stringify({ passed, failed, skipped, failures }));
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}

/** What the test suites of all packages have in common. */
export const shared: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', new Summary()],
    testTimeout: 60_000,
  },
});
