//! Beauty and care.

use super::super::brands::BEAUTY;
use super::super::kind::{Department, Kind, Naming, Spec, flag, list, number, range, text};
use super::{ORIGIN, STYLES};

const VOLUME: Spec = number("volume_ml", &[50.0, 100.0, 200.0, 250.0, 400.0, 500.0]).step(0.2).axis();

pub(super) const DEPARTMENT: Department = Department {
    common: &[ORIGIN],
    closings: &[
        "Made in {made_in}, without tests on animals.",
        "The bottle is made from old ones.",
        "Kind to skin that takes offence easily.",
    ],
    kinds: &[
        Kind {
            path: "Beauty > Hair > Shampoo",
            brands: BEAUTY,
            share: 12,
            price: 8.0,
            naming: Naming::Nothing,
            specs: &[
                VOLUME,
                text("scent", &["Argan", "Nettle", "Coconut", "Rosemary", "Camomile", "Citrus"]),
                text("hair_type", &["dry hair", "fine hair", "coloured hair", "oily hair", "curly hair"]),
                flag("vegan", 65),
                flag("silicone_free", 70),
                list("ingredients", &["argan oil", "panthenol", "keratin", "aloe vera", "biotin", "oat"], 1, 3),
            ],
            titles: &[
                "{brand} {scent} Shampoo for {hair_type}, {volume_ml} ml",
                "{brand} Shampoo {scent} {volume_ml}ml - {hair_type}",
            ],
            sentences: &[
                "A mild shampoo for {hair_type}.",
                "With {ingredients}.",
                "{scent} leaves a light scent.",
                "{volume_ml} ml last for two months or so.",
            ],
            tags: &["hair"],
        },
        Kind {
            path: "Beauty > Skin > Face Creams",
            brands: BEAUTY,
            share: 12,
            price: 21.0,
            naming: Naming::Nothing,
            specs: &[
                number("volume_ml", &[15.0, 30.0, 50.0, 75.0]).step(0.25).axis(),
                text("cream_type", &["Day Cream", "Night Cream", "Eye Cream", "Moisturiser"]),
                text("skin_type", &["normal skin", "dry skin", "oily skin", "sensitive skin", "mature skin"]),
                number("spf", &[0.0, 15.0, 30.0, 50.0]).step(0.08),
                flag("vegan", 60),
                flag("fragrance_free", 50),
                list("ingredients", &["hyaluronic acid", "retinol", "vitamin C", "niacinamide", "shea butter"], 1, 3),
            ],
            titles: &[
                "{brand} {cream_type} for {skin_type}, SPF {spf}, {volume_ml} ml",
                "{brand} {cream_type} {volume_ml}ml with {ingredients}",
            ],
            sentences: &[
                "A {cream_type} for {skin_type}.",
                "Contains {ingredients}.",
                "Sun protection factor {spf}.",
                "Sinks in quickly and leaves no film.",
            ],
            tags: &["skin"],
        },
        Kind {
            path: "Beauty > Fragrance > Perfume",
            brands: BEAUTY,
            share: 10,
            price: 62.0,
            naming: Naming::Style(STYLES),
            specs: &[
                number("volume_ml", &[30.0, 50.0, 75.0, 100.0]).step(0.24).axis(),
                text("concentration", &["Eau de Cologne", "Eau de Toilette", "Eau de Parfum"]).step(0.2),
                text("for", &["Women", "Men", "Everyone"]),
                list("notes", &["bergamot", "jasmine", "sandalwood", "vanilla", "cedar", "rose", "musk", "fig"], 2, 4),
                text("season", &["spring", "summer", "autumn", "winter"]),
                flag("refillable", 30),
            ],
            titles: &[
                "{brand} {model} {concentration} for {for}, {volume_ml} ml",
                "{brand} {model} {concentration} {volume_ml}ml",
            ],
            sentences: &[
                "Notes of {notes}.",
                "An {concentration} that stays close for hours.",
                "A scent for {season}.",
                "{model} comes in heavy glass.",
            ],
            tags: &["fragrance"],
        },
        Kind {
            path: "Beauty > Appliances > Hair Dryers",
            brands: BEAUTY,
            share: 8,
            price: 58.0,
            naming: Naming::Model,
            specs: &[
                text("color", &["Black", "White", "Pink", "Purple"]).axis(),
                number("power_watts", &[1_200.0, 1_600.0, 1_800.0, 2_000.0, 2_400.0]).step(0.12),
                number("heat_levels", &[2.0, 3.0, 4.0]),
                flag("ionic", 60),
                flag("foldable", 35),
                range("weight_grams", 320, 780, 1),
                number("cable_m", &[1.8, 2.0, 2.5, 3.0]),
            ],
            titles: &[
                "{brand} {model} Hair Dryer {power_watts} W, {color}",
                "{brand} {model} Hairdryer, {heat_levels} Heat Levels, {color}",
            ],
            sentences: &[
                "{power_watts} watts dry long hair in minutes.",
                "{heat_levels} levels of heat, and a cold one.",
                "With {weight_grams} g the {model} does not tire the arm.",
                "The cable is {cable_m} m long.",
            ],
            tags: &["hair", "appliance"],
        },
        Kind {
            path: "Beauty > Appliances > Electric Toothbrushes",
            brands: BEAUTY,
            share: 8,
            price: 64.0,
            naming: Naming::Model,
            specs: &[
                text("color", &["White", "Black", "Blue", "Pink"]).axis(),
                text("technology", &["rotating", "sonic"]).step(0.2),
                number("modes", &[1.0, 3.0, 5.0]).step(0.12),
                range("battery_days", 10, 40, 1),
                number("brush_heads", &[1.0, 2.0, 4.0]).step(0.06),
                flag("pressure_sensor", 60),
                flag("travel_case", 45),
            ],
            titles: &[
                "{brand} {model} Electric Toothbrush, {technology}, {color}",
                "{brand} {model} {technology} Toothbrush, {battery_days} Days, {color}",
            ],
            sentences: &[
                "Technology: {technology}; modes: {modes}.",
                "One charge lasts {battery_days} days.",
                "Brush heads in the box: {brush_heads}.",
                "A timer divides two minutes into four.",
            ],
            tags: &["dental", "appliance"],
        },
    ],
};
