//! Names that stand for one product: model numbers, lines with generations, styles, article numbers, groups.
//!
//! Owns their forms. A brand keeps to its own series within a kind, so that model numbers look as if a maker had
//! thought of them: all laptops of one brand are `AX-…` or `VP-…`.
//!
//! Invariant: article and group numbers are unique; model names need not be, like those of real makers.

use super::facts::push_integer;
use super::family::Family;
use super::kind::Naming;
use super::random::Random;

/// The stream of random numbers from which a brand's habits within a kind are drawn.
const STREAM: u64 = 2;
/// Letters of series: those that are hard to mistake for digits.
const SERIES_LETTERS: &[u8] = b"ABCDEFGHKLMNPRSTVWXZ";
/// Letters that end a model number.
const REVISION_LETTERS: &[u8] = b"abcdekmnstx";
/// What follows a generation; the empty ones are the plain model.
const EDITIONS: [&str; 8] = ["", "", "", " Pro", " Lite", " Plus", " Max", " Neo"];

/// Writes the family's model name; empty when its kind has none.
pub(super) fn model(family: &Family, brand: &str, random: &mut Random) -> String {
    match family.kind.naming {
        Naming::Nothing => String::new(),
        Naming::Style(names) => names[random.below(names.len())].to_owned(),
        Naming::Generation(lines) => {
            let line = lines[habits(family, brand).below(lines.len())];
            let mut name = String::with_capacity(line.len() + 8);
            name.push_str(line);
            name.push(' ');
            push_integer(&mut name, 2 + random.below(14) as u64);
            name.push_str(EDITIONS[random.below(EDITIONS.len())]);
            name
        }
        Naming::Model => model_number(&mut habits(family, brand), random),
    }
}

/// The article number: `NOR-4F2K-3`.
pub(super) fn sku(brand: &str, family: u64, variant: usize) -> String {
    let mut sku = String::with_capacity(16);
    sku.extend(brand.chars().filter(char::is_ascii_alphabetic).take(3).map(|letter| letter.to_ascii_uppercase()));
    sku.push('-');
    push_base_36(&mut sku, family);
    sku.push('-');
    push_integer(&mut sku, variant as u64 + 1);
    sku
}

/// The id that the variants of a family share.
pub(super) fn group(family: u64) -> String {
    let mut group = String::with_capacity(12);
    group.push('g');
    push_integer(&mut group, family);
    group
}

/// What a brand always does within a kind.
fn habits(family: &Family, brand: &str) -> Random {
    let text = brand.bytes().chain(family.kind.path.bytes());
    // FNV-1a: short, and the draws that follow mix it.
    let number =
        text.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Random::new(STREAM, number)
}

/// `AX-4510b`: the brand's series, then the family's number.
fn model_number(habits: &mut Random, random: &mut Random) -> String {
    let mut name = String::with_capacity(12);
    let letters = 1 + habits.below(3);
    let dashed = habits.chance(60);
    let step = [1, 5, 10][habits.below(3)];
    // Two series a brand: the second differs in its last letter.
    for place in 0..letters {
        let mut letter = habits.below(SERIES_LETTERS.len());
        if place + 1 == letters && random.chance(35) {
            letter = (letter + 7) % SERIES_LETTERS.len();
        }
        name.push(char::from(SERIES_LETTERS[letter]));
    }
    if dashed {
        name.push('-');
    }
    let (least, most) = if letters == 1 { (1_000, 9_900) } else { (100, 9_900) };
    push_integer(&mut name, (least + random.below(most - least) / step * step) as u64);
    if random.chance(40) {
        name.push(char::from(REVISION_LETTERS[random.below(REVISION_LETTERS.len())]));
    }
    name
}

fn push_base_36(out: &mut String, value: u64) {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    // Four digits at least, so that the numbers of one shop look alike.
    let places = (4..).find(|&places| 36u64.checked_pow(places).is_none_or(|above| value < above)).unwrap_or(13);
    for place in (0..places).rev() {
        out.push(char::from(DIGITS[(value / 36u64.pow(place) % 36) as usize]));
    }
}
