//! Stemming by language, beside the exact form.

use rust_stemmers::{Algorithm, Stemmer};

use crate::settings::Language;

/// The stemmer of a language; `None` where words are left as they are.
pub(super) fn stemmer(language: Language) -> Option<Stemmer> {
    let algorithm = match language {
        Language::None => return None,
        Language::English => Algorithm::English,
        Language::German => Algorithm::German,
        Language::French => Algorithm::French,
        Language::Spanish => Algorithm::Spanish,
    };
    Some(Stemmer::create(algorithm))
}
