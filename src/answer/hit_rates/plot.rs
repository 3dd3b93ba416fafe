//! Lines over named places, as SVG: enough for one figure.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 230.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 60.0;
/// The highest rate shown, in percent.
const RATE_MAX: f64 = 80.0;
const GRID: f64 = 20.0;

/// One line of the plot.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    /// In percent, by place.
    pub(super) rates: Vec<f64>,
}

/// The plot as a file's text.
pub(super) fn plot(title: &str, below: &str, places: &[String], lines: &[Line]) -> String {
    let step = (WIDTH - LEFT - RIGHT) / (places.len().max(2) - 1) as f64;
    let x = |place: usize| LEFT + step * place as f64;
    let y = |rate: f64| HEIGHT - BOTTOM - rate / RATE_MAX * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n"
    );
    let mut rate = 0.0;
    while rate <= RATE_MAX {
        let (at, end, text) = (y(rate), WIDTH - RIGHT, LEFT - 8.0);
        // A text is always written.
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{end}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{text}\" y=\"{:.1}\" text-anchor=\"end\">{rate} %</text>",
            at + 4.0
        );
        rate += GRID;
    }
    for (place, name) in places.iter().enumerate() {
        let (at, below) = (x(place), HEIGHT - BOTTOM + 18.0);
        let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{name}</text>");
    }
    let (middle, low) = (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 16.0);
    let _ = writeln!(svg, "<text x=\"{middle}\" y=\"{low}\" text-anchor=\"middle\">{below}</text>");
    for (number, Line { name, colour, rates }) in lines.iter().enumerate() {
        let points: Vec<_> =
            rates.iter().enumerate().map(|(at, rate)| format!("{:.1},{:.1}", x(at), y(*rate))).collect();
        let points = points.join(" ");
        let _ = writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        for (at, rate) in rates.iter().enumerate() {
            let (x, y) = (x(at), y(*rate));
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let (at, left) = (TOP + 20.0 + 22.0 * number as f64, WIDTH - RIGHT + 24.0);
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{:.1}\" width=\"12\" height=\"4\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{at:.1}\">{name}</text>",
            at - 6.0,
            left + 18.0
        );
    }
    svg + "</svg>\n"
}
