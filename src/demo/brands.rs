//! The invented makers, by what they make, the largest first, each with its price level.
//!
//! Owns names only. Invariant: a name stands in one list, so a brand is known for one sort of thing.

use super::kind::{Brand, brand};

pub(super) const COMPUTING: &[Brand] = &[
    brand("Norvik", 1.0),
    brand("Velumo", 1.25),
    brand("Kestrion", 1.1),
    brand("Datavar", 0.75),
    brand("Zelphar", 1.6),
    brand("Ombrix", 0.85),
    brand("Quillon", 1.15),
    brand("Tarsio", 0.65),
    brand("Asteryn", 1.9),
    brand("Brenlo", 0.9),
    brand("Hexavo", 1.35),
    brand("Pellumar", 0.7),
];
pub(super) const MOBILE: &[Brand] = &[
    brand("Orbista", 1.3),
    brand("Calyro", 1.0),
    brand("Mirvane", 0.8),
    brand("Vantrel", 1.1),
    brand("Nimvolo", 0.6),
    brand("Jaspero", 0.9),
    brand("Tessuro", 1.6),
    brand("Pocketrine", 0.7),
    brand("Kaivanto", 1.2),
];
pub(super) const AUDIO: &[Brand] = &[
    brand("Sonvera", 1.1),
    brand("Tonewick", 0.8),
    brand("Echolune", 1.3),
    brand("Auralith", 1.8),
    brand("Fennodyne", 0.95),
    brand("Murmurio", 0.6),
    brand("Bassheim", 1.0),
    brand("Clarivox", 1.4),
    brand("Humbry", 0.7),
];
pub(super) const VISION: &[Brand] = &[
    brand("Lumenor", 1.2),
    brand("Vistellan", 1.0),
    brand("Prismora", 0.8),
    brand("Opticrest", 1.5),
    brand("Focaryn", 1.25),
    brand("Belvaris", 0.7),
    brand("Halidor", 0.9),
    brand("Zentaro", 1.9),
    brand("Glimmerton", 0.65),
];
pub(super) const PRINTING: &[Brand] = &[
    brand("Printano", 1.0),
    brand("Papyron", 1.15),
    brand("Tonaris", 0.8),
    brand("Scribexa", 1.3),
    brand("Quartzjet", 0.9),
    brand("Letterby", 0.65),
    brand("Folianto", 1.1),
    brand("Inkwell & Moor", 0.75),
];
pub(super) const KITCHEN: &[Brand] = &[
    brand("Caldero Casa", 1.1),
    brand("Hearthwell", 1.0),
    brand("Simmerly", 0.75),
    brand("Kettlebrook", 0.9),
    brand("Vaporetta", 1.35),
    brand("Mossgrove", 0.8),
    brand("Thermello", 1.6),
    brand("Panello", 0.65),
    brand("Nordkokken", 1.25),
    brand("Rustane", 0.9),
];
pub(super) const LIVING: &[Brand] = &[
    brand("Lindholt", 1.0),
    brand("Fjordhem", 0.8),
    brand("Softmere", 0.9),
    brand("Oakrest", 1.2),
    brand("Casavell", 0.7),
    brand("Dunwick Home", 1.1),
    brand("Hollin & Pine", 1.5),
    brand("Tavira Living", 1.3),
    brand("Brightnook", 0.65),
];
pub(super) const FASHION: &[Brand] = &[
    brand("Tessal", 1.0),
    brand("Bluecroft", 0.7),
    brand("Calder & Wren", 1.3),
    brand("Verano Lane", 0.85),
    brand("Northspun", 1.1),
    brand("Ilvara", 1.6),
    brand("Harrowby", 1.2),
    brand("Fablewear", 0.6),
    brand("Maris Row", 0.9),
    brand("Brackenfold", 1.0),
    brand("Quayside Cotton", 0.75),
    brand("Ottolina", 1.9),
];
pub(super) const SHOES: &[Brand] = &[
    brand("Stridewell", 1.0),
    brand("Pacerno", 1.2),
    brand("Trailhollow", 1.15),
    brand("Cobble & Co", 0.8),
    brand("Rovanti", 1.6),
    brand("Springmoor", 0.7),
    brand("Kinetra", 1.3),
    brand("Velopede", 0.9),
];
pub(super) const OUTDOOR: &[Brand] = &[
    brand("Ridgewander", 1.0),
    brand("Tarnfell", 1.2),
    brand("Summitry", 1.5),
    brand("Hollow Pine", 0.75),
    brand("Cairnwell", 0.9),
    brand("Alpenmoor", 1.3),
    brand("Wildebourne", 0.8),
    brand("Vertigalo", 1.1),
    brand("Basaltique", 0.65),
];
pub(super) const TOYS: &[Brand] = &[
    brand("Brixwick", 1.2),
    brand("Tumbletoad", 0.8),
    brand("Owlbarn", 1.0),
    brand("Merrydice", 0.9),
    brand("Pocketwood", 1.4),
    brand("Gigglemoor", 0.7),
    brand("Zoopkin", 0.75),
    brand("Kobold & Sons", 1.1),
];
pub(super) const PUBLISHERS: &[Brand] = &[
    brand("Lanternfish Press", 1.0),
    brand("Harbour & Quill", 1.1),
    brand("Grey Heron Books", 0.9),
    brand("Paperlark", 0.8),
    brand("Saltmarsh House", 1.2),
    brand("Ninth Meadow", 1.0),
    brand("Tin Kettle Press", 0.85),
    brand("Oldbridge Editions", 1.4),
];
pub(super) const TOOLS: &[Brand] = &[
    brand("Torquefell", 1.2),
    brand("Ironhollow", 1.0),
    brand("Boltwick", 0.75),
    brand("Gritstone", 0.9),
    brand("Makrellan", 1.4),
    brand("Forgeby", 0.65),
    brand("Steelmarch", 1.1),
    brand("Anvilor", 1.6),
];
pub(super) const GARDEN: &[Brand] = &[
    brand("Greenhollow", 1.0),
    brand("Mossbank", 0.8),
    brand("Hedgewright", 1.2),
    brand("Verdanta", 1.4),
    brand("Loamly", 0.7),
    brand("Rainfold", 0.9),
    brand("Petalwright", 1.1),
    brand("Thistledown & Rake", 0.85),
];
pub(super) const BEAUTY: &[Brand] = &[
    brand("Mirabloom", 1.0),
    brand("Bellaroe", 0.8),
    brand("Aurevine", 1.5),
    brand("Lunessa", 1.1),
    brand("Saffrine", 0.7),
    brand("Clairmoor", 2.0),
    brand("Ondaline", 0.9),
    brand("Rosavella", 1.3),
];
pub(super) const GROCERY: &[Brand] = &[
    brand("Fernhill Pantry", 1.0),
    brand("Golden Sieve", 0.8),
    brand("Tre Colline", 1.3),
    brand("Bean & Barrow", 1.2),
    brand("Millrace", 0.7),
    brand("Cocolune", 1.4),
    brand("Leafborough", 1.0),
    brand("Sunday Larder", 1.6),
    brand("Alto Verdano", 0.9),
];
