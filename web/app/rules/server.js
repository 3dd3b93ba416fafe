// Speaks to the server for the page of rules. Owns the shape of requests; draws nothing.

import { send } from "../api.js";

/** A request that takes longer is given up. */
const TIMEOUT_MS = 20_000;

export class Server {
  #key;
  catalog;

  /** `key()` tells the key, or `null`. */
  constructor(catalog, key) {
    this.catalog = catalog;
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

  #request(method, route, body, headers) {
    const path = `/v1/${encodeURIComponent(this.catalog)}/${route}`;
    return send(path, { method, key: this.#key(), body, headers, timeout: TIMEOUT_MS });
  }
}
