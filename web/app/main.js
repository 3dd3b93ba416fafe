// The storefront page: connects address, requests and drawing. One view at a time: `state` is what the address says.
//
// Life of a view: an action makes a new state and puts it into the address; `render` asks for it and draws the answer;
// counts of further facets follow in a second request that nothing waits for.

import { ApiError, Channel, countFacets, fetchCatalogs, fetchFacetOrder, search } from "./api.js";
import { byId, h } from "./dom.js";
import { Facets, isHelpful, likelyAttributes } from "./facets.js";
import { formatCount } from "./format.js";
import { beyondLastPage, failure, noResults, nothingYet } from "./help.js";
import { hideHero, showHero } from "./hero.js";
import { ProductDialog } from "./product.js";
import {
  redirectOf,
  showChips,
  showHead,
  showHits,
  showInstead,
  showLoading,
  showNotices,
  showSorts,
  viewTitle,
} from "./results.js";
import { SearchBox } from "./search-box.js";
import { TracePanel } from "./trace.js";
import {
  asking,
  changed,
  filterCount,
  isHome,
  readState,
  stateUrl,
  toggled,
  useDefaultCatalog,
  withRange,
} from "./state.js";

// A screen reader is told of a result once typing pauses, not at every letter.
const ANNOUNCE_DELAY_MS = 700;
const NARROW = matchMedia("(max-width: 52rem)");

const results = new Channel();
const extras = new Channel();
let state = readState(location.search);
let shown = null; // The state and answer that the page shows.
const facetOrders = new Map();
let extraFacets = { catalog: "", facets: {} };
let helpRequests = new AbortController();
let typing = false;
let announceTimer = 0;
let seenFields = new Set();

const trace = new TracePanel();
const facets = new Facets(byId("facets"), {
  toggle: (field, value) => navigate(toggled(state, field, value)),
  range: (field, from, to) => navigate(withRange(state, field, from, to)),
});
const product = new ProductDialog({
  known: (id) => shown?.answer.hits.find((hit) => hit.id === id) ?? null,
  close: closeProduct,
});
const searchBox = new SearchBox({
  catalog: () => state.catalog,
  // The first letter of a new question leaves the old view behind; the following ones only improve on it.
  type: (text) => {
    if (text !== state.q) navigate(changed(state, { q: text, exact: false }), { replace: typing, typed: true });
  },
  submit: (text) => {
    if (text === state.q && state.page === 1) {
      typing = false;
      const isShown = shown !== null && stateUrl(shown.state) === stateUrl(state);
      if (!isShown || !leaves(shown.answer)) byId("results-title").focus();
    } else {
      navigate(changed(state, { q: text, exact: text === state.q && state.exact }), { replace: typing });
    }
  },
  // A suggestion is a new question, so filters of the old one do not narrow it.
  suggestion: (text) => navigate(asking(state, text), { replace: typing }),
  category: (path) => navigate(asking(state, "", { categories: [path] })),
  product: (hit) => navigate({ ...state, product: hit.id }),
});

function navigate(next, { replace = false, typed = false } = {}) {
  typing = typed;
  const url = stateUrl(next);
  if (url === stateUrl(state)) return;
  history.replaceState({ ...history.state, scroll: scrollY }, "");
  if (replace) history.replaceState(history.state, "", url);
  else history.pushState({ inside: true }, "", url);
  state = next;
  render();
}

function closeProduct() {
  // Back, if that is where the list is; a shared link has nothing behind it.
  if (history.state?.inside && shown) history.back();
  else navigate({ ...state, product: "" }, { replace: true });
}

async function render({ scroll = null } = {}) {
  searchBox.show(state.q);
  product.show(state);
  document.title = state.q || !isHome(state) ? `${viewTitle(state)} – Storefind` : "Storefind";
  byId("home-link").href = stateUrl(asking({ ...state, sort: "" }, ""));
  const view = { ...state, product: "" };
  if (shown && stateUrl(shown.state) === stateUrl(view)) return;
  learnFacetOrder(view.catalog);
  showLoading();
  showChips(state);
  showSorts(state, seenFields);
  try {
    const answer = await search(results, view);
    if (answer === null) return;
    draw(view, answer);
    if (scroll !== null) scrollTo(0, scroll);
  } catch (error) {
    fail(error);
  }
}

function draw(view, { body: answer, trace: told }) {
  helpRequests.abort();
  helpRequests = new AbortController();
  shown = { state: view, answer };
  trace.note(told, answer.total);
  for (const hit of answer.hits) {
    for (const field of ["price", "popularity", "released", "rating"]) {
      if (hit.product[field] !== undefined) seenFields.add(field);
    }
  }
  showHead(view, answer);
  showSorts(view, seenFields);
  showNotices(view, answer);
  if (isHome(view) && answer.total > 0) showHero(view, answer);
  else hideHero();
  if (answer.hits.length > 0) showHits(view, answer);
  else if (answer.total > 0) showInstead(beyondLastPage(view));
  else if (isHome(view)) showInstead(nothingYet(() => lookAgain(view)));
  else showInstead(noResults(view, answer, helpRequests.signal));
  byId("drawer-done").textContent = `Show ${formatCount(answer.total)}`;
  drawFacets(view, answer);
  askExtraFacets(view, answer);
  announce(resultInWords(view, answer));
  leaves(answer);
}

