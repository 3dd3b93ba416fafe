// What the shopper looks at, and its address: the URL holds all of it, so every view can be shared and gone back to.
// Invariant: a state is a frozen value; `readState(stateUrl(s))` is `s`.

export const SORTS = [
  { value: "", label: "Best match" },
  { value: "price:asc", label: "Price, low to high", field: "price" },
  { value: "price:desc", label: "Price, high to low", field: "price" },
  { value: "popularity:desc", label: "Most popular", field: "popularity" },
  { value: "released:desc", label: "Newest", field: "released" },
  { value: "rating:desc", label: "Best rated", field: "rating" },
];

const EMPTY = { catalog: "", q: "", page: 1, sort: "", exact: false, filters: {}, ranges: {}, product: "" };
const RANGE = /^(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?$/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

let defaultCatalog = "";

/** The catalog that an address means when it names none, and that addresses need not name. */
export function useDefaultCatalog(name) {
  defaultCatalog = name;
}

/** The state that an address means; what cannot be read is left out. */
export function readState(search) {
  const params = new URLSearchParams(search);
  const filters = {};
  const ranges = {};
  for (const [name, value] of params) {
    const field = name.slice(2);
    if (!field) continue;
    if (name.startsWith("f.")) (filters[field] ??= []).push(readValue(value));
    const bounds = name.startsWith("r.") ? RANGE.exec(value) : null;
    if (bounds && (bounds[1] || bounds[2])) ranges[field] = { from: readBound(bounds[1]), to: readBound(bounds[2]) };
  }
  const page = Number.parseInt(params.get("page") ?? "1", 10);
  const sort = params.get("sort") ?? "";
  return freeze({
    catalog: params.get("catalog") ?? defaultCatalog,
    q: params.get("q") ?? "",
    page: page >= 1 ? page : 1,
    sort: SORTS.some((option) => option.value === sort) ? sort : "",
    exact: params.get("exact") === "1",
    filters,
    ranges,
    product: params.get("product") ?? "",
  });
}

/** The address of a state, relative to the page. */
export function stateUrl(state) {
  const params = new URLSearchParams();
  if (state.catalog !== defaultCatalog) params.set("catalog", state.catalog);
  if (state.q) params.set("q", state.q);
  if (state.exact) params.set("exact", "1");
  for (const [field, values] of Object.entries(state.filters)) {
    for (const value of values) params.append(`f.${field}`, writeValue(value));
  }
  for (const [field, { from, to }] of Object.entries(state.ranges)) {
    params.set(`r.${field}`, `${from ?? ""}..${to ?? ""}`);
  }
  if (state.sort) params.set("sort", state.sort);
  if (state.page > 1) params.set("page", String(state.page));
  if (state.product) params.set("product", state.product);
  const text = params.toString();
  return text ? `?${text}` : "./";
}

// A facet value keeps its type: 8 the number is `8`, "8" the text is `"8"`, and so is a text that itself has quotes.
function writeValue(value) {
  if (typeof value !== "string") return String(value);
  return NUMBER.test(value) || value === "true" || value === "false" || value.startsWith('"') ? `"${value}"` : value;
}

function readValue(text) {
  if (text.length >= 2 && text.startsWith('"') && text.endsWith('"')) return text.slice(1, -1);
  if (text === "true" || text === "false") return text === "true";
  return NUMBER.test(text) ? Number(text) : text;
}

const readBound = (text) => (text ? Number(text) : null);

function freeze(state) {
  for (const values of Object.values(state.filters)) Object.freeze(values);
  Object.freeze(state.filters);
  Object.freeze(state.ranges);
  return Object.freeze(state);
}

/** A state with some members changed. Anything but turning the page begins at the first page. */
export function changed(state, changes) {
  return freeze({ ...state, page: 1, product: "", ...changes });
}

/** Nothing chosen, in the same catalog. */
export const emptied = (state) => freeze({ ...EMPTY, filters: {}, ranges: {}, catalog: state.catalog });

/** A new question: other words, no filters, the same sort. */
export const asking = (state, q, filters = {}) => freeze(
  { ...EMPTY, ranges: {}, catalog: state.catalog, sort: state.sort, q, filters },
);

/** Whether a value is chosen. */
export const isChosen = (state, field, value) => (state.filters[field] ?? []).includes(value);

/** The state with one value of a field chosen or not. */
export function toggled(state, field, value) {
  const values = state.filters[field] ?? [];
  return withValues(
    state,
    field,
    values.includes(value) ? values.filter((other) => other !== value) : [...values, value],
  );
}

/** The state with exactly these values of a field chosen. */
export function withValues(state, field, values) {
  const { [field]: _, ...filters } = state.filters;
  return changed(state, { filters: values.length ? { ...filters, [field]: [...values] } : filters });
}

/** The state with a range of a field; both bounds `null` removes it. */
export function withRange(state, field, from, to) {
  const { [field]: _, ...ranges } = state.ranges;
  return changed(state, { ranges: from === null && to === null ? ranges : { ...ranges, [field]: { from, to } } });
}

/** The state without any filter. */
export const unfiltered = (state) => changed(state, { filters: {}, ranges: {} });

/** How many filters are in force. */
export function filterCount(state) {
  const values = Object.values(state.filters).reduce((sum, list) => sum + list.length, 0);
  return values + Object.keys(state.ranges).length;
}

/** Whether this is the entrance: nothing asked, nothing chosen. */
export const isHome = (state) => !state.q && filterCount(state) === 0 && state.page === 1 && !state.sort;
