// Product pictures: the shop's own image when it loads, else a drawing made from what the product is.
// Invariant: the same product always gets the same drawing, in the colour that its data name.

import { h, svg } from "./dom.js";
import { kindOf } from "./picture-kind.js";
import { electronics } from "./shapes-electronics.js";
import { home } from "./shapes-home.js";
import { people } from "./shapes-people.js";

const SHAPES = { ...electronics, ...home, ...people };

// Hue, saturation, lightness of the colours that shops name.
const COLOURS = {
  black: [220, 10, 24], white: [40, 18, 88], silver: [210, 10, 74], grey: [215, 9, 56], gray: [215, 9, 56],
  graphite: [215, 10, 34], anthracite: [215, 10, 30], red: [4, 62, 50], burgundy: [345, 52, 34], blue: [213, 55, 48],
  navy: [222, 45, 30], teal: [178, 48, 36], turquoise: [176, 48, 48], green: [146, 36, 40], olive: [76, 28, 38],
  mint: [155, 36, 70], yellow: [46, 80, 58], mustard: [42, 66, 48], gold: [42, 52, 58], orange: [24, 76, 54],
  brown: [24, 36, 34], beige: [36, 34, 74], cream: [42, 40, 84], sand: [36, 34, 70], pink: [340, 58, 70],
  rose: [346, 44, 68], purple: [272, 38, 48], violet: [268, 40, 52], lilac: [268, 36, 72], copper: [20, 52, 48],
  bronze: [30, 42, 42], steel: [210, 10, 66], oak: [32, 42, 58], walnut: [24, 36, 32], charcoal: [215, 8, 28],
  ivory: [44, 36, 86], coral: [12, 70, 62], indigo: [238, 40, 42],
};
const COLOUR_WORD = new RegExp(`\\b(${Object.keys(COLOURS).join("|")})\\b`, "i");
// Colours for products that name none: muted, so that a page of them stays calm.
const PALETTE = [
  [213, 42, 46], [164, 34, 40], [18, 56, 54], [42, 62, 54], [345, 42, 54], [262, 30, 54], [200, 16, 40],
  [28, 26, 46], [190, 40, 40], [220, 12, 30], [96, 24, 44], [8, 48, 48],
];
const COLOUR_ATTRIBUTE = /colou?r/i;

// Hues of what lit displays show.
const SCREEN_HUES = [206, 262, 178, 224, 338, 196];
// A drawing fills its frame to this share, but small things stay smaller than large ones.
const FILL = 0.86;
const SIDE_MIN = 140;

let nextId = 0;
const boxes = new Map();
const hostFailures = new Map();
// After so many images of one host that failed, with none that loaded, the host is not asked again on this page.
const HOST_FAILURES_MAX = 4;

/** The picture of a product. `eager` for the one picture that the shopper has asked for. */
export function picture(product, id, { eager = false } = {}) {
  const frame = h(
    "div",
    { class: "picture", "aria-hidden": "true", vars: { "--hue": String(hash(product.brand ?? id) % 360) } },
  );
  frame.append(
    drawing(kindOf(product), objectColour(product, id), SCREEN_HUES[hash(`${id} screen`) % SCREEN_HUES.length]),
  );
  const host = imageHost(product.image);
  if (host && (hostFailures.get(host) ?? 0) < HOST_FAILURES_MAX) {
    frame.append(photograph(product.image, host, frame, eager));
  }
  return frame;
}

/** A drawing for a category, in a colour of its own. */
export function categoryPicture(path) {
  const colour = PALETTE[hash(path) % PALETTE.length];
  return h(
    "div",
    { class: "picture", "aria-hidden": "true", vars: { "--hue": String(colour[0]) } },
    drawing(kindOf({ categories: [path] }), colour, SCREEN_HUES[0]),
  );
}

function photograph(source, host, frame, eager) {
  const image = h(
    "img",
    {
      class: "picture-photo",
      alt: "",
      loading: eager ? "eager" : "lazy",
      decoding: "async",
      referrerpolicy: "no-referrer",
    },
  );
  image.addEventListener("load", () => {
    hostFailures.set(host, Number.NEGATIVE_INFINITY);
    frame.classList.add("has-photo");
  });
  image.addEventListener("error", () => {
    hostFailures.set(host, (hostFailures.get(host) ?? 0) + 1);
    image.remove();
  });
  image.src = source;
  return image;
}

