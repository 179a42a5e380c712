/** A line that is rewritten on a terminal, and printed now and then elsewhere. */
export class ProgressLine {
  readonly #enabled: boolean;
  readonly #tty: boolean;
  readonly #everyMs: number;
  #last = -Infinity;

  constructor(enabled: boolean) {
    this.#enabled = enabled;
    this.#tty = process.stdout.isTTY === true;
    this.#everyMs = this.#tty ? 50 : 500;
  }

  show(text: string): void {
    const now = performance.now();
    if (!this.#enabled || now - this.#last < this.#everyMs) return;
    this.#last = now;
    // A line longer than the terminal is wide would wrap, and only its last row could be rewritten.
    const fits = text.slice(0, Math.max(0, (process.stdout.columns || 80) - 3));
    process.stdout.write(this.#tty ? `\r\x1b[2K  ${fits}` : `  ${text}\n`);
  }

  /** Leaves the terminal clean for what follows; the first line after it is shown at once. */
  end(): void {
    this.#last = -Infinity;
    if (this.#enabled && this.#tty) process.stdout.write('\r\x1b[2K');
  }
}
