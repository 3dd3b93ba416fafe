//! The rest of the house: cleaning, textiles, light, furniture.

use super::super::brands::{KITCHEN, LIVING};
use super::super::kind::{Department, Kind, Naming, flag, number, range, text};
use super::{ORIGIN, PLAIN_COLORS, STYLES};

const TEXTILE_COLORS: &[&str] =
    &["White", "Ivory", "Sand", "Grey", "Anthracite", "Sage", "Terracotta", "Navy", "Dusty Pink"];
const WOODS: &[&str] = &["pine", "beech", "oak", "walnut"];

pub(super) const DEPARTMENT: Department = Department {
    common: &[ORIGIN],
    closings: &[
        "Made in {made_in}.",
        "{brand} plants a tree for every tenth order.",
        "Samples of the colours are sent on request.",
    ],
    kinds: &[
        Kind {
            path: "Home & Kitchen > Cleaning > Vacuum Cleaners",
            brands: KITCHEN,
            share: 12,
            price: 190.0,
            naming: Naming::Model,
            specs: &[
                text("vacuum_type", &["Bagged", "Bagless", "Cordless", "Robot"]).step(0.22),
                number("power_watts", &[250.0, 400.0, 700.0, 850.0]),
                range("runtime_minutes", 25, 120, 1),
                number("dust_litres", &[0.4, 0.6, 1.5, 3.0, 4.0]),
                range("noise_db", 58, 82, 1),
                flag("hepa_filter", 65),
                flag("pet_brush", 45),
                text("color", PLAIN_COLORS),
            ],
            titles: &[
                "{brand} {model} {vacuum_type} Vacuum Cleaner, {power_watts} W, {color}",
                "{brand} {model} {vacuum_type} Vacuum, {dust_litres} L, {noise_db} dB",
            ],
            sentences: &[
                "A {vacuum_type} vacuum cleaner for hard floors and carpets.",
                "With {noise_db} dB the {model} leaves talk in the room possible.",
                "The container takes {dust_litres} litres.",
                "Narrow and broad nozzles come along.",
            ],
            tags: &["vacuum cleaner"],
        },
        Kind {
            path: "Home & Kitchen > Bedding > Duvet Covers",
            brands: LIVING,
            share: 16,
            price: 49.0,
            naming: Naming::Style(STYLES),
            specs: &[
                text("color", TEXTILE_COLORS).axis(),
                text("size", &["135 x 200 cm", "155 x 220 cm", "200 x 200 cm", "240 x 220 cm"]).step(0.14).axis(),
                text("material", &["microfibre", "cotton", "percale", "satin", "linen"]).step(0.22),
                text("pattern", &["plain", "striped", "checked", "floral"]),
                number("pieces", &[2.0, 3.0]),
                number("wash_celsius", &[40.0, 60.0]),
            ],
            titles: &[
                "{brand} {model} Duvet Cover Set, {material}, {size}, {color}",
                "{brand} {model} {pattern} Bed Linen {size} - {color}",
            ],
            sentences: &[
                "Bed linen of {material}, {pattern}, in {color}.",
                "{pieces} pieces with a hidden zip.",
                "Washable at {wash_celsius} degrees.",
                "It becomes softer with every wash.",
            ],
            tags: &["bedding"],
        },
        Kind {
            path: "Home & Kitchen > Bathroom > Towels",
            brands: LIVING,
            share: 12,
            price: 17.0,
            naming: Naming::Style(STYLES),
            specs: &[
                text("color", TEXTILE_COLORS).axis(),
                text("size", &["30 x 50 cm", "50 x 100 cm", "70 x 140 cm", "100 x 150 cm"]).step(0.38).axis(),
                text("material", &["cotton", "organic cotton", "bamboo"]).step(0.15),
                number("grams_per_m2", &[400.0, 500.0, 600.0, 700.0]).step(0.1),
                number("pieces", &[1.0, 2.0, 4.0]).step(0.25),
                number("wash_celsius", &[40.0, 60.0]),
            ],
            titles: &[
                "{brand} {model} Towel {size}, {material}, {color}",
                "{brand} {model} {material} Towel, {grams_per_m2} g, {size}, {color}",
            ],
            sentences: &[
                "Thick {material} of {grams_per_m2} g dries quickly.",
                "The colour {color} stays after many washes.",
                "Size {size}, with a loop.",
                "Pieces in the pack: {pieces}.",
            ],
            tags: &["bathroom"],
        },
        Kind {
            path: "Home & Kitchen > Lighting > Desk Lamps",
            brands: LIVING,
            share: 10,
            price: 42.0,
            naming: Naming::Style(STYLES),
            specs: &[
                text("color", PLAIN_COLORS).axis(),
                text("material", &["plastic", "metal", "wood"]).step(0.2),
                number("lumens", &[300.0, 450.0, 600.0, 900.0]).step(0.1),
                number("kelvin", &[2_700.0, 3_000.0, 4_000.0, 6_500.0]),
                flag("dimmable", 60),
                flag("usb_port", 30),
                range("height_cm", 28, 62, 1),
            ],
            titles: &[
                "{brand} {model} LED Desk Lamp, {material}, {color}",
                "{brand} {model} Table Lamp {lumens} lm, {height_cm} cm, {color}",
            ],
            sentences: &[
                "{lumens} lumens fall where the work lies.",
                "The light has {kelvin} kelvin and does not flicker.",
                "An arm of {material} stays where it is put.",
                "{height_cm} cm high.",
            ],
            tags: &["lamp"],
        },
        Kind {
            path: "Home & Kitchen > Furniture > Office Chairs",
            brands: LIVING,
            share: 8,
            price: 195.0,
            naming: Naming::Style(STYLES),
            specs: &[
                text("color", &["Black", "Grey", "Blue", "Green", "White"]).axis(),
                text("cover", &["fabric", "mesh", "leather"]).step(0.22),
                number("load_kg", &[110.0, 120.0, 150.0]).step(0.1),
                flag("armrests", 75),
                flag("headrest", 40),
                flag("lumbar_support", 65),
                range("seat_height_cm", 42, 55, 1),
            ],
            titles: &[
                "{brand} {model} Office Chair, {cover}, {color}",
                "{brand} {model} Ergonomic Desk Chair up to {load_kg} kg, {color}",
            ],
            sentences: &[
                "The back of {cover} follows every movement.",
                "Carries {load_kg} kg; the castors suit wood and carpet.",
                "Seat height {seat_height_cm} cm in the middle position.",
                "Put together in a quarter of an hour.",
            ],
            tags: &["furniture", "chair"],
        },
        Kind {
            path: "Home & Kitchen > Furniture > Bookcases",
            brands: LIVING,
            share: 8,
            price: 130.0,
            naming: Naming::Style(STYLES),
            specs: &[
                text("color", &["White", "Natural", "Black", "Walnut"]).axis(),
                text("material", WOODS).step(0.3),
                number("shelves", &[3.0, 4.0, 5.0, 6.0]).step(0.1),
                range("height_cm", 90, 210, 1),
                range("width_cm", 40, 120, 1),
                flag("doors", 25),
                flag("adjustable_shelves", 70),
            ],
            titles: &[
                "{brand} {model} Bookcase, {shelves} Shelves, {material}, {color}",
                "{brand} {model} Shelf {width_cm} x {height_cm} cm, {color}",
            ],
            sentences: &[
                "{shelves} shelves of {material} carry heavy books.",
                "{height_cm} cm high and {width_cm} cm wide.",
                "A strap for the wall is included.",
                "Its back can face the room.",
            ],
            tags: &["furniture"],
        },
        Kind {
            path: "Home & Kitchen > Decoration > Cushions",
            brands: LIVING,
            share: 10,
            price: 21.0,
            naming: Naming::Style(STYLES),
            specs: &[
                text("color", TEXTILE_COLORS).axis(),
                text("size", &["40 x 40 cm", "45 x 45 cm", "50 x 50 cm", "60 x 40 cm"]),
                text("material", &["cotton", "velvet", "linen", "wool"]).step(0.16),
                text("filling", &["polyester", "feathers", "none"]),
                flag("washable", 80),
                text("pattern", &["plain", "striped", "geometric", "floral"]),
            ],
            titles: &[
                "{brand} {model} Cushion {size}, {material}, {color}",
                "{brand} {model} {pattern} {material} Throw Pillow, {color}",
            ],
            sentences: &[
                "A cushion of {material} in {color}.",
                "Filling: {filling}.",
                "The cover is {pattern} and comes off.",
                "Measures {size}.",
            ],
            tags: &["decoration"],
        },
        Kind {
            path: "Home & Kitchen > Lighting > Light Bulbs",
            brands: LIVING,
            share: 8,
            price: 9.0,
            naming: Naming::Nothing,
            specs: &[
                number("pieces", &[1.0, 2.0, 4.0, 10.0]).step(0.45).axis(),
                text("socket", &["E14", "E27", "GU10", "G9"]),
                number("power_watts", &[4.0, 6.0, 8.5, 11.0, 15.0]).step(0.08),
                number("lumens", &[350.0, 470.0, 806.0, 1_055.0, 1_521.0]).step(0.05),
                number("kelvin", &[2_700.0, 4_000.0, 6_500.0]),
                flag("dimmable", 35),
                flag("smart", 20),
            ],
            titles: &[
                "{brand} LED Bulb {socket} {power_watts} W, {kelvin} K, {pieces}-Pack",
                "{brand} {socket} LED Light Bulb {lumens} lm ({pieces} pcs)",
            ],
            sentences: &[
                "{lumens} lumens for {power_watts} watts.",
                "Fits sockets {socket}.",
                "Lasts about fifteen years at three hours a day.",
                "Full light at once, at {kelvin} kelvin.",
            ],
            tags: &["lamp"],
        },
    ],
};
