//! Generic synonyms: words that shoppers and feeds use for the same thing in any shop, by language.
//!
//! Owns the tables. A pair stands here only when a shop that sells the one would answer with it to who types the other;
//! what is true of one assortment only belongs into `settings.synonyms`. Brands, models and sizes never stand here. They
//! are read like a shop's own synonyms: any form of a word is that word, and each is an alternative in its clause.
//! `settings.generic_synonyms` switches them off.

use crate::settings::Language;

/// What a match through a generic synonym counts, as a shop's own do by default: the word as typed goes first among
/// equals, and a product that is called so comes long before one that only mentions the word as typed.
pub(crate) const WEIGHT: f32 = 0.8;

/// The synonyms of one language.
pub(crate) struct Generic {
    /// Each member finds every other.
    pub(crate) same: &'static [&'static [&'static str]],
    /// Who asks for the first also finds the others, which are sorts of it; not the other way round.
    pub(crate) narrower: &'static [(&'static str, &'static [&'static str])],
}

/// The synonyms of a language; without one, none.
pub(crate) fn generic(language: Language) -> Generic {
    match language {
        Language::None => Generic { same: &[], narrower: &[] },
        Language::English => Generic { same: ENGLISH, narrower: ENGLISH_NARROWER },
        Language::German => Generic { same: GERMAN, narrower: GERMAN_NARROWER },
        Language::French => Generic { same: FRENCH, narrower: FRENCH_NARROWER },
        Language::Spanish => Generic { same: SPANISH, narrower: SPANISH_NARROWER },
    }
}

const ENGLISH: &[&[&str]] = &[
    // Computers and what is in them.
    &["laptop", "notebook"],
    &["pc", "personal computer", "desktop computer"],
    &["ssd", "solid state drive"],
    &["hdd", "hard drive", "hard disk"],
    &["cpu", "processor"],
    &["gpu", "graphics card", "video card"],
    &["psu", "power supply unit"],
    &["ups", "uninterruptible power supply"],
    &["nas", "network attached storage"],
    &["usb stick", "usb flash drive", "thumb drive", "pen drive"],
    &["ac adapter", "power adapter"],
    &["mouse pad", "mouse mat"],
    &["ereader", "ebook reader"],
    // Sound, picture, telephones.
    &["tv", "television"],
    &["headphones", "earphones"],
    &["earbuds", "in ear headphones"],
    &["smartphone", "mobile phone", "cell phone"],
    &["power bank", "portable charger"],
    &["camcorder", "video camera"],
    &["game console", "gaming console", "video game console"],
    // Household.
    &["fridge", "refrigerator"],
    &["vacuum cleaner", "hoover"],
    &["washing machine", "clothes washer"],
    &["tumble dryer", "clothes dryer"],
    &["cooker", "stove"],
    &["hob", "cooktop"],
    &["sofa", "couch", "settee"],
    &["duvet", "comforter"],
    &["wardrobe", "closet"],
    &["tap", "faucet"],
    &["bin", "trash can", "garbage can"],
    // Tools.
    &["torch", "flashlight"],
    &["spanner", "wrench"],
    &["lawn mower", "lawnmower"],
    // Clothes and luggage.
    &["trousers", "pants"],
    &["sneakers", "trainers"],
    &["sweater", "jumper", "pullover"],
    &["t shirt", "tshirt", "tee shirt"],
    &["swimsuit", "bathing suit", "swimming costume"],
    &["backpack", "rucksack"],
    // Children.
    &["nappy", "diaper"],
    &["pushchair", "stroller", "buggy"],
    &["pacifier", "soother"],
    &["cot", "crib"],
];

const ENGLISH_NARROWER: &[(&str, &[&str])] = &[
    ("computer", &["pc"]),
    ("desktop", &["desktop pc", "desktop computer"]),
    ("phone", &["smartphone"]),
    ("ram", &["memory module"]),
];

const GERMAN: &[&[&str]] = &[
    &["laptop", "notebook"],
    &["pc", "computer", "rechner"],
    &["ssd", "solid state drive"],
    &["hdd", "festplatte"],
    &["cpu", "prozessor"],
    &["gpu", "grafikkarte"],
    &["bildschirm", "monitor"],
    &["usb stick", "speicherstick"],
    &["mauspad", "mousepad"],
    &["fernseher", "tv", "fernsehgerät"],
    &["kopfhörer", "headphones"],
    &["handy", "smartphone", "mobiltelefon"],
    &["powerbank", "zusatzakku"],
    &["beamer", "projektor"],
    &["kamera", "fotoapparat"],
    &["drucker", "printer"],
    &["lautsprecher", "speaker", "box"],
    &["wlan", "wifi"],
    &["herd", "kochherd"],
    &["mülleimer", "abfalleimer"],
    &["sofa", "couch"],
    &["schraubendreher", "schraubenzieher"],
    &["akkuschrauber", "akkubohrschrauber"],
    &["fahrrad", "rad", "bike"],
    &["turnschuhe", "sneaker"],
    &["pullover", "pulli", "sweater"],
    &["rucksack", "backpack"],
    &["schnuller", "nuckel"],
];

