import type { Drop, Pond } from '../src/wave/pond.ts';

const stepsPerFrame = 4;
/** It rains every so many frames. */
const rainEvery = 30;
const dropHeight = 4_000_000;

/** Draws a pond on a canvas, frame after frame. */
export class PondView {
  /** All that fell into it: enough to compute every frame again. */
  readonly drops: Drop[] = [];
  readonly stepsPerFrame: number = stepsPerFrame;
  frames = 0;
  readonly #pond: Pond;
  readonly #context: CanvasRenderingContext2D;
  readonly #pixels: ImageData;
  readonly #stones: { readonly x: number; readonly y: number }[] = [];
  readonly #waiting: Map<number, (heights: number[]) => void> = new Map();

  constructor(pond: Pond, canvas: HTMLCanvasElement) {
    this.#pond = pond;
    canvas.width = pond.width;
    canvas.height = pond.height;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('the canvas has no 2d context');
    this.#context = context;
    this.#pixels = context.createImageData(pond.width, pond.height);
    canvas.addEventListener('pointerdown', ({ offsetX, offsetY }) => {
      const scale = pond.width / canvas.clientWidth;
      this.#stones.push({ x: Math.floor(offsetX * scale), y: Math.floor(offsetY * scale) });
    });
  }

  /** The heights as they will be drawn in a frame to come. */
  heightsAt(frame: number): Promise<number[]> {
    return new Promise((resolve) => this.#waiting.set(frame, resolve));
  }

  /** One frame: what falls, some steps, the picture. */
  async next(): Promise<void> {
    const { width, height } = this.#pond;
    const frame = this.frames;
    if (frame % rainEvery === 0) {
      this.#stones.push({ x: (frame * 7 + 20) % width, y: (frame * 13 + 10) % height });
    }
    for (const { x, y } of this.#stones.splice(0)) {
      await this.#pond.drop(x, y, dropHeight);
      this.drops.push({ frame, x, y, height: dropHeight });
    }
    const heights = await this.#pond.run(stepsPerFrame);
    this.#draw(heights);
    this.#waiting.get(frame)?.(Array.from(heights));
    this.#waiting.delete(frame);
    this.frames = frame + 1;
  }

  #draw(heights: Int32Array): void {
    const { data } = this.#pixels;
    heights.forEach((height, i) => {
      const light = Math.max(-1, Math.min(1, height / 200_000));
      data.set([40 + 60 * light, 110 + 90 * light, 160 + 90 * light, 255], i * 4);
    });
    this.#context.putImageData(this.#pixels, 0, 0);
  }
}
