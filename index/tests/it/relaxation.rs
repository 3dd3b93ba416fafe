//! What is found when no product has all the words, and what is told of it.

use storefind_index::answer::{Relaxation, SearchPage};
use storefind_index::request::SearchRequest;

use crate::fixture::{ask, search, titled, titles};

fn found(all: &[&str], query: &str) -> SearchPage {
    search(&titled(all), &SearchRequest { typos: false, prefix: false, ..ask(query) })
}

fn step(step: &'static str, without: &[&str], missing_max: usize) -> Relaxation {
    Relaxation { step, without: without.iter().map(|&word| word.to_owned()).collect(), missing_max }
}

#[test]
fn what_is_asked_for_comes_first() {
    let page = found(&["USB stick", "USB cable", "Battery", "USB hub"], "usb battery");
    assert_eq!(titles(&page)[0], "Battery");
    assert_eq!(page.total, 4);
    assert_eq!(page.relaxation, [step("partial", &["usb", "battery"], 1)]);
}

#[test]
fn a_variant_goes_before_the_product() {
    let page = found(&["MacBook Pro", "PS4 console", "PS4 controller", "Pro gloves"], "PS4 Pro");
    let mut found = titles(&page);
    found.sort();
    assert_eq!(found, ["PS4 console", "PS4 controller"]);
    assert_eq!(page.relaxation, [step("details", &["Pro"], 1)]);
}

#[test]
fn measures_go_before_words_and_are_told_as_typed() {
    let page = found(&["Laptop 15.6\"", "HP laptop 13\"", "HP printer"], "hp laptop 17 inch");
    assert_eq!(titles(&page)[0], "HP laptop 13\"");
    assert_eq!(page.relaxation, [step("details", &["17 inch"], 1), step("partial", &["hp", "laptop", "17 inch"], 2)]);
    assert_eq!(titles(&page)[1], "Laptop 15.6\"", "a laptop before what HP makes else");
}

#[test]
fn a_step_that_adds_nothing_is_not_told() {
    let page = found(&["Samsung phone"], "samsung phone");
    assert_eq!((page.total, page.relaxed), (1, false));
    let page = found(&["Samsung phone"], "samsung phone black");
    assert_eq!(page.relaxation, [step("details", &["black"], 1)]);
}

#[test]
fn one_word_is_enough_where_there_would_be_nothing() {
    let page = found(&["Loudspeaker", "Desk"], "sonos blarg loudspeaker");
    assert_eq!(titles(&page), ["Loudspeaker"]);
    assert_eq!(page.relaxation, [step("any", &["sonos", "blarg", "loudspeaker"], 2)]);
    assert_eq!(found(&["Desk"], "sonos blarg loudspeaker").relaxation, []);
}

#[test]
fn enough_with_all_words_that_matter_ends_the_ladder() {
    let mut all: Vec<String> = (0..10).map(|n| format!("PS4 game {n}")).collect();
    all.push("Pro gloves".into());
    let page = found(&all.iter().map(String::as_str).collect::<Vec<_>>(), "ps4 game pro");
    assert_eq!((page.total, page.relaxation), (10, vec![step("details", &["pro"], 1)]));
}

#[test]
fn how_much_is_enough_is_the_askers_to_say() {
    let all = ["USB stick", "USB battery", "Battery"];
    let asked = |enough| search(&titled(&all), &SearchRequest { enough, ..ask("usb battery") });
    assert_eq!(asked(2).total, 3, "one is less than two");
    for enough in [0, 1] {
        let page = asked(enough);
        assert_eq!((titles(&page), page.relaxed), (vec!["USB battery".to_owned()], false));
    }
    let nothing = |q: &str, enough| search(&titled(&all), &SearchRequest { enough, ..ask(q) });
    for q in ["usb kettle", "batery", "usbstick"] {
        assert!(nothing(q, 1).total > 0, "{q}");
        assert_eq!(nothing(q, 0).total, 0, "{q}");
    }
}

#[test]
fn wording_is_told_to_those_who_ask_for_it() {
    let page = search(&titled(&["Battery"]), &ask("batery"));
    assert_eq!(page.corrected.as_deref(), Some("battery"));
    let silent = search(&titled(&["Battery"]), &SearchRequest { tells_wording: false, ..ask("batery") });
    assert_eq!((titles(&silent), silent.corrected), (titles(&page), None));
}
