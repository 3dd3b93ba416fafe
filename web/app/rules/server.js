// Speaks to the server for the page of rules. Owns the key and the shape of requests; draws nothing.
//
// Invariant: the key is held in this module's memory only, as on the dashboard: a reload asks for it again.

import { ApiError } from "../api.js";

/** A request that takes longer is given up. */
const TIMEOUT_MS = 20_000;

export class Server {
  #key = null;
  catalog;

  constructor(catalog) {
    this.catalog = catalog;
  }

  get hasKey() {
    return this.#key !== null;
  }

  set key(key) {
    this.#key = key;
  }

  rules() {
    return this.#request("GET", "rules");
  }

  history() {
    return this.#request("GET", "rules/history");
  }

  /** Puts rules in the place of those of a version; refused if others came between. */
  publish(rules, version) {
    return this.#request("PUT", "rules?wait=searchable", { rules, version });
  }

  /** Puts a former version in force again, if `current` still is. */
  putBack(version, current) {
    return this.#request("POST", `rules/undo?wait=searchable&version=${version}`, undefined, { "If-Match": `"${current}"` });
  }

  preview(search, rules, at) {
    return this.#request("POST", "rules/preview", at ? { search, rules, at } : { search, rules });
  }

  settings() {
    return this.#request("GET", "settings");
  }

  putSettings(settings) {
    return this.#request("PUT", "settings?wait=searchable", settings);
  }

  async #request(method, route, body, further) {
    const headers = { Accept: "application/json", ...further };
    if (this.#key !== null) headers.Authorization = `Bearer ${this.#key}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    let answer;
    try {
      response = await fetch(`/v1/${encodeURIComponent(this.catalog)}/${route}`, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.json().catch(() => null);
    } catch {
      throw new ApiError(0, null, null);
    }
    if (!response.ok || answer === null) throw new ApiError(response.status, answer, null);
    return answer;
  }
}
