// The form of one rule in its dialog. Owns reading a rule into fields and fields into a rule; the draft is the caller's.

import { byId } from "../dom.js";
import { factorsText, pinsText, readFactors, readIds, readPins } from "./text.js";

const field = (name) => byId(`rule-${name}`);
const text = (name) => field(name).value.trim();

export class RuleForm {
  #dialog = byId("rule-dialog");
  #problem = byId("rule-problem");
  #rule = null;
  #onKeep;

  /** `onKeep(rule, before)` takes the rule, or throws why not; `before` is the one that was opened, or `null`. */
  constructor(onKeep) {
    this.#onKeep = onKeep;
    byId("rule-form").addEventListener("submit", (event) => this.#keep(event));
    byId("rule-cancel").addEventListener("click", () => this.#dialog.close());
    field("match").addEventListener("change", () => this.#fitWords());
  }

  open(rule) {
    this.#rule = rule;
    const { when = {}, then = {} } = rule ?? {};
    const texts = {
      id: rule?.id, note: rule?.note, query: when.query, category: when.category, context: when.context,
      from: rule?.from, until: rule?.until, pin: pinsText(then.pin ?? []), hide: (then.hide ?? []).join("\n"),
      boost: factorsText(then.boost ?? []), bury: factorsText(then.bury ?? []), filter: then.filter,
      redirect: then.redirect,
    };
    for (const [name, value] of Object.entries(texts)) field(name).value = value ?? "";
    const match = when.query === undefined ? (rule ? "" : "exact") : when.query === "" ? "empty" : when.match ?? "exact";
    field("match").value = match;
    byId("rule-title").textContent = rule ? `Rule ${rule.id}` : "A new rule";
    this.#problem.hidden = true;
    this.#fitWords();
    this.#dialog.showModal();
  }

  // Words are asked for where something is compared with them.
  #fitWords() {
    const compares = !["", "empty"].includes(field("match").value);
    field("query").disabled = !compares;
    field("query").required = compares;
  }

  #keep(event) {
    event.preventDefault();
    try {
      this.#onKeep(this.#read(), this.#rule);
      this.#dialog.close();
    } catch (error) {
      this.#problem.textContent = error.message;
      this.#problem.hidden = false;
    }
  }

  #read() {
    const given = (object) => Object.fromEntries(
      Object.entries(object).filter(([, value]) => value !== undefined && value !== "" && value.length !== 0),
    );
    const match = field("match").value;
    const when = given({ category: text("category"), context: text("context") });
    if (match === "empty") when.query = "";
    else if (match !== "") Object.assign(when, { query: text("query"), match });
    const then = given({
      pin: readPins(field("pin").value), hide: readIds(field("hide").value), boost: readFactors(field("boost").value),
      bury: readFactors(field("bury").value), filter: text("filter"), redirect: text("redirect"),
    });
    if (Object.keys(then).length === 0) throw new Error("Say under “Then” what the rule does.");
    const dates = given({ from: text("from"), until: text("until"), note: text("note") });
    return { id: text("id"), when, then, ...dates, enabled: this.#rule?.enabled ?? true };
  }
}
