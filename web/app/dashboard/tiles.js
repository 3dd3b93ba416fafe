// The figures that are read from across the room. Owns what counts as well and as worth a look, and says it in words
// beside the colour.

import { formatBytes, formatMilliseconds, formatNumber, formatRate, formatShare } from "../format.js";
import { h, svg } from "../dom.js";
import { KINDS } from "./figures.js";
import { setAttribute, setText } from "./live.js";

/** How far back a tile looks for trouble, so that it can be seen by somebody who was not looking. */
const TROUBLE_MS = 60_000;

/** Shapes of the states: a dot, a triangle, a ring. */
const MARKS = { well: "M12 6a6 6 0 1 0 .01 0", look: "M12 3 22 21H2Z", none: "M12 7a5 5 0 1 0 .01 0" };

const last = (points) => points.at(-1)?.value ?? null;

/** Each tile says `{ value, unit, words, tone }`; `tone` is `well`, `look` (worth a look) or `none`. */
export const TILES = {
  "Requests": (_, history) => {
    const errors = KINDS.reduce((sum, kind) => sum + (history.growth(`errors.${kind}`, TROUBLE_MS) ?? 0), 0);
    return {
      value: formatRate(last(history.rate(KINDS.map((kind) => `requests.${kind}`)))),
      unit: "/s",
      words: errors > 0 ? `${formatNumber(errors)} without answer in the last minute` : "searches and autocompletes",
      tone: errors > 0 ? "look" : "well",
    };
  },
  "From a tier": (_, history) => {
    const of = (prefix) => history.growth(KINDS.map((kind) => `${prefix}.${kind}`));
    const lookups = of("lookups");
    const share = lookups ? of("hits") / lookups : null;
    return { value: formatShare(share), unit: "", words: "of the answers of the last 5 minutes", tone: "none" };
  },
  "Computing takes": (_, history) => {
    const timed = history.growth("timed.other");
    const mean = timed ? history.growth("seconds.other") / timed : null;
    const [value, unit = ""] = formatMilliseconds(mean === null ? null : mean * 1000).split(" ");
    return { value, unit, words: "mean when no tier had it, 5 minutes", tone: "none" };
  },
  "Lag": (stats) => {
    const bound = stats.freshness_bound_seconds;
    const catalogs = Object.values(stats.catalogs ?? {});
    const lag = Math.max(0, ...catalogs.map(({ lag_seconds }) => lag_seconds));
    const failing = Object.entries(stats.catalogs ?? {}).filter(([, catalog]) => catalog.failing);
    const [value, unit = ""] = formatMilliseconds(lag * 1000).split(" ");
    const limit = formatMilliseconds(bound * 1000);
    const words = failing.length > 0
      ? `${failing.map(([name]) => name).join(", ")} cannot apply changes`
      : `${lag > bound ? "over" : "within"} the bound of ${limit}`;
    return { value, unit, words, tone: failing.length > 0 || lag > bound ? "look" : "well" };
  },
  "Waiting queries": ({ answers }, history) => {
    const refused = history.growth("refused", TROUBLE_MS) ?? 0;
    const { queued, running, places } = answers?.pool ?? {};
    const room = places === undefined ? "" : ` of ${formatNumber(places)}`;
    return {
      value: formatRate(queued),
      unit: room,
      words: refused > 0
        ? `${formatNumber(refused)} turned away in the last minute`
        : `${formatNumber(running ?? 0)} running, none turned away`,
      tone: refused > 0 ? "look" : "well",
    };
  },
  "Memory tier": ({ answers }) => {
    const { bytes, bytes_max: most, entries } = answers?.memory ?? {};
    const [value, unit = ""] = formatBytes(bytes).split(" ");
    const words = `of ${formatBytes(most)}, ${formatNumber(entries ?? 0)} entries`;
    return { value, unit, words, tone: "none" };
  },
  "Remote tiers": ({ answers }) => {
    const tiers = Object.entries(answers?.remote ?? {});
    if (tiers.length === 0) return { value: "none", unit: "", words: "memory and index answer all", tone: "none" };
    const servers = tiers.flatMap(([, { servers }]) => servers);
    const away = servers.filter(({ breaker, failing }) => breaker !== "closed" || failing !== null).length;
    const paused = tiers.filter(([, tier]) => tier.paused).map(([name]) => name);
    const words = [
      away > 0 ? `${away === 1 ? "a server does" : `${away} servers do`} not answer well` : "no server fails",
      paused.length > 0 ? `${paused.join(" and ")} paused` : null,
    ].filter(Boolean).join(", ");
    return {
      value: formatNumber(servers.length - away),
      unit: ` of ${formatNumber(servers.length)}`,
      words,
      tone: away + paused.length > 0 ? "look" : "well",
    };
  },
};

/** The row of tiles. */
export class Tiles {
  #tiles;

  constructor(root) {
    this.#tiles = Object.entries(TILES).map(([name, tell]) => {
      const parts = {
        value: h("span", { class: "tile-value" }),
        unit: h("span", { class: "tile-unit" }),
        words: h("span", { class: "tile-words" }),
        mark: svg("path", { d: MARKS.none }),
      };
      const mark = svg("svg", { class: "mark", viewBox: "0 0 24 24", "aria-hidden": "true" }, parts.mark);
      const node = h("div", { class: "tile", "data-tile": name },
        h("dt", null, name),
        h("dd", null,
          h("span", { class: "tile-figure" }, parts.value, parts.unit),
          h("span", { class: "tile-note" }, mark, parts.words)));
      root.append(node);
      return { ...parts, node, tell };
    });
  }

  update(stats, history) {
    for (const { node, tell, mark, ...parts } of this.#tiles) {
      const told = tell(stats, history);
      for (const part of ["value", "unit", "words"]) setText(parts[part], told[part]);
      setAttribute(mark, "d", MARKS[told.tone]);
      setAttribute(node, "data-tone", told.tone);
    }
  }
}
