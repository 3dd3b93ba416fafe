// One product in full, in a dialog. Its address is `?product=`, so it can be shared and closed by going back.

import { Channel, fetchProduct, fetchRelated } from "./api.js";
import { price, productLine, rating, stock } from "./card.js";
import { ICON_CROSS, byId, h, icon } from "./dom.js";
import { PATH_SEPARATOR, fieldName, formatDate, formatValue, pathLeaf, pathLevels } from "./format.js";
import { picture } from "./picture.js";
import { asking, emptied, stateUrl, withValues } from "./state.js";

const RELATED_MAX = 4;

/** The dialog. `actions.close` leads back to the list; `actions.known(id)` is a hit that the page already has. */
export class ProductDialog {
  #actions;
  #dialog = byId("product-dialog");
  #channel = new Channel();
  #related = new Channel();
  #shown = "";

  constructor(actions) {
    this.#actions = actions;
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#actions.close();
    });
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#actions.close();
    });
  }

  /** Opens, changes or closes the dialog as the state says. */
  async show(state) {
    if (!state.product) {
      this.#shown = "";
      this.#channel.cancel();
      if (this.#dialog.open) this.#dialog.close();
      return;
    }
    const key = `${state.catalog} ${state.product}`;
    if (this.#shown === key) return;
    this.#shown = key;
    const known = this.#actions.known(state.product);
    this.#draw(known ? this.#page(known, state) : this.#message("Loading …", "The product is being fetched."));
    if (known) return;
    try {
      const answer = await fetchProduct(this.#channel, state.catalog, state.product);
      if (answer === null) return;
      this.#draw(answer.hit ? this.#page(answer.hit, state) : this.#message(
        "No longer here",
        "This product is not in the catalog.",
      ));
    } catch (error) {
      this.#draw(this.#message("The product could not be loaded", `${error.message}.`));
    }
  }

  #draw(content) {
    const close = h(
      "button",
      {
        type: "button",
        class: "icon-button product-close",
        "aria-label": "Close product",
        on: { click: () => this.#actions.close() },
      },
      icon(ICON_CROSS),
    );
    this.#dialog.replaceChildren(close, content);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#dialog.scrollTop = 0;
  }

  #message(title, text) {
    return h("div", { class: "product-message" }, h("h2", { id: "product-title" }, title), h("p", null, text));
  }

  #page(hit, state) {
    const { product } = hit;
    const related = h("section", { class: "product-related", hidden: true, "aria-labelledby": "product-related" });
    this.#relate(hit, state, related);
    return h("div", { class: "product" },
      picture(product, hit.id, { eager: true }),
      h("div", { class: "product-facts" },
        categoryTrail(product, state),
        product.brand ? h(
          "p",
          { class: "card-brand" },
          h(
            "a",
            { href: stateUrl(asking(state, "", { brand: [product.brand] })), data: { nav: "filter" } },
            product.brand,
          ),
        ) : null,
        h("h2", { id: "product-title" }, product.title),
        rating(product.rating),
        h("p", { class: "product-buy" }, price(product.price), stock(product)),
        product.description ? h("p", { class: "product-description" }, product.description) : null,
        shopLink(product.url)),
      factsTable(hit),
      related);
  }

  // More of the same category, or of the same brand where there are no categories.
  #relate(hit, state, section) {
    const category = hit.product.categories?.at(-1);
    const [field, value] = category ? ["categories", category] : ["brand", hit.product.brand];
    if (!value) return;
    fetchRelated(this.#related, state.catalog, field, value, RELATED_MAX + 1).then((answer) => {
      const others = answer?.body.hits.filter((other) => other.id !== hit.id).slice(0, RELATED_MAX) ?? [];
      if (others.length === 0) return;
      section.replaceChildren(
        h("h3", { id: "product-related" }, `More from ${pathLeaf(value)}`),
        h("ul", { role: "list" }, others.map((other) => productLine(other, state))),
      );
      section.hidden = false;
    }).catch(() => {});
  }
}

function categoryTrail(product, state) {
  const path = product.categories?.[0];
  if (!path) return null;
  const base = emptied(state);
  return h("nav", { class: "trail", "aria-label": "Product category" },
    h(
      "ol",
      null,
      pathLevels(path).map((level) => h(
        "li",
        null,
        h("a", { href: stateUrl(withValues(base, "categories", [level])), data: { nav: "filter" } }, pathLeaf(level)),
      )),
    ));
}

// A feed may name any scheme; only links that lead to a page are shown.
function shopLink(url) {
  const valid = url && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return valid ? h(
    "p",
    null,
    h("a", { class: "button button-strong", href: url, rel: "noopener noreferrer" }, "View in the shop"),
  ) : null;
}

function factsTable({ id, product }) {
  const attributes = Object.entries(product.attributes ?? {}).map(([name, value]) => [fieldName(name), value]);
  const own = [
    ["Article number", product.sku],
    ["Identifiers", product.identifiers],
    ["Released", product.released && formatDate(product.released)],
    ["Labels", product.tags],
    ["Other categories", product.categories?.slice(1).map((path) => path.replaceAll(PATH_SEPARATOR, " › "))],
    ["Product id", id],
  ];
  const rows = [...attributes, ...own]
    .map(([name, value]) => [name, [value ?? []].flat().map((single) => formatValue(single, ""))])
    .filter(([, values]) => values.some((words) => words !== ""));
  const row = ([name, values]) => h("tr", null, h("th", { scope: "row" }, name), h("td", null, values.join(", ")));
  return h("section", { class: "product-table", "aria-labelledby": "product-table" },
    h("h3", { id: "product-table" }, "Details"),
    h("table", null, h("tbody", null, rows.map(row))));
}
