// The page of rules. Owns the draft, which is what the page shows and the server does not have yet, and the wiring of
// its parts. Started by importing it.
//
// Invariant: what is published takes the place of the version that the draft began with, never of another.

import { byId, h, refill } from "../dom.js";
import { KeyForm } from "../key-form.js";
import { RuleForm } from "./form.js";
import { Preview } from "./preview.js";
import { Server } from "./server.js";
import { readSynonyms, synonymsText, thenWords, whenWords } from "./text.js";

/** The catalog that an address without one means: that of `storefind demo`. */
const DEFAULT_CATALOG = "demo";

const keys = new KeyForm("its rules", load);
const server = new Server(new URL(location.href).searchParams.get("catalog") ?? DEFAULT_CATALOG, () => keys.key);
const draft = { rules: [], version: 0, changed: false };
const form = new RuleForm(keep);
const preview = new Preview(server, () => draft.rules, failed);

async function load() {
  try {
    const [{ rules, version }, { versions }, settings] = await Promise.all([
      server.rules(), server.history(), server.settings(),
    ]);
    keys.hide();
    byId("alert").hidden = true;
    byId("desk").hidden = false;
    Object.assign(draft, { rules, version, changed: false });
    byId("synonyms-text").value = synonymsText(settings.synonyms);
    showRules();
    showVersions(versions);
  } catch (error) {
    failed(error);
  }
}

/** Shows why something was not done; a server that wants a key is asked for with the form. */
function failed(error) {
  if (keys.asks(error)) return;
  if (error.status === undefined) console.error(error);
  const others = error.code === "version_changed" ? " Discard your changes to see them." : "";
  byId("alert").textContent = `${error.message}.${others}`;
  byId("alert").hidden = false;
}

// A live region is read when it changes, also to the same words.
function announce(words) {
  byId("announcer").textContent = "";
  byId("announcer").textContent = words;
}

function keep(rule, before) {
  if (draft.rules.some((other) => other !== before && other.id === rule.id)) {
    throw new Error(`There is another rule ${rule.id}.`);
  }
  const at = draft.rules.indexOf(before);
  change(at < 0 ? [...draft.rules, rule] : draft.rules.with(at, rule));
}

function change(rules) {
  Object.assign(draft, { rules, changed: true });
  showRules();
  preview.again();
}

function showRules() {
  refill(byId("rule-list"), draft.rules.map(ruleItem));
  byId("rules-none").hidden = draft.rules.length > 0;
  byId("publish").disabled = !draft.changed;
  byId("discard").disabled = !draft.changed;
  byId("draft-state").textContent = draft.changed ? "Changed, not published." : "";
  // Putting others back would take the place of the draft, which nobody could have back.
  for (const button of byId("version-list").querySelectorAll("button")) button.disabled = draft.changed;
}

function ruleItem(rule, at) {
  const button = (words, act, disabled = false) => h("button",
    { type: "button", class: "link-button", disabled, on: { click: act } },
    words, h("span", { class: "visually-hidden" }, ` rule ${rule.id}`));
  const enabled = rule.enabled !== false;
  const moved = (to) => draft.rules.toSpliced(at, 1).toSpliced(to, 0, rule);
  return h("li", { data: { rule: rule.id, enabled } },
    h("span", { class: "rule-words" },
      h("strong", null, enabled ? rule.id : `${rule.id} (off)`),
      `${whenWords(rule)}: ${thenWords(rule)}.`,
      rule.note && h("span", { class: "note" }, ` ${rule.note}`)),
    h("span", { class: "rule-buttons" },
      button("Edit", () => form.open(rule)),
      button(enabled ? "Turn off" : "Turn on", () => change(draft.rules.with(at, { ...rule, enabled: !enabled }))),
      button("Earlier", () => change(moved(at - 1)), at === 0),
      button("Later", () => change(moved(at + 1)), at === draft.rules.length - 1),
      button("Delete", () => change(draft.rules.toSpliced(at, 1)))));
}

function showVersions(versions) {
  const former = versions.filter(({ version }) => version > 0);
  refill(byId("version-list"), former.length === 0 ? h("li", null, "Nothing was published yet.") : former.map(versionItem));
}

function versionItem({ version, put_at: putAt, rules }) {
  const when = new Date(putAt).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" });
  const isCurrent = version === draft.version;
  return h("li", { data: { version } },
    h("span", { class: "rule-words" }, `${when}: ${rules === 1 ? "1 rule" : `${rules} rules`}`),
    isCurrent ? h("span", { class: "note" }, "in force") : h("button", {
      type: "button",
      class: "link-button",
      on: { click: () => act(() => server.putBack(version, draft.version), "The former rules are in force again.") },
    }, "Put back", h("span", { class: "visually-hidden" }, ` the rules of ${when}`)));
}

/** Does something that changes what the server has, and shows what it has then. */
async function act(change, words) {
  try {
    await change().catch((error) => {
      // The change stands, and searches follow.
      if (error.code !== "not_yet_visible") throw error;
    });
    await load();
    announce(words);
    preview.again();
  } catch (error) {
    failed(error);
  }
}

async function saveSynonyms(event) {
  event.preventDefault();
  const problem = byId("synonyms-problem");
  problem.hidden = true;
  try {
    const synonyms = readSynonyms(byId("synonyms-text").value);
    // Taken anew, so that what else was set meanwhile stays.
    const settings = await server.settings();
    await server.putSettings({ ...settings, synonyms });
    byId("synonyms-text").value = synonymsText(synonyms);
    announce("The synonyms are in force.");
    preview.again();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

function start() {
  byId("catalog-input").value = server.catalog;
  byId("catalog-form").addEventListener("submit", (event) => {
    event.preventDefault();
    location.search = `?${new URLSearchParams({ catalog: byId("catalog-input").value.trim() })}`;
  });
  byId("add-rule").addEventListener("click", () => form.open(null));
  byId("publish").addEventListener("click", () => {
    act(() => server.publish(draft.rules, draft.version), "The rules are published.");
  });
  byId("discard").addEventListener("click", load);
  byId("synonyms-form").addEventListener("submit", saveSynonyms);
  addEventListener("beforeunload", (event) => draft.changed && event.preventDefault());
  load();
}

start();
