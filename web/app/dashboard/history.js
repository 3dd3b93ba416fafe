// The last five minutes. Owns samples and what differences between them mean; knows no name of a figure.
//
// Invariant: a rate is the difference of two samples of one run of the server. A restart begins a new run, so that no
// rate is ever negative; what is not known is `null` and a gap in the line, never zero.

/** How far back is remembered and drawn. */
export const SPAN_MS = 300_000;
/** Rates are means of so long: one second of a quiet shop is noise. */
export const SMOOTHING_MS = 5000;
/** A longer pause between samples is a gap: what lies in between was not seen. */
export const GAP_MS = 15_000;
/** The server tells its age in whole seconds, and an answer is under way for a while. */
const AGE_TOLERANCE_MS = 2500;

export class History {
  #samples = [];

  /** Takes a sample. `counts` only grow, `gauges` do as they like, `age` is the server's in seconds, `at` in ms. */
  add({ at, age, counts, gauges }) {
    const last = this.#samples.at(-1);
    const run = last === undefined ? 0 : last.run + (restarted(last, { at, age, counts }) ? 1 : 0);
    this.#samples.push({ at, age, counts, gauges, run });
    const first = this.#samples.findIndex((sample) => sample.at >= at - SPAN_MS - SMOOTHING_MS);
    this.#samples.splice(0, first);
    return { restarted: last !== undefined && run !== last.run };
  }

  /** Points of a gauge. */
  gauge(name) {
    return this.#points((index) => this.#samples[index].gauges[name] ?? null);
  }

  /** Points of the rate in 1/s of these counts together, less the counts `but`. */
  rate(of, but = []) {
    return this.#points((index) => {
      const base = this.#base(index, SMOOTHING_MS);
      return base && (this.#difference(base, index, of, but) * 1000) / (this.#samples[index].at - base.at);
    });
  }

  /** Points of the quotient of two counts' differences: a share, or a mean. `null` where the divisor did not grow. */
  quotient(of, by) {
    return this.#points((index) => {
      const base = this.#base(index, SMOOTHING_MS);
      const divisor = base && this.#difference(base, index, by);
      return divisor ? this.#difference(base, index, of) / divisor : null;
    });
  }

  /** By how much these counts have grown within the last `ms`, as far as is known; `null` before two samples. */
  growth(of, ms = SPAN_MS, but = []) {
    const last = this.#samples.length - 1;
    const base = last > 0 ? this.#base(last, ms) : null;
    return base && this.#difference(base, last, of, but);
  }

  /** The time over which `growth` looks, in seconds. */
  seen(ms = SPAN_MS) {
    const last = this.#samples.length - 1;
    const base = last > 0 ? this.#base(last, ms) : null;
    return base ? (this.#samples[last].at - base.at) / 1000 : 0;
  }

  // The server reads its counters one after another, so a difference of two may come out a little below zero.
  #difference(base, index, of, but = []) {
    const { counts } = this.#samples[index];
    const grown = (name) => (counts[name] ?? 0) - (base.counts[name] ?? 0);
    const sum = (names) => [names].flat().reduce((total, name) => total + grown(name), 0);
    return Math.max(0, sum(of) - sum(but));
  }

  /** The oldest sample of the same run that is at most `ms` older; the one before, if all of those are older. */
  #base(index, ms) {
    const { at, run } = this.#samples[index];
    let base = null;
    for (let earlier = index - 1; earlier >= 0; earlier -= 1) {
      const sample = this.#samples[earlier];
      if (sample.run !== run || (base !== null && sample.at < at - ms)) break;
      base = sample;
    }
    return base;
  }

  #points(valueAt) {
    const points = [];
    for (const [index, { at, run }] of this.#samples.entries()) {
      const before = this.#samples[index - 1];
      if (before && (before.run !== run || at - before.at > GAP_MS)) points.push({ at: before.at, value: null });
      points.push({ at, value: valueAt(index) });
    }
    return points;
  }
}

/** Whether another process answers: it is younger than the time since the last answer, or has counted less. */
function restarted(last, { at, age, counts }) {
  if (age < last.age || age * 1000 + AGE_TOLERANCE_MS < at - last.at) return true;
  return Object.entries(last.counts).some(([name, count]) => (counts[name] ?? 0) < count - Number.EPSILON);
}
