import { actor, array, i32, u32 } from '@ringkernel/runtime';

/** Cells along each side of a tile. */
export const tileSide = 16;
/** Tiles in a row. */
export const tileColumns = 8;

const cells = tileSide * tileSide;

/**
 * A part of a pond: the wave equation on a square of cells. To go on by a step a tile sends the cells along its sides
 * to its neighbours, north, west, east and south of it, and waits for theirs. A neighbour can be one step ahead, not
 * two, because it needs our edge for the one after: edges are kept for odd and even steps. The rim of the pond is held
 * at 0. Heights are whole numbers, so that every backend computes the same, bit for bit.
 */
export const Tile = actor('Tile', {
  // Named, since a browser does not show what functions close over.
  uses: { SIDE: tileSide, COLUMNS: tileColumns },
  state: {
    heights: array(i32, cells),
    before: array(i32, cells),
    next: array(i32, cells),
    /** For odd and even steps, for each side. */
    edges: array(i32, 2 * 4 * tileSide),
    arrived: array(u32, 2),
    edge: array(i32, tileSide),
    neighbours: u32,
    step: u32,
    /** The step to rest at. */
    until: u32,
    shared: u32,
  },
  messages: {
    /** Something falls into the water. */
    Drop: { cell: u32, height: i32 },
    /** Goes on for so many steps and then shows the heights. */
    Run: { steps: u32 },
    /** From the neighbour on this side, how it is before this step. */
    Edge: { side: u32, step: u32, heights: array(i32, tileSide) },
    /** To itself: there is something to do. */
    Turn: {},
  },
  emits: { Frame: { heights: array(i32, cells) } },
  on: {
    Drop(ctx, m) {
      ctx.state.heights[m.cell] += m.height;
    },
    Run(ctx, m) {
      ctx.state.until += m.steps;
      ctx.send(ctx.self, 'Turn', {});
    },
    Edge(ctx, m) {
      const s = ctx.state;
      const parity = m.step & 1;
      for (let i = 0; i < SIDE; i++) s.edges[(parity * 4 + m.side) * SIDE + i] = m.heights[i];
      s.arrived[parity] += 1;
      if (s.shared === 1 && m.step === s.step && s.arrived[parity] === s.neighbours) {
        ctx.send(ctx.self, 'Turn', {});
      }
    },
    Turn(ctx) {
      const s = ctx.state;
      const parity = s.step & 1;
      if (s.shared === 1) {
        const edges = parity * 4 * SIDE;
        ctx.parallelFor(SIDE * SIDE, (i) => {
          const x = i % SIDE;
          const y = ctx.idiv(i, SIDE);
          const height = s.heights[i];
          const north = y > 0 ? s.heights[i - SIDE] : s.edges[edges + x];
          const west = x > 0 ? s.heights[i - 1] : s.edges[edges + SIDE + y];
          const east = x < SIDE - 1 ? s.heights[i + 1] : s.edges[edges + 2 * SIDE + y];
          const south = y < SIDE - 1 ? s.heights[i + SIDE] : s.edges[edges + 3 * SIDE + x];
          const speed = height - s.before[i];
          const pull = north + west + east + south - 4 * height;
          s.next[i] = height + speed - (speed >> 8) + (pull >> 2);
        });
        s.before = s.heights;
        s.heights = s.next;
        s.arrived[parity] = 0;
        s.step += 1;
        s.shared = 0;
      }
      if (s.step === s.until) {
        ctx.emit('Frame', { heights: s.heights });
        return;
      }
      s.neighbours = 0;
      for (let side = 0; side < 4; side++) {
        const column = ctx.index % COLUMNS;
        const wall =
          (side === 0 && ctx.index < COLUMNS) ||
          (side === 1 && column === 0) ||
          (side === 2 && column === COLUMNS - 1) ||
          (side === 3 && ctx.index + COLUMNS >= ctx.instances);
        if (wall) continue;
        s.neighbours += 1;
        const first = side === 2 ? SIDE - 1 : side === 3 ? SIDE * (SIDE - 1) : 0;
        const stride = side === 0 || side === 3 ? 1 : SIDE;
        for (let i = 0; i < SIDE; i++) s.edge[i] = s.heights[first + i * stride];
        const away = side === 0 ? 0 - COLUMNS : side === 1 ? 0 - 1 : side === 2 ? 1 : COLUMNS;
        const to = ctx.at(ctx.index + away);
        ctx.send(to, 'Edge', { side: 3 - side, step: s.step, heights: s.edge });
      }
      s.shared = 1;
      if (s.arrived[s.step & 1] === s.neighbours) ctx.send(ctx.self, 'Turn', {});
    },
  },
});

/** From `uses`, for the editor. */
declare const SIDE: number;
declare const COLUMNS: number;
