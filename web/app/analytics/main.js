// The page of analytics. Owns the request for the figures, the forms, and which table shows which list. Started by
// importing it.
//
// Invariants: what is shown belongs to the catalog and days in the address; of answers that overtake each other only
// that to the last question is shown.

import { send } from "../api.js";
import { Table } from "../dashboard/live.js";
import { byId, h, refill } from "../dom.js";
import { formatMean, formatNumber, formatShare, NOTHING } from "../format.js";
import { KeyForm } from "../key-form.js";
import { Candidates } from "./candidates.js";

/** The catalog that an address without one means: that of `storefind demo`. */
const DEFAULT_CATALOG = "demo";
/** An answer that takes longer is given up: the server is as good as away. */
const TIMEOUT_MS = 10_000;

const DEEDS = [
  { name: "Answers", figure: "answered" },
  { name: "Searches", figure: "searches" },
  { name: "Clicks", figure: "clicks" },
  { name: "Baskets", figure: "add_to_carts" },
  { name: "Purchases", figure: "purchases" },
];
const NUMBERS = DEEDS.map(({ name }) => ({ name, number: true }));
const DAY_COLUMNS = [{ name: "Day" }, ...NUMBERS,
  { name: "Found nothing", number: true }, { name: "Corrected", number: true }, { name: "Not kept", number: true }];
const QUERY_COLUMNS = [{ name: "Query" }, ...NUMBERS, { name: "Click rate", number: true },
  { name: "Mean position", number: true }];
const ZERO_COLUMNS = [{ name: "Query" }, { name: "Found nothing", number: true }, { name: "Answers", number: true },
  { name: "Searches", number: true }];
const TYPO_COLUMNS = [{ name: "Query" }, { name: "Corrected to" }, { name: "Corrected", number: true },
  { name: "Searches", number: true }, { name: "Click rate", number: true }];

const keys = new KeyForm("its figures", load);
const candidates = new Candidates(() => keys.key, load);
const wanted = read(location.href);
let asked = 0;

/** Which figures an address asks for. */
function read(address) {
  const given = new URL(address).searchParams;
  return { catalog: given.get("catalog") ?? DEFAULT_CATALOG, from: given.get("from") ?? "", to: given.get("to") ?? "" };
}

const days = () => Object.entries({ from: wanted.from, to: wanted.to }).filter(([, day]) => day !== "");

async function load() {
  // Answers may overtake each other; the last question counts.
  const number = ++asked;
  for (const [name, value] of Object.entries(wanted)) byId(name).value = value;
  try {
    const told = await ask();
    if (number !== asked) return;
    show(told);
    keys.hide();
    byId("alert").hidden = true;
    byId("board").hidden = false;
  } catch (error) {
    if (number === asked) failed(error);
  }
}

function ask() {
  const path = `/v1/${encodeURIComponent(wanted.catalog)}/analytics?${new URLSearchParams(days())}`;
  return send(path, { key: keys.key, timeout: TIMEOUT_MS });
}

/** Shows why there are no figures; a server that wants a key is asked for with the form. */
function failed(error) {
  byId("board").hidden = true;
  if (keys.asks(error)) return;
  if (error.status === undefined) console.error(error);
  byId("alert").textContent = `There are no figures: ${error.message}.`;
  byId("alert").hidden = false;
}

function show(told) {
  const deeds = (figures) => DEEDS.map(({ figure }) => formatNumber(figures[figure]));
  table("days-table", "Figures by day", DAY_COLUMNS, told.days.toReversed().map((day) => ({
    key: day.day,
    cells: [day.day, ...deeds(day), formatNumber(day.found_nothing), formatNumber(day.corrected),
      formatNumber(day.withheld)],
  })));
  const query = (it) => ({
    key: it.query,
    cells: [it.query, ...deeds(it), formatShare(it.click_rate), it.mean_position === null ? NOTHING
      : formatMean(it.mean_position, 1)],
  });
  table("top-table", "Queries that were searched most", QUERY_COLUMNS, told.top.map(query));
  table("zero-table", "Queries that found nothing", ZERO_COLUMNS, told.zero_results.map((it) => ({
    key: it.query,
    cells: [it.query, formatNumber(it.found_nothing), formatNumber(it.answered), formatNumber(it.searches)],
  })));
  table("low-table", "Queries that were seldom clicked", QUERY_COLUMNS, told.low_clicks.map(query));
  const { corrected, uncorrected } = told.typos;
  byId("typos-words").textContent = `Of searches that had to be corrected, ${formatShare(corrected.click_rate)} were ` +
    `clicked (${formatNumber(corrected.searches)} searches); of others, ${formatShare(uncorrected.click_rate)}.`;
  table("typos-table", "Queries that were corrected", TYPO_COLUMNS, told.typos.queries.map((it) => ({
    key: it.query,
    cells: [it.query, it.corrected_to ?? NOTHING, formatNumber(it.corrected), formatNumber(it.searches),
      formatShare(it.click_rate)],
  })));
  candidates.show(wanted.catalog, told.synonym_candidates);
  // A live region is read when it changes, also to the same words.
  byId("announcer").textContent = "";
  byId("announcer").textContent = `Figures of ${wanted.catalog} from ${told.from} to ${told.to}.`;
}

function table(place, caption, columns, rows) {
  if (rows.length === 0) {
    refill(byId(place), h("p", { class: "note" }, "Nothing yet."));
    return;
  }
  const drawn = new Table(caption, columns);
  drawn.update(rows);
  refill(byId(place), drawn.node);
}

byId("range-form").addEventListener("submit", (event) => {
  event.preventDefault();
  for (const name of Object.keys(wanted)) wanted[name] = byId(name).value.trim();
  history.replaceState(null, "", `?${new URLSearchParams([["catalog", wanted.catalog], ...days()])}`);
  load();
});
load();
