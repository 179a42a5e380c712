import { actor, array, ask, bool, ref, struct, u32, u64 } from '@ringkernel/runtime';

/**
 * PageRank with one actor per airport. Ranks are fixed-point u64, 2^48 for all airports together: sums of integers do
 * not depend on the order of the messages, so the result is the same, bit for bit, on every backend and every run.
 *
 * An iteration: the coordinator sends `Round` to every airport; an airport sends `Share` along its routes; one that
 * has its `Round` and a `Share` from each airport that flies to it computes its new rank and sends `Report`; the
 * coordinator that has all reports starts the next round or ends. No message of one round can meet another round.
 */

/** The ranks of all airports add up to this. */
export const scale = 2n ** 48n;
/** Probability to follow a route rather than to start anywhere. */
export const damping = 0.85;
/** The largest airport flies to 173 others. */
const maxRoutes = 192;
export const maxAirports = 512;

const dampingPercent = 85n;
const hundred = 100n;

const Edge = struct({ to: ref(() => Airport), flights: u32 });

export const Airport = actor('Airport', {
  state: {
    edges: array(Edge, maxRoutes),
    routes: u32,
    departures: u32,
    expected: u32,
    arrived: u32,
    airports: u32,
    coordinator: ref(() => Coordinator),
    rank: u64,
    sum: u64,
    share: u64,
    started: bool,
  },
  messages: {
    /** A route out of this airport. */
    Connect: { to: ref(() => Airport), flights: u32 },
    /** `expected` airports fly here. */
    Wire: { coordinator: ref(() => Coordinator), expected: u32, airports: u32, rank: u64 },
    /** An iteration begins; `share` is this airport's part of the rank of those that fly nowhere. */
    Round: { share: u64 },
    Share: { amount: u64 },
    /** To itself: everything of this iteration is here. */
    Finish: {},
    Rank: ask({}, { rank: u64 }),
  },
  on: {
    Connect(ctx, m) {
      const s = ctx.state;
      if (s.routes >= maxRoutes) ctx.fail(1);
      s.edges[s.routes].to = m.to;
      s.edges[s.routes].flights = m.flights;
      s.routes += 1;
      s.departures += m.flights;
    },
    Wire(ctx, m) {
      const s = ctx.state;
      s.coordinator = m.coordinator;
      s.expected = m.expected;
      s.airports = m.airports;
      s.rank = m.rank;
    },
    Round(ctx, m) {
      const s = ctx.state;
      s.share = m.share;
      s.started = true;
      for (let i = 0; i < s.routes; i++) {
        const edge = s.edges[i];
        // At most 2^48 · 2^14: it fits.
        ctx.send(edge.to, 'Share', { amount: (s.rank * u64(edge.flights)) / u64(s.departures) });
      }
      if (s.arrived === s.expected) ctx.send(ctx.self, 'Finish', {});
    },
    Share(ctx, m) {
      const s = ctx.state;
      s.sum += m.amount;
      s.arrived += 1;
      if (s.started && s.arrived === s.expected) ctx.send(ctx.self, 'Finish', {});
    },
    Finish(ctx) {
      const s = ctx.state;
      const all = u64(s.airports);
      const anywhere = (scale * (hundred - dampingPercent)) / (hundred * all);
      const next = anywhere + (dampingPercent * (s.sum + s.share)) / hundred;
      const change = next > s.rank ? next - s.rank : s.rank - next;
      s.rank = next;
      s.sum = 0n;
      s.arrived = 0;
      s.started = false;
      ctx.send(s.coordinator, 'Report', { change, stranded: s.routes === 0 ? next : 0n });
    },
    Rank(ctx) {
      ctx.reply({ rank: ctx.state.rank });
    },
  },
});

export const Coordinator = actor('Coordinator', {
  state: {
    airports: array(
      ref(() => Airport),
      maxAirports,
    ),
    count: u32,
    reports: u32,
    iteration: u32,
    maxIterations: u32,
    tolerance: u64,
    change: u64,
    stranded: u64,
  },
  messages: {
    Join: { airport: ref(() => Airport) },
    /** Ends when the ranks change by less than `tolerance` in sum, or after `maxIterations`. */
    Begin: { stranded: u64, tolerance: u64, maxIterations: u32 },
    Report: { change: u64, stranded: u64 },
  },
  emits: { Iterated: { iteration: u32, change: u64, done: bool } },
  on: {
    Join(ctx, m) {
      const s = ctx.state;
      if (s.count >= maxAirports) ctx.fail(1);
      s.airports[s.count] = m.airport;
      s.count += 1;
    },
    Begin(ctx, m) {
      const s = ctx.state;
      s.tolerance = m.tolerance;
      s.maxIterations = m.maxIterations;
      for (let i = 0; i < s.count; i++) {
        ctx.send(s.airports[i], 'Round', { share: m.stranded / u64(s.count) });
      }
    },
    Report(ctx, m) {
      const s = ctx.state;
      s.change += m.change;
      s.stranded += m.stranded;
      s.reports += 1;
      if (s.reports < s.count) return;
      s.iteration += 1;
      const done = s.change < s.tolerance || s.iteration >= s.maxIterations;
      ctx.emit('Iterated', { iteration: s.iteration, change: s.change, done });
      if (!done) {
        for (let i = 0; i < s.count; i++) {
          ctx.send(s.airports[i], 'Round', { share: s.stranded / u64(s.count) });
        }
      }
      s.reports = 0;
      s.change = 0n;
      s.stranded = 0n;
    },
  },
});
