//! A plot as SVG: two axes and some lines.
//!
//! Owns scales, ticks and strokes. It refuses to know what is plotted.
//!
//! Invariant: points outside an axis are drawn at its edge, never left out.

use super::escaped;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 42.0;
/// Colours of the style sheet.
const COLOURS: usize = 7;
/// Ticks of an axis, about.
const TICKS: f64 = 6.0;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scale {
    Linear,
    Log,
}

#[derive(Clone, Debug)]
pub(super) struct Axis {
    label: &'static str,
    scale: Scale,
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From zero, or on a logarithmic axis from the power of ten below the smallest value, to the largest.
    pub(super) fn over(label: &'static str, scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite() && (scale == Scale::Linear || *value > 0.0)) {
            least = least.min(value);
            most = most.max(value);
        }
        match scale {
            Scale::Linear => Self::linear(label, if most > 0.0 { most } else { 1.0 }),
            Scale::Log if most > 0.0 => Self::log(label, least, most),
            Scale::Log => Self::log(label, 1.0, 10.0),
        }
    }

    fn linear(label: &'static str, most: f64) -> Self {
        let raw = most / TICKS;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|by| by * power).find(|step| *step >= raw).unwrap_or(raw);
        let to = (most / step).ceil() * step;
        let mut ticks = Vec::new();
        let mut at = 0.0;
        while at <= to + step / 2.0 {
            ticks.push((at, plain(at)));
            at += step;
        }
        Self { label, scale: Scale::Linear, from: 0.0, to, ticks }
    }

    fn log(label: &'static str, least: f64, most: f64) -> Self {
        let from = 10_f64.powf(least.log10().floor());
        let mut to = 10_f64.powf(most.log10().ceil());
        if to <= from {
            to = from * 10.0;
        }
        let mut ticks = Vec::new();
        let mut at = from;
        while at <= to * 1.001 {
            ticks.push((at, plain(at)));
            at *= 10.0;
        }
        Self { label, scale: Scale::Log, from, to, ticks }
    }

    /// Shares of requests, spread towards the slow end: the positions are 1 ÷ (1 − share).
    pub(super) fn percentiles() -> Self {
        let ticks = [(1.0, "0 %"), (2.0, "50 %"), (10.0, "90 %"), (100.0, "99 %"), (1e3, "99.9 %"), (1e4, "99.99 %")];
        let ticks = ticks.map(|(at, text)| (at, text.to_owned())).to_vec();
        Self { label: "share of requests that are at least as fast", scale: Scale::Log, from: 1.0, to: 2e4, ticks }
    }

    /// Where a value stands, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => (value.max(self.from) / self.from).ln() / (self.to / self.from).ln(),
        };
        share.clamp(0.0, 1.0)
    }
}

/// A number without needless digits.
fn plain(value: f64) -> String {
    if value >= 1000.0 {
        return crate::report::rate(value);
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    /// Upright lines with a word beside each.
    pub(super) marks: Vec<(f64, String)>,
    /// Level lines with a word above each.
    pub(super) levels: Vec<(f64, String)>,
    pub(super) dots: bool,
}

impl Plot {
    pub(super) fn new(title: &str, x: Axis, y: Axis, lines: Vec<Line>) -> Self {
        Self { title: title.to_owned(), x, y, lines, marks: Vec::new(), levels: Vec::new(), dots: false }
    }

    fn left(&self, x: f64) -> f64 {
        LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT)
    }

    fn top(&self, y: f64) -> f64 {
        TOP + (1.0 - self.y.place(y)) * (HEIGHT - TOP - BOTTOM)
    }

    pub(super) fn figure(&self) -> String {
        if self.lines.iter().all(|line| line.points.is_empty()) {
            return String::new();
        }
        let keys: String = self.lines.iter().enumerate().map(|(index, line)| key(index, &line.name)).collect();
        let keys = if self.lines.len() > 1 { format!("<ul class=\"keys\">{keys}</ul>") } else { String::new() };
        format!(
            "<figure><figcaption>{title}</figcaption>{keys}\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{title}\">\n{}{}{}</svg></figure>",
            self.axes(),
            self.strokes(),
            self.guides(),
            title = escaped(&self.title),
        )
    }

    fn axes(&self) -> String {
        let mut text = String::new();
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for (value, label) in &self.y.ticks {
            let y = self.top(*value);
            text.push_str(&format!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
                LEFT - 8.0,
                y + 4.0
            ));
        }
        for (value, label) in &self.x.ticks {
            let x = self.left(*value);
            text.push_str(&format!(
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom}\" y2=\"{:.1}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\n",
                bottom + 5.0,
                bottom + 19.0
            ));
        }
        let middle = f64::midpoint(TOP, bottom);
        text.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(14 {middle:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            f64::midpoint(LEFT, right),
            HEIGHT - 6.0,
            self.x.label,
            self.y.label
        ));
        text
    }

    fn strokes(&self) -> String {
        let mut text = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let colour = index % COLOURS;
            let points: Vec<String> =
                line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", self.left(*x), self.top(*y))).collect();
            text.push_str(&format!("<polyline class=\"line s{colour}\" points=\"{}\"/>\n", points.join(" ")));
            if self.dots {
                for (x, y) in &line.points {
                    let (x, y) = (self.left(*x), self.top(*y));
                    text.push_str(&format!("<circle class=\"dot s{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>\n"));
                }
            }
        }
        text
    }

    fn guides(&self) -> String {
        let mut text = String::new();
        let bottom = HEIGHT - BOTTOM;
        for (value, word) in &self.marks {
            let x = self.left(*value);
            text.push_str(&format!(
                "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                x + 4.0,
                TOP + 12.0,
                escaped(word)
            ));
        }
        for (value, word) in &self.levels {
            let y = self.top(*value);
            text.push_str(&format!(
                "<line class=\"mark\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                WIDTH - RIGHT,
                WIDTH - RIGHT,
                y - 4.0,
                escaped(word)
            ));
        }
        text
    }
}

fn key(index: usize, name: &str) -> String {
    format!("<li><span class=\"key s{}\"></span>{}</li>", index % COLOURS, escaped(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_cover_their_values_with_round_ticks() {
        let linear = Axis::over("x", Scale::Linear, [3.0, 47.0].into_iter());
        assert_eq!((linear.from, linear.to), (0.0, 50.0));
        let log = Axis::over("x", Scale::Log, [0.4, 25.0].into_iter());
        let labels: Vec<_> = log.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0.1", "1", "10", "100"]);
    }

    #[test]
    fn values_beyond_an_axis_stand_at_its_edge() {
        let axis = Axis::over("x", Scale::Log, [1.0, 100.0].into_iter());
        assert_eq!([0.0, 1.0, 10.0, 100.0, 1e9].map(|value| axis.place(value)), [0.0, 0.0, 0.5, 1.0, 1.0]);
        let empty = Axis::over("x", Scale::Log, std::iter::empty());
        assert_eq!([1.0, 10.0].map(|value| empty.place(value)), [0.0, 1.0]);
    }
}
