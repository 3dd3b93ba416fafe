//! Units of measure: the spellings that shops and shoppers use, and the one that is indexed.
//!
//! Only spellings of the same unit are equated; values are not converted (500 GB is not 0.5 TB here).

/// Spellings → canonical unit. Folded, without the full stop. Single letters that are also common words or sizes
/// (`s`, `x`) are left out.
const UNITS: &[(&str, &str)] = &[
    ("in", "in"),
    ("inch", "in"),
    ("inches", "in"),
    ("zoll", "in"),
    ("pouce", "in"),
    ("pouces", "in"),
    ("pulgada", "in"),
    ("pulgadas", "in"),
    ("ft", "ft"),
    ("feet", "ft"),
    ("foot", "ft"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("m", "m"),
    ("meter", "m"),
    ("meters", "m"),
    ("metre", "m"),
    ("metres", "m"),
    ("km", "km"),
    ("kb", "kb"),
    ("mb", "mb"),
    ("gb", "gb"),
    ("gig", "gb"),
    ("gigabyte", "gb"),
    ("gigabytes", "gb"),
    ("tb", "tb"),
    ("terabyte", "tb"),
    ("terabytes", "tb"),
    ("hz", "hz"),
    ("khz", "khz"),
    ("mhz", "mhz"),
    ("ghz", "ghz"),
    ("w", "w"),
    ("watt", "w"),
    ("watts", "w"),
    ("kw", "kw"),
    ("v", "v"),
    ("volt", "v"),
    ("volts", "v"),
    ("mah", "mah"),
    ("ah", "ah"),
    ("wh", "wh"),
    ("mp", "mp"),
    ("megapixel", "mp"),
    ("megapixels", "mp"),
    ("dpi", "dpi"),
    ("fps", "fps"),
    ("rpm", "rpm"),
    ("db", "db"),
    ("g", "g"),
    ("gram", "g"),
    ("grams", "g"),
    ("kg", "kg"),
    ("mg", "mg"),
    ("lb", "lb"),
    ("lbs", "lb"),
    ("oz", "oz"),
    ("ounce", "oz"),
    ("ounces", "oz"),
    ("ml", "ml"),
    ("cl", "cl"),
    ("l", "l"),
    ("liter", "l"),
    ("liters", "l"),
    ("litre", "l"),
    ("litres", "l"),
    ("mbps", "mbps"),
    ("gbps", "gbps"),
];

/// The canonical spelling, if `word` (folded) is a unit.
pub(super) fn canonical(word: &str) -> Option<&'static str> {
    UNITS.iter().find(|(spelling, _)| *spelling == word).map(|(_, unit)| *unit)
}

/// Shortest unit that is one at the end of a name without parentheses around it: `weight kg`, but not `size m`.
const BARE_UNIT_CHARS_MIN: usize = 2;

/// The unit that the name of an attribute ends with: `Display diagonal (inch)`, `RAM [GB]`, `weight_kg`.
pub(crate) fn of_name(name: &str) -> Option<&'static str> {
    let name = name.trim_end();
    let (last, is_bare) = match name.strip_suffix([')', ']']) {
        Some(inner) => (inner.rsplit(['(', '[']).next()?, false),
        None => (name.rsplit([' ', '_', '.']).next()?, true),
    };
    // `Plug in` and `Built-in` have no inches.
    if is_bare && (last.len() < BARE_UNIT_CHARS_MIN || last.len() == name.len() || last.eq_ignore_ascii_case(INCH)) {
        return None;
    }
    UNITS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(last.trim())).map(|(_, unit)| *unit)
}

/// The inch unit, also written as a double prime or quotation mark behind a digit.
pub(super) const INCH: &str = "in";

/// Whether the character behind a digit means inch.
pub(super) fn is_inch_mark(c: char) -> bool {
    matches!(c, '"' | '\u{2033}' | '\u{201d}' | '\u{201c}' | '\u{201f}' | '\u{ff02}')
}

#[cfg(test)]
mod tests {
    use super::of_name;

    #[test]
    fn a_name_may_end_with_its_unit() {
        for (name, unit) in [
            ("Display diagonal (inch)", Some("in")),
            ("Display diagonal ( in )", Some("in")),
            ("RAM [GB]", Some("gb")),
            ("weight_kg", Some("kg")),
            ("Akku Wh", Some("wh")),
            ("Leistung (W)", Some("w")),
            ("Plug in", None),
            ("Size M", None),
            ("kg", None),
            ("Color", None),
            ("Colour (main)", None),
            ("", None),
            (")", None),
        ] {
            assert_eq!(of_name(name), unit, "{name}");
        }
    }
}
