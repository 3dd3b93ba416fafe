//! Groceries that keep.

use super::super::brands::GROCERY;
use super::super::kind::{Department, Kind, Naming, flag, list, number, text};

pub(super) const DEPARTMENT: Department = Department {
    common: &[flag("organic", 40), flag("fair_trade", 25)],
    closings: &["Keep cool and dry.", "{brand} buys from growers whom it knows.", "The packet can be closed again."],
    kinds: &[
        Kind {
            path: "Grocery > Drinks > Coffee",
            brands: GROCERY,
            share: 12,
            price: 12.0,
            naming: Naming::Nothing,
            specs: &[
                text("weight", &["250 g", "500 g", "1 kg"]).step(0.55).axis(),
                text("roast", &["light roast", "medium roast", "dark roast"]),
                text("grind", &["whole beans", "filter grind", "espresso grind"]).axis(),
                text("origin", &["Ethiopia", "Colombia", "Brazil", "Guatemala", "Kenya", "Sumatra"]),
                list("notes", &["chocolate", "hazelnut", "berries", "citrus", "caramel", "jasmine"], 1, 3),
                number("strength", &[1.0, 2.0, 3.0, 4.0, 5.0]),
                flag("decaffeinated", 12),
            ],
            titles: &[
                "{brand} {origin} Coffee, {roast}, {grind}, {weight}",
                "{brand} Coffee {grind} {weight} - {origin} {roast}",
            ],
            sentences: &[
                "A {roast} from {origin} with notes of {notes}.",
                "Roasted slowly in small batches.",
                "Strength {strength} of 5, as {grind}.",
                "{weight} in a bag with a valve.",
            ],
            tags: &["coffee", "drinks"],
        },
        Kind {
            path: "Grocery > Drinks > Tea",
            brands: GROCERY,
            share: 10,
            price: 6.0,
            naming: Naming::Nothing,
            specs: &[
                text("pack", &["20 bags", "50 bags", "100 g loose", "250 g loose"]).step(0.3).axis(),
                text("tea_type", &["Black Tea", "Green Tea", "White Tea", "Rooibos", "Herbal Tea", "Oolong"]),
                text("flavour", &["Earl Grey", "Jasmine", "Peppermint", "Ginger Lemon", "Vanilla", "Plain"]),
                number("brewing_celsius", &[70.0, 80.0, 90.0, 100.0]),
                number("minutes", &[2.0, 3.0, 4.0, 5.0, 8.0]),
            ],
            titles: &["{brand} {flavour} {tea_type}, {pack}", "{brand} {tea_type} {flavour} ({pack})"],
            sentences: &[
                "{tea_type}, {flavour}: brew at {brewing_celsius} degrees for {minutes} minutes.",
                "Picked by hand.",
                "Sold as {pack}.",
                "Good with and without milk.",
            ],
            tags: &["tea", "drinks"],
        },
        Kind {
            path: "Grocery > Pantry > Olive Oil",
            brands: GROCERY,
            share: 6,
            price: 13.0,
            naming: Naming::Nothing,
            specs: &[
                number("volume_ml", &[250.0, 500.0, 750.0, 1_000.0]).step(0.38).axis(),
                text("quality", &["virgin", "extra virgin"]).step(0.2),
                text("origin", &["Italy", "Greece", "Spain", "Portugal", "Tunisia"]),
                text("taste", &["mild", "fruity", "peppery"]),
                number("acidity_percent", &[0.2, 0.3, 0.5, 0.8]),
            ],
            titles: &[
                "{brand} {quality} Olive Oil, {origin}, {volume_ml} ml",
                "{brand} Olive Oil {volume_ml}ml {taste} ({origin})",
            ],
            sentences: &[
                "{quality} oil from {origin}, {taste} in taste.",
                "Pressed on the day of the harvest.",
                "Acidity {acidity_percent} per cent.",
                "Dark glass keeps the light out.",
            ],
            tags: &["pantry"],
        },
        Kind {
            path: "Grocery > Sweets > Chocolate",
            brands: GROCERY,
            share: 10,
            price: 4.0,
            naming: Naming::Nothing,
            specs: &[
                text("weight", &["50 g", "100 g", "180 g", "300 g"]).step(0.42).axis(),
                text("chocolate_type", &["Milk Chocolate", "Dark Chocolate", "White Chocolate"]),
                text("filling", &["plain", "hazelnut", "sea salt", "raspberry", "caramel", "almond", "mint"]).axis(),
                number("cocoa_percent", &[30.0, 40.0, 55.0, 70.0, 85.0]).step(0.06),
                flag("vegan", 35),
            ],
            titles: &[
                "{brand} {chocolate_type} {filling}, {cocoa_percent} % Cocoa, {weight}",
                "{brand} {weight} {chocolate_type} Bar - {filling}",
            ],
            sentences: &[
                "{chocolate_type} with {cocoa_percent} per cent cocoa.",
                "Filling: {filling}.",
                "Stirred for two days, and one tastes it.",
                "{weight} that are soon gone.",
            ],
            tags: &["sweets"],
        },
        Kind {
            path: "Grocery > Pantry > Pasta",
            brands: GROCERY,
            share: 8,
            price: 3.0,
            naming: Naming::Nothing,
            specs: &[
                text("weight", &["250 g", "500 g", "1 kg"]).step(0.5).axis(),
                text("shape", &["Spaghetti", "Penne", "Fusilli", "Tagliatelle", "Farfalle", "Orecchiette"]).axis(),
                text("flour", &["durum wheat", "wholewheat", "spelt", "red lentil"]).step(0.16),
                number("minutes", &[6.0, 8.0, 9.0, 11.0, 12.0]),
                flag("gluten_free", 15),
            ],
            titles: &["{brand} {shape} Pasta, {flour}, {weight}", "{brand} {flour} {shape} {weight}"],
            sentences: &[
                "{shape} of {flour}, ready in {minutes} minutes.",
                "Drawn through bronze, so that sauce clings.",
                "Dried slowly at low heat.",
                "{weight} serve two to eight.",
            ],
            tags: &["pantry", "pasta"],
        },
    ],
};
