// The dashboard: what a server does, live. Owns the wiring of source, history and parts, and what is said of the
// connection. Started by importing it; without a connection it shows what it last knew, and how old that is.

import { ApiError } from "../api.js";
import { byId } from "../dom.js";
import { formatSpan } from "../format.js";
import { KeyForm } from "../key-form.js";
import { Catalogs, Reasons } from "./catalogs.js";
import { counts, gauges } from "./figures.js";
import { History } from "./history.js";
import { setAttribute, setText } from "./live.js";
import { Source } from "./source.js";
import { Tiers } from "./tiers.js";
import { Tiles } from "./tiles.js";
import { Lag, Latency, Pool, Traffic } from "./traffic.js";

/** How often the age of the figures is written anew. */
const CLOCK_MS = 1000;
/** Figures of this age are called old. Polls of a hidden tab are further apart, but nobody sees those. */
const OLD_MS = 3500;

/** What the states of the connection are called. */
const STATES = { live: "Live", late: "Waiting for the server", waiting: "Connecting", lost: "Not connected" };

/** Everything that is drawn, in one place, so that stats can also be shown that no server told. */
export class Board {
  history = new History();
  #tiles = new Tiles(byId("tiles"));
  #traffic = new Traffic(byId("traffic-plots"));
  #latency = new Latency(byId("latency-plots"), byId("latency-table"));
  #lag = new Lag(byId("lag-plots"));
  #pool = new Pool(byId("pool-plots"));
  #reasons = new Reasons(byId("reasons-table"));
  #tiers;
  #catalogs;

  constructor({ onPause, onClear }) {
    this.#tiers = new Tiers(byId("tier-list"), onPause);
    this.#catalogs = new Catalogs(byId("catalog-table"), onClear);
  }

  /** Draws what came at a time in milliseconds. Answers whether the server has started anew since the last. */
  show(stats, at) {
    const sample = { at, age: stats.uptime_seconds, counts: counts(stats), gauges: gauges(stats) };
    const { restarted } = this.history.add(sample);
    this.#tiles.update(stats, this.history);
    this.#traffic.update(this.history, at);
    this.#latency.update(stats, this.history, at);
    this.#tiers.update(stats, this.history);
    this.#lag.update(stats, this.history, at);
    this.#pool.update(stats, this.history, at);
    this.#catalogs.update(stats);
    this.#reasons.update(stats);
    setText(byId("server-facts"), `Storefind ${stats.version}, up ${formatSpan(stats.uptime_seconds)}`);
    byId("board").hidden = false;
    return restarted;
  }
}

/** What is said of the connection: live, or what is wrong and since when. */
class Connection {
  #shownAt = null;
  #problem = null;
  #hasWarned = false;

  constructor() {
    setInterval(() => this.#tell(), CLOCK_MS);
  }

  arrived(at, restarted) {
    if (this.#hasWarned) announce("The server answers again.");
    else if (restarted) announce("The server has started anew.");
    this.#shownAt = at;
    this.#problem = null;
    this.#hasWarned = false;
    this.#tell();
  }

  failed(problem) {
    this.#problem = problem;
    this.#tell();
    if (!this.#hasWarned) announce(problem);
    this.#hasWarned = true;
  }

  #tell() {
    const age = this.#shownAt === null ? null : performance.now() - this.#shownAt;
    const isOld = this.#problem !== null || (age !== null && age > OLD_MS);
    const state = this.#problem !== null ? "lost" : age === null ? "waiting" : isOld ? "late" : "live";
    setAttribute(document.documentElement, "data-connection", state);
    setText(byId("connection"), STATES[state]);
    setText(byId("connection-age"), age === null ? "" : `figures ${formatSpan(age / 1000)} old`);
    const alert = byId("alert");
    alert.hidden = this.#problem === null;
    if (this.#problem === null) return;
    const shown = age === null ? "" : ` What is shown is ${formatSpan(age / 1000)} old.`;
    setText(alert, `${this.#problem}${shown}`);
  }
}

function failureWords(error) {
  if (error instanceof ApiError) {
    return error.status === 0 ? "The server cannot be reached" : `The server refuses: ${error.message}`;
  }
  // An answer of another shape: another version, or something that stands between.
  console.error(error);
  return `The figures that came cannot be drawn: ${error.message}`;
}

// A live region is read when it changes, also to the same words.
function announce(words) {
  const announcer = byId("announcer");
  announcer.textContent = "";
  announcer.textContent = words;
}

function start() {
  const connection = new Connection();
  const keys = new KeyForm("its figures", () => source.poll());
  const source = new Source(() => keys.key, {
    arrived(stats, at) {
      keys.hide();
      connection.arrived(at, board.show(stats, at));
    },
    failed(error, next) {
      connection.failed(`${failureWords(error)}. Trying again in ${formatSpan(next / 1000)}.`);
    },
    refused(error) {
      connection.failed("A key is needed.");
      keys.asks(error);
    },
  });
  const board = new Board({
    async onPause(tier, paused) {
      await source.pause(tier, paused);
      announce(`${tier} is ${paused ? "paused" : "in use again"}.`);
      source.poll();
    },
    async onClear(catalog) {
      const { memory } = await source.clear(catalog);
      announce(`${memory} kept answers of ${catalog} are forgotten.`);
      source.poll();
    },
  });
  source.poll();
}

start();
