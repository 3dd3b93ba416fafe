// The entrance: what the shop has, by department. Shown only where nothing is asked and nothing chosen.

import { byId, h, refill } from "./dom.js";
import { PATH_SEPARATOR, formatCount } from "./format.js";
import { categoryPicture } from "./picture.js";
import { stateUrl, withValues } from "./state.js";

const DEPARTMENTS_MAX = 8;

/** Draws the departments of an answer. */
export function showHero(state, answer) {
  const hero = byId("hero");
  const departments = (answer.facets?.categories?.values ?? []).filter(
    ({ value }) => !String(value).includes(PATH_SEPARATOR),
  ).slice(0, DEPARTMENTS_MAX);
  const links = departments.map((entry) => departmentLink(state, answer, entry));
  hero.hidden = false;
  refill(hero,
    h("h2", { class: "hero-title", id: "hero-title" }, "What are you looking for?"),
    h("p", { class: "hero-text" }, `${formatCount(answer.total)}, found as you type.`),
    links.length > 1 ? h("ul", { class: "departments", role: "list" }, links) : null);
}

function departmentLink(state, answer, { value, count }) {
  const name = String(value);
  const href = stateUrl(withValues(state, "categories", [name]));
  return h("li", null,
    h("a", { class: "department", href, data: { nav: "filter" } },
      categoryPicture(departmentSample(name, answer)),
      h("span", { class: "department-name" }, name),
      h("span", { class: "department-count" }, formatCount(count))));
}

/** Hides the entrance. */
export function hideHero() {
  byId("hero").hidden = true;
}

// A department is drawn as the largest of the deepest categories inside it, which says more than its own name.
function departmentSample(department, answer) {
  const depth = (path) => path.split(PATH_SEPARATOR).length;
  const inside = answer.facets.categories.values
    .map(({ value, count }) => ({ path: String(value), count }))
    .filter(({ path }) => path.startsWith(department + PATH_SEPARATOR));
  const [deepest] = inside.toSorted((a, b) => depth(b.path) - depth(a.path) || b.count - a.count);
  return deepest?.path ?? department;
}
