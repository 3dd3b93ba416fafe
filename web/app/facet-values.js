// A facet of separate values: checkboxes with counts, the first few at once, the rest on demand, a box to find one.

import { h } from "./dom.js";
import { formatCount, formatNumber, formatValue } from "./format.js";
import { isChosen } from "./state.js";

const FIRST_VALUES = 7;
// From this many values on, a box to find one is worth its place.
const FINDER_FROM = 15;

export class ValuesFacet {
  #field;
  #toggle;
  #rows = new Map();
  #list = h("ul", { class: "facet-values", role: "list" });
  #more;
  #finder;
  #note = h("p", { class: "facet-note", hidden: true });
  #open = false;
  #last = null;

  constructor(field, name, toggle) {
    this.#field = field;
    this.#toggle = toggle;
    this.#more = h(
      "button",
      {
        type: "button",
        class: "link-button",
        "aria-expanded": "false",
        hidden: true,
        on: { click: () => this.#flip() },
      },
    );
    this.#finder = h(
      "input",
      {
        type: "search",
        class: "facet-finder",
        "aria-label": `Find in ${name}`,
        placeholder: `Find in ${name.toLowerCase()}`,
        hidden: true,
        on: { input: () => this.#draw() },
      },
    );
    this.element = h(
      "div",
      { class: "facet-body", role: "group", "aria-label": name },
      this.#finder,
      this.#list,
      this.#note,
      this.#more,
    );
  }

  update(state, facet) {
    this.#last = { state, facet };
    this.#draw();
  }

  #flip() {
    this.#open = !this.#open;
    if (!this.#open) this.#finder.value = "";
    this.#draw();
  }

  #draw() {
    const { state, facet } = this.#last;
    const chosen = (value) => isChosen(state, this.#field, value);
    const missing = (state.filters[this.#field] ?? []).filter(
      (value) => !facet.values.some((entry) => entry.value === value),
    );
    const entries = [...facet.values, ...missing.map((value) => ({ value, count: 0 }))];
    const wanted = this.#finder.value.trim().toLowerCase();
    const shown = entries.filter(({ value }, index) => {
      if (wanted) return formatValue(value, this.#field).toLowerCase().includes(wanted);
      return this.#open || index < FIRST_VALUES || chosen(value);
    });
    this.#place(shown.map((entry) => this.#row(entry, chosen(entry.value))));
    const rest = entries.length - FIRST_VALUES;
    this.#more.hidden = rest <= 0;
    this.#more.textContent = this.#open ? "Show fewer" : `Show ${formatNumber(rest)} more`;
    this.#more.setAttribute("aria-expanded", String(this.#open));
    this.#finder.hidden = !this.#open || entries.length < FINDER_FROM;
    const cut = facet.distinct > facet.values.length;
    this.#note.hidden = !this.#open || !cut;
    const [listed, all] = [facet.values.length, facet.distinct].map(formatNumber);
    this.#note.textContent = `The ${listed} most frequent of ${all}.`;
  }

  #row({ value, count }, checked) {
    const key = `${typeof value} ${value}`;
    if (!this.#rows.has(key)) {
      const box = h("input", { type: "checkbox", on: { change: () => this.#toggle(this.#field, value) } });
      const number = h("span", { class: "facet-count" });
      this.#rows.set(
        key,
        {
          box,
          number,
          element: h(
            "li",
            null,
            h(
              "label",
              { class: "facet-row" },
              box,
              h("span", { class: "facet-name" }, formatValue(value, this.#field)),
              number,
            ),
          ),
        },
      );
    }
    const row = this.#rows.get(key);
    row.box.checked = checked;
    row.number.textContent = formatNumber(count);
    row.number.title = formatCount(count);
    row.element.classList.toggle("is-empty", count === 0 && !checked);
    return row.element;
  }

  #place(elements) {
    const present = [...this.#list.children];
    if (present.length === elements.length && present.every((element, index) => element === elements[index])) return;
    const focused = document.activeElement;
    this.#list.replaceChildren(...elements);
    if (this.#list.contains(focused)) focused.focus({ preventScroll: true });
  }
}
