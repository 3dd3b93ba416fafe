//! How shoppers word prices, by language: folded words only, no rules.
//!
//! A wording is *plain* when a number behind it is hardly anything but a price in a shop (`under 500`). The others need a
//! currency or the word for price beside them: `ab 6` is an age, `up to 4` a number of persons.

use super::Side;
use crate::settings::Language;

/// The wording of one language.
#[derive(Debug)]
pub(super) struct Wording {
    /// Words for price, which may stand before the rest.
    pub(super) price: &'static [&'static str],
    /// Alternatives by place, what they mean, whether they are plain. Longer ones come before those they begin with.
    pub(super) bounds: &'static [(Words, Side, bool)],
    /// `between`, `and`.
    pub(super) between: (&'static [&'static str], &'static [&'static str]),
    /// What may begin a range.
    pub(super) from: Words,
    /// What stands within a range.
    pub(super) to: &'static [&'static str],
    /// What is counted, and so no price: `under 5 minutes`.
    pub(super) counted: &'static [&'static str],
}

/// For each place, the words that may stand there.
type Words = &'static [&'static [&'static str]];

/// Currencies in words. Signs are seen when the query is cut into words.
pub(super) const CURRENCIES: &[&str] =
    &["bucks", "chf", "dollar", "dollars", "dolares", "eur", "euro", "euros", "francs", "franken", "gbp", "usd"];

/// Signs of currencies.
pub(crate) const SIGNS: &[char] = &['€', '$', '£', '¥'];

const ENGLISH: Wording = Wording {
    price: &["price", "priced", "prices"],
    bounds: &[
        (&[&["less", "cheaper"], &["than"]], Side::Below, true),
        (&[&["more"], &["than"]], Side::Above, true),
        (&[&["under", "below"]], Side::Below, true),
        (&[&["over", "above"]], Side::Above, true),
        (&[&["up"], &["to"]], Side::AtMost, false),
        (&[&["at"], &["most"]], Side::AtMost, false),
        (&[&["at"], &["least"]], Side::AtLeast, false),
        (&[&["max", "maximum"]], Side::AtMost, false),
        (&[&["from", "min", "minimum"]], Side::AtLeast, false),
    ],
    between: (&["between"], &["and"]),
    from: &[&["from"]],
    to: &["to"],
    counted: &[
        "calories", "days", "degrees", "hours", "kcal", "minutes", "months", "pages", "people", "percent", "persons",
        "pieces", "players", "seconds", "watts", "weeks", "year", "years",
    ],
};

const GERMAN: Wording = Wording {
    price: &["preis", "preise"],
    bounds: &[
        (&[&["weniger", "billiger", "gunstiger", "guenstiger"], &["als"]], Side::Below, true),
        (&[&["mehr", "teurer"], &["als"]], Side::Above, true),
        (&[&["unter"]], Side::Below, true),
        (&[&["uber", "ueber"]], Side::Above, true),
        (&[&["bis"], &["zu"]], Side::AtMost, false),
        (&[&["bis", "max", "maximal", "hochstens", "hoechstens"]], Side::AtMost, false),
        (&[&["ab", "min", "mindestens"]], Side::AtLeast, false),
    ],
    between: (&["zwischen"], &["und"]),
    from: &[&["von"]],
    to: &["bis"],
    counted: &[
        "grad", "jahr", "jahre", "jahren", "kcal", "minuten", "monate", "monaten", "personen", "prozent", "seiten",
        "spieler", "stuck", "stunden", "tage", "tagen", "teile", "wochen",
    ],
};

const FRENCH: Wording = Wording {
    price: &["prix"],
    bounds: &[
        (&[&["moins"], &["cher", "chere"], &["que"]], Side::Below, true),
        (&[&["plus"], &["cher", "chere"], &["que"]], Side::Above, true),
        (&[&["moins"], &["de"]], Side::Below, true),
        (&[&["plus"], &["de"]], Side::Above, true),
        (&[&["au"], &["dessous"], &["de"]], Side::Below, true),
        (&[&["au"], &["dessus"], &["de"]], Side::Above, true),
        (&[&["sous"]], Side::Below, true),
        (&[&["a"], &["partir"], &["de"]], Side::AtLeast, false),
        (&[&["jusqua"]], Side::AtMost, false),
        (&[&["max", "maximum"]], Side::AtMost, false),
        (&[&["min", "minimum", "des"]], Side::AtLeast, false),
    ],
    between: (&["entre"], &["et"]),
    from: &[&["de"]],
    to: &["a"],
    counted: &[
        "an",
        "ans",
        "annees",
        "degres",
        "heures",
        "jours",
        "joueurs",
        "kcal",
        "minutes",
        "mois",
        "pages",
        "personnes",
        "pieces",
        "pourcent",
        "semaines",
    ],
};

const SPANISH: Wording = Wording {
    price: &["precio", "precios"],
    bounds: &[
        (&[&["mas"], &["barato", "barata", "baratos", "baratas"], &["que", "de"]], Side::Below, true),
        (&[&["mas"], &["caro", "cara", "caros", "caras"], &["que", "de"]], Side::Above, true),
        (&[&["por"], &["debajo"], &["de"]], Side::Below, true),
        (&[&["por"], &["encima"], &["de"]], Side::Above, true),
        (&[&["menos"], &["de"]], Side::Below, true),
        (&[&["mas"], &["de"]], Side::Above, true),
        (&[&["a"], &["partir"], &["de"]], Side::AtLeast, false),
        (&[&["hasta", "max", "maximo"]], Side::AtMost, false),
        (&[&["desde", "min", "minimo"]], Side::AtLeast, false),
    ],
    between: (&["entre"], &["y"]),
    from: &[&["de", "desde"]],
    to: &["a"],
    counted: &[
        "ano",
        "anos",
        "dias",
        "grados",
        "horas",
        "jugadores",
        "kcal",
        "meses",
        "minutos",
        "paginas",
        "personas",
        "piezas",
        "semanas",
    ],
};

/// The wording of a language that has one.
pub(super) fn wording(language: Language) -> Option<&'static Wording> {
    match language {
        Language::None => None,
        Language::English => Some(&ENGLISH),
        Language::German => Some(&GERMAN),
        Language::French => Some(&FRENCH),
        Language::Spanish => Some(&SPANISH),
    }
}
