// A product in a list: picture, name, rating, price, stock. Also the small pieces that the product page shares.

import { h, marked } from "./dom.js";
import { formatNumber, formatPrice } from "./format.js";
import { picture } from "./picture.js";
import { stateUrl } from "./state.js";

const RATING_MAX = 5;
// From this many units down the shopper is told how many are left.
const FEW_LEFT = 5;

/** A hit as a list item; `state` gives the address behind it, `drawn` is its picture if there already is one. */
export function productCard(hit, state, drawn = picture(hit.product, hit.id)) {
  const { product } = hit;
  const title = hit.highlights?.title ?? product.title;
  return h("li", { class: "card", data: { product: `${state.catalog} ${hit.id}` } },
    drawn,
    h("div", { class: "card-text" },
      product.brand ? h("p", { class: "card-brand" }, product.brand) : null,
      h("h2", { class: "card-title" },
        h(
          "a",
          { href: stateUrl({ ...state, product: hit.id }), data: { nav: "product", key: `hit ${hit.id}` } },
          marked([title].flat()[0] ?? ""),
        )),
      rating(product.rating),
      h("div", { class: "card-foot" }, price(product.price), stock(product))));
}

/** A product in one line, for short lists. */
export function productLine(hit, state) {
  return h("li", { class: "line" },
    picture(hit.product, hit.id),
    h(
      "a",
      { class: "line-title", href: stateUrl({ ...state, product: hit.id }), data: { nav: "product" } },
      hit.product.title,
    ),
    price(hit.product.price));
}

/** The price, or nothing when the shop gives none. */
export const price = (value) => (typeof value === "number" ? h("span", { class: "price" }, formatPrice(value)) : null);

/** Stars with their meaning in words; a scale that is not 0–5 is shown as a number. */
export function rating(value) {
  if (typeof value !== "number") return null;
  if (value < 0 || value > RATING_MAX) return h("p", { class: "rating" }, `Rated ${formatNumber(value)}`);
  return h("p", { class: "rating" },
    h(
      "span",
      {
        class: "stars",
        role: "img",
        "aria-label": `Rated ${formatNumber(value)} of ${RATING_MAX}`,
        vars: { "--share": `${(value / RATING_MAX) * 100}%` },
      },
    ),
    h("span", { class: "rating-number", "aria-hidden": "true" }, value.toFixed(1)));
}

/** Whether the product can be bought, in words. */
export function stock(product) {
  const available = product.in_stock ?? (product.stock === undefined || product.stock > 0);
  if (!available) return h("span", { class: "stock stock-out" }, "Out of stock");
  if (typeof product.stock === "number" && product.stock > 0 && product.stock <= FEW_LEFT) {
    return h("span", { class: "stock stock-few" }, `Only ${product.stock} left`);
  }
  return h("span", { class: "stock stock-in" }, "In stock");
}
