import { mkdirSync, writeFileSync } from 'node:fs';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

/** Writes `build/test-summary.json`, which `scripts/test.mjs` adds up over all packages. */
class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) count.failed++;
      for (const test of module.children.allTests()) count[test.result().state]++;
    }
    const { passed, failed, skipped } = count;
    mkdirSync('build', { recursive: true });
    writeFileSync('build/test-summary.json', JSON.stringify({ passed, failed, skipped }));
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
