// Builds DOM nodes. Owns the only two ways in which data becomes part of the page: text nodes and attributes.
// Invariant: no data is ever parsed as markup, and no style attribute is written (the content policy forbids both).

const SVG = "http://www.w3.org/2000/svg";

// Marks around a match in highlighted text. Private-use characters: they cannot be markup, and no shop writes them.
export const MARK_OPEN = "\uE000";
export const MARK_CLOSE = "\uE001";

/** The element with this id, which the page itself contains. */
export const byId = (id) => document.getElementById(id);

/**
 * An element. `props`: `on` has event listeners, `vars` CSS custom properties, `data` data attributes; `true` writes an
 * empty attribute, `false`, `null` and `undefined` write none; everything else is an attribute.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** As `h`, for SVG. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "vars") {
      for (const [variable, text] of Object.entries(value)) element.style.setProperty(variable, text);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...flatten(children));
  return element;
}

function flatten(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** A line icon from path data on a 24 × 24 grid; never announced. */
export function icon(path, name = "icon") {
  return svg("svg", { class: name, viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
}

export const ICON_CROSS = "m6 6 12 12M18 6 6 18";
export const ICON_SEARCH = "M4 10.5a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0m11.5 5 5 5";
export const ICON_CHEVRON = "m9 6 6 6-6 6";

/** Text in which the part between `open` and `close` is put into `<tag>` elements. */
export function marked(text, tag = "mark", open = MARK_OPEN, close = MARK_CLOSE) {
  const nodes = [];
  for (const [position, piece] of String(text).split(open).entries()) {
    const end = position === 0 ? -1 : piece.indexOf(close);
    if (end < 0) {
      if (piece) nodes.push(piece);
    } else {
      nodes.push(h(tag, null, piece.slice(0, end)));
      if (end + close.length < piece.length) nodes.push(piece.slice(end + close.length));
    }
  }
  return nodes;
}

/** Replaces the children of `parent`; lists are flattened, `null` and `false` are no children. */
export function refill(parent, ...children) {
  parent.replaceChildren(...flatten(children));
}

/** As `refill`, and keeps the focus on the element with the same `data-key`. */
export function replaceKeepingFocus(parent, ...children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  refill(parent, children);
  if (key !== undefined) {
    [
      ...parent.querySelectorAll("[data-key]"),
    ].find((element) => element.dataset.key === key)?.focus({ preventScroll: true });
  }
}
