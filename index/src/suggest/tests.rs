//! `complete` against oracles that look at every phrase, and the promises that a caller sees.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;
use rustc_hash::FxHashSet;

use super::*;
use crate::settings::Language;

/// A product for the builder.
#[derive(Debug, Clone)]
struct Item {
    title: String,
    brand: Option<String>,
    categories: Vec<String>,
    popularity: Option<f64>,
}

fn item(title: &str, brand: Option<&str>, categories: &[&str]) -> Item {
    let categories = categories.iter().map(|path| (*path).to_owned()).collect();
    Item { title: title.to_owned(), brand: brand.map(str::to_owned), categories, popularity: None }
}

fn build(items: &[Item]) -> SuggestIndex {
    let mut builder = SuggestBuilder::new(Language::English);
    for item in items {
        builder.add(&item.title, item.brand.as_deref(), &item.categories, item.popularity);
    }
    builder.build()
}

fn complete(index: &SuggestIndex, prefix: &str, limit: usize, category: Option<&str>) -> Vec<Suggestion> {
    index.complete(Completion { prefix, limit, category, typos: false })
}

fn texts(suggestions: &[Suggestion]) -> Vec<&str> {
    suggestions.iter().map(|suggestion| suggestion.text.as_str()).collect()
}

fn corrected(index: &SuggestIndex, prefix: &str) -> Vec<Suggestion> {
    index.complete(Completion { prefix, limit: 10, category: None, typos: true })
}

/// A small shop in which words repeat, so that phrases are shared, nested and similar.
fn items() -> impl Strategy<Value = Vec<Item>> {
    const WORDS: &[&str] = &[
        "Samsung",
        "Galaxy",
        "galaxy",
        "Galaxies",
        "Phone",
        "Phones",
        "Case",
        "Café",
        "for",
        "S7",
        "64",
        "GB",
        "Notebook",
        "note",
        "Bluetooth",
        "Kopfhörer",
        "-",
        "iPhone",
        "Größe",
        "dv7-1211ea",
    ];
    let title = prop::collection::vec(prop::sample::select(WORDS), 1..7).prop_map(|words| words.join(" "));
    let brand = prop::option::of(prop::sample::select(&["Samsung", "HP", "Apple"][..]).prop_map(str::to_owned));
    let path = prop::sample::select(&["Phones", "Phones > Cases", "Audio > Cases", "Computers > Notebooks"][..]);
    let categories = prop::collection::vec(path.prop_map(str::to_owned), 0..3);
    let item = (title, brand, categories, prop::option::of(0.0..100.0f64));
    let item = item.prop_map(|(title, brand, categories, popularity)| Item { title, brand, categories, popularity });
    prop::collection::vec(item, 0..40)
}

fn prefixes() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&["", " ", "g", "ga", "galaxy", "galaxy ", "s7", "CAFE", "note", "notebook b", "x"][..])
            .prop_map(str::to_owned),
        "[a-z]{1,2}",
        prop::sample::select(&["samsng", "gelaxy", "galxies", "noteboks", "blutooth", "bluetoht", "kopfhorrer "][..])
            .prop_map(str::to_owned),
        prop::sample::select(&["samsng galaxy", "samsung galxy", "samsng gelaxy p", "galxy s7", "galaxy s8"][..])
            .prop_map(str::to_owned),
    ]
}

/// Whether `key` has what was typed, by looking at it.
fn has(key: &str, typed: &Typed) -> bool {
    match (typed.last_word, key.strip_prefix(typed.key.as_str())) {
        (LastWord::Unfinished, rest) => rest.is_some(),
        (LastWord::Finished, rest) => rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')),
    }
}

