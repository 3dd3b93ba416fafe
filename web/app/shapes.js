// The vocabulary of the generated product pictures: outlines on a 200 × 200 grid as path data, and the tones to paint
// them in. A shape is `[tone, path]`, or `[tone, path, width]` for a line. Shapes are painted in order.

export const MAIN = "main"; // the product's own colour
export const DEEP = "deep"; // the same in shadow
export const PALE = "pale"; // the same in light
export const INK = "ink"; // dark parts that every product has: glass, rubber, soles
export const SOFT = "soft"; // light neutral parts: paper, keys, labels
export const METAL = "metal";
export const SCREEN = "screen"; // a lit display
export const SHINE = "shine"; // a translucent highlight
export const WOOD = "wood";

/** A rectangle with rounded corners. */
export function rect(x, y, width, height, r = 0) {
  const across = width - 2 * r;
  const down = height - 2 * r;
  const corner = (dx, dy) => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
  const there = `h${across}${corner(r, r)}v${down}${corner(-r, r)}`;
  return `M${x + r} ${y}${there}h${-across}${corner(-r, -r)}v${-down}${corner(r, -r)}z`;
}

/** An ellipse, by default a circle. */
export function oval(cx, cy, rx, ry = rx) {
  const half = (dx) => `a${rx} ${ry} 0 1 0 ${dx} 0`;
  return `M${cx - rx} ${cy}${half(2 * rx)}${half(-2 * rx)}z`;
}

/** A grid of equal rounded rectangles as one path. */
export function grid(x, y, columns, rows, width, height, gap, r = 2) {
  const cells = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      cells.push(rect(x + column * (width + gap), y + row * (height + gap), width, height, r));
    }
  }
  return cells.join("");
}
