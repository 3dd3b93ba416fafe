// The list of products with its head, chips, notices and pages. Draws what it is given; asks nothing of the server.

import { productCard } from "./card.js";
import { PER_PAGE, WINDOW } from "./api.js";
import { ICON_CROSS, byId, h, icon, replaceKeepingFocus } from "./dom.js";
import {
  PATH_SEPARATOR,
  fieldName,
  formatBound,
  formatCount,
  formatNumber,
  formatValue,
  pathLeaf,
  pathLevels,
} from "./format.js";
import { SORTS, changed, filterCount, isHome, stateUrl, toggled, unfiltered, withRange, withValues } from "./state.js";

const SKELETONS = 12;
// Pages shown on each side of the current one.
const PAGES_AROUND = 1;

const body = byId("results-body");

/** The title of a view, for the heading and the window. */
export function viewTitle(state) {
  if (state.q) return `Results for “${state.q}”`;
  const category = state.filters.categories?.[0];
  if (category) return pathLeaf(category);
  return isHome(state) ? "Popular right now" : "All products";
}

/** Marks the list as out of date; the first time there is nothing to keep, so placeholders stand in. */
export function showLoading() {
  body.setAttribute("aria-busy", "true");
  if (!body.querySelector(".cards, .help")) showSkeletons();
}

/** Placeholders of the size of products. */
export function showSkeletons() {
  const bone = (name) => h("span", { class: `bone ${name}` });
  const cards = Array.from({ length: SKELETONS }, () =>
    h(
      "li",
      { class: "card card-skeleton" },
      bone("bone-picture"),
      h("div", { class: "card-text" }, bone("bone-line"), bone("bone-line bone-short"), bone("bone-price")),
    ));
  body.replaceChildren(h("ul", { class: "cards", "aria-hidden": "true" }, cards));
}

/** A page of products. Pictures of those that stay are kept, so that they do not flicker while the shopper types. */
export function showHits(state, answer) {
  body.removeAttribute("aria-busy");
  const present = [...body.querySelectorAll(".card[data-product]")];
  const drawn = new Map(present.map((card) => [card.dataset.product, card.firstChild]));
  const cards = answer.hits.map((hit) => productCard(hit, state, drawn.get(`${state.catalog} ${hit.id}`)));
  replaceKeepingFocus(body, h("ul", { class: "cards", role: "list" }, cards));
  showPages(state, answer.total);
}

/** Anything but products. */
export function showInstead(node) {
  body.removeAttribute("aria-busy");
  body.replaceChildren(node);
  byId("pages").hidden = true;
}

/** Title, category path and count. `answer` is null while nothing is known. */
export function showHead(state, answer) {
  byId("results-title").textContent = viewTitle(state);
  byId("results-count").textContent = answer ? formatCount(answer.total) : "";
  const category = state.filters.categories?.[0] ?? "";
  const trail = byId("trail");
  trail.hidden = !category.includes(PATH_SEPARATOR);
  const levels = category ? pathLevels(category).slice(0, -1) : [];
  const step = (label, target) => h("li", null, h("a", { href: stateUrl(target), data: { nav: "filter" } }, label));
  trail.replaceChildren(h("ol", null,
    step("All", withValues(state, "categories", [])),
    levels.map((path) => step(pathLeaf(path), withValues(state, "categories", [path])))));
}

/** Where an answer sends the shopper: `null` for nowhere, for here, and for what is no page of the web. */
export function redirectOf(answer) {
  if (!answer?.redirect || !URL.canParse(answer.redirect, location.href)) return null;
  const url = new URL(answer.redirect, location.href);
  return ["http:", "https:"].includes(url.protocol) && url.href !== location.href ? url.href : null;
}

/** What the server did to the question: corrected words, products that lack some of them. */
export function showNotices(state, answer) {
  const notices = [];
  const redirect = redirectOf(answer);
  if (redirect !== null) {
    notices.push(h("p", { class: "notice", id: "notice-redirect" },
      "The shop has a page for this: ", h("a", { href: redirect }, h("strong", null, answer.redirect)), "."));
  }
  if (answer?.corrected && answer.total > 0) {
    notices.push(h("p", { class: "notice", id: "notice-corrected" },
      "Showing results for ", h(
        "a",
        { href: stateUrl(changed(state, { q: answer.corrected })), data: { nav: "filter" } },
        h("strong", null, answer.corrected),
      ), ". ",
      h(
        "a",
        { class: "notice-aside", href: stateUrl(changed(state, { exact: true })), data: { nav: "filter" } },
        `Search for “${state.q}” instead`,
      )));
  }
  if (state.exact) {
    notices.push(h(
      "p",
      { class: "notice" },
      "Searching for exactly these words. ",
      h("a", { href: stateUrl(changed(state, { exact: false })), data: { nav: "filter" } }, "Allow corrections"),
    ));
  }
  if (answer?.relaxed && answer.total > 0) {
    notices.push(h(
      "p",
      { class: "notice", id: "notice-relaxed" },
      relaxedText(answer.relaxation ?? []),
    ));
  }
  if (answer?.interpreted) {
    notices.push(h(
      "p",
      { class: "notice", id: "notice-interpreted" },
      `Read “${answer.interpreted.words}” as a price. `,
      h(
        "a",
        { href: stateUrl(changed(state, { q: quoted(state.q, answer.interpreted.words) })), data: { nav: "filter" } },
        "Search for the words instead",
      ),
    ));
  }
  if (answer?.did_you_mean) {
    notices.push(h(
      "p",
      { class: "notice", id: "notice-offer" },
      "Did you mean ",
      h(
        "a",
        { href: stateUrl(changed(state, { q: answer.did_you_mean })), data: { nav: "filter" } },
        h("strong", null, answer.did_you_mean),
      ),
      "?",
    ));
  }
  byId("notices").replaceChildren(...notices);
}

