// Speaks to the server. Owns when `/v1/stats` is asked and what becomes of a failure; draws nothing.
//
// Invariants: never two polls at once. A server that refuses the key is not asked again until there is another one.

import { send } from "../api.js";
import { wantsKey } from "../key-form.js";

/** Time between polls while somebody looks. */
export const POLL_MS = 1000;
/** Time between polls of a hidden tab: enough for a line without gaps. */
export const POLL_HIDDEN_MS = 10_000;
/** Longest time between polls of a server that fails: somebody waits for it to come back. */
const RETRY_MAX_MS = 5000;
/** A poll that takes longer is given up: the server is as good as away. */
const TIMEOUT_MS = 10_000;

export class Source {
  #key;
  #timer = null;
  #polling = false;
  #failures = 0;
  #listener;

  /**
   * `key()` tells the key, or `null`; `listener` has `arrived(stats, at)`, `failed(error, next in ms)` and
   * `refused(error)`.
   */
  constructor(key, listener) {
    this.#key = key;
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer !== null) this.poll();
    });
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
      if (wantsKey(error)) {
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

  #request(method, path, body) {
    return send(path, { method, key: this.#key(), body, timeout: TIMEOUT_MS });
  }
}
