// Takes an answer of `/v1/stats` apart: what only grows (counts) and what is true now (gauges), all catalogs together.
// Owns which figure of the server is meant by which name on the page. Draws nothing, remembers nothing.
//
// A figure that this version of the server does not tell is `undefined` here and "–" on the page, never a guess.

export const KINDS = ["search", "autocomplete"];
export const REMOTE_TIERS = ["redis", "memcached"];

/** Counts that together, less those of `but`, are the answers from memory: the server counts hits of tiers as one. */
export const FROM_MEMORY = {
  of: KINDS.map((kind) => `hits.${kind}`),
  but: REMOTE_TIERS.map((tier) => `answered.${tier}`),
};

const sum = (numbers) => numbers.reduce((total, number) => total + (number ?? 0), 0);
const sumOf = (object) => sum(Object.values(object ?? {}));

/** The catalogs that were asked at least once, as the part on answers tells of them. */
const asked = (stats) => Object.values(stats.answers?.catalogs ?? {});
const kindsOf = (stats) => asked(stats).flatMap((catalog) => KINDS.map((kind) => catalog[kind] ?? {}));

/**
 * What only grows while the server runs. `answered.*` is who gave an answer: a remote tier, the index, or, for callers
 * who came while the same question was being answered, that answer (`waited`). What memory answered is the rest of the
 * hits: see `FROM_MEMORY`.
 */
export function counts(stats) {
  const counted = {
    refused: stats.answers?.pool?.refused ?? 0,
    timedOut: stats.answers?.pool?.timed_out ?? 0,
    offered: stats.answers?.filling?.offered ?? 0,
    dropped: stats.answers?.filling?.dropped ?? 0,
  };
  for (const kind of KINDS) {
    const figures = asked(stats).map((catalog) => catalog[kind] ?? {});
    counted[`lookups.${kind}`] = sum(figures.map(({ lookups }) => lookups));
    counted[`hits.${kind}`] = sum(figures.map(({ hits }) => hits));
    counted[`requests.${kind}`] = counted[`lookups.${kind}`] + sum(figures.map(({ bypasses }) => bypasses));
    counted[`errors.${kind}`] = sum(figures.map(({ errors }) => sumOf(errors)));
  }
  for (const tier of REMOTE_TIERS) {
    const figures = asked(stats).map((catalog) => catalog.tiers?.[tier] ?? {});
    counted[`answered.${tier}`] = sum(figures.map(({ hits }) => hits));
    counted[`lookups.${tier}`] = sum(figures.map(({ lookups }) => lookups));
    counted[`passed.${tier}`] = sum(figures.map(({ passed }) => sumOf(passed)));
    counted[`fills.${tier}`] = sum(figures.map(({ fills }) => fills));
  }
  const kinds = kindsOf(stats);
  counted["answered.index"] = sum(kinds.map(({ computations }) => computations?.count));
  counted["answered.waited"] = sum(kinds.map(({ collapsed }) => collapsed));
  counted.rescued = sum(kinds.map(({ rescued }) => rescued));
  for (const [name, latency] of [["hit", "latency_hit"], ["other", "latency_other"]]) {
    counted[`seconds.${name}`] = sum(kinds.map((kind) => kind[latency]?.sum_seconds));
    counted[`timed.${name}`] = sum(kinds.map((kind) => kind[latency]?.count));
  }
  return counted;
}

/** What is true now. Quantiles are since the start of the server, and of the slowest catalog and kind. */
export function gauges(stats) {
  const measured = {
    queued: stats.answers?.pool?.queued,
    running: stats.answers?.pool?.running,
    places: stats.answers?.pool?.places,
    filling: stats.answers?.filling?.queued,
  };
  for (const [name, latency] of [["hit", "latency_hit"], ["other", "latency_other"]]) {
    const known = kindsOf(stats).map((kind) => kind[latency]).filter((quantiles) => quantiles?.count > 0);
    const slowest = (quantile) => (known.length > 0 ? Math.max(...known.map((each) => each[quantile])) : undefined);
    measured[`p50.${name}`] = slowest("p50_seconds");
    measured[`p99.${name}`] = slowest("p99_seconds");
  }
  for (const [name, catalog] of Object.entries(stats.catalogs ?? {})) {
    measured[`lag.${name}`] = catalog.lag_seconds;
    measured[`events.${name}`] = catalog.lag_events;
  }
  return measured;
}

/** Latency by catalog, kind and whether a tier answered, for those that happened; the slowest last. */
export function latencies(stats) {
  const rows = [];
  for (const [catalog, figures] of Object.entries(stats.answers?.catalogs ?? {})) {
    for (const kind of KINDS) {
      for (const [outcome, latency] of [["hit", "latency_hit"], ["other", "latency_other"]]) {
        const quantiles = figures[kind]?.[latency];
        if (quantiles?.count > 0) rows.push({ catalog, kind, outcome, ...quantiles });
      }
    }
  }
  return rows.sort((one, other) => one.p99_seconds - other.p99_seconds);
}

/**
 * Why answers did not come from a tier, most frequent first: `where` is `answers` for what lookups came to in the end,
 * or a remote tier for what it was asked and could not give.
 */
export function reasons(stats) {
  const found = new Map();
  const add = (where, what, counted) => {
    for (const [reason, count] of Object.entries(counted ?? {})) {
      const key = `${where} ${what} ${reason}`;
      const row = found.get(key) ?? { key, where, what, reason, count: 0 };
      found.set(key, { ...row, count: row.count + count });
    }
  };
  for (const catalog of asked(stats)) {
    for (const kind of KINDS) {
      add("answers", "miss", catalog[kind]?.misses);
      add("answers", "stale", catalog[kind]?.stale);
      add("answers", "error", catalog[kind]?.errors);
    }
    for (const [tier, figures] of Object.entries(catalog.tiers ?? {})) {
      add(tier, "miss", figures.misses);
      add(tier, "stale", figures.stale);
      add(tier, "passed", figures.passed);
      add(tier, "unfilled", figures.fills_passed);
    }
  }
  return [...found.values()]
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count || one.key.localeCompare(other.key));
}

/** Entries and bytes that memory holds of a catalog. */
export function held(stats, catalog) {
  const kinds = KINDS.map((kind) => stats.answers?.catalogs?.[catalog]?.[kind] ?? {});
  return { entries: sum(kinds.map(({ entries }) => entries)), bytes: sum(kinds.map(({ bytes }) => bytes)) };
}
