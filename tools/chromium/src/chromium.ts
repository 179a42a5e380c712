import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DevTools } from './devtools.ts';
import { packagedChromium } from './package.ts';
import { Page } from './page.ts';

export interface ChromiumOptions {
  /** More command-line flags. */
  readonly flags?: readonly string[];
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--no-zygote',
  '--no-first-run',
  '--no-default-browser-check',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-quic',
  '--disable-sync',
  '--remote-debugging-pipe',
];

/** Where a Chromium that the system's own package manager installed is. */
const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A headless Chromium. Closing it ends its processes and removes its profile. */
export class Chromium implements AsyncDisposable {
  /** `HeadlessChrome/153.0.8010.0` */
  readonly product: string;
  readonly #process: ChildProcess;
  readonly #devtools: DevTools;
  readonly #profile: string;

  private constructor(product: string, child: ChildProcess, devtools: DevTools, profile: string) {
    this.product = product;
    this.#process = child;
    this.#devtools = devtools;
    this.#profile = profile;
  }

  /** Rejects when the program does not start, with what it wrote to stderr. */
  static async start(
    program: string,
    env: NodeJS.ProcessEnv,
    more: readonly string[],
  ): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'ringkernel-profile-'));
    const child = spawn(program, [...flags, ...more, `--user-data-dir=${profile}`], {
      env: { ...process.env, HOME: profile, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    const [, , stderr, to, from] = child.stdio as [null, null, Readable, Writable, Readable];
    let said = '';
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    const devtools = new DevTools(to, from);
    child.on('error', (error) => devtools.end(error));
    child.on('close', (code, signal) => {
      devtools.end(new Error(`${program} ended (${code ?? signal}): ${said.trim()}`));
    });
    try {
      const { product } = await devtools.command('Browser.getVersion');
      return new Chromium(String(product), child, devtools, profile);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(profile, { recursive: true, force: true });
      throw error;
    }
  }

  async open(url: string): Promise<Page> {
    return await Page.open(this.#devtools, url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended =
      this.#process.exitCode === null && this.#process.signalCode === null
        ? new Promise((resolve) => this.#process.once('close', resolve))
        : Promise.resolve();
    await this.#devtools.command('Browser.close').catch(() => this.#process.kill('SIGKILL'));
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts the Chromium of the npm package, or else one that is installed; why none starts, in words. */
export async function openChromium(options: ChromiumOptions = {}): Promise<Chromium | string> {
  const reasons: string[] = [];
  const { flags: more = [] } = options;
  try {
    const folder = packagedChromium();
    const libraries = [join(folder, 'lib'), process.env.LD_LIBRARY_PATH ?? ''];
    const env = {
      LD_LIBRARY_PATH: libraries.filter((path) => path !== '').join(':'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    };
    return await Chromium.start(join(folder, 'chromium'), env, more);
  } catch (error) {
    reasons.push(`@sparticuz/chromium: ${(error as Error).message}`);
  }
  for (const program of installed.filter((path) => existsSync(path))) {
    try {
      return await Chromium.start(program, {}, more);
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  return reasons.join('; ');
}
