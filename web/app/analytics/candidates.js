// The synonyms that are offered: a table, and what becomes of a pair. Owns both decisions and what is told of them.
//
// Invariants: nothing is decided by itself; approving takes the settings anew, so that what else was set meanwhile stays.

import { send } from "../api.js";
import { setText, Table } from "../dashboard/live.js";
import { byId, h, refill } from "../dom.js";
import { formatNumber } from "../format.js";

/** A request that takes longer is given up; a change of settings waits until searches see it. */
const TIMEOUT_MS = 20_000;

const COLUMNS = [{ name: "Searched" }, { name: "Then found with" }, { name: "Sessions", number: true },
  { name: "Products", number: true }, { name: "Products then", number: true }, { name: "Decision" }];

export class Candidates {
  #dialog = byId("approve-dialog");
  #key;
  #after;
  #catalog = "";
  #pair = null;

  /** `key()` tells the key, or `null`; `after()` has the list asked for again. */
  constructor(key, after) {
    this.#key = key;
    this.#after = after;
    byId("approve-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#approve();
    });
    byId("approve-cancel").addEventListener("click", () => this.#dialog.close());
  }

  /** Shows the pairs of a catalog. */
  show(catalog, candidates) {
    if (catalog !== this.#catalog) this.#tell("");
    this.#catalog = catalog;
    if (candidates.length === 0) {
      refill(byId("candidates-table"), h("p", { class: "note" }, "Nothing yet."));
      return;
    }
    const table = new Table("Synonyms that are offered", COLUMNS);
    table.update(candidates.map((pair) => ({
      key: `${pair.from}\t${pair.to}`,
      cells: [pair.from, pair.to, formatNumber(pair.sessions), formatNumber(pair.from_results),
        formatNumber(pair.to_results), this.#buttons(pair)],
    })));
    refill(byId("candidates-table"), table.node);
  }

  #buttons(pair) {
    const button = (name, act) => h("button",
      { type: "button", class: "button", "aria-label": `${name} ${pair.from}, ${pair.to}`, on: { click: act } }, name);
    return h("div", { class: "decision" }, button("Approve", () => this.#ask(pair)),
      button("Dismiss", () => this.#dismiss(pair)));
  }

  #ask(pair) {
    this.#pair = pair;
    setText(byId("approve-one"), `Only ${pair.from} finds what has ${pair.to}`);
    setText(byId("approve-two"), `Each finds the other`);
    byId("approve-form").reset();
    byId("approve-problem").hidden = true;
    this.#dialog.showModal();
  }

  async #approve() {
    const { from, to } = this.#pair;
    const isOneWay = new FormData(byId("approve-form")).get("direction") === "one";
    byId("approve-submit").disabled = true;
    try {
      const settings = await this.#request("GET", "settings");
      const synonym = isOneWay ? { from, to: [to] } : { to: [from, to] };
      await this.#request("PUT", "settings?wait=searchable",
        { ...settings, synonyms: [...settings.synonyms, synonym] });
      this.#dialog.close();
      this.#tell(isOneWay ? `${from} now also finds ${to}.` : `${from} and ${to} now find each other.`);
      this.#after();
    } catch (error) {
      setText(byId("approve-problem"), `That was not done: ${error.message}.`);
      byId("approve-problem").hidden = false;
    } finally {
      byId("approve-submit").disabled = false;
    }
  }

  async #dismiss({ from, to }) {
    try {
      await this.#request("POST", "analytics/dismiss", { from, to });
      this.#tell(`${from}, ${to} is not offered any more.`);
      this.#after();
    } catch (error) {
      this.#tell(`That was not done: ${error.message}.`);
    }
  }

  #request(method, route, body) {
    const path = `/v1/${encodeURIComponent(this.#catalog)}/${route}`;
    return send(path, { method, key: this.#key(), body, timeout: TIMEOUT_MS });
  }

  #tell(words) {
    setText(byId("candidates-told"), words);
  }
}
