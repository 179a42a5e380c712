/** The same wave in one plain loop: what the actors' is checked against. */
export class ReferencePond {
  readonly #width: number;
  readonly #height: number;
  #heights: Int32Array;
  #before: Int32Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#heights = new Int32Array(width * height);
    this.#before = new Int32Array(width * height);
  }

  get heights(): Int32Array {
    return this.#heights;
  }

  drop(x: number, y: number, height: number): void {
    this.#heights[y * this.#width + x] += height;
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) this.#step();
  }

  #step(): void {
    const [width, height, heights] = [this.#width, this.#height, this.#heights];
    const next = new Int32Array(heights.length);
    for (let i = 0; i < heights.length; i++) {
      const x = i % width;
      const north = i >= width ? heights[i - width] : 0;
      const west = x > 0 ? heights[i - 1] : 0;
      const east = x < width - 1 ? heights[i + 1] : 0;
      const south = i < width * (height - 1) ? heights[i + width] : 0;
      const speed = heights[i] - this.#before[i];
      const pull = north + west + east + south - 4 * heights[i];
      next[i] = heights[i] + speed - (speed >> 8) + (pull >> 2);
    }
    this.#before = heights;
    this.#heights = next;
  }
}
