// The form that asks for a key where a server wants one. Owns the key and what is said of a refusal.
//
// Invariant: the key is held in this module's memory only: not in storage, where a copied tab or a later script would
// find it. So a reload asks for it again; what such a key opens is worth that.

import { byId } from "./dom.js";

/** Whether a refusal is one that another key may open. A node that takes no writes takes them from nobody. */
export const wantsKey = ({ status, code }) => (status === 401 || status === 403) && code !== "read_only";

export class KeyForm {
  #form = byId("key-form");
  #input = byId("key-input");
  #shown;
  #key = null;

  /** `shown` is what the server shows to those who have a key; `onKey()` asks for it again. */
  constructor(shown, onKey) {
    this.#shown = shown;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#key = this.#input.value.trim() || null;
      this.#input.value = "";
      onKey();
    });
  }

  /** The key, or `null` as long as there is none. */
  get key() {
    return this.#key;
  }

  /** Asks for a key, if that is what the error wants, and answers whether it is. */
  asks(error) {
    if (!wantsKey(error)) return false;
    byId("key-problem").textContent = this.#key === null
      ? `This server shows ${this.#shown} to those who have a key.`
      : `That key was not accepted: ${error.message}.`;
    this.#form.hidden = false;
    this.#input.focus();
    return true;
  }

  hide() {
    this.#form.hidden = true;
  }
}