const GERMAN_NARROWER: &[(&str, &[&str])] = &[("telefon", &["smartphone", "handy"])];

const FRENCH: &[&[&str]] = &[
    &["ordinateur portable", "pc portable", "laptop", "notebook"],
    &["pc", "ordinateur"],
    &["ssd", "solid state drive"],
    &["hdd", "disque dur"],
    &["cpu", "processeur"],
    &["gpu", "carte graphique"],
    &["écran", "moniteur"],
    &["clé usb", "usb flash drive"],
    &["télévision", "téléviseur", "télé", "tv"],
    &["smartphone", "téléphone portable", "téléphone mobile"],
    &["écouteurs", "oreillettes"],
    &["batterie externe", "power bank"],
    &["appareil photo", "caméra"],
    &["imprimante", "printer"],
    &["vidéoprojecteur", "projecteur"],
    &["haut parleur", "enceinte"],
    &["réfrigérateur", "frigo"],
    &["lave linge", "machine à laver"],
    &["poubelle", "corbeille"],
    &["canapé", "sofa"],
    &["vélo", "bicyclette"],
    &["baskets", "tennis", "sneakers"],
    &["pull", "chandail"],
    &["maillot de bain", "costume de bain"],
    &["poussette", "landau"],
    &["tétine", "sucette"],
];

const FRENCH_NARROWER: &[(&str, &[&str])] = &[("téléphone", &["smartphone"])];

const SPANISH: &[&[&str]] = &[
    &["portátil", "ordenador portátil", "laptop", "notebook"],
    &["pc", "ordenador", "computadora"],
    &["ssd", "solid state drive"],
    &["hdd", "disco duro"],
    &["cpu", "procesador"],
    &["gpu", "tarjeta gráfica"],
    &["ratón", "mouse"],
    &["memoria usb", "pendrive"],
    &["televisor", "televisión", "tele", "tv"],
    &["móvil", "teléfono móvil", "celular", "smartphone"],
    &["auriculares", "cascos", "audífonos"],
    &["batería externa", "power bank"],
    &["impresora", "printer"],
    &["altavoz", "parlante"],
    &["frigorífico", "nevera", "refrigerador"],
    &["lavadora", "lavarropas"],
    &["aspiradora", "aspirador"],
    &["papelera", "cubo de basura"],
    &["bicicleta", "bici"],
    &["zapatillas", "deportivas", "tenis"],
    &["jersey", "suéter"],
    &["bañador", "traje de baño"],
    &["mochila", "morral"],
    &["chupete", "chupón"],
];

const SPANISH_NARROWER: &[(&str, &[&str])] = &[("teléfono", &["smartphone", "móvil"])];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::query::lexicon::Lexicon;
    use crate::settings::Settings;

    const LANGUAGES: [Language; 4] = [Language::English, Language::German, Language::French, Language::Spanish];

    #[test]
    fn every_entry_says_something_and_none_says_it_twice() {
        for language in LANGUAGES {
            let Generic { same, narrower } = generic(language);
            let mut seen = BTreeSet::new();
            for group in same {
                assert!(group.len() > 1, "{group:?}");
                group
                    .iter()
                    .for_each(|word| assert!(seen.insert(*word), "{word} stands in two groups of {language:?}"));
            }
            for (from, to) in narrower {
                assert!(!to.is_empty() && !to.contains(from), "{from}");
            }
        }
    }

    #[test]
    fn every_language_has_some_and_none_has_none() {
        for language in LANGUAGES {
            assert!(generic(language).same.len() > 20, "{language:?}");
        }
        assert!(generic(Language::None).same.is_empty() && generic(Language::None).narrower.is_empty());
    }

    #[test]
    fn the_setting_switches_them_off() {
        let rules = |generic_synonyms| {
            let lexicon = Lexicon::new(Arc::new(Settings { generic_synonyms, ..Settings::default() }));
            lexicon.rules("~laptop").len()
        };
        assert_eq!((rules(true), rules(false)), (1, 0));
    }
}
