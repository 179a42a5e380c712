import type { HandleOf, Runtime } from '@ringkernel/runtime';
import { Tile, tileColumns, tileSide } from './actors.ts';

/** What fell into the water before a frame was computed. */
export interface Drop {
  readonly frame: number;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** A pond of `width` times `height` cells whose tiles are actors. */
export class Pond {
  readonly width: number = tileColumns * tileSide;
  readonly height: number;
  readonly #tiles: HandleOf<typeof Tile>;
  readonly #image: Int32Array;

  private constructor(tiles: HandleOf<typeof Tile>, rows: number) {
    this.#tiles = tiles;
    this.height = rows * tileSide;
    this.#image = new Int32Array(this.width * this.height);
  }

  static async open(runtime: Runtime, rows: number): Promise<Pond> {
    const tiles = await runtime.launch(Tile, { id: 'pond', instances: rows * tileColumns });
    return new Pond(tiles, rows);
  }

  async drop(x: number, y: number, height: number): Promise<void> {
    const [column, row] = [Math.floor(x / tileSide), Math.floor(y / tileSide)];
    const cell = (y % tileSide) * tileSide + (x % tileSide);
    await this.#tiles.at(row * tileColumns + column).send('Drop', { cell, height });
  }

  /** Goes on by so many steps; the heights of all cells, row by row, valid until the next call. */
  async run(steps: number): Promise<Int32Array> {
    const { instances } = this.#tiles;
    for (let i = 0; i < instances; i++) await this.#tiles.at(i).send('Run', { steps });
    let missing = instances;
    for await (const { from, heights } of this.#tiles.receive('Frame')) {
      this.#place(from, heights);
      missing -= 1;
      if (missing === 0) break;
    }
    return this.#image;
  }

  async close(): Promise<void> {
    await this.#tiles.terminate();
  }

  #place(tile: number, heights: readonly number[]): void {
    const left = (tile % tileColumns) * tileSide;
    const top = Math.floor(tile / tileColumns) * tileSide;
    for (let y = 0; y < tileSide; y++) {
      const row = heights.slice(y * tileSide, (y + 1) * tileSide);
      this.#image.set(row, (top + y) * this.width + left);
    }
  }
}
