//! The facts of one product: its brand and a value for each spec of its kind.
//!
//! Owns drawing them, writing them as attributes and into text. It refuses to know prices, beyond saying how much the
//! chosen values move them.
//!
//! Invariants: the variants of a family differ only on its axes. Facts with a price step follow the family's grade,
//! so that an expensive laptop has much memory *and* much storage, as in a real shop.

use storefind_index::product::{Attribute, Scalar};

use super::family::{AXES_MAX, Family};
use super::kind::{Brand, Role, SPECS_MAX, Spec, Values};
use super::random::Random;

/// How strongly the family's grade, against chance, decides its graded facts.
const GRADE_WEIGHT: f64 = 0.7;
/// Brands are drawn as the power of a uniform number: the first brands of a list sell several times more than the last.
const BRAND_SKEW: f64 = 1.6;

/// A product's facts.
#[derive(Debug)]
pub(super) struct Facts {
    brand: &'static Brand,
    specs: [&'static [Spec]; 2],
    chosen: [u32; SPECS_MAX],
    /// What the shared draws continue with: wording and price of the family.
    pub(super) random: Random,
}

impl Facts {
    /// Draws the facts of a variant.
    pub(super) fn draw(family: &Family, variant: usize) -> Self {
        let mut random = family.random.clone();
        let brands = family.kind.brands;
        let brand = &brands[(random.unit().powf(BRAND_SKEW) * brands.len() as f64) as usize];
        let grade = random.unit();
        let places = family.axis_places(variant);
        let mut axis = 0;
        let mut chosen = [0; SPECS_MAX];
        let specs = [family.kind.specs, family.department.common];
        for (choice, spec) in chosen.iter_mut().zip(specs.into_iter().flatten()) {
            let quality = grade * GRADE_WEIGHT + random.unit() * (1.0 - GRADE_WEIGHT);
            *choice = choose(spec, quality, &mut random);
            if spec.role == Role::Axis && axis < AXES_MAX {
                // The window of the family's values starts where the last variant still has one.
                let start = (*choice as usize).min(spec.values.len() - family.axis_lens[axis]);
                *choice = (start + places[axis]) as u32;
                axis += 1;
            }
        }
        Self { brand, specs, chosen, random }
    }

    /// The maker.
    pub(super) fn brand(&self) -> &'static Brand {
        self.brand
    }

    /// How many facts there are, hidden ones included.
    pub(super) fn len(&self) -> usize {
        self.specs[0].len() + self.specs[1].len()
    }

    /// Logarithm of how much the chosen values move the price from that of an average product.
    pub(super) fn price_shift(&self) -> f64 {
        self.iter().filter(|(spec, _)| spec.price_step != 0.0).map(|(spec, choice)| shift(spec, choice)).sum()
    }

    /// Adds the facts that are attributes, in the order of the tables.
    pub(super) fn push_attributes(&self, attributes: &mut Vec<(String, Attribute)>) {
        for (spec, choice) in self.iter().filter(|(spec, _)| spec.role != Role::Hidden) {
            attributes.push((spec.name.to_owned(), attribute(&spec.values, choice)));
        }
    }

    /// Writes the fact called `name` as a shop writes it; false when there is none.
    pub(super) fn push_text(&self, out: &mut String, name: &str) -> bool {
        let Some((spec, choice)) = self.iter().find(|(spec, _)| spec.name == name) else { return false };
        match attribute_ref(&spec.values, choice) {
            Shown::Text(value) => out.push_str(value),
            Shown::Number(value) => push_number(out, value),
            Shown::Flag(value) => out.push_str(if value { "yes" } else { "no" }),
            Shown::List(from, chosen) => {
                for (place, value) in members(from, chosen).enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    out.push_str(value);
                }
            }
        }
        true
    }

    fn iter(&self) -> impl Iterator<Item = (&'static Spec, u32)> {
        self.specs.into_iter().flatten().zip(self.chosen)
    }
}

/// A chosen value, not yet copied.
enum Shown {
    Text(&'static str),
    Number(f64),
    Flag(bool),
    List(&'static [&'static str], u32),
}

/// Draws a value: by quality where it costs, evenly elsewhere.
fn choose(spec: &Spec, quality: f64, random: &mut Random) -> u32 {
    let len = spec.values.len();
    match spec.values {
        Values::Flag(percent) => u32::from(random.chance(percent)),
        Values::Several { least, most, .. } => {
            let wanted = (least + random.below(most - least + 1)).min(len);
            let mut set = 0u32;
            while (set.count_ones() as usize) < wanted {
                set |= 1 << random.below(len);
            }
            set
        }
        _ if spec.price_step > 0.0 => ((quality * len as f64) as usize).min(len - 1) as u32,
        _ => random.below(len) as u32,
    }
}

/// How far a choice lies from the middle of its spec, in price steps.
fn shift(spec: &Spec, choice: u32) -> f64 {
    let middle = (spec.values.len() - 1) as f64 / 2.0;
    let steps = f64::from(choice) - middle;
    match spec.values {
        // A range has hundreds of values: its step is the way from the middle to an end.
        Values::Range { .. } => steps / middle.max(1.0) * spec.price_step,
        _ => steps * spec.price_step,
    }
}

fn attribute_ref(values: &Values, choice: u32) -> Shown {
    match *values {
        Values::Text(values) => Shown::Text(values[choice as usize]),
        Values::Number(values) => Shown::Number(values[choice as usize]),
        Values::Range { from, per, .. } => Shown::Number(f64::from(from + choice) / f64::from(per)),
        Values::Flag(_) => Shown::Flag(choice == 1),
        Values::Several { from, .. } => Shown::List(from, choice),
    }
}

fn attribute(values: &Values, choice: u32) -> Attribute {
    match attribute_ref(values, choice) {
        Shown::Text(value) => Attribute::One(Scalar::Text(value.to_owned())),
        Shown::Number(value) => Attribute::One(Scalar::Number(value)),
        Shown::Flag(value) => Attribute::One(Scalar::Bool(value)),
        Shown::List(from, chosen) => {
            Attribute::Many(members(from, chosen).map(|value| Scalar::Text(value.to_owned())).collect())
        }
    }
}

fn members(from: &'static [&'static str], chosen: u32) -> impl Iterator<Item = &'static str> {
    from.iter().enumerate().filter(move |(place, _)| chosen >> place & 1 == 1).map(|(_, &value)| value)
}

/// Writes 16 as `16` and 15.6 as `15.6`. All numbers of the tables have at most three decimals.
fn push_number(out: &mut String, value: f64) {
    let thousandths = (value * 1000.0).round() as u64;
    push_integer(out, thousandths / 1000);
    let mut rest = thousandths % 1000;
    if rest == 0 {
        return;
    }
    out.push('.');
    let mut unit = 100;
    while rest > 0 {
        out.push(char::from(b'0' + (rest / unit) as u8));
        rest %= unit;
        unit /= 10;
    }
}

/// Writes a number without `format!`, which would take most of the time that a product takes.
pub(super) fn push_integer(out: &mut String, value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = value;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    for &digit in &digits[start..] {
        out.push(char::from(digit));
    }
}
