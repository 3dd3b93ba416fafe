// Speaks to Storefind. Owns requests, their cancellation and what the headers tell about an answer; draws nothing.
// Invariant: of the requests of one channel only the latest is ever answered; older ones are cancelled and stay silent.

import { MARK_CLOSE, MARK_OPEN } from "./dom.js";

export const PER_PAGE = 24;
// The server refuses pages beyond this many products.
export const WINDOW = 10_000;

/** A refusal or failure that the page can show. */
export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error?.message ?? (status ? `the server answered ${status}` : "the server cannot be reached"));
    this.status = status;
    this.code = body?.error?.code ?? (status ? "http" : "network");
    this.parameter = body?.error?.parameter ?? null;
    this.retryAfter = retryAfter;
  }
}

/** One line of requests. `get` resolves to `null` when a later one has taken its place. */
export class Channel {
  #controller = null;

  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }

  async get(path, params) {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const answer = await request(path, params, controller.signal);
      return this.#controller === controller ? answer : null;
    } catch (error) {
      if (this.#controller !== controller) return null;
      throw error;
    }
  }
}

async function request(path, params, signal) {
  const query = new URLSearchParams(params).toString();
  const started = performance.now();
  let response;
  let body;
  try {
    response = await fetch(query ? `${path}?${query}` : path, { signal, headers: { Accept: "application/json" } });
    body = await response.json().catch(() => null);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, null, null);
  }
  const roundTrip = performance.now() - started;
  if (!response.ok || body === null) throw new ApiError(response.status, body, response.headers.get("Retry-After"));
  return { body, trace: readTrace(response.headers, roundTrip) };
}

/**
 * One request of a page for those who run the shop, with a key if there is one. Resolves to the answer's JSON, rejects
 * with an `ApiError`; one that takes longer than `timeout` milliseconds is given up.
 */
export async function send(path, { method = "GET", key = null, body, headers, timeout }) {
  const sent = { Accept: "application/json", ...headers };
  if (key !== null) sent.Authorization = `Bearer ${key}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let response;
  let answer;
  try {
    response = await fetch(path, {
      method,
      headers: sent,
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(timeout),
    });
    answer = await response.json().catch(() => null);
  } catch {
    throw new ApiError(0, null, null);
  }
  if (!response.ok || answer === null) throw new ApiError(response.status, answer, null);
  return answer;
}

/** What the headers of an answer tell: who gave it, how long it took, how fresh it is. Times in milliseconds. */
export function readTrace(headers, roundTrip) {
  const cacheStatus = headers.get("Cache-Status") ?? "";
  const parts = cacheStatus.split(";").map((part) => part.trim());
  const detail = parts.find((part) => part.startsWith("detail="))?.slice("detail=".length) ?? "";
  const forwarded = parts.find((part) => part.startsWith("fwd="))?.slice("fwd=".length);
  return {
    cacheStatus,
    tier: detail || (parts.includes("hit") ? "cache" : ""),
    outcome: parts.includes("hit") ? "hit" : (forwarded ?? ""),
    sequence: headers.get("Storefind-Sequence"),
    age: headers.get("Age"),
    server: serverTime(headers.get("Server-Timing") ?? ""),
    roundTrip,
  };
}

// `total` when the server sums up, else the longest span.
function serverTime(header) {
  const spans = [
    ...header.matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g),
  ].map(([, name, duration]) => [name, Number(duration)]);
  if (spans.length === 0) return null;
  return (spans.find(([name]) => name === "total") ?? spans.reduce((a, b) => (b[1] > a[1] ? b : a)))[1];
}

const catalogPath = (catalog, route) => `/v1/${encodeURIComponent(catalog)}/${route}`;

/** The parameters that state and page ask for, without facets. */
function searchParams(state) {
  const params = { q: state.q, per_page: String(PER_PAGE) };
  const filter = filterText(state);
  if (filter) params.filter = filter;
  if (state.sort) params.sort = state.sort;
  if (state.page > 1) params.page = String(state.page);
  if (state.exact) params.typos = "false";
  return params;
}

/** The page of products for a state, with the facets that the catalog's settings name. */
export function search(channel, state) {
  const marks = { highlight: "title", highlight_pre: MARK_OPEN, highlight_post: MARK_CLOSE };
  return searched(channel, state, { ...searchParams(state), facets: "*", ...marks });
}

/** Counts of further fields for a state; no products. */
export function countFacets(channel, state, fields) {
  const { page: _, sort: __, ...params } = searchParams(state);
  return searched(channel, state, { ...params, per_page: "0", facets: fields.join(",") });
}

// A number with too many different values has statistics only; everybody else is spared the question.
async function searched(channel, state, params) {
  const answer = await channel.get(catalogPath(state.catalog, "search"), params);
  for (const facet of Object.values(answer?.body.facets ?? {})) {
    facet.values ??= [];
    facet.distinct ??= Number.POSITIVE_INFINITY;
  }
  return answer;
}

/** How many products a state has. */
export async function countProducts(state, signal) {
  const { page: _, sort: __, ...params } = searchParams(state);
  const { body } = await request(catalogPath(state.catalog, "search"), { ...params, per_page: "0" }, signal);
  return body.total;
}

/** Suggestions for what has been typed. */
export function complete(channel, catalog, text) {
  return channel.get(catalogPath(catalog, "autocomplete"), { q: text, limit: "7", products: "4" });
}

/** One product as a hit, by search, since shoppers may search but need not be allowed to read the feed's routes. */
export async function fetchProduct(channel, catalog, id) {
  const answer = await channel.get(catalogPath(catalog, "search"), { filter: `id:${quoted(id)}`, per_page: "1" });
  return answer && { ...answer, hit: answer.body.hits[0] ?? null };
}

/** The most popular products of a category or brand. */
export function fetchRelated(channel, catalog, field, value, count) {
  const params = { filter: `${fieldText(field)}:${quoted(value)}`, sort: "popularity:desc", per_page: String(count) };
  return channel.get(catalogPath(catalog, "search"), params);
}

/** The names of the catalogs, or none when the server does not tell. */
export async function fetchCatalogs() {
  const { body } = await request("/v1/stats", {}, undefined);
  return Object.keys(body.catalogs ?? {});
}

/** The facets that the merchandiser chose, in that order; none when the server does not tell. */
export async function fetchFacetOrder(catalog) {
  const { body } = await request(catalogPath(catalog, "settings"), {}, undefined);
  return body.facets ?? [];
}

/** The filter of a state in the API's grammar; values of one field are alternatives, fields narrow each other. */
export function filterText(state) {
  const clauses = Object.entries(state.filters).map(([field, values]) => {
    const alternatives = values.map(
      (value) => `${fieldText(field)}:${typeof value === "string" ? quoted(value) : value}`,
    );
    return alternatives.length > 1 ? `(${alternatives.join(" OR ")})` : alternatives[0];
  });
  for (const [field, { from, to }] of Object.entries(state.ranges)) {
    if (from !== null && to !== null) clauses.push(`${fieldText(field)}:${from} TO ${to}`);
    else if (from !== null) clauses.push(`${fieldText(field)} >= ${from}`);
    else clauses.push(`${fieldText(field)} <= ${to}`);
  }
  return clauses.join(" AND ");
}

const quoted = (text) => `"${String(text).replace(/[\\"]/g, "\\$&")}"`;
const fieldText = (field) => (/^[A-Za-z_][\w.-]*$/.test(field) ? field : quoted(field));
