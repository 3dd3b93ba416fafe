//! Printers and what they use up. Toner and ink are named after the printers they fit, as in a real shop.

use super::super::brands::PRINTING;
use super::super::kind::{Department, Kind, Naming, flag, list, number, range, text};
use super::WARRANTY;

const PRINTERS: &[&str] =
    &["LP-2100", "LP-2105", "LP-3400d", "JX-510", "JX-512e", "Q-7700", "Q-7750", "MF-620", "MF-655c", "TS-9020"];

pub(super) const DEPARTMENT: Department = Department {
    common: &[WARRANTY],
    closings: &[
        "Empty cartridges are taken back free of charge.",
        "{brand} gives a {warranty_years}-year warranty.",
        "Keep a spare in the drawer.",
    ],
    kinds: &[
        Kind {
            path: "Electronics > Printers & Ink > Printers",
            brands: PRINTING,
            share: 14,
            price: 185.0,
            naming: Naming::Model,
            specs: &[
                text("technology", &["Inkjet", "Laser", "LED"]).step(0.2),
                number("pages_per_minute", &[10.0, 15.0, 22.0, 30.0, 40.0]).step(0.16),
                list("functions", &["print", "scan", "copy", "fax"], 1, 4),
                flag("color_printing", 65),
                flag("duplex", 60),
                flag("wifi", 85),
                number("paper_tray_sheets", &[60.0, 100.0, 150.0, 250.0, 500.0]).step(0.08),
                text("color", &["White", "Black"]),
                range("weight_kg", 39, 240, 10),
            ],
            titles: &[
                "{brand} {model} {technology} Printer, {pages_per_minute} ppm, {color}",
                "{brand} {model} {technology} Printer ({functions})",
            ],
            sentences: &[
                "The {model} can {functions}, and puts out {pages_per_minute} pages a minute.",
                "A tray for {paper_tray_sheets} sheets saves trips to the cupboard.",
                "Prints from phones without an extra program.",
                "{technology} technology keeps the price of a page low.",
            ],
            tags: &["printer"],
        },
        Kind {
            path: "Electronics > Printers & Ink > Toner",
            brands: PRINTING,
            share: 14,
            price: 68.0,
            naming: Naming::Model,
            specs: &[
                text("color", &["Black", "Cyan", "Magenta", "Yellow"]).axis(),
                number("page_yield", &[1_000.0, 1_500.0, 2_600.0, 5_000.0, 10_000.0]).step(0.22),
                list("compatible_printers", PRINTERS, 2, 4),
                flag("original", 55),
                flag("high_yield", 35),
                range("weight_grams", 420, 1_300, 1),
            ],
            titles: &[
                "{brand} {model} Toner Cartridge {color}, {page_yield} pages, for {compatible_printers}",
                "{brand} {model} {color} Toner for Laser Printer {compatible_printers}",
            ],
            sentences: &[
                "Yields about {page_yield} pages.",
                "Fits the printers {compatible_printers}.",
                "{color} toner with a fine and even grain.",
                "The chip reports its level correctly.",
            ],
            tags: &["accessory", "toner"],
        },
        Kind {
            path: "Electronics > Printers & Ink > Ink",
            brands: PRINTING,
            share: 12,
            price: 24.0,
            naming: Naming::Model,
            specs: &[
                text("color", &["Black", "Cyan", "Magenta", "Yellow", "Tri-colour"]).axis(),
                number("volume_ml", &[5.0, 9.0, 12.0, 20.0, 70.0]).step(0.14),
                list("compatible_printers", PRINTERS, 1, 3),
                flag("original", 60),
                number("pages", &[150.0, 300.0, 550.0, 900.0]).step(0.12),
            ],
            titles: &[
                "{brand} {model} Ink Cartridge {color} {volume_ml} ml for {compatible_printers}",
                "{brand} {model} {color} Ink, {pages} pages",
            ],
            sentences: &[
                "{volume_ml} ml of {color} ink, enough for about {pages} pages.",
                "For the printers {compatible_printers}.",
                "Dries at once and does not smear.",
                "Sealed for a shelf life of two years.",
            ],
            tags: &["accessory", "ink"],
        },
        Kind {
            path: "Office > Paper",
            brands: PRINTING,
            share: 6,
            price: 14.0,
            naming: Naming::Nothing,
            specs: &[
                number("sheets", &[100.0, 250.0, 500.0, 2_500.0]).step(0.4).axis(),
                text("format", &["A5", "A4", "A3"]).step(0.15),
                number("grams_per_m2", &[75.0, 80.0, 90.0, 120.0, 160.0]).step(0.1),
                text("finish", &["matt", "satin", "glossy"]),
                flag("recycled", 45),
            ],
            titles: &[
                "{brand} {format} Printer Paper, {sheets} Sheets, {grams_per_m2} g, {finish}",
                "{brand} Copy Paper {format} {grams_per_m2} gsm ({sheets} sheets)",
            ],
            sentences: &[
                "{sheets} sheets of {grams_per_m2} g paper in {format}.",
                "A {finish} surface for text and pictures.",
                "Runs through fast machines without a jam.",
                "For laser and inkjet printers.",
            ],
            tags: &["paper"],
        },
    ],
};
