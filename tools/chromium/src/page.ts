import type { DevTools, Event } from './devtools.ts';

interface Evaluation {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}

/** A page in a browser. */
export class Page {
  /** What the page wrote to its console, and its uncaught errors. */
  readonly console: string[] = [];
  readonly #devtools: DevTools;
  readonly #session: string;

  private constructor(devtools: DevTools, session: string) {
    this.#devtools = devtools;
    this.#session = session;
    devtools.onEvent((event) => this.#hear(event));
  }

  static async open(devtools: DevTools, url: string): Promise<Page> {
    const { targetId } = await devtools.command('Target.createTarget', { url: 'about:blank' });
    const attach = { targetId, flatten: true };
    const { sessionId } = await devtools.command('Target.attachToTarget', attach);
    const page = new Page(devtools, String(sessionId));
    await page.#command('Runtime.enable');
    await page.#command('Page.enable');
    const { errorText } = await page.#command('Page.navigate', { url });
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    await page.evaluate(
      "document.readyState === 'complete' || new Promise((r) => addEventListener('load', r, { once: true }))",
    );
    return page;
  }

  /** The value of an expression, as JSON carries it; what a promise resolves to. Rejects with what it throws. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.#command('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    const { result, exceptionDetails } = answer as unknown as Evaluation;
    if (exceptionDetails === undefined) return result.value as T;
    const { text, exception } = exceptionDetails;
    throw new Error(exception?.description ?? text);
  }

  /** What is seen, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#command('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  #command(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#devtools.command(method, params, this.#session);
  }

  #hear({ method, params, sessionId }: Event): void {
    if (sessionId !== this.#session) return;
    if (method === 'Runtime.consoleAPICalled') {
      const args = params.args as readonly { value?: unknown; description?: string }[];
      this.console.push(args.map(({ value, description }) => description ?? value).join(' '));
    } else if (method === 'Runtime.exceptionThrown') {
      const { text, exception } = params.exceptionDetails as NonNullable<
        Evaluation['exceptionDetails']
      >;
      this.console.push(exception?.description ?? text);
    }
  }
}