/**
 * Goes where the answer sends the shopper, and answers whether it does. Not while somebody types, who may mean more, nor
 * where products of it were chosen: then a notice leads there. What is left is no step back.
 */
function leaves(answer) {
  const redirect = redirectOf(answer);
  if (redirect === null || typing || state.page > 1 || filterCount(state) > 0) return false;
  location.replace(redirect);
  return true;
}

function lookAgain(view) {
  if (stateUrl(shown?.state ?? state) !== stateUrl(view)) return;
  shown = null;
  render();
}

function resultInWords(view, answer) {
  if (answer.total === 0) return "No products found";
  const corrected = answer.corrected ? `, showing results for ${answer.corrected}` : "";
  return `${formatCount(answer.total)} found${corrected}${view.page > 1 ? `, page ${view.page}` : ""}`;
}

function drawFacets(view, answer) {
  const further = extraFacets.catalog === view.catalog ? extraFacets.facets : {};
  const offered = { ...answer.facets, ...further };
  const names = [...new Set([...(facetOrders.get(view.catalog) ?? []), ...Object.keys(offered)])];
  facets.update(view, Object.fromEntries(names.filter((name) => offered[name]).map((name) => [name, offered[name]])));
}

// The merchandiser's order of the facets, asked once for each catalog.
async function learnFacetOrder(catalog) {
  if (facetOrders.has(catalog)) return;
  facetOrders.set(catalog, await fetchFacetOrder(catalog).catch(() => []));
  if (shown) drawFacets(shown.state, shown.answer);
}

// Fields in use stay offered; the rest are what the first products have in common.
async function askExtraFacets(view, answer) {
  const offered = Object.keys(answer.facets);
  const inUse = [...Object.keys(view.filters), ...Object.keys(view.ranges)].filter(
    (field) => !offered.includes(field) && !field.includes(","),
  );
  const likely = isHome(view) ? [] : likelyAttributes(answer.hits, [...offered, ...inUse]);
  const fields = [...inUse, ...likely];
  extras.cancel();
  let further = {};
  if (fields.length > 0) {
    try {
      const counted = await countFacets(extras, view, fields);
      if (counted === null) return;
      further = counted.body.facets;
    } catch {
      // The page is complete without them.
    }
  }
  if (shown?.answer !== answer) return;
  const helpful = Object.entries(further).filter(
    ([field, facet]) => inUse.includes(field) || isHelpful(facet, answer.total),
  );
  extraFacets = { catalog: view.catalog, facets: Object.fromEntries(helpful) };
  drawFacets(view, answer);
}

function fail(error) {
  if (!(error instanceof ApiError)) console.error(error);
  shown = null;
  hideHero();
  showHead(state, null);
  showNotices(state, null);
  showInstead(failure(error, () => render()));
}

function announce(text) {
  clearTimeout(announceTimer);
  announceTimer = setTimeout(() => {
    byId("announcer").textContent = text;
  }, ANNOUNCE_DELAY_MS);
}

// Every link inside the page is an address of this page; following one is a change of state, without loading anew.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-nav], #home-link");
  // A click that asks for a new tab or window is the browser's business.
  const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || event.defaultPrevented || elsewhere) {
    return;
  }
  event.preventDefault();
  if (drawer.open && link.closest("#drawer")) {
    setTimeout(() => drawer.querySelector(`[data-key="${CSS.escape(link.dataset.key ?? "")}"]`)?.focus(), 0);
  }
  const next = readState(new URL(link.href, location.href).search);
  // From product to product: closing then leads to the list, not through all of them.
  navigate(next, { replace: state.product !== "" && next.product !== "" });
  if (link.dataset.nav === "page") {
    byId("results-title").focus({ preventScroll: true });
    byId("results").scrollIntoView({ block: "start" });
  } else if (!link.isConnected || link.closest("#chips, #notices, .help, dialog, #trail")) {
    byId("results-title").focus({ preventScroll: true });
  }
});

addEventListener("popstate", (event) => {
  typing = false;
  state = readState(location.search);
  render({ scroll: event.state?.scroll ?? null });
});

byId("sort-select").addEventListener("change", (event) => navigate(changed(state, { sort: event.target.value })));

// On a narrow page the filters move into a drawer; they are the same nodes, so nothing is lost on the way.
const drawer = byId("drawer");
byId("filter-button").addEventListener("click", () => {
  byId("drawer-body").append(byId("facets"));
  drawer.showModal();
});
for (const id of ["drawer-close", "drawer-done"]) byId(id).addEventListener("click", () => drawer.close());
drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
drawer.addEventListener("close", () => byId("sidebar").append(byId("facets")));
NARROW.addEventListener("change", () => drawer.open && drawer.close());

async function start() {
  showLoading();
  const names = await fetchCatalogs().catch(() => []);
  const preferred = document.documentElement.dataset.catalog;
  useDefaultCatalog(names.length === 0 || names.includes(preferred) ? preferred : names[0]);
  state = readState(location.search);
  render();
  offerCatalogs(names);
}

function offerCatalogs(names) {
  if (names.length < 2) return;
  const select = byId("catalog-select");
  select.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
  select.value = state.catalog;
  byId("catalog-choice").hidden = false;
  select.addEventListener("change", () => {
    seenFields = new Set();
    facets.reset();
    shown = null;
    navigate(asking({ ...state, catalog: select.value, sort: "" }, ""));
  });
  addEventListener("popstate", () => {
    select.value = state.catalog;
  });
}

start();
