//! Toys and games.

use super::super::brands::TOYS;
use super::super::kind::{Department, Kind, Naming, Spec, flag, list, number, range, text};
use super::{ORIGIN, PLAIN_COLORS};

const AGE: Spec = number("age_from", &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
const THEMES: &[&str] =
    &["Castle", "Space", "Farm", "Jungle", "Pirates", "Fire Station", "Harbour", "Dinosaurs", "Racing", "Fairy Garden"];

pub(super) const DEPARTMENT: Department = Department {
    common: &[ORIGIN],
    closings: &[
        "For children from {age_from} years.",
        "Made in {made_in} and tested for small parts.",
        "Grandparents have approved it.",
    ],
    kinds: &[
        Kind {
            path: "Toys & Games > Building > Building Sets",
            brands: TOYS,
            share: 14,
            price: 39.0,
            naming: Naming::Nothing,
            specs: &[
                text("theme", THEMES),
                number("pieces", &[48.0, 120.0, 250.0, 480.0, 900.0, 1_600.0]).step(0.3),
                AGE,
                number("figures", &[0.0, 1.0, 2.0, 4.0, 6.0]),
                text("material", &["plastic", "wood", "magnetic tiles"]),
                range("set_number", 10_200, 79_900, 1),
            ],
            titles: &[
                "{brand} {theme} Building Set {set_number}, {pieces} Pieces",
                "{brand} {set_number} {theme} - {pieces}-Piece {material} Building Blocks, Age {age_from}+",
            ],
            sentences: &[
                "{pieces} pieces of {material} become a world: {theme}.",
                "Figures in set {set_number}: {figures}.",
                "The instructions show every step; a second model is hidden in them.",
                "Fits all other sets of {brand}.",
            ],
            tags: &["toys", "building"],
        },
        Kind {
            path: "Toys & Games > Games > Board Games",
            brands: TOYS,
            share: 12,
            price: 31.0,
            naming: Naming::Nothing,
            specs: &[
                text("first_word", &["Lost", "Golden", "Hidden", "Merry", "Frozen", "Clever", "Last", "Wandering"])
                    .hidden(),
                text(
                    "second_word",
                    &["Harbour", "Dragons", "Kingdom", "Bazaar", "Islands", "Letters", "Railway", "Owls"],
                )
                .hidden(),
                number("players_max", &[2.0, 4.0, 5.0, 6.0, 8.0]),
                number("minutes", &[15.0, 30.0, 45.0, 60.0, 90.0, 120.0]),
                AGE,
                text("language", &["English", "German", "French"]).axis(),
                text("game_type", &["strategy", "co-operative", "party", "family", "word"]),
                number("complexity", &[1.0, 2.0, 3.0, 4.0, 5.0]).step(0.12),
            ],
            titles: &[
                "{brand} {first_word} {second_word} Board Game, up to {players_max} Players, {language}",
                "{first_word} {second_word} - {game_type} Board Game by {brand} ({language})",
            ],
            sentences: &[
                "A {game_type} game for up to {players_max} players.",
                "A round takes about {minutes} minutes.",
                "The rules fit on one page.",
                "Complexity {complexity} of 5.",
            ],
            tags: &["toys", "games"],
        },
        Kind {
            path: "Toys & Games > Games > Puzzles",
            brands: TOYS,
            share: 10,
            price: 16.0,
            naming: Naming::Nothing,
            specs: &[
                text("motif", &["Alpine Lake", "Old Town", "Hot-Air Balloons", "Coral Reef", "World Map", "Kittens"]),
                number("pieces", &[24.0, 100.0, 500.0, 1_000.0, 2_000.0]).step(0.2).axis(),
                AGE,
                text("material", &["cardboard", "wood"]).step(0.3),
                range("width_cm", 30, 98, 1),
                flag("poster_included", 40),
            ],
            titles: &[
                "{brand} Jigsaw Puzzle {motif}, {pieces} Pieces",
                "{brand} {motif} {material} Puzzle ({pieces} pcs), {width_cm} cm",
            ],
            sentences: &[
                "{pieces} pieces of {material} show: {motif}.",
                "Finished it is {width_cm} cm wide.",
                "Each piece has its own shape.",
                "No dust in the box, no glare on the picture.",
            ],
            tags: &["toys", "puzzle"],
        },
        Kind {
            path: "Toys & Games > Soft Toys",
            brands: TOYS,
            share: 10,
            price: 19.0,
            naming: Naming::Nothing,
            specs: &[
                text("animal", &["Bear", "Rabbit", "Elephant", "Fox", "Penguin", "Owl", "Dragon", "Unicorn", "Otter"]),
                text("color", &["Brown", "Grey", "White", "Pink", "Blue"]).axis(),
                number("height_cm", &[15.0, 20.0, 30.0, 45.0, 80.0]).step(0.25).axis(),
                AGE,
                flag("washable", 75),
                text("material", &["polyester plush", "recycled plush", "organic cotton"]).step(0.12),
            ],
            titles: &[
                "{brand} {animal} Soft Toy, {height_cm} cm, {color}",
                "{brand} Plush {animal} {color} {height_cm}cm",
            ],
            sentences: &[
                "A {animal} of {material}, {height_cm} cm tall.",
                "Eyes and nose are embroidered.",
                "Survives years of being carried by one ear.",
                "Its stuffing is made from old bottles.",
            ],
            tags: &["toys", "plush"],
        },
        Kind {
            path: "Toys & Games > Vehicles > Remote-Controlled Cars",
            brands: TOYS,
            share: 8,
            price: 58.0,
            naming: Naming::Model,
            specs: &[
                text("color", PLAIN_COLORS).axis(),
                text("scale", &["1:24", "1:18", "1:16", "1:10"]).step(0.25),
                range("speed_km_h", 10, 60, 1).step(0.2),
                number("runtime_minutes", &[15.0, 20.0, 30.0, 40.0]),
                AGE,
                flag("four_wheel_drive", 50),
                list("included", &["battery", "charger", "remote", "spare tyres", "tools"], 2, 4),
            ],
            titles: &[
                "{brand} {model} RC Car {scale}, {speed_km_h} km/h, {color}",
                "{brand} {model} Remote Control Car, {color}, Age {age_from}+",
            ],
            sentences: &[
                "Runs up to {speed_km_h} km/h for {runtime_minutes} minutes.",
                "In the box: {included}.",
                "The {model} rights itself after a roll.",
                "Scale {scale}, with springs on all wheels.",
            ],
            tags: &["toys"],
        },
    ],
};
