// The small panel that tells where the last answer came from: tier, freshness and time, as the headers say.

import { byId, h, refill, svg } from "./dom.js";
import { formatMilliseconds, formatNumber } from "./format.js";

const HISTORY_MAX = 32;
const WIDTH = 220;
const HEIGHT = 36;
const STORE_KEY = "storefind.trace.open";

export class TracePanel {
  #root = byId("trace");
  #toggle = h(
    "button",
    { type: "button", class: "trace-toggle", "aria-controls": "trace-body", on: { click: () => this.#flip() } },
  );
  #body = h("div", { class: "trace-body", id: "trace-body" });
  #open = remembered();
  #history = [];
  #last = null;

  constructor() {
    this.#root.append(this.#body, this.#toggle);
    this.#draw();
  }

  /** Notes an answer. */
  note(trace, total) {
    this.#history = [...this.#history, { time: trace.roundTrip, outcome: trace.outcome }].slice(-HISTORY_MAX);
    this.#last = { ...trace, total };
    this.#draw();
  }

  #flip() {
    this.#open = !this.#open;
    try {
      localStorage.setItem(STORE_KEY, String(this.#open));
    } catch {
      // A browser that keeps nothing still opens the panel.
    }
    this.#draw();
  }

  #draw() {
    this.#root.hidden = this.#last === null;
    if (this.#last === null) return;
    const { tier, outcome, server, roundTrip, sequence, age, cacheStatus, total } = this.#last;
    this.#toggle.setAttribute("aria-expanded", String(this.#open));
    this.#toggle.replaceChildren(
      h("span", { class: `trace-dot trace-${outcome === "hit" ? "hit" : "miss"}`, "aria-hidden": "true" }),
      h("span", null, tier || "answer"),
      h("span", { class: "trace-time" }, formatMilliseconds(server ?? roundTrip)),
      h("span", { class: "visually-hidden" }, ", details of the last answer"));
    this.#body.hidden = !this.#open;
    if (!this.#open) return;
    const row = (name, value, title) => (value === null || value === undefined || value === "" ? null : h(
      "div",
      { title: title ?? null },
      h("dt", null, name),
      h("dd", null, value),
    ));
    refill(this.#body,
      h("h2", { class: "trace-title" }, "Last answer"),
      h("dl", null,
        row("Tier", tier), row("Outcome", outcome), row(
          "In the server",
          server === null ? null : formatMilliseconds(server),
        ), row("Round trip", formatMilliseconds(roundTrip)),
        row(
          "Sequence",
          sequence && formatNumber(Number(sequence)),
        ), row("Age", age && `${age} s`), row("Products", formatNumber(total))),
      cacheStatus ? h("p", { class: "trace-header" }, cacheStatus) : null,
      this.#sparkline());
  }

  #sparkline() {
    const times = this.#history.map(({ time }) => time);
    const top = Math.max(...times, 1);
    const step = WIDTH / HISTORY_MAX;
    const bars = this.#history.map(({ time, outcome }, index) => {
      const tall = Math.max(2, (time / top) * (HEIGHT - 2));
      return svg(
        "rect",
        {
          class: outcome === "hit" ? "spark-hit" : "spark-miss",
          x: index * step + 0.75,
          y: HEIGHT - tall,
          width: step - 1.5,
          height: tall,
          rx: 1,
        },
      );
    });
    const most = `last ${times.length}, at most ${formatMilliseconds(Math.max(...times))}`;
    return h("figure", { class: "trace-spark" },
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Round trips, ${most}` }, bars),
      h("figcaption", { "aria-hidden": "true" }, most));
  }
}

// On a small screen the open panel would cover the products, so there it opens only by hand.
function remembered() {
  if (matchMedia("(max-width: 52rem)").matches) return false;
  try {
    return localStorage.getItem(STORE_KEY) === "true";
  } catch {
    return false;
  }
}
