// A facet of numbers: two bounds to type, two handles to drag, and what the products span.
// Invariant: a bound that the shopper is editing is never overwritten by an answer.

import { h } from "./dom.js";
import { formatBound, formatMean, formatNumber } from "./format.js";

const STEPS = 100;

export class RangeFacet {
  #field;
  #name;
  #apply;
  #bounds = { min: 0, max: 1, step: 1 };
  #low;
  #high;
  #from;
  #to;
  #track;
  #note = h("p", { class: "facet-note" });

  constructor(field, name, apply) {
    this.#field = field;
    this.#name = name;
    this.#apply = apply;
    const slider = (label) => h(
      "input",
      {
        type: "range",
        min: 0,
        max: STEPS,
        step: 1,
        "aria-label": label,
        on: { input: () => this.#drag(), change: () => this.#release() },
      },
    );
    const box = () => h(
      "input",
      { type: "number", inputmode: "decimal", step: "any", on: { change: () => this.#typed() } },
    );
    const unit = field === "price" ? "price" : name.toLowerCase();
    this.#low = slider(`Lowest ${unit}`);
    this.#high = slider(`Highest ${unit}`);
    this.#from = box();
    this.#to = box();
    this.#track = h("div", { class: "range-track" }, this.#low, this.#high);
    this.element = h("div", { class: "facet-body", role: "group", "aria-label": name },
      this.#track,
      h("div", { class: "range-boxes" },
        h("label", null, h("span", null, "From"), this.#from, h("span", { class: "visually-hidden" }, ` ${unit}`)),
        h("label", null, h("span", null, "To"), this.#to, h("span", { class: "visually-hidden" }, ` ${unit}`))),
      this.#note);
  }

  update(state, facet) {
    const { from = null, to = null } = state.ranges[this.#field] ?? {};
    const known = typeof facet.min === "number";
    const min = known ? facet.min : (from ?? 0);
    const max = known ? facet.max : (to ?? min + 1);
    const step = stepFor(max - min);
    this.#bounds = { min: Math.floor(min / step) * step, max: Math.ceil(max / step) * step, step };
    if (document.activeElement !== this.#from) this.#from.value = from ?? "";
    if (document.activeElement !== this.#to) this.#to.value = to ?? "";
    this.#from.placeholder = plain(this.#bounds.min);
    this.#to.placeholder = plain(this.#bounds.max);
    if (!this.#track.contains(document.activeElement) || !this.#track.matches(":active")) {
      this.#low.value = from === null ? 0 : this.#position(from);
      this.#high.value = to === null ? STEPS : this.#position(to);
    }
    this.#tell();
    const words = (value) => (this.#field === "price" ? formatBound(value) : formatNumber(value));
    const mean = this.#field === "price" ? formatBound(Math.round(facet.avg)) : formatMean(facet.avg, max - min);
    this.#note.textContent = known ? `${words(facet.min)} to ${words(facet.max)}, ${mean} on average` : "";
  }

  // Most products are near the low end, so the scale gives that end more room.
  #value(position) {
    const { min, max, step } = this.#bounds;
    return roundTo(min + (max - min) * (position / STEPS) ** 2, step);
  }

  #position(value) {
    const { min, max } = this.#bounds;
    return max > min ? Math.round(Math.sqrt(Math.min(1, Math.max(0, (value - min) / (max - min)))) * STEPS) : 0;
  }

  #drag() {
    if (Number(this.#low.value) > Number(this.#high.value)) {
      if (document.activeElement === this.#low) this.#low.value = this.#high.value;
      else this.#high.value = this.#low.value;
    }
    const { from, to } = this.#chosen();
    this.#from.value = from ?? "";
    this.#to.value = to ?? "";
    this.#tell();
  }

  #release() {
    const { from, to } = this.#chosen();
    this.#apply(this.#field, from, to);
  }

  #chosen() {
    const low = Number(this.#low.value);
    const high = Number(this.#high.value);
    return { from: low === 0 ? null : this.#value(low), to: high === STEPS ? null : this.#value(high) };
  }

  #typed() {
    const read = (box) => (box.value.trim() === "" || !Number.isFinite(Number(box.value)) ? null : Number(box.value));
    const from = read(this.#from);
    const to = read(this.#to);
    const swapped = from !== null && to !== null && from > to;
    this.#apply(this.#field, swapped ? to : from, swapped ? from : to);
  }

  #tell() {
    const words = (slider) => (this.#field === "price" ? formatBound : formatNumber)(this.#value(Number(slider.value)));
    this.#low.setAttribute("aria-valuetext", words(this.#low));
    this.#high.setAttribute("aria-valuetext", words(this.#high));
    this.#track.style.setProperty("--low", `${this.#low.value}%`);
    this.#track.style.setProperty("--high", `${this.#high.value}%`);
  }
}

// About a hundred steps over the span, of a size that people use.
function stepFor(span) {
  if (!(span > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(span / STEPS));
  const leading = span / STEPS / power;
  return power * (leading < 2 ? 1 : leading < 5 ? 2 : 5);
}

function roundTo(value, step) {
  return Number((Math.round(value / step) * step).toFixed(6));
}

const plain = (value) => String(Number(value.toFixed(6)));