function imageHost(source) {
  if (!source) return null;
  const url = URL.canParse(source, location.href) ? new URL(source, location.href) : null;
  return url && /^https?:$/.test(url.protocol) ? url.host : null;
}

function objectColour(product, id) {
  const named = Object.entries(product.attributes ?? {}).find(([name]) => COLOUR_ATTRIBUTE.test(name));
  const word = COLOUR_WORD.exec(String(named?.[1] ?? "")) ?? COLOUR_WORD.exec(product.title ?? "");
  return word ? COLOURS[word[1].toLowerCase()] : PALETTE[hash(String(id)) % PALETTE.length];
}

function drawing(kind, [hue, saturation, lightness], screenHue) {
  const key = `p${(nextId += 1)}`;
  const tone = (shift, softer = 0) => {
    const light = Math.min(94, Math.max(8, lightness + shift));
    return `hsl(${hue} ${Math.max(0, saturation - softer)}% ${light}%)`;
  };
  const paints = {
    main: `url(#${key}m)`, screen: `url(#${key}s)`, metal: `url(#${key}e)`,
    deep: tone(-14), pale: tone(lightness > 70 ? -22 : 20, 8),
    ink: "#2a2d33", soft: "#f4f1ea", shine: "rgb(255 255 255 / 0.26)", wood: "#b98a5a",
  };
  const round = { "stroke-linecap": "round", "stroke-linejoin": "round" };
  const stroke = (tint) => strokeOf(paints, tint, tone);
  const line = (tint, width) => ({ fill: "none", stroke: stroke(tint), "stroke-width": width, ...round });
  const area = (tint) => ({ fill: paints[tint] });
  const paint = ([tint, path, width]) => svg("path", { d: path, ...(width ? line(tint, width) : area(tint)) });
  const { x, y, width, height } = boxOf(kind);
  const side = Math.max(SIDE_MIN, width, height) / FILL;
  const top = y + height / 2 - side / 2;
  return svg("svg", {
    class: "picture-drawing",
    viewBox: `${x + width / 2 - side / 2} ${top} ${side} ${side}`,
    focusable: "false",
  },
    svg("defs", null,
      gradient(`${key}m`, [tone(7), tone(-5)]),
      gradient(`${key}s`, [`hsl(${screenHue} 52% 68%)`, `hsl(${screenHue + 38} 42% 38%)`]),
      gradient(`${key}e`, ["#e3e5e8", "#9a9fa7"])),
    svg("ellipse", { class: "picture-shadow", cx: x + width / 2, cy: y + height, rx: width * 0.46, ry: 6 }),
    svg("g", null, SHAPES[kind].map(paint)));
}

// Where the shapes of a kind lie on their grid; the browser knows best, and is asked once for each kind.
function boxOf(kind) {
  if (!boxes.has(kind)) {
    const group = svg("g", null, SHAPES[kind].map(([, path]) => svg("path", { d: path })));
    const stage = svg("svg", { class: "visually-hidden", viewBox: "0 0 200 200", "aria-hidden": "true" }, group);
    document.body.append(stage);
    const { x, y, width, height } = group.getBBox();
    boxes.set(kind, { x, y, width, height });
    stage.remove();
  }
  return boxes.get(kind);
}

// A straight line has no area for a gradient to fill, so lines take the flat tone.
function strokeOf(paints, tint, tone) {
  if (tint === "main") return tone(0);
  return tint === "metal" ? "#b9bdc4" : paints[tint];
}

function gradient(id, [from, to]) {
  return svg(
    "linearGradient",
    { id, x1: 0, y1: 0, x2: 0.6, y2: 1 },
    svg("stop", { offset: "0", "stop-color": from }),
    svg("stop", { offset: "1", "stop-color": to }),
  );
}

// FNV-1a: small, and the same in every browser.
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of String(text)) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  return value >>> 0;
}
