// Speaks to the server. Owns when `/v1/stats` is asked, the key, and what becomes of a failure; draws nothing.
//
// Invariants: never two polls at once. The key is held in this module's memory only: not in storage, where a copied tab
// or a later script would find it, so a reload asks for it again; an admin key is worth that. A server that refuses the
// key is not asked again until there is another one.

import { ApiError } from "../api.js";

/** Time between polls while somebody looks. */
export const POLL_MS = 1000;
/** Time between polls of a hidden tab: enough for a line without gaps. */
export const POLL_HIDDEN_MS = 10_000;
/** Longest time between polls of a server that fails: somebody waits for it to come back. */
const RETRY_MAX_MS = 5000;
/** A poll that takes longer is given up: the server is as good as away. */
const TIMEOUT_MS = 10_000;

export class Source {
  #key = null;
  #timer = null;
  #polling = false;
  #failures = 0;
  #listener;

  /** `listener` has `arrived(stats, at)`, `failed(error, next in ms)` and `refused(error)`. */
  constructor(listener) {
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer !== null) this.poll();
    });
  }

  get hasKey() {
    return this.#key !== null;
  }

  set key(key) {
    this.#key = key;
  }

  /** Asks now, unless a poll is under way; and from then on again and again. */
  async poll() {
    if (this.#polling) return;
    this.#polling = true;
    clearTimeout(this.#timer);
    this.#timer = null;
    let next = null;
    try {
      const stats = await this.#request("GET", "/v1/stats");
      this.#failures = 0;
      next = document.hidden ? POLL_HIDDEN_MS : POLL_MS;
      this.#listener.arrived(stats, performance.now());
    } catch (error) {
      if (error.status === 401 || error.status === 403) {
        next = null;
        this.#listener.refused(error);
      } else {
        this.#failures += 1;
        next = Math.min(RETRY_MAX_MS, POLL_MS * this.#failures);
        this.#listener.failed(error, next);
      }
    }
    this.#polling = false;
    if (next !== null) this.#timer = setTimeout(() => this.poll(), next);
  }

  /** Has the server stop asking and filling a tier, or begin again. */
  pause(tier, paused) {
    return this.#request("PUT", `/v1/admin/tiers/${encodeURIComponent(tier)}`, { paused });
  }

  /** Has the server forget what it holds of a catalog. */
  clear(catalog) {
    return this.#request("DELETE", `/v1/admin/cache/${encodeURIComponent(catalog)}`);
  }

  async #request(method, path, body) {
    const headers = { Accept: "application/json" };
    if (this.#key !== null) headers.Authorization = `Bearer ${this.#key}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    let answer;
    try {
      response = await fetch(path, {
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
