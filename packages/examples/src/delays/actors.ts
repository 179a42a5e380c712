import { actor, array, ask, f32, i32, u32 } from '@ringkernel/runtime';

/** An outlier is further from the mean than this many standard deviations … */
export const outlierSigmas = 6;
/** … once this many departures are known. */
export const outlierAfter = 100;
/** Upper ends of the histogram's bins, in minutes; one more bin takes the rest. */
export const histogramEdges = [-15, -5, 0, 5, 15, 30, 45, 60, 90, 120, 180];
export const histogramBins = 12;

const edges = new Int32Array(histogramEdges);

/** What a departure counts in the exponentially weighted mean. */
export const recentWeight = 0.05;

/** The bin of a delay, as the actor counts it. */
export function binOf(minutes: number): number {
  let bin = 0;
  for (let i = 0; i < edges.length; i++) if (minutes > edges[i]) bin += 1;
  return bin;
}

/** Running statistics of the delays of one airport's departures (Welford 1962). */
export const Departures = actor('Departures', {
  state: {
    count: u32,
    mean: f32,
    /** Sum of squared differences from the mean. */
    squares: f32,
    /** Exponentially weighted mean. */
    recent: f32,
    total: i32,
    earliest: i32,
    latest: i32,
    outliers: u32,
    histogram: array(u32, histogramBins),
  },
  messages: {
    Departure: { minutes: i32 },
    Report: ask(
      {},
      {
        count: u32,
        mean: f32,
        deviation: f32,
        recent: f32,
        total: i32,
        earliest: i32,
        latest: i32,
        outliers: u32,
        histogram: array(u32, histogramBins),
      },
    ),
  },
  emits: { Outlier: { minutes: i32, mean: f32, sigmas: f32 } },
  on: {
    Departure(ctx, m) {
      const s = ctx.state;
      const x = f32(m.minutes);
      const deviation = s.count > 1 ? Math.sqrt(s.squares / f32(s.count - 1)) : 0;
      if (s.count >= outlierAfter && Math.abs(x - s.mean) > outlierSigmas * deviation) {
        s.outliers += 1;
        ctx.emit('Outlier', { minutes: m.minutes, mean: s.mean, sigmas: (x - s.mean) / deviation });
      }
      s.earliest = s.count === 0 ? m.minutes : Math.min(s.earliest, m.minutes);
      s.latest = s.count === 0 ? m.minutes : Math.max(s.latest, m.minutes);
      s.recent = s.count === 0 ? x : s.recent * (1 - recentWeight) + x * recentWeight;
      s.count += 1;
      s.total += m.minutes;
      const off = x - s.mean;
      s.mean += off / f32(s.count);
      s.squares += off * (x - s.mean);
      s.histogram[binOf(m.minutes)] += 1;
    },
    Report(ctx) {
      const s = ctx.state;
      const deviation = s.count > 1 ? Math.sqrt(s.squares / f32(s.count - 1)) : 0;
      ctx.reply({
        count: s.count,
        mean: s.mean,
        deviation,
        recent: s.recent,
        total: s.total,
        earliest: s.earliest,
        latest: s.latest,
        outliers: s.outliers,
        histogram: s.histogram,
      });
    },
  },
});