/** Which words products may lack, as the last and widest step says. */
function relaxedText(relaxation) {
  const widest = relaxation.at(-1);
  const words = (widest?.without ?? []).map((word) => `“${word}”`).join(", ");
  return words
    ? `Few products have all of your words, so products without some of these are shown too: ${words}.`
    : "Few products have all of your words, so products that have most of them are shown too.";
}

/** The query with the words that were read as a price in quotes, so that they are words. */
function quoted(q, words) {
  return q.includes(words) ? q.replace(words, `"${words}"`) : `"${q}"`;
}

/** Every filter in force, each with a way to remove it. */
export function showChips(state) {
  const chip = (label, target) => h(
    "a",
    { class: "chip", href: stateUrl(target), data: { nav: "filter" }, "aria-label": `Remove filter ${label}` },
    h("span", null, label),
    icon(ICON_CROSS),
  );
  const values = Object.entries(state.filters).flatMap(([field, list]) =>
    list.map((value) => chip(
      `${fieldName(field)}: ${field === "categories" ? pathLeaf(String(value)) : formatValue(value, field)}`,
      toggled(state, field, value),
    )));
  const ranges = Object.entries(state.ranges).map(
    ([field, range]) => chip(`${fieldName(field)}: ${rangeText(field, range)}`, withRange(state, field, null, null)),
  );
  const all = [...values, ...ranges];
  if (all.length > 1) {
    all.push(h("a", { class: "chip-clear", href: stateUrl(unfiltered(state)), data: { nav: "filter" } }, "Remove all"));
  }
  byId("chips").replaceChildren(...all);
  byId("chips").hidden = all.length === 0;
  const count = filterCount(state);
  byId("filter-button-label").textContent = count ? `Filters (${count})` : "Filters";
}

function rangeText(field, { from, to }) {
  const words = (value) => (field === "price" ? formatBound(value) : formatNumber(value));
  if (from === null) return `up to ${words(to)}`;
  return to === null ? `from ${words(from)}` : `${words(from)} – ${words(to)}`;
}

/** The orders that make sense for what has been seen: `seen` are the fields that some product had. */
export function showSorts(state, seen) {
  const offered = SORTS.filter((option) => !option.field || seen.has(option.field) || option.value === state.sort);
  const select = byId("sort-select");
  const listed = [...select.options].map((option) => option.value);
  if (listed.length !== offered.length || offered.some((option, index) => listed[index] !== option.value)) {
    select.replaceChildren(...offered.map((option) => h("option", { value: option.value }, option.label)));
  }
  select.value = state.sort;
}

function showPages(state, total) {
  const last = Math.min(Math.ceil(total / PER_PAGE), Math.floor(WINDOW / PER_PAGE));
  const pages = byId("pages");
  pages.hidden = last <= 1;
  const link = (page, label, props = {}) => h(
    "a",
    { href: stateUrl({ ...state, page, product: "" }), data: { nav: "page" }, ...props },
    label,
  );
  const numbers = pageNumbers(state.page, last).map((page) =>
    h("li", null, page === null ? h("span", { class: "page-gap", "aria-hidden": "true" }, "…")
      : link(
        page,
        formatNumber(page),
        { class: "page-link", "aria-label": `Page ${page}`, "aria-current": page === state.page ? "page" : null },
      )));
  pages.replaceChildren(h("ul", null,
    h(
      "li",
      { class: "page-step" },
      state.page > 1 ? link(state.page - 1, "Previous", { class: "page-link", rel: "prev" }) : null,
    ),
    numbers,
    h(
      "li",
      { class: "page-step" },
      state.page < last ? link(state.page + 1, "Next", { class: "page-link", rel: "next" }) : null,
    )));
}

/** First, last and those around the current page; `null` is a gap. */
export function pageNumbers(current, last) {
  const wanted = new Set([1, last]);
  for (let page = current - PAGES_AROUND; page <= current + PAGES_AROUND; page += 1) wanted.add(page);
  const sorted = [...wanted].filter((page) => page >= 1 && page <= last).sort((a, b) => a - b);
  return sorted.flatMap((page, index) => (index > 0 && page - sorted[index - 1] > 1 ? [null, page] : [page]));
}
