// The preview: one search without rules and with those of the page, side by side. Owns its form and both lists.

import { byId, h, refill } from "../dom.js";
import { formatCount } from "../format.js";

/** Products of each side: what a shopper sees without turning the page. */
const SHOWN = 20;

const value = (name) => byId(`preview-${name}`).value.trim();

export class Preview {
  #server;
  #rules;
  #failed;
  #asked = 0;

  /** `rules()` tells those of the page; `failed(error)` shows what went wrong. */
  constructor(server, rules, failed) {
    this.#server = server;
    this.#rules = rules;
    this.#failed = failed;
    byId("preview-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#compare();
    });
  }

  /** Compares again, if something was compared before. */
  again() {
    if (this.#asked > 0) this.#compare();
  }

  async #compare() {
    // Answers may overtake each other; the last question counts.
    const number = ++this.#asked;
    const search = { q: value("q"), context: value("context"), per_page: SHOWN, fields: ["title", "brand"] };
    if (value("category")) search.filter = `categories:${JSON.stringify(value("category"))}`;
    try {
      const sides = [[], this.#rules()].map((rules) => this.#server.preview(search, rules, value("at")));
      const [before, after] = await Promise.all(sides);
      if (number === this.#asked) this.#show(before, after);
    } catch (error) {
      if (number === this.#asked) this.#failed(error);
    }
  }

  #show(before, after) {
    const places = new Map(before.hits.map(({ id }, place) => [id, place]));
    refill(byId("before"), ...side(before, () => null));
    refill(byId("after"), ...side(after, (hit, place) => change(hit, place, places)));
    byId("sides").hidden = false;
    const applied = (after.rules ?? []).map(({ id }) => id);
    byId("announcer").textContent = applied.length ? `Rules in force here: ${applied.join(", ")}.` : "No rule applies here.";
  }
}

function change(hit, place, places) {
  if (hit.ranking?.pinned) return `pinned by ${hit.ranking.pinned.rule}`;
  const before = places.get(hit.id);
  if (before === undefined) return "new here";
  return before > place ? `up from ${before + 1}` : before < place ? `down from ${before + 1}` : null;
}

function side(answer, mark) {
  const rules = (answer.rules ?? []).map(({ id, does }) => `${id} (${does.join(", ")})`);
  return [
    h("p", { class: "note" }, `${formatCount(answer.total)}${rules.length ? `; rules: ${rules.join("; ")}` : ""}`),
    answer.redirect !== undefined && h("p", { class: "note" }, "The shopper is sent to ", h("code", null, answer.redirect)),
    h("ol", { class: "found" }, answer.hits.map((hit, place) => h("li", { data: { id: hit.id } },
      h("span", { class: "found-place" }, String(place + 1)),
      h("span", { class: "found-words" }, hit.product.title, h("small", null, [hit.product.brand, hit.id].filter(Boolean).join(" · "))),
      mark(hit, place) && h("span", { class: "found-mark" }, mark(hit, place))))),
  ];
}
