//! The departments of the demo shop and what they sell, as tables.
//!
//! Owns the data: a department a file (electronics has several, being what search is mostly tried with). A new kind
//! of product is one more entry; nothing else changes. The tables hold accessories beside devices on purpose: whoever
//! searches for a laptop wants no laptop bag, and a demo without bags could not show that.

mod accessories;
mod audio_video;
mod beauty;
mod books;
mod clothing;
mod computers;
mod grocery;
mod home;
mod kitchen;
mod outdoors;
mod phones;
mod printing;
mod tools;
mod toys;

use super::kind::{Department, Spec, number, text};

/// Every department. Order matters only to the draws: a new one belongs at the end.
pub(super) static DEPARTMENTS: [Department; 14] = [
    computers::DEPARTMENT,
    phones::DEPARTMENT,
    audio_video::DEPARTMENT,
    printing::DEPARTMENT,
    accessories::DEPARTMENT,
    kitchen::DEPARTMENT,
    home::DEPARTMENT,
    clothing::DEPARTMENT,
    outdoors::DEPARTMENT,
    toys::DEPARTMENT,
    books::DEPARTMENT,
    tools::DEPARTMENT,
    beauty::DEPARTMENT,
    grocery::DEPARTMENT,
];

const DEVICE_COLORS: &[&str] = &["Silver", "Black", "Space Grey", "White", "Midnight Blue", "Rose Gold"];
const PLAIN_COLORS: &[&str] = &["Black", "White", "Grey", "Red", "Blue", "Green", "Beige"];
const FASHION_COLORS: &[&str] = &[
    "Black",
    "White",
    "Navy",
    "Grey",
    "Olive",
    "Burgundy",
    "Sand",
    "Light Blue",
    "Forest Green",
    "Rust",
    "Charcoal",
    "Pink",
    "Mustard",
];
const CLOTHING_SIZES: &[&str] = &["XS", "S", "M", "L", "XL", "XXL"];
const STYLES: &[&str] = &[
    "Harlow", "Linden", "Marlo", "Sorrel", "Everly", "Quinn", "Rowan", "Isla", "Cedar", "Juno", "Aster", "Brook",
    "Delphi", "Ember", "Fern", "Haven", "Indigo", "Larkin", "Monroe", "Nora", "Otis", "Piper", "Sable", "Tilda",
    "Umbra", "Vesper", "Willa", "Yarrow", "Alder", "Bryn",
];
const WARRANTY: Spec = number("warranty_years", &[1.0, 2.0, 3.0, 5.0]);
const ORIGIN: Spec =
    text("made_in", &["China", "Vietnam", "Germany", "Poland", "Portugal", "Italy", "Taiwan", "Turkey"]);
