// A small line plot of the last five minutes. Owns scale, lines, legend and the table that says the same in words.
//
// Lines differ by dashes as well as by colour, and the legend tells the latest value of each. Invariant: a `null` is a
// gap, and the scale begins at zero, so that a line's height is its value.

import { h, svg } from "../dom.js";
import { SPAN_MS } from "./history.js";
import { setAttribute, setText, Table } from "./live.js";

const WIDTH = 300;
const HEIGHT = 96;
/** Steps at which a scale may end. */
const NICE = [1, 2, 4, 6, 8, 10];
const MINUTES = SPAN_MS / 60_000;

/** The next number above that is easy to read. */
export function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return (NICE.find((step) => step * power >= value * (1 - 1e-9)) ?? 10) * power;
}

/** The path of points within the span that ends `now`; a lone point becomes a dot. */
export function pathOf(points, now, top) {
  const pieces = [];
  let isOpen = false;
  for (const { at, value } of points) {
    if (value === null || value === undefined || now - at > SPAN_MS) {
      isOpen = false;
      continue;
    }
    const x = (WIDTH * (1 - (now - at) / SPAN_MS)).toFixed(1);
    const y = (HEIGHT * (1 - Math.min(value, top) / top)).toFixed(1);
    pieces.push(isOpen ? `L${x} ${y}` : `M${x} ${y}h.01`);
    isOpen = true;
  }
  return pieces.join("");
}

export class Plot {
  #series;
  #format;
  #top;
  #svg;
  #scale = h("span", { class: "plot-top" });
  #middle = h("span", { class: "plot-middle" });
  #table;
  #details;

  /**
   * `series`: `{ name, line }`, `line` is 1 to 5 and chooses colour and dashes. `least` is the least end of the scale,
   * `most` a fixed one. `note` says what the figures are.
   */
  constructor({ title, note, series, format, least, most = null }) {
    this.#format = format;
    this.#top = { least, most };
    this.#series = series.map(({ name, line }) => ({
      name,
      path: svg("path", { class: `line line-${line}` }),
      value: h("span", { class: "legend-value" }),
      row: null,
      swatch: svg("svg", { class: "swatch", viewBox: "0 0 24 6", "aria-hidden": "true" },
        svg("path", { class: `line line-${line}`, d: "M1 3h22" })),
    }));
    const grid = [0, 0.5, 1].map((share) => svg("path", { class: "grid-line", d: `M0 ${HEIGHT * share}h${WIDTH}` }));
    this.#svg = svg(
      "svg",
      { class: "plot-area", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      grid,
      this.#series.map(({ path }) => path),
    );
    setAttribute(this.#svg, "aria-label", `${title}, the last ${MINUTES} minutes; the table below has the figures`);
    const columns = ["Line", "Now", "Mean", "Least", "Most"].map((name, index) => ({ name, number: index > 0 }));
    this.#table = new Table(`${title}: the last ${MINUTES} minutes`, columns);
    this.#details = h("details", { class: "plot-table" }, h("summary", null, "Figures"), this.#table.node);
    this.node = h("figure", { class: "plot" },
      h("figcaption", null, h("h3", null, title), note ? h("p", { class: "note" }, note) : null),
      h("ul", { class: "legend" }, this.#series.map(({ name, value, swatch }) =>
        h("li", null, swatch, h("span", { class: "legend-name" }, name), value))),
      h("div", { class: "plot-frame" },
        h("div", { class: "plot-scale", "aria-hidden": "true" }, this.#scale, this.#middle, h("span", null, format(0))),
        this.#svg),
      h("div", { class: "plot-times", "aria-hidden": "true" },
        h("span", null, `${MINUTES} min ago`), h("span", null, "now")),
      this.#details);
    this.#details.addEventListener("toggle", () => this.#tell());
  }

  /** Draws the points of each series. */
  update(pointsOfEach, now) {
    const shown = pointsOfEach.map((points) => points.filter(({ at, value }) => value !== null && now - at <= SPAN_MS));
    const greatest = Math.max(this.#top.least, ...shown.flat().map(({ value }) => value));
    const top = this.#top.most ?? niceAbove(greatest);
    setText(this.#scale, this.#format(top));
    setText(this.#middle, this.#format(top / 2));
    for (const [index, series] of this.#series.entries()) {
      const points = pointsOfEach[index];
      setAttribute(series.path, "d", pathOf(points, now, top));
      series.now = points.at(-1)?.value ?? null;
      setText(series.value, this.#format(series.now));
      series.values = shown[index].map(({ value }) => value);
    }
    this.#tell();
  }

  // Nobody reads a closed table.
  #tell() {
    if (!this.#details.open) return;
    this.#table.update(this.#series.map(({ name, now, values = [] }) => {
      const known = values.length > 0;
      const mean = known ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
      const [least, most] = known ? [Math.min(...values), Math.max(...values)] : [null, null];
      return { key: name, cells: [name, ...[now ?? null, mean, least, most].map((value) => this.#format(value))] };
    }));
  }
}