/// Optimal string alignment distance, from the textbook.
fn distance(a: &str, b: &str) -> u8 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(table[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    u8::try_from(table[a.len()][b.len()]).unwrap_or(u8::MAX)
}

/// Edits between a typed word and one that may have been meant, if the rules allow them.
fn word_edits(typed: &str, meant: &str) -> Option<u8> {
    if typed == meant {
        return Some(0);
    }
    let edits = distance(typed, meant);
    let first_stands = typed.chars().next() == meant.chars().next();
    (first_stands && !words::has_digit(meant) && edits <= typos::budget(typed)).then_some(edits)
}

/// Fewest edits between what was typed and any prefix of `key`, if the rules allow them; 0 if it has it as typed.
fn prefix_edits(key: &str, typed: &Typed) -> Option<u8> {
    let typed_words: Vec<&str> = typed.key.split(' ').collect();
    let meant_words: Vec<&str> = key.split(' ').take(typed_words.len()).collect();
    if meant_words.len() < typed_words.len() {
        return None;
    }
    let (last_typed, typed_before) = typed_words.split_last()?;
    let (last_meant, meant_before) = meant_words.split_last()?;
    let mut edits = 0;
    for (typed, meant) in typed_before.iter().zip(meant_before) {
        edits += word_edits(typed, meant)?;
    }
    let ends: Vec<usize> = match typed.last_word {
        LastWord::Finished => vec![last_meant.len()],
        LastWord::Unfinished => (0..=last_meant.len()).filter(|end| last_meant.is_char_boundary(*end)).collect(),
    };
    let last = ends.iter().filter_map(|end| word_edits(last_typed, &last_meant[..*end])).min()?;
    Some(edits + last).filter(|edits| *edits <= EDITS_MAX)
}

/// What `complete` promises, by looking at every entry and sorting.
fn oracle(index: &SuggestIndex, prefix: &str, limit: usize, typos: bool, within: impl Fn(&str) -> bool) -> Vec<String> {
    let Some(typed) = Typed::read(prefix) else { return Vec::new() };
    let mut entries: Vec<(u8, f64, usize, usize, usize)> = Vec::new();
    for phrase in 0..index.len() {
        let key = index.phrases.key(phrase);
        let starts = std::iter::once(0).chain(key.match_indices(' ').map(|(at, _)| at + 1));
        for start in starts.filter(|_| within(index.phrases.text(phrase))) {
            let entry = arena::Entry { phrase: phrase as u32, offset: start as u32 };
            let exact = has(&key[start..], &typed).then_some(0);
            let edits = exact.or_else(|| prefix_edits(&key[start..], &typed).filter(|_| typos));
            entries.extend(edits.map(|edits| (edits, arena::worth(&index.phrases, entry), key.len(), phrase, start)));
        }
    }
    entries.sort_by(|a, b| {
        let order = a.0.cmp(&b.0).then(b.1.total_cmp(&a.1));
        order.then((a.2, a.3, a.4).cmp(&(b.2, b.3, b.4)))
    });
    let (mut chosen, mut seen): (Vec<usize>, Vec<usize>) = Default::default();
    for (_, _, _, phrase, _) in entries {
        let repeats = || {
            chosen.iter().any(|earlier| diversity::repeats(index.phrases.gist(*earlier), index.phrases.gist(phrase)))
        };
        if chosen.len() < limit && !seen.contains(&phrase) && !repeats() {
            chosen.push(phrase);
        }
        seen.push(phrase);
    }
    chosen.iter().map(|phrase| index.phrases.text(*phrase).to_owned()).collect()
}

proptest! {
    #[test]
    fn exact_prefixes_give_what_a_scan_gives(items in items(), prefix in prefixes(), limit in 0usize..30) {
        let index = build(&items);
        let (found, effort) = index.complete_measured(Completion { prefix: &prefix, limit, category: None, typos: false });
        if effort.candidates < limit * CANDIDATES_PER_SUGGESTION {
            prop_assert_eq!(texts(&found), oracle(&index, &prefix, limit, false, |_| true));
        }
    }

    #[test]
    fn mistyped_prefixes_give_what_an_edit_distance_gives(items in items(), prefix in prefixes(), limit in 1usize..30) {
        let index = build(&items);
        let (found, effort) = index.complete_measured(Completion { prefix: &prefix, limit, category: None, typos: true });
        // The oracle knows no bound on candidates.
        if effort.candidates < limit * CANDIDATES_PER_SUGGESTION {
            prop_assert_eq!(texts(&found), oracle(&index, &prefix, limit, true, |_| true));
        }
    }

    #[test]
    fn a_scope_gives_what_a_filter_gives(
        items in items(), prefix in prefixes(),
        scope in prop::sample::select(&["Phones", "phones > CASES", "Cases", "Notebooks", "Nowhere"][..]),
    ) {
        let index = build(&items);
        let (name, path) = (normalise::normalise(scope), scope.to_lowercase());
        let lies_within = |item: &Item| item.categories.iter().any(|category| {
            let category = category.to_lowercase();
            category.split(" > ").any(|level| level == name) || category == path
        });
        // A phrase is within the scope if one product inside gives it, however often: twice makes a phrase, and is too
        // seldom for any word of it to count as bound to the next, which only the whole catalog can tell.
        let within: FxHashSet<String> = items.iter().filter(|item| lies_within(item)).flat_map(|item| {
            let index = build(&[item.clone(), item.clone()]);
            (0..index.len()).map(|phrase| index.phrases.key(phrase).to_owned()).collect::<Vec<_>>()
        }).collect();
        let completion = Completion { prefix: &prefix, limit: 20, category: Some(scope), typos: true };
        let (found, effort) = index.complete_measured(completion);
        if effort.candidates < 20 * CANDIDATES_PER_SUGGESTION {
            let expected = oracle(&index, &prefix, 20, true, |text| within.contains(normalise::normalise(text).as_str()));
            prop_assert_eq!(texts(&found), expected);
        }
    }

    #[test]
    fn any_prefix_is_answered_within_its_bounds(items in items(), prefix in "\\PC{0,40}|.{0,600}") {
        let index = build(&items);
        for typos in [false, true] {
            let completion = Completion { prefix: &prefix, limit: 5, category: Some(&prefix), typos };
            let (_, effort) = index.complete_measured(Completion { category: None, ..completion });
            index.complete(completion);
            prop_assert!(effort.visited_states <= VISITED_STATES_MAX);
            prop_assert!(effort.candidates <= 5 * CANDIDATES_PER_SUGGESTION * (1 + usize::from(EDITS_MAX)));
        }
    }

    #[test]
    fn without_tags_every_highlight_is_the_text(items in items(), prefix in prefixes()) {
        let index = build(&items);
        for suggestion in index.complete(Completion { prefix: &prefix, limit: 20, category: None, typos: true }) {
            let plain = suggestion.highlight.replace("<em>", "").replace("</em>", "");
            prop_assert_eq!(&plain, &suggestion.text);
            let typed = Typed::read(&prefix).expect("prefixes of the strategy are short");
            prop_assert_eq!(suggestion.highlight.contains("<em>"), !typed.key.is_empty());
        }
    }

    #[test]
    fn the_order_of_products_does_not_matter(items in items(), seed in any::<prop::sample::Index>()) {
        let mut other = items.clone();
        other.rotate_left(seed.index(items.len().max(1)));
        other.reverse();
        let (one, two) = (build(&items), build(&other));
        for prefix in ["", "g", "s", "phone", "case "] {
            prop_assert_eq!(complete(&one, prefix, 50, None), complete(&two, prefix, 50, None));
        }
    }

    #[test]
    fn results_count_the_products_whose_titles_have_the_phrase(items in items()) {
        let items: Vec<Item> = items.into_iter().map(|item| Item { brand: None, categories: Vec::new(), ..item }).collect();
        let index = build(&items);
        let folded = |item: &Item, dash: &str| {
            let words = item.title.split(' ').map(|word| if word == "-" { dash.to_owned() } else { normalise::normalise(word) });
            format!(" {} ", words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
        };
        for suggestion in complete(&index, "", LIMIT_MAX, None) {
            let phrase = format!(" {} ", normalise::normalise(&suggestion.text));
            let having = |dash| items.iter().filter(|item| folded(item, dash).contains(&phrase)).count() as u64;
            // A dash ends a phrase, but a product's leading words run over it.
            let (unbroken, all) = (having("-"), having(""));
            prop_assert!((1..=all).contains(&suggestion.results), "{suggestion:?} of {all}");
            // Long phrases are only counted where they lead, and no phrase is cut between 64 and GB.
            let cuts_measure = phrase.contains(" 64 ") || phrase.starts_with(" gb ");
            let counted_everywhere = suggestion.text.split(' ').count() <= 4 && !cuts_measure;
            if counted_everywhere && unbroken > 1 {
                prop_assert!(suggestion.results >= unbroken, "{suggestion:?} of {unbroken}");
            }
        }
    }
}

#[test]
fn phrases_come_from_names_brands_and_categories() {
    let index = build(&[
        item("HP Pavilion dv7 Notebook", Some("HP"), &["Computers > Notebooks"]),
        item("HP Pavilion dv6 Notebook", Some("HP"), &["Computers > Notebooks"]),
        item("Dell Inspiron 15", Some("Dell"), &["Computers > Notebooks"]),
    ]);
    let find = |text: &str| {
        let all = complete(&index, text, LIMIT_MAX, None);
        all.into_iter().find(|suggestion| suggestion.text == text)
    };
    let get = |text: &str| find(text).unwrap_or_else(|| panic!("{text:?} is suggested"));
    assert_eq!((get("HP").source, get("HP").results), (Source::Brand, 2));
    assert_eq!((get("Computers").source, get("Computers").results), (Source::Category, 3));
    assert_eq!((get("Notebooks").source, get("Notebooks").category.as_deref()), (Source::Category, Some("Computers")));
    assert_eq!((get("HP Notebooks").source, get("HP Notebooks").results), (Source::Category, 2));
    assert_eq!((get("HP Pavilion").source, get("HP Pavilion").results), (Source::Name, 2));
    assert_eq!(get("HP Pavilion").category.as_deref(), Some("Notebooks"));
    assert_eq!(get("Dell Inspiron 15").results, 1, "a product of its own kind can be reached");
    assert!(find("Dell Notebooks").is_none(), "a brand's only product in a category is no pair");
    assert!(find("Inspiron").is_none(), "words of one title are no phrase");
}

#[test]
fn the_most_frequent_written_form_is_shown() {
    let titles = ["GALAXY phone", "Galaxy phone", "Galaxy phone"];
    let index = build(&titles.map(|title| item(title, None, &[])));
    assert_eq!(texts(&complete(&index, "gal", 10, None)), ["Galaxy"]);
    assert_eq!(texts(&complete(&index, "galaxy p", 10, None)), ["Galaxy phone"]);
}

#[test]
fn beginnings_come_before_later_words_of_like_weight() {
    let titles = ["Pavilion Tent", "Pavilion Tent", "HP Pavilion", "HP Pavilion"];
    let index = build(&titles.map(|title| item(title, None, &[])));
    assert_eq!(texts(&complete(&index, "pav", 3, None)), ["Pavilion", "Pavilion Tent", "HP Pavilion"]);
}

#[test]
fn variants_of_a_phrase_are_suggested_once() {
    let titles = ["Laptop Bag Black", "Laptop Bag Black", "Laptop Bag Black", "Laptop Bags", "Laptop Bags"];
    let index = build(&titles.map(|title| item(title, None, &[])));
    let found = complete(&index, "lap", 10, None);
    assert_eq!(texts(&found), ["Laptop", "Laptop Bag"]);
}

#[test]
fn popularity_is_relative_and_moves_the_order() {
    let mut items = ["Alpha One", "Alpha One", "Alpha Two", "Alpha Two"].map(|title| item(title, None, &[]));
    items[2].popularity = Some(1_000.0);
    items[3].popularity = Some(2_000.0);
    let found = complete(&build(&items), "alpha ", 10, None);
    assert_eq!(texts(&found), ["Alpha", "Alpha Two", "Alpha One"]);
    assert!(found.iter().all(|suggestion| (0.0..=1.0).contains(&suggestion.popularity)));
    assert_eq!(complete(&build(&items), "", 1, None)[0].popularity, 1.0);
}

#[test]
fn a_mistyped_prefix_is_marked_as_corrected() {
    let titles = ["Samsung Galaxy Case", "Samsung Galaxy Phone", "Galaxy Tablet", "Galaxy Tablet"];
    let index = build(&titles.map(|title| item(title, None, &[])));
    for (prefix, highlight) in [
        ("samsng gal", "<em>Samsung Gal</em>axy"),
        ("galxy", "Samsung <em>Galaxy</em>"),
        ("samsung galxay ", "<em>Samsung Galaxy</em>"),
    ] {
        let found = corrected(&index, prefix);
        assert!(found.iter().any(|suggestion| suggestion.highlight == highlight), "{prefix:?} gives {found:?}");
    }
    assert!(corrected(&index, "zamsung").is_empty(), "the first letter stands");
    assert!(texts(&complete(&index, "samsng", 10, None)).is_empty(), "typos can be turned off");
}

#[test]
fn corrections_are_sought_only_where_something_is_missing() {
    let index =
        build(&["Samsung Galaxy", "Samsung Galaxy", "Samsang Phone", "Samsang Phone"].map(|t| item(t, None, &[])));
    let visited = |prefix, limit| {
        index.complete_measured(Completion { prefix, limit, category: None, typos: true }).1.visited_states
    };
    assert_eq!(visited("samsung", 1), 0);
    assert!(visited("samsung", 10) > 0);
    let found = corrected(&index, "samsung");
    let first_other = found.iter().position(|suggestion| suggestion.text.starts_with("Samsang"));
    let last_exact = found.iter().rposition(|suggestion| suggestion.text.starts_with("Samsung"));
    assert!(first_other > last_exact && last_exact.is_some(), "as typed comes first: {found:?}");
}

#[test]
fn learned_phrases_join_those_of_the_catalog() {
    let mut builder = SuggestBuilder::new(Language::English);
    (0..2).for_each(|_| builder.add("Galaxy Phone", None, &[], None));
    builder.add_learned("galaxy phone", 50.0, 9);
    builder.add_learned("galaxy  tablet ", 5.0, 3);
    for (text, weight, results) in
        [("galaxy nothing", 5.0, 0), ("galaxy weightless", 0.0, 1), ("galaxy nan", f64::NAN, 1), ("?!", 5.0, 5)]
    {
        builder.add_learned(text, weight, results);
    }
    builder.add_learned(&"galaxy ".repeat(100), 5.0, 5);
    let found = complete(&builder.build(), "galaxy", 10, None);
    assert_eq!(texts(&found), ["Galaxy Phone", "galaxy tablet", "Galaxy"]);
    assert_eq!((found[0].source, found[0].results), (Source::Learned, 9));
    assert_eq!((found[1].source, found[1].results), (Source::Learned, 3));
}

#[test]
fn a_crowd_of_variants_ends_the_search_not_the_process() {
    let mut builder = SuggestBuilder::new(Language::None);
    for at in 0..2_000 {
        builder.add_learned(&format!("lamp {}x{at}", "bright ".repeat(at % 4)), 1.0, 7);
    }
    builder.add_learned("lamp", 9.0, 7);
    let completion = Completion { prefix: "lamp", limit: 3, category: None, typos: true };
    let (found, effort) = builder.build().complete_measured(completion);
    assert_eq!(found[0].text, "lamp");
    assert!(found.len() <= 3);
    assert!(effort.candidates <= 3 * CANDIDATES_PER_SUGGESTION, "{effort:?}");
}

#[test]
fn strange_prefixes_are_answered() {
    let index = build(&["Samsung Galaxy", "שלום עולם", "Samsung 🙂 Galaxy"].map(|title| item(title, None, &[])));
    let top = texts(&complete(&index, "", 10, None)).len();
    for (prefix, expected) in [
        ("🙂", top),
        ("\0", top),
        ("\u{202e}\u{200f}", top),
        ("שלו", 1),
        ("\0samsung\0", 1),
        ("ｓａｍ", 1),
        (&"a".repeat(10_000), 0),
        (&"🙂".repeat(10_000), 0),
        (&"sam ".repeat(100), 0),
        (&"ﷺ".repeat(100), 0),
    ] {
        let found = corrected(&index, prefix);
        assert!(found.len() >= expected.min(1) && (expected > 0 || found.is_empty()), "{prefix:?} gives {found:?}");
    }
}

#[test]
fn an_empty_index_suggests_nothing() {
    let index = SuggestIndex::empty();
    assert!(index.is_empty());
    for prefix in ["", "a", "samsung", "samsung galaxy "] {
        assert!(corrected(&index, prefix).is_empty());
    }
    assert!(SuggestBuilder::new(Language::German).build().is_empty());
}

#[test]
fn limits_hold_at_their_edges() {
    let titles: Vec<String> =
        (0..300).map(|at| format!("{}{} thing", char::from(b'a' + (at % 26) as u8), at / 26)).collect();
    let index = build(&titles.iter().map(|title| item(title, None, &[])).collect::<Vec<_>>());
    for (limit, expected) in
        [(0, 0), (1, 1), (LIMIT_MAX, LIMIT_MAX), (LIMIT_MAX + 1, LIMIT_MAX), (usize::MAX, LIMIT_MAX)]
    {
        assert_eq!(complete(&index, "", limit, None).len(), expected);
    }
    let padded = |len: usize| format!("{:>len$}", "a0");
    assert!(!complete(&index, &padded(PREFIX_BYTES_MAX), 1, None).is_empty());
    assert!(complete(&index, &padded(PREFIX_BYTES_MAX + 1), 1, None).is_empty());
}

#[test]
fn every_entry_has_its_own_rank_and_every_key_is_the_folded_text() {
    let index = build(&[item("Größe Café für HP", Some("HP"), &["Ünder > Öber"]), item("HP HP HP", None, &[])]);
    let mut ranks: Vec<u32> = (0..index.arena.len()).map(|at| index.arena.ranks().rank(at)).collect();
    ranks.sort_unstable();
    assert!(ranks.iter().enumerate().all(|(at, rank)| at as u32 == *rank));
    let mut by_text = BTreeMap::new();
    for phrase in 0..index.len() {
        assert_eq!(normalise::normalise(index.phrases.text(phrase)), index.phrases.key(phrase));
        assert!(by_text.insert(index.phrases.key(phrase), phrase).is_none());
        let previous = phrase.checked_sub(1).map(|before| index.phrases.key(before).cmp(index.phrases.key(phrase)));
        assert!(previous.is_none_or(|order| order == Ordering::Less));
    }
}
