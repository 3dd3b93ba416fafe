// Between rules or synonyms and the lines of a form. Owns their reading and writing and what is told of a line that
// cannot be read; draws nothing. Limits are the server's business.

/** Digits that tell every number of single precision from all others. */
const SINGLE_DIGITS_MAX = 9;

/** The shortest text of a number that the server has in single precision: what came as 0.20000000298023224 is 0.2. */
function shortest(number) {
  for (let digits = 1; digits <= SINGLE_DIGITS_MAX; digits += 1) {
    const rounded = Number(number.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(number)) return String(rounded);
  }
  return String(number);
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter((line) => line !== "");

/** `1 SKU-123` in each line. */
export const pinsText = (pins) => pins.map(({ position, id }) => `${position ?? 1} ${id}`).join("\n");

export function readPins(text) {
  return lines(text).map((line) => {
    const [, position, id] = /^(\d+)\s+(.+)$/.exec(line) ?? fail(`“${line}” is no pin: write a place and an id, such as 1 SKU-123`);
    return { id, position: Number(position) };
  });
}

export const readIds = lines;

/** `2 brand:Acme` in each line. */
export const factorsText = (factors) => factors.map(({ factor, filter }) => `${shortest(factor)} ${filter}`).join("\n");

export function readFactors(text) {
  return lines(text).map((line) => {
    const [, factor, filter] = /^(\d+(?:\.\d+)?)\s+(.+)$/.exec(line)
      ?? fail(`“${line}” lacks a factor or a filter: write both, such as 2 brand:Acme`);
    return { filter, factor: Number(factor) };
  });
}

/** The weight that a synonym has unless it says another. */
const WEIGHT = 0.8;
/** A weight stands before a colon and a blank: `0.5: tablet`, but no `1:2 scale`. */
const WEIGHTED = /^(\d+(?:\.\d+)?):\s+(.+)$/;

/** `0.5: tablet -> e-reader` in each line. */
export function synonymsText(synonyms) {
  return synonyms.map(({ from, to, weight }) => {
    const words = from === undefined ? to.join(", ") : `${from} -> ${to.join(", ")}`;
    const number = shortest(weight ?? WEIGHT);
    // Words that look like a weight are not taken for one behind another.
    return number === String(WEIGHT) && !WEIGHTED.test(words) ? words : `${number}: ${words}`;
  }).join("\n");
}

export function readSynonyms(text) {
  return lines(text).map((line) => {
    const [, number, words] = WEIGHTED.exec(line) ?? [line, undefined, line];
    const [left, right, more] = words.split("->");
    const list = (part) => part.split(",").map((word) => word.trim()).filter((word) => word !== "");
    if (more !== undefined) fail(`“${line}” has two arrows`);
    const synonym = right === undefined ? { to: list(left) } : { from: left.trim(), to: list(right) };
    if (synonym.to.length < (right === undefined ? 2 : 1)) fail(`“${line}” lacks words that mean the same`);
    return number === undefined ? synonym : { ...synonym, weight: Number(number) };
  });
}

function fail(words) {
  throw new Error(words);
}

/** What a rule is for, in a sentence. */
export function whenWords({ when = {}, from, until }) {
  const parts = [];
  const matches = { contains: "contains", starts_with: "starts with" };
  if (when.query === "") parts.push("the query is empty");
  else if (when.query !== undefined) parts.push(`the query ${matches[when.match] ?? "is"} “${when.query}”`);
  if (when.category !== undefined) parts.push(`the category is ${when.category}`);
  if (when.context !== undefined) parts.push(`the context has ${when.context}`);
  const dates = [from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(" ");
  const condition = parts.length === 0 ? "Every search" : `When ${parts.join(" and ")}`;
  return dates ? `${condition}, ${dates}` : condition;
}

/** What a rule does, in a sentence. */
export function thenWords({ then }) {
  const parts = [];
  const several = (verb, list) => list?.length && parts.push(`${verb} ${list.join(", ")}`);
  several("pin", then.pin?.map(({ id, position }) => `${id} at ${position ?? 1}`));
  several("hide", then.hide);
  several("boost", then.boost?.map(({ filter, factor }) => `${filter} × ${shortest(factor ?? 2)}`));
  several("bury", then.bury?.map(({ filter, factor }) => `${filter} × ${shortest(factor ?? 0.5)}`));
  if (then.filter) parts.push(`show only ${then.filter}`);
  if (then.redirect) parts.push(`send to ${then.redirect}`);
  return parts.join("; ");
}
