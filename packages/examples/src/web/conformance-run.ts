import { openChromium } from '@ringkernel/chromium';
import type { Counts, Outcome, Report } from '@ringkernel/conformance';
import { serveFolder } from './server.ts';
import { buildConformancePage } from './site.ts';

export interface BrowserRunOptions {
  /** Where the page is made. */
  readonly folder: string;
  /** Only these groups; all when left out. */
  readonly groups?: readonly string[];
  /** Only cases whose name contains this. */
  readonly only?: string;
  readonly backendOptions?: Readonly<Record<string, unknown>>;
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** What came of the cases in a browser, or, in words, why no browser starts. */
export interface BrowserReport extends Counts {
  readonly browser: string;
  readonly device: string | null;
  /** What the page complained of. */
  readonly console: readonly string[];
}

/** Runs the conformance suite on `navigator.gpu` in a headless Chromium, group by group. */
export async function conformInBrowser(
  options: BrowserRunOptions,
): Promise<BrowserReport | string> {
  const chromium = await openChromium();
  if (typeof chromium === 'string') return chromium;
  await using browser = chromium;
  const { folder, only, backendOptions, onOutcome } = options;
  await buildConformancePage(folder);
  const server = await serveFolder(folder, 0);
  try {
    const page = await browser.open(server.url);
    const groups = options.groups ?? (await page.evaluate<string[]>('page.groups'));
    const sum = { passed: 0, failed: 0, skipped: 0 };
    let device: string | null = null;
    for (const group of groups) {
      const wanted = { group, only, device: { backendOptions } };
      const report = await page.evaluate<Report>(`page.run(${JSON.stringify(wanted)})`);
      device = report.device;
      for (const key of ['passed', 'failed', 'skipped'] as const) sum[key] += report[key];
      for (const outcome of report.outcomes) onOutcome?.(outcome);
    }
    return { browser: browser.product, device, console: page.console, ...sum };
  } finally {
    server.close();
  }
}
