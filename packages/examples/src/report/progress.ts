/** A line that is rewritten on a terminal, and printed now and then elsewhere. */
export class ProgressLine {
  readonly #enabled: boolean;
  readonly #tty: boolean;
  readonly #everyMs: number;
  #last = 0;

  constructor(enabled: boolean) {
    this.#enabled = enabled;
    this.#tty = process.stdout.isTTY === true;
    this.#everyMs = this.#tty ? 50 : 500;
  }

  show(text: string): void {
    const now = performance.now();
    if (!this.#enabled || now - this.#last < this.#everyMs) return;
    this.#last = now;
    process.stdout.write(this.#tty ? `\r\x1b[2K  ${text}` : `  ${text}\n`);
  }

  /** Leaves the terminal clean for what follows. */
  end(): void {
    if (this.#enabled && this.#tty) process.stdout.write('\r\x1b[2K');
  }
}
