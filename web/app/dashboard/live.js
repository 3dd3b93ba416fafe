// Parts of a page that change once a second. Owns how they change: in place, and only where something differs, so that
// focus, selection and a half-made click survive, and a screen reader is not made to read everything again.

import { h } from "../dom.js";

/** Writes a text if it differs. */
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Writes an attribute if it differs; `null` removes it. */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Puts a text or a node into a place, unless it is there already. */
export function place(parent, content) {
  if (!(content instanceof Node)) setText(parent, content ?? "");
  else if (parent.firstChild !== content || parent.childNodes.length !== 1) parent.replaceChildren(content);
}

/** Makes `nodes` the children of `parent`, moving none that is in its place. */
export function arrange(parent, nodes) {
  for (const [index, node] of nodes.entries()) {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  }
  while (parent.children.length > nodes.length) parent.lastElementChild.remove();
}

/** Nodes by key: made once, kept while they are wanted. */
export class Keyed {
  #known = new Map();
  #make;

  constructor(make) {
    this.#make = make;
  }

  /** What belongs to a key. */
  of(key) {
    if (!this.#known.has(key)) this.#known.set(key, this.#make(key));
    return this.#known.get(key);
  }

  /** Forgets all but these. */
  keep(keys) {
    const wanted = new Set(keys);
    for (const key of this.#known.keys()) if (!wanted.has(key)) this.#known.delete(key);
  }
}

/**
 * A table whose rows have keys. `columns`: `{ name, number }`, `number` ones are set flush right. The first cell of a
 * row is its header.
 */
export class Table {
  #body = h("tbody");
  #columns;
  #rows;

  constructor(caption, columns, className = "") {
    this.#columns = columns;
    this.#rows = new Keyed(() => ({ row: h("tr"), cells: null }));
    const heads = columns.map(({ name, number }) => h("th", { scope: "col", class: number ? "number" : null }, name));
    const table = h(
      "table",
      { class: className },
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", null, h("tr", null, heads)),
      this.#body,
    );
    // Wide tables scroll in a place of their own, which the keyboard must reach.
    this.node = h("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption }, table);
  }

  /** Shows these rows, in this order: `{ key, cells, tone }`; a cell is a text or a node. */
  update(rows) {
    this.#rows.keep(rows.map(({ key }) => key));
    const nodes = rows.map(({ key, cells, tone }) => {
      const known = this.#rows.of(key);
      known.cells ??= this.#columns.map(({ name, number }, index) => {
        const props = { class: number ? "number" : null, "data-name": name };
        return index === 0 ? h("th", { scope: "row", ...props }) : h("td", props);
      });
      arrange(known.row, known.cells);
      for (const [index, cell] of known.cells.entries()) place(cell, cells[index]);
      setAttribute(known.row, "data-tone", tone ?? null);
      return known.row;
    });
    arrange(this.#body, nodes);
  }
}
