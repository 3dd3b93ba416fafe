// The filters beside the results: which fields are offered, as what kind, in which order.
// Each field keeps its section between answers, so that focus, an open "show more" and a half-typed bound survive.

import { CategoryFacet } from "./facet-categories.js";
import { RangeFacet } from "./facet-range.js";
import { ValuesFacet } from "./facet-values.js";
import { h } from "./dom.js";
import { fieldName } from "./format.js";

// A number with more different values than this is asked for as a range.
const NUMBER_VALUES_MAX = 10;
const ALWAYS_RANGE = new Set(["price", "rating", "popularity"]);
// Further facets, found among the attributes of the first hits.
const EXTRA_MAX = 6;
const EXTRA_HITS = 12;
const EXTRA_SHARE_MIN = 0.35;
const EXTRA_TEXT_MAX = 40;
// Sections that are open from the start.
const OPEN_SECTIONS = 6;

const PRODUCT_FIELDS = new Set([
  "id", "title", "description", "brand", "categories", "sku", "identifiers", "price", "stock", "in_stock", "popularity",
  "rating", "image", "url", "released", "group", "tags", "attributes",
]);

/** All sections. `actions` says what a choice does: `toggle(field, value)`, `range(field, from, to)`. */
export class Facets {
  #root;
  #actions;
  #sections = new Map();

  constructor(root, actions) {
    this.#root = root;
    this.#actions = actions;
  }

  /** Draws `facets` (name → counts, in order of display) for `state`. */
  update(state, facets) {
    const shown = [];
    for (const [field, facet] of Object.entries(facets)) {
      const kind = kindOf(field, facet, state);
      if (!kind) continue;
      const key = `${kind} ${field}`;
      if (!this.#sections.has(key)) this.#sections.set(key, this.#section(kind, field, shown.length));
      const section = this.#sections.get(key);
      section.part.update(state, facet);
      shown.push(section.element);
    }
    const present = [...this.#root.children];
    if (present.length === shown.length && present.every((element, index) => element === shown[index])) return;
    const focused = document.activeElement;
    this.#root.replaceChildren(...shown);
    if (this.#root.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Another catalog: nothing of what was open or typed applies. */
  reset() {
    this.#sections.clear();
    this.#root.replaceChildren();
  }

  #section(kind, field, position) {
    const name = fieldName(field);
    const part = kind === "categories" ? new CategoryFacet(field)
      : kind === "range" ? new RangeFacet(field, name, this.#actions.range)
        : new ValuesFacet(field, name, this.#actions.toggle);
    const element = h(
      "details",
      { class: "facet", open: position < OPEN_SECTIONS, data: { field } },
      h("summary", null, h("h3", null, name)),
      part.element,
    );
    return { part, element };
  }
}

function kindOf(field, facet, state) {
  const chosen = state.filters[field]?.length > 0;
  if (field === "categories") return facet.values.length > 0 || chosen ? "categories" : null;
  const numeric = typeof facet.min === "number" && typeof facet.max === "number";
  if (state.ranges[field]) return "range";
  const many = facet.distinct > NUMBER_VALUES_MAX || facet.values.length === 0;
  if (numeric && !chosen && (ALWAYS_RANGE.has(field) || many)) {
    return facet.min < facet.max ? "range" : null;
  }
  return facet.values.length > 0 || chosen ? "values" : null;
}

/**
 * Attributes that would divide these hits: most of the hits have them, and not all with one value. A name with a comma
 * cannot be asked for in a list, so it is passed by.
 */
export function likelyAttributes(hits, already) {
  const found = new Map();
  const sample = hits.slice(0, EXTRA_HITS);
  for (const { product } of sample) {
    for (const [name, value] of Object.entries(product.attributes ?? {})) {
      const field = PRODUCT_FIELDS.has(name) ? `attributes.${name}` : name;
      if (name.includes(",") || already.includes(field)) continue;
      const entry = found.get(field) ?? { field, count: 0, values: new Set(), long: false };
      entry.count += 1;
      for (const single of [value].flat()) {
        entry.values.add(single);
        entry.long ||= typeof single === "string" && single.length > EXTRA_TEXT_MAX;
      }
      found.set(field, entry);
    }
  }
  return [...found.values()]
    .filter(
      ({ count, values, long }) => !long && values.size > 1 && count >= Math.max(2, sample.length * EXTRA_SHARE_MIN),
    )
    .sort((a, b) => b.count - a.count)
    .slice(0, EXTRA_MAX)
    .map(({ field }) => field);
}

/** Whether counts of a further field help: it has a choice, and its values are not all but unique. */
export function isHelpful(facet, total) {
  return facet.distinct > 1 && (typeof facet.min === "number" || facet.distinct <= Math.max(8, total / 2));
}
