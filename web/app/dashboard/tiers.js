// The tiers in the order in which they are asked. Owns what is told of each, the state of each server in words and
// shape, and the button that pauses a remote tier.

import { h, icon } from "../dom.js";
import { formatBytes, formatMilliseconds, formatNumber, formatRate, formatShare } from "../format.js";
import { FROM_MEMORY } from "./figures.js";
import { arrange, Keyed, setAttribute, setText, Table } from "./live.js";
import { breakerWords, failureWords, named } from "./words.js";

/** A circuit: whole, interrupted, about to be closed. */
const CIRCUITS = {
  closed: "M2 12h20M7 9.5a2.5 2.5 0 1 0 .01 0M17 9.5a2.5 2.5 0 1 0 .01 0",
  open: "M2 12h4M18 12h4M7 9.5a2.5 2.5 0 1 0 .01 0M17 9.5a2.5 2.5 0 1 0 .01 0M8.5 10 15 3",
  half_open: "M2 12h4M18 12h4M7 9.5a2.5 2.5 0 1 0 .01 0M17 9.5a2.5 2.5 0 1 0 .01 0M9.5 12h1M13 12h1",
};
const ABOUT = {
  redis: "Shared by all nodes and kept over a restart of this one.",
  memcached: "A pool of cheap memory, and what is served when nothing better can be had.",
};

const last = (points) => points.at(-1)?.value ?? null;
const rate = (points) => `${formatRate(last(points))} /s`;

/** A breaker's state: a drawn circuit, its name and what it means. */
export function breaker(state) {
  const { name, meaning } = breakerWords(state);
  return h("span", { class: "breaker", "data-breaker": state },
    icon(CIRCUITS[state] ?? CIRCUITS.open, "circuit"),
    h("span", null, h("strong", null, name), meaning ? h("span", { class: "breaker-meaning" }, `: ${meaning}`) : null));
}

/** A list of names and figures that changes in place. */
class Facts {
  node = h("dl", { class: "facts" });
  #rows = new Keyed((name) => {
    const value = h("dd");
    return { row: h("div", null, h("dt", null, name), value), value };
  });

  update(facts) {
    arrange(this.node, facts.map(([name, text]) => {
      const { row, value } = this.#rows.of(name);
      setText(value, text);
      return row;
    }));
  }
}

/** One remote tier. */
export class RemoteTier {
  #facts = new Facts();
  #state = h("p", { class: "tier-state" });
  #button = h("button", { type: "button", class: "button", on: { click: () => this.#pause() } });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #breakers = new Keyed(() => ({ state: null, node: null }));
  #servers;
  #paused = false;
  #name;
  #onPause;

  /** `onPause(name, paused)` does it, or throws why not. */
  constructor(name, onPause) {
    this.#name = name;
    this.#onPause = onPause;
    this.#servers = new Table(`Servers of ${named(name)}`, [
      { name: "Server" },
      { name: "Breaker" },
      { name: "Mean latency", number: true },
      { name: "Deadline", number: true },
      { name: "Openings", number: true },
      { name: "Failing" },
    ], "servers");
    this.node = h("article", { class: "tier", "data-tier": name },
      h("div", { class: "tier-head" }, h("h3", null, named(name)), this.#state, this.#button),
      h("p", { class: "note" }, ABOUT[name] ?? ""),
      this.#problem, this.#facts.node, this.#servers.node);
  }

  /** Shows the tier's part of the stats. */
  update(tier, history) {
    this.#paused = tier.paused;
    setText(this.#state, tier.paused ? "Paused: neither asked nor filled" : "In use");
    setText(this.#button, tier.paused ? `Resume ${this.#name}` : `Pause ${this.#name}`);
    setAttribute(this.node, "data-tone", tier.paused ? "look" : null);
    const [lookups, hits] = ["lookups", "answered"].map((what) => history.growth(`${what}.${this.#name}`));
    this.#facts.update([
      ["Answers", rate(history.rate(`answered.${this.#name}`))],
      ["Asked", rate(history.rate(`lookups.${this.#name}`))],
      ["Passed by", rate(history.rate(`passed.${this.#name}`))],
      ["Filled", rate(history.rate(`fills.${this.#name}`))],
      ["Hit rate, 5 minutes", formatShare(lookups ? hits / lookups : null)],
      ["Hit rate that admission reckons with", formatShare(tier.hit_share)],
      ["Half of its lookups within", formatMilliseconds(tier.get.p50_ms_at_most)],
      ["99 % of its lookups within", formatMilliseconds(tier.get.p99_ms_at_most)],
      ["99 % of its fills within", formatMilliseconds(tier.put.p99_ms_at_most)],
      ["Read, written", `${formatBytes(tier.bytes_read)}, ${formatBytes(tier.bytes_written)}`],
    ]);
    this.#breakers.keep(tier.servers.map(({ address }) => address));
    this.#servers.update(tier.servers.map((server) => ({
      key: server.address,
      cells: [
        server.address,
        this.#breaker(server),
        formatMilliseconds(server.latency_ms),
        formatMilliseconds(server.deadline_ms),
        formatNumber(server.breaker_openings),
        failureWords(server.failing),
      ],
      tone: server.breaker !== "closed" || server.failing !== null ? "look" : null,
    })));
  }

  #breaker({ address, breaker: state }) {
    const known = this.#breakers.of(address);
    if (known.state !== state) Object.assign(known, { state, node: breaker(state) });
    return known.node;
  }

  async #pause() {
    this.#button.disabled = true;
    try {
      await this.#onPause(this.#name, !this.#paused);
      this.#problem.hidden = true;
    } catch (error) {
      setText(this.#problem, `That was not done: ${error.message}.`);
      this.#problem.hidden = false;
    }
    this.#button.disabled = false;
  }
}

