// Traffic, hit rates, latency, lag and the query pool as lines. Owns which figures are drawn together, on what scale.

import { formatMilliseconds, formatNumber, formatRate, formatShare } from "../format.js";
import { FROM_MEMORY, latencies } from "./figures.js";
import { arrange, Keyed, Table } from "./live.js";
import { Plot } from "./plot.js";

const perSecond = (value) => (value === null ? formatRate(value) : `${formatRate(value)} /s`);
const seconds = (value) => formatMilliseconds(value === null ? null : value * 1000);

const lines = (...names) => names.map((name, index) => ({ name, line: index + 1 }));

/** Requests, hit rates. */
export class Traffic {
  #kinds = new Plot({
    title: "Requests by kind",
    note: "All that were answered.",
    series: lines("Searches", "Autocompletes"),
    format: perSecond,
    least: 1,
  });
  #answered = new Plot({
    title: "Who answered",
    note: "“Waited”: shared the answer to the same question.",
    series: lines("Memory", "Redis", "Memcached", "Index", "Waited"),
    format: perSecond,
    least: 1,
  });
  #hits = new Plot({
    title: "Hit rate",
    note: "Lookups that found a fresh answer in any tier.",
    series: lines("Searches", "Autocompletes"),
    format: formatShare,
    least: 1,
    most: 1,
  });

  constructor(root) {
    root.append(this.#kinds.node, this.#answered.node, this.#hits.node);
  }

  update(history, now) {
    this.#kinds.update([history.rate("requests.search"), history.rate("requests.autocomplete")], now);
    const remote = ["redis", "memcached", "index", "waited"].map((who) => history.rate(`answered.${who}`));
    this.#answered.update([history.rate(FROM_MEMORY.of, FROM_MEMORY.but), ...remote], now);
    const share = (kind) => history.quotient(`hits.${kind}`, `lookups.${kind}`);
    this.#hits.update([share("search"), share("autocomplete")], now);
  }
}

/** What answers take. */
export class Latency {
  #plots = [["hit", "From a tier"], ["other", "Computed, or waited for"]].map(([outcome, title]) => ({
    outcome,
    plot: new Plot({
      title,
      note: "The mean is of the last five seconds. p50 and p99 are of all answers since the server started, of the " +
        "slowest catalog and kind, and at most an eighth too large.",
      series: lines("Mean", "p50", "p99"),
      format: seconds,
      least: 0.0001,
    }),
  }));
  #table = new Table("Latency since the start of the server", [
    { name: "Answers" },
    { name: "Number", number: true },
    { name: "p50", number: true },
    { name: "p90", number: true },
    { name: "p99", number: true },
    { name: "p99.9", number: true },
    { name: "Longest", number: true },
  ]);

  constructor(root, table) {
    root.append(...this.#plots.map(({ plot }) => plot.node));
    table.append(this.#table.node);
  }

  update(stats, history, now) {
    for (const { outcome, plot } of this.#plots) {
      const mean = history.quotient(`seconds.${outcome}`, `timed.${outcome}`);
      plot.update([mean, history.gauge(`p50.${outcome}`), history.gauge(`p99.${outcome}`)], now);
    }
    this.#table.update(latencies(stats).map((row) => ({
      key: `${row.catalog} ${row.kind} ${row.outcome}`,
      cells: [
        `${row.catalog}: ${row.kind}, ${row.outcome === "hit" ? "from a tier" : "computed"}`,
        formatNumber(row.count),
        ...["p50", "p90", "p99", "p999", "max"].map((quantile) => seconds(row[`${quantile}_seconds`])),
      ],
    })));
  }
}

/** How far each catalog is behind its log. */
export class Lag {
  #root;
  #plots = new Keyed((name) => ({
    lag: new Plot({
      title: `${name}: time behind`,
      note: "How old the oldest change is that answers do not show yet, and the bound on it.",
      series: lines("Lag", "Bound"),
      format: seconds,
      least: 0.001,
    }),
    events: new Plot({
      title: `${name}: changes behind`,
      note: "Changes in the log that are not applied yet.",
      series: lines("Changes"),
      format: formatRate,
      least: 4,
    }),
  }));

  constructor(root) {
    this.#root = root;
  }

  update(stats, history, now) {
    const catalogs = Object.entries(stats.catalogs ?? {});
    this.#plots.keep(catalogs.map(([name]) => name));
    arrange(this.#root, catalogs.flatMap(([name]) => {
      const plots = this.#plots.of(name);
      const points = history.gauge(`lag.${name}`);
      plots.lag.update([points, points.map(({ at }) => ({ at, value: stats.freshness_bound_seconds }))], now);
      plots.events.update([history.gauge(`events.${name}`)], now);
      return [plots.lag.node, plots.events.node];
    }));
  }
}

/** The threads that compute. */
export class Pool {
  #jobs = new Plot({
    title: "Queries that are computed",
    note: "As they were at the moment of asking. Autocompletes may take twice the places.",
    series: lines("Running", "Waiting", "Places to wait"),
    format: formatRate,
    least: 4,
  });
  #turned = new Plot({
    title: "Turned away",
    note: "Too many waited, or the deadline passed while waiting. A kept answer may have been served instead.",
    series: lines("No place", "Too late"),
    format: perSecond,
    least: 1,
  });
  #table = new Table("The query pool since the start of the server", [
    { name: "Since the start" },
    { name: "Queries", number: true },
  ]);

  constructor(root) {
    root.append(this.#jobs.node, this.#turned.node, this.#table.node);
  }

  update(stats, history, now) {
    this.#jobs.update([history.gauge("running"), history.gauge("queued"), history.gauge("places")], now);
    this.#turned.update([history.rate("refused"), history.rate("timedOut")], now);
    const pool = stats.answers?.pool ?? {};
    const rows = { Finished: "finished", "No place": "refused", "Too late": "timed_out", Panicked: "panicked" };
    this.#table.update(Object.entries(rows).map(([name, figure]) => ({
      key: figure,
      cells: [name, formatNumber(pool[figure] ?? 0)],
      tone: figure === "panicked" && pool[figure] > 0 ? "look" : null,
    })));
  }
}

