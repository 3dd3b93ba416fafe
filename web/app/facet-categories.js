// The category facet: a tree by paths, of which the chosen branch is open. Its entries are links, since a category is
// a place to go to, and only one is looked at at a time.

import { h, replaceKeepingFocus } from "./dom.js";
import { PATH_SEPARATOR, formatNumber, pathLeaf, pathLevels } from "./format.js";
import { stateUrl, withValues } from "./state.js";

const FIRST_ENTRIES = 10;

export class CategoryFacet {
  #field;
  #open = false;
  #last = null;

  constructor(field) {
    this.#field = field;
    this.element = h("div", { class: "facet-body facet-tree" });
  }

  update(state, facet) {
    this.#last = { state, facet };
    const chosen = state.filters[this.#field]?.[0] ?? null;
    const entries = treeEntries(
      facet.values.map(({ value, count }) => ({ path: String(value), count })),
      chosen === null ? null : String(chosen),
    );
    const shown = this.#open ? entries : entries.slice(
      0,
      Math.max(FIRST_ENTRIES, entries.findIndex((entry) => entry.path === chosen) + 1),
    );
    const rest = entries.length - shown.length;
    replaceKeepingFocus(this.element,
      h("ul", { role: "list" },
        chosen === null ? null : this.#entry(state, { path: null, count: null, depth: 0 }, chosen),
        shown.map((entry) => this.#entry(state, entry, chosen))),
      rest > 0 || this.#open
        ? h(
          "button",
          {
            type: "button",
            class: "link-button",
            "aria-expanded": String(this.#open),
            data: { key: "more" },
            on: { click: () => this.#flip() },
          },
          this.#open ? "Show fewer" : `Show ${formatNumber(rest)} more`,
        )
        : null);
  }

  #flip() {
    this.#open = !this.#open;
    this.update(this.#last.state, this.#last.facet);
  }

  #entry(state, { path, count, depth }, chosen) {
    const current = path !== null && path === chosen;
    const href = stateUrl(withValues(state, this.#field, path === null ? [] : [path]));
    return h("li", { vars: { "--depth": String(depth) } },
      h("a", {
        class: "tree-link",
        href,
        "aria-current": current ? "true" : null,
        data: { nav: "filter", key: `category ${path ?? ""}` },
      },
        h("span", { class: "facet-name" }, path === null ? "All categories" : pathLeaf(path)),
        count === null ? null : h("span", { class: "facet-count" }, formatNumber(count))));
  }
}

/** The entries to show: the top level, or the way down to the chosen category with what lies in or beside it. */
export function treeEntries(values, chosen) {
  const counts = new Map(values.map(({ path, count }) => [path, count]));
  const parent = (path) => (path.includes(PATH_SEPARATOR) ? path.slice(0, path.lastIndexOf(PATH_SEPARATOR)) : null);
  const below = (path) => values.filter((value) => parent(value.path) === path);
  const at = (path, depth) => ({ path, count: counts.get(path) ?? 0, depth });
  if (chosen === null) {
    const top = below(null);
    // A single department says nothing, what it has inside does.
    const inside = top.length === 1 ? below(top[0].path) : [];
    return [...top.map(({ path }) => at(path, 0)), ...inside.map(({ path }) => at(path, 1))];
  }
  const way = pathLevels(chosen);
  const children = below(chosen);
  if (children.length > 0) {
    return [...way.map((path, depth) => at(path, depth)), ...children.map(({ path }) => at(path, way.length))];
  }
  const beside = below(parent(chosen));
  const siblings = beside.some(({ path }) => path === chosen) ? beside : [{ path: chosen }, ...beside];
  return [
    ...way.slice(0, -1).map((path, depth) => at(path, depth)),
    ...siblings.map(({ path }) => at(path, way.length - 1)),
  ];
}
