// The catalogs as a table, and why answers did not come from a tier as another. Owns the button that clears what memory
// holds of a catalog, and asks before it does.

import { byId, h } from "../dom.js";
import { formatBytes, formatMilliseconds, formatNumber, formatShare } from "../format.js";
import { held, reasons } from "./figures.js";
import { Keyed, setText, Table } from "./live.js";
import { named, outcomeWords, reasonWords } from "./words.js";

/** Rows of the table of reasons: the rest is rare. */
const REASONS_MAX = 24;

export class Catalogs {
  #table = new Table("Catalogs", [
    { name: "Catalog" },
    { name: "State" },
    { name: "Products", number: true },
    { name: "Change", number: true },
    { name: "Lag", number: true },
    { name: "Behind", number: true },
    { name: "Set aside", number: true },
    { name: "Kept answers", number: true },
    { name: "In memory", number: true },
    { name: "Clear" },
  ]);
  #buttons = new Keyed((name) => h(
    "button",
    { type: "button", class: "link-button", on: { click: () => this.#ask(name) } },
    "Clear memory…",
    h("span", { class: "visually-hidden" }, ` of ${name}`),
  ));
  #dialog = byId("clear-dialog");
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #stats = null;
  #onClear;

  /** `onClear(catalog)` does it, or throws why not; it answers what the server said. */
  constructor(root, onClear) {
    this.#onClear = onClear;
    root.append(this.#table.node);
  }

  update(stats) {
    this.#stats = stats;
    const bound = stats.freshness_bound_seconds;
    const catalogs = Object.entries(stats.catalogs ?? {});
    this.#buttons.keep(catalogs.map(([name]) => name));
    this.#table.update(catalogs.map(([name, catalog]) => {
      const { entries, bytes } = held(stats, name);
      const late = catalog.lag_seconds > bound;
      return {
        key: name,
        cells: [
          name,
          catalog.failing ? `Cannot apply changes: ${catalog.failing}` : catalog.ready ? "Ready" : "Not ready",
          formatNumber(catalog.products),
          formatNumber(catalog.sequence),
          `${formatMilliseconds(catalog.lag_seconds * 1000)}${late ? ", over the bound" : ""}`,
          formatNumber(catalog.lag_events),
          formatNumber(catalog.events_set_aside),
          formatNumber(entries),
          formatBytes(bytes),
          this.#buttons.of(name),
        ],
        tone: catalog.failing || !catalog.ready || late || catalog.events_set_aside > 0 ? "look" : null,
      };
    }));
  }

  #ask(name) {
    const { entries, bytes } = held(this.#stats, name);
    const isRemote = Object.keys(this.#stats.answers?.remote ?? {}).length > 0;
    const close = () => this.#dialog.close();
    const clear = h("button", { type: "submit", class: "button button-strong" }, "Clear");
    this.#problem.hidden = true;
    const submit = (event) => this.#clear(event, name, clear);
    const form = h("form", { method: "dialog", class: "dialog-body", on: { submit } },
      h("h2", { id: "clear-title" }, `Clear the memory of ${name}?`),
      h("p", null, `This server forgets ${formatNumber(entries)} answers (${formatBytes(bytes)}). Nothing is lost: `,
        "each is computed again when somebody asks for it, so searches take longer for a while."),
      isRemote && h("p", null, "From remote tiers, this server takes no answer any more that was made before now; ",
        "other servers do."),
      this.#problem,
      h("div", { class: "dialog-buttons" },
        h("button", { type: "button", class: "button", autofocus: true, on: { click: close } }, "Keep it"), clear));
    this.#dialog.replaceChildren(form);
    this.#dialog.showModal();
  }

  async #clear(event, name, button) {
    event.preventDefault();
    button.disabled = true;
    try {
      await this.#onClear(name);
      this.#dialog.close();
    } catch (error) {
      setText(this.#problem, `That was not done: ${error.message}.`);
      this.#problem.hidden = false;
      button.disabled = false;
    }
  }
}

/** Misses, stale answers and what kept tiers from answering, by reason. */
export class Reasons {
  #table = new Table("Why answers did not come from a tier, since the start of the server", [
    { name: "Reason" },
    { name: "Where" },
    { name: "Outcome" },
    { name: "Number", number: true },
    { name: "Share", number: true },
  ]);
  #none = h("p", { class: "note" }, "Nobody has asked yet.");

  constructor(root) {
    root.append(this.#none, this.#table.node);
  }

  update(stats) {
    const rows = reasons(stats);
    this.#none.hidden = rows.length > 0;
    this.#table.node.hidden = rows.length === 0;
    const inAll = rows.filter(({ where }) => where === "answers").reduce((sum, { count }) => sum + count, 0);
    this.#table.update(rows.slice(0, REASONS_MAX).map(({ key, where, what, reason, count }) => ({
      key,
      cells: [
        reasonWords(what, reason),
        where === "answers" ? "All tiers" : named(where),
        outcomeWords(what),
        formatNumber(count),
        where === "answers" ? formatShare(count / inAll) : "",
      ],
    })));
  }
}
