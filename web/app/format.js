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
