// What to show when there are no products, or no answer: the reason as far as it is known, and ways on.

import { Channel, complete, countProducts, search } from "./api.js";
import { productCard } from "./card.js";
import { h } from "./dom.js";
import { fieldName, formatCount, formatValue, pathLeaf } from "./format.js";
import { asking, changed, emptied, filterCount, stateUrl, toggled, unfiltered, withRange } from "./state.js";

// Words of a failed search that are tried one by one, and products that are shown instead.
const WORDS_MAX = 4;
const POPULAR_MAX = 4;
// A new catalog is filled at thousands of products a second.
const EMPTY_RETRY_MS = 1000;

const link = (target, ...label) => h("a", { href: stateUrl(target), data: { nav: "filter" } }, label);

/** Help for a search without products. Counts for the ways on are filled in as they arrive. */
export function noResults(state, answer, signal) {
  const ways = h("ul", { class: "help-ways" });
  const popular = h("section", { class: "help-popular", hidden: true, "aria-labelledby": "help-popular" });
  if (answer.corrected) {
    ways.append(h(
      "li",
      null,
      "Did you mean ",
      link(changed(state, { q: answer.corrected }), h("strong", null, answer.corrected)),
      "?",
    ));
  }
  if (state.exact) ways.append(h("li", null, link(changed(state, { exact: false }), "Allow other spellings")));
  offerFilters(state, ways, signal);
  offerWords(state, ways, signal);
  offerPopular(state, popular);
  const filtered = filterCount(state) > 0;
  const question = `Nothing found for “${state.q}”${filtered ? " with these filters" : ""}`;
  return h("div", { class: "help", id: "no-results" },
    h("p", { class: "help-title" }, state.q ? question : "No product fits these filters"),
    ways,
    state.q && !filtered ? h("ul", { class: "help-tips" },
      h("li", null, "Check the spelling, or try a more general word."),
      h("li", null, "Use fewer words: the kind of product, its maker or its model number.")) : null,
    h("p", null, link(emptied(state), "Show everything")),
    popular);
}

function offerFilters(state, ways, signal) {
  if (filterCount(state) === 0) return;
  const without = (label, target) => offer(ways, target, signal, `without ${label}`);
  for (const [field, values] of Object.entries(state.filters)) {
    for (const value of values) {
      const words = field === "categories" ? pathLeaf(String(value)) : formatValue(value, field);
      without(`${fieldName(field)}: ${words}`, toggled(state, field, value));
    }
  }
  for (const field of Object.keys(state.ranges)) {
    without(`the ${fieldName(field).toLowerCase()} range`, withRange(state, field, null, null));
  }
  if (filterCount(state) > 1) offer(ways, unfiltered(state), signal, "without any filter");
}

function offerWords(state, ways, signal) {
  const words = [...new Set(state.q.split(/\s+/).filter((word) => word.length > 1))];
  if (words.length < 2) return;
  for (const word of words.slice(0, WORDS_MAX)) offer(ways, asking(state, word), signal, `for “${word}”`);
}

// A way on is only offered when it leads to products.
function offer(ways, target, signal, words) {
  const item = h("li", { hidden: true });
  ways.append(item);
  countProducts(target, signal).then((total) => {
    if (total === 0) return item.remove();
    item.replaceChildren(link(target, `${formatCount(total)} ${words}`));
    item.hidden = false;
    return undefined;
  }).catch(() => item.remove());
}

// What others look for: suggestions for nothing typed when the server has them, else the most popular products.
function offerPopular(state, section) {
  const title = h("h2", { id: "help-popular" }, "Popular right now");
  complete(new Channel(), state.catalog, "").then(({ body }) => {
    if (!body.suggestions?.length) return;
    const words = body.suggestions.map(({ text }) => h(
      "li",
      null,
      h("a", { class: "chip", href: stateUrl(asking(state, text)), data: { nav: "filter" } }, text),
    ));
    section.prepend(h("ul", { class: "help-words" }, words));
  }).catch(() => {});
  search(new Channel(), emptied(state)).then(({ body }) => {
    if (body.hits.length === 0) return;
    section.prepend(title);
    section.append(h(
      "ul",
      { class: "cards", role: "list" },
      body.hits.slice(0, POPULAR_MAX).map((hit) => productCard(hit, emptied(state))),
    ));
    section.hidden = false;
  }).catch(() => {});
}

/** A failure, in words for a shopper, with a way to try again. */
export function failure(error, retry) {
  const [title, advice] = explain(error);
  return h("div", { class: "help", role: "alert", id: "failure" },
    h("p", { class: "help-title" }, title),
    h("p", null, advice),
    h("button", { type: "button", class: "button button-strong", on: { click: retry } }, "Try again"));
}

function explain({ status, message }) {
  if (status === undefined) return ["Something went wrong", "This page has a fault, which its console describes."];
  if (status === 0) return ["The shop cannot be reached", "Check the connection, then try again."];
  if (status === 503 || status === 429) return ["The shop is very busy", "Please try again in a moment."];
  return [status === 400 ? "This search is not understood" : "Something went wrong", `The server said: ${message}.`];
}

/** A catalog that has no products at all, as at the very start of a new shop; looks again by itself. */
export function nothingYet(retry) {
  setTimeout(retry, EMPTY_RETRY_MS);
  return h("div", { class: "help", id: "nothing-yet" },
    h("p", { class: "help-title" }, "The shelves are being filled"),
    h("p", null, "There are no products here yet. This page looks again by itself."));
}

/** A page number beyond the last. */
export function beyondLastPage(state) {
  return h(
    "div",
    { class: "help" },
    h("p", { class: "help-title" }, "There is no such page"),
    h("p", null, link(changed(state, {}), "Go to the first page")),
  );
}
