// The search field and its suggestions: the combobox pattern of the ARIA practices, with a list of three groups.
// The focus never leaves the field; `aria-activedescendant` says which option the keys have reached.

import { Channel, complete } from "./api.js";
import { ICON_CHEVRON, ICON_SEARCH, byId, h, icon, marked } from "./dom.js";
import { PATH_SEPARATOR, formatNumber, formatPrice, pathLeaf } from "./format.js";
import { picture } from "./picture.js";

// Long enough that a fast typist does not ask for each letter, short enough to feel immediate.
const SUGGEST_DELAY_MS = 60;
const SEARCH_DELAY_MS = 160;
const CATEGORIES_MAX = 3;

/**
 * `actions` says what the shopper's deeds mean: `type(text)` while typing, `submit(text)`, `suggestion(text)`,
 * `category(path)`, `product(hit)`; `catalog()` names the catalog.
 */
export class SearchBox {
  #actions;
  #input = byId("search-input");
  #popup = byId("suggest");
  #list = byId("suggest-list");
  #clear = byId("search-clear");
  #channel = new Channel();
  #suggestTimer = 0;
  #searchTimer = 0;
  #options = [];
  #active = -1;

  constructor(actions) {
    this.#actions = actions;
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("focus", () => this.#input.value.trim() && this.#ask());
    this.#input.addEventListener("click", () => this.#popup.hidden && this.#input.value.trim() && this.#ask());
    this.#clear.addEventListener("click", () => this.#empty());
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#commit(() => this.#actions.submit(this.#input.value.trim()));
    });
    byId("search-form").addEventListener("focusout", (event) => {
      if (!byId("search-form").contains(event.relatedTarget)) this.close();
    });
    // Without this a press on an option would take the focus from the field and close the list before the click.
    this.#popup.addEventListener("mousedown", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, dialog");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        this.focus();
      }
    });
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** Shows the text of a view, unless the shopper is just writing it. */
  show(text) {
    if (this.#searchTimer === 0 && this.#input.value.trim() !== text) this.#input.value = text;
    this.#clear.hidden = this.#input.value === "";
  }

  close() {
    clearTimeout(this.#suggestTimer);
    this.#channel.cancel();
    this.#popup.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#activate(-1);
  }

  #typed() {
    this.#clear.hidden = this.#input.value === "";
    clearTimeout(this.#suggestTimer);
    clearTimeout(this.#searchTimer);
    if (this.#input.value.trim()) this.#suggestTimer = setTimeout(() => this.#ask(), SUGGEST_DELAY_MS);
    else this.close();
    this.#searchTimer = setTimeout(() => {
      this.#searchTimer = 0;
      this.#actions.type(this.#input.value.trim());
    }, SEARCH_DELAY_MS);
  }

  #empty() {
    this.#input.value = "";
    this.#typed();
    this.#input.focus();
  }

  // Ends typing: what was waiting to be searched is overtaken by what was chosen.
  #commit(act) {
    clearTimeout(this.#searchTimer);
    this.#searchTimer = 0;
    this.close();
    // On a touch screen the keyboard would hide what was found.
    if (matchMedia("(pointer: coarse)").matches) this.#input.blur();
    act();
  }

  async #ask() {
    const text = this.#input.value.trim();
    try {
      const answer = await complete(this.#channel, this.#actions.catalog(), text);
      if (answer === null || document.activeElement !== this.#input) return;
      this.#draw(answer.body);
    } catch {
      // Suggestions are a help, not the answer: without them the search still works and tells of the failure.
      this.close();
    }
  }

  #draw({ suggestions = [], categories = [], products = [] }) {
    this.#options = [];
    const places = likeliest(categories, this.#input.value);
    const groups = [
      this.#group("Suggestions", "suggest-words", suggestions.map((suggestion) => this.#word(suggestion))),
      this.#group("Categories", "suggest-places", places.map((place) => this.#place(place))),
      this.#group("Products", "suggest-products", products.map((hit) => this.#product(hit))),
    ].filter(Boolean);
    this.#list.replaceChildren(...groups);
    this.#active = -1;
    this.#input.removeAttribute("aria-activedescendant");
    const any = this.#options.length > 0;
    this.#popup.hidden = !any;
    this.#popup.classList.toggle("has-products", products.length > 0 && groups.length > 1);
    this.#input.setAttribute("aria-expanded", String(any));
  }

  #group(title, name, options) {
    if (options.length === 0) return null;
    return h(
      "div",
      { class: `suggest-group ${name}`, role: "group", "aria-labelledby": name },
      h("div", { class: "suggest-title", id: name, role: "presentation" }, title),
      options,
    );
  }

  #option(name, choose, ...children) {
    const index = this.#options.length;
    const element = h(
      "div",
      {
        class: `option ${name}`,
        id: `option-${index}`,
        role: "option",
        "aria-selected": "false",
        on: { click: () => this.#commit(choose) },
      },
      children,
    );
    this.#options.push({ element, choose });
    return element;
  }

  #word(suggestion) {
    const category = pathLeaf(suggestion.category ?? "");
    const says = category && category.toLowerCase() !== suggestion.text.toLowerCase();
    return this.#option("option-word", () => this.#choose(suggestion.text),
      icon(ICON_SEARCH),
      h("span", { class: "option-text" }, marked(suggestion.highlight ?? suggestion.text, "span", "<em>", "</em>")),
      says ? h("span", { class: "option-aside" }, `in ${category}`) : null);
  }

  #place({ value, count }) {
    const above = value.split(PATH_SEPARATOR).slice(0, -1).join(" › ");
    return this.#option("option-place", () => {
      this.#input.value = "";
      this.#actions.category(value);
    },
    icon(ICON_CHEVRON), h(
      "span",
      { class: "option-text" },
      pathLeaf(value),
    ), above ? h("span", { class: "option-aside" }, above) : null,
    h("span", { class: "option-count" }, formatNumber(count)));
  }

  #product(hit) {
    const { title, brand, price } = hit.product;
    return this.#option("option-product", () => this.#actions.product(hit),
      picture(hit.product, hit.id),
      h(
        "span",
        { class: "option-text" },
        brand ? h("span", { class: "option-brand" }, brand, h("span", { class: "visually-hidden" }, ", ")) : null,
        h("span", { class: "option-name" }, title),
      ),
      typeof price === "number" ? h("span", { class: "option-price" }, formatPrice(price)) : null);
  }

  #choose(text) {
    this.#input.value = text;
    this.#clear.hidden = false;
    this.#actions.suggestion(text);
  }

  #activate(index) {
    this.#options[this.#active]?.element.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.#options[index];
    if (!option) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    option.element.setAttribute("aria-selected", "true");
    option.element.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.element.id);
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const open = !this.#popup.hidden;
    const last = this.#options.length - 1;
    const go = (index) => {
      event.preventDefault();
      this.#activate(index);
    };
    switch (event.key) {
      case "ArrowDown":
        if (open) go(this.#active === last ? -1 : this.#active + 1);
        else if (this.#input.value.trim()) { event.preventDefault(); this.#ask(); }
        break;
      case "ArrowUp":
        if (open) go(this.#active === -1 ? last : this.#active - 1);
        break;
      case "Home":
        if (open && this.#active >= 0) go(0);
        break;
      case "End":
        if (open && this.#active >= 0) go(last);
        break;
      case "Enter":
        if (open && this.#active >= 0) {
          event.preventDefault();
          this.#commit(this.#options[this.#active].choose);
        }
        break;
      case "Escape":
        event.preventDefault();
        if (open) this.close();
        else if (this.#input.value) this.#empty();
        break;
      default:
        // Any other key goes on writing; the option that was reached no longer stands for the text.
        if (open && this.#active >= 0 && event.key.length === 1) this.#activate(-1);
    }
  }
}

// Large departments have products for any word; a category of that name is what the shopper means.
function likeliest(categories, text) {
  const typed = text.trim().toLowerCase();
  const named = categories.filter(({ value }) => pathLeaf(value).toLowerCase().includes(typed));
  const others = categories.filter((category) => !named.includes(category)).reverse();
  return [...named, ...others].slice(0, CATEGORIES_MAX);
}