/** A tier that is always there. */
const panel = (name, about, ...figures) =>
  h("article", { class: "tier" }, h("div", { class: "tier-head" }, h("h3", null, name)),
    h("p", { class: "note" }, about), figures);

/** All of them. */
export class Tiers {
  #memory = new Facts();
  #index = new Facts();
  #filling = new Facts();
  #memoryNode = panel("Memory", "Of this process; asked first, for every answer.", this.#memory.node);
  #indexNode = panel("Index", "Computes what no tier has.", this.#index.node);
  #fillingNode = panel(
    "Filling remote tiers",
    "Off the way of any answer. What finds the queue full is dropped, and computed again later.",
    this.#filling.node,
  );
  #none = panel(
    "No remote tiers",
    "Memory and the index are all that this server needs. To share answers among several servers, or to keep them " +
      "over a restart, attach Redis, Memcached or both (and leave cache.admission at auto), and start again:",
    h("pre", { tabindex: "0", "aria-label": "Environment variables that attach remote tiers" }, h("code", null,
      "STOREFIND_CACHE__REDIS__URL=redis://127.0.0.1:6379\n" +
      "STOREFIND_CACHE__MEMCACHED__URL=memcache://127.0.0.1:11211")),
  );
  #remote;
  #root;

  constructor(root, onPause) {
    this.#root = root;
    this.#remote = new Keyed((name) => new RemoteTier(name, onPause));
  }

  update(stats, history) {
    const { memory = {}, remote = {}, filling = {}, pool = {} } = stats.answers ?? {};
    this.#memory.update([
      ["Answers", rate(history.rate(FROM_MEMORY.of, FROM_MEMORY.but))],
      ["Entries", formatNumber(memory.entries ?? 0)],
      ["Size", `${formatBytes(memory.bytes)} of ${formatBytes(memory.bytes_max)}`],
    ]);
    this.#index.update([
      ["Answers", rate(history.rate("answered.index"))],
      ["Running", formatNumber(pool.running ?? 0)],
      ["Kept answers served for want of new ones, 5 minutes", formatNumber(history.growth("rescued") ?? 0)],
    ]);
    const tiers = Object.entries(remote);
    this.#remote.keep(tiers.map(([name]) => name));
    // In the order in which they are asked, which their names do not tell.
    tiers.sort(([one], [other]) => Object.keys(ABOUT).indexOf(one) - Object.keys(ABOUT).indexOf(other));
    const nodes = tiers.map(([name, tier]) => {
      const shown = this.#remote.of(name);
      shown.update(tier, history);
      return shown.node;
    });
    this.#filling.update([
      ["Waiting", `${formatNumber(filling.queued ?? 0)} entries, ${formatBytes(filling.queued_bytes)}`],
      ["Offered", rate(history.rate("offered"))],
      ["Dropped: the queue was full, 5 minutes", formatNumber(history.growth("dropped") ?? 0)],
      ["Dropped, since the start", formatNumber(filling.dropped ?? 0)],
      ["Kept back: prices or stock decide them", formatNumber(filling.live ?? 0)],
      ["Kept back: too large", formatNumber(filling.too_large ?? 0)],
    ]);
    setAttribute(this.#fillingNode, "data-tone", history.growth("dropped") > 0 ? "look" : null);
    const behind = nodes.length > 0 ? [...nodes, this.#indexNode, this.#fillingNode] : [this.#indexNode, this.#none];
    arrange(this.#root, [this.#memoryNode, ...behind]);
  }
}
