// The entrance: what the shop has, by department. Shown only where nothing is asked and nothing chosen.

import { byId, h } from "./dom.js";
import { PATH_SEPARATOR, formatCount } from "./format.js";
import { categoryPicture } from "./picture.js";
import { stateUrl, withValues } from "./state.js";

const DEPARTMENTS_MAX = 8;

/** Draws the departments of an answer. */
export function showHero(state, answer) {
  const hero = byId("hero");
  const departments = (answer.facets?.categories?.values ?? []).filter(({ value }) => !String(value).includes(PATH_SEPARATOR)).slice(0, DEPARTMENTS_MAX);
  hero.hidden = false;
  hero.replaceChildren(
    h("h2", { class: "hero-title", id: "hero-title" }, "What are you looking for?"),
    h("p", { class: "hero-text" }, `${formatCount(answer.total)}, found as you type.`),
    departments.length > 1
      ? h("ul", { class: "departments", role: "list" }, departments.map(({ value, count }) => h("li", null,
        h("a", { class: "department", href: stateUrl(withValues(state, "categories", [String(value)])), data: { nav: "filter" } },
          categoryPicture(departmentSample(String(value), answer)), h("span", { class: "department-name" }, String(value)), h("span", { class: "department-count" }, formatCount(count))))))
      : null);
}

/** Hides the entrance. */
export function hideHero() {
  byId("hero").hidden = true;
}

// A department is drawn as the largest category inside it, which says more than its own name.
function departmentSample(department, answer) {
  const inside = answer.facets.categories.values.filter(({ value }) => String(value).startsWith(department + PATH_SEPARATOR));
  const deepest = inside.toSorted((a, b) => String(b.value).split(PATH_SEPARATOR).length - String(a.value).split(PATH_SEPARATOR).length || b.count - a.count)[0];
  return String(deepest?.value ?? department);
}
