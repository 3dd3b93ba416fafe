// Turns values into words for people. Knows nothing of the page or the API beyond the product's fields.

const CURRENCY = document.documentElement.dataset.currency ?? "USD";
const LOCALE = document.documentElement.lang || "en";

const price = new Intl.NumberFormat(LOCALE, { style: "currency", currency: CURRENCY });
const wholePrice = new Intl.NumberFormat(LOCALE, { style: "currency", currency: CURRENCY, maximumFractionDigits: 0 });
const number = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 3 });
const date = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long", timeZone: "UTC" });

const FIELD_NAMES = {
  categories: "Category",
  stock: "Units in stock",
  tags: "Labels",
  sku: "Article number",
};

export const PATH_SEPARATOR = " > ";

/** A price in the shop's currency. */
export const formatPrice = (value) => price.format(value);
/** A price without cents where it has none, for bounds and statistics. */
export const formatBound = (value) => (Number.isInteger(value) ? wholePrice : price).format(value);
/** A mean, no more exact than its span deserves. */
export const formatMean = (value, span) => number.format(span > 100 ? Math.round(value) : Math.round(value * 10) / 10);
/** A number with separators. */
export const formatNumber = (value) => number.format(value);
/** A count with its noun: `1 product`, `1,234 products`. */
export const formatCount = (count, noun = "product") => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A date, or the text as it is when it is none. */
export function formatDate(text) {
  const parsed = new Date(text);
  return Number.isNaN(parsed.getTime()) ? String(text) : date.format(parsed);
}

/** What a field or attribute is called: `attributes.screen_size` is "Screen size". */
export function fieldName(field) {
  if (FIELD_NAMES[field]) return FIELD_NAMES[field];
  const words = field.replace(/^attributes\./, "").replace(/[_\s]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A scalar of a product as words. */
export function formatValue(value, field) {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (field === "price" && typeof value === "number") return formatBound(value);
  return typeof value === "number" ? formatNumber(value) : String(value);
}

/** Last level of a category path. */
export const pathLeaf = (path) => path.split(PATH_SEPARATOR).at(-1);

/** Every level of a path from the top: `A`, `A > B`. */
export function pathLevels(path) {
  const parts = path.split(PATH_SEPARATOR);
  return parts.map((_, index) => parts.slice(0, index + 1).join(PATH_SEPARATOR));
}

/** What stands where there is no figure. */
export const NOTHING = "–";

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

/** A short time: `12 µs`, `3.4 ms`, `250 ms`, `1.5 s`. */
export function formatMilliseconds(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  if (value === 0) return "0 ms";
  if (value < 1) return `${Math.round(value * 1000)} µs`;
  if (value < 1000) return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
  return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
}

/** A long time, no more exact than it deserves: `8 s`, `4 min`, `3 h 12 min`, `6 d 2 h`. */
export function formatSpan(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE_SECONDS) return `${whole} s`;
  if (whole < HOUR_SECONDS) return `${Math.floor(whole / MINUTE_SECONDS)} min`;
  const [large, small, size] = whole < DAY_SECONDS ? ["h", "min", HOUR_SECONDS] : ["d", "h", DAY_SECONDS];
  const rest = Math.floor((whole % size) / (small === "min" ? MINUTE_SECONDS : HOUR_SECONDS));
  return `${Math.floor(whole / size)} ${large} ${rest} ${small}`;
}

/** A size in powers of 1,024, as the configuration writes them. */
export function formatBytes(bytes) {
  if (bytes === null || bytes === undefined) return NOTHING;
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const scaled = bytes / 1024 ** power;
  return `${power > 0 && scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${BYTE_UNITS[power]}`;
}

/** A share of one in percent; 100 % and 0 % are said only of all and none. */
export function formatShare(share) {
  if (share === null || share === undefined || Number.isNaN(share)) return NOTHING;
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  return `${percent < 10 || percent > 99 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** A frequency, without its unit: `0`, `0.2`, `37`, `1,234`. */
export function formatRate(perSecond) {
  if (perSecond === null || perSecond === undefined || Number.isNaN(perSecond)) return NOTHING;
  return number.format(perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond));
}
