//! The page of an evaluation, opened as a file.
//!
//! Owns what a reader can do with it: find a query, see both first pages, on a phone, in the dark, on paper. It refuses
//! to test the figures.

use serde_json::Value;

use super::{DESKTOP, PHONE};
use crate::evaluate::folder::Folder;
use crate::support::webdriver::Browser;

/// The least contrast of small text (WCAG 2, level AA).
const CONTRAST_MIN: f64 = 4.5;

/// The lowest contrast between a text and what it stands on, among all that these selectors find.
const CONTRAST: &str = "((selectors) => {\
     const channels = (color) => color.match(/[\\d.]+/g).map(Number);\
     const light = (color) => channels(color).slice(0, 3).map((c) => c / 255)\
         .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)\
         .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);\
     const ground = (element) => {\
         for (let at = element; at; at = at.parentElement) {\
             const color = getComputedStyle(at).backgroundColor;\
             if (channels(color)[3] !== 0) return color;\
         }\
         return 'rgb(255, 255, 255)';\
     };\
     return Math.min(...[...document.querySelectorAll(selectors)].map((element) => {\
         const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];\
         return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);\
     }));\
 })('p, dd, dt, th, td, caption, a, .badge, .moved, .better, .worse, .level, .picture')";

async fn number(browser: &Browser, expression: &str) -> f64 {
    browser.value(expression).await.as_f64().unwrap_or_else(|| panic!("`{expression}` is no number"))
}

/// The page of a comparison with plain BM25, written and opened.
async fn opened(browser: &Browser) -> Folder {
    let folder = Folder::with_catalog();
    let more = ["--typos", "7", "--completions", "--ablate", "--html", "page.html"];
    folder.evaluate(&[&["judgments.csv", "--against", "plain"], more.as_slice()].concat());
    browser.open(&format!("file://{}", folder.path("page.html").display())).await;
    browser.until("the page is there", "document.querySelector('article')").await;
    folder
}

#[tokio::test]
async fn a_reader_finds_a_query_and_sees_what_a_shopper_sees() {
    let browser = Browser::start(DESKTOP).await;
    let folder = opened(&browser).await;
    assert_eq!(browser.text("document.querySelector('h1').textContent").await, "shop");
    assert!(browser.text("document.querySelector('.verdict').textContent").await.starts_with("nDCG@10 strict: "));

    browser.click("#queries table a").await;
    browser.until("the link leads to its query", "document.querySelector('article:target h3')").await;
    let wanted = "document.querySelector('#queries table a').textContent";
    assert_eq!(
        browser.text("document.querySelector('article:target h3').textContent").await,
        browser.text(wanted).await
    );
    let cards = "document.querySelectorAll('article:target .cards li').length";
    assert!(number(&browser, cards).await > 0.0);
    let complete = "[...document.querySelectorAll('.cards li')].every((card) => card.querySelector('.title').textContent \
         && /\\d\\.\\d\\d$/.test(card.querySelector('.facts').textContent) && card.querySelector('.badge').textContent)";
    assert_eq!(browser.value(complete).await, Value::Bool(true), "each has a title, a price and a badge");
    let beside = "(([a, b]) => !b || a.getBoundingClientRect().top === b.getBoundingClientRect().top)(\
         [...document.querySelectorAll('article:has(.side + .side) .side')])";
    assert_eq!(browser.value(beside).await, Value::Bool(true), "both settings stand side by side");

    // A server is not needed, nor anything but the file.
    assert_eq!(browser.value("performance.getEntriesByType('resource').length").await, 0);
    let nameless = browser.accessible_nodes().into_iter().filter(|(role, name)| role == "link" && name.is_empty());
    assert_eq!(nameless.count(), 0, "links without a name");
    let errors = browser.console_errors();
    assert!(errors.is_empty(), "the console has errors: {errors:#?}");
    drop(folder);
}

#[tokio::test]
async fn the_page_can_be_read_on_a_phone_in_the_dark_and_on_paper() {
    let browser = Browser::start(PHONE).await;
    let folder = opened(&browser).await;
    let width = number(&browser, "document.documentElement.scrollWidth").await;
    assert!(width <= f64::from(PHONE.width), "the page is {width} wide");
    let stacked = "[...document.querySelectorAll('.side + .side')].every((side) => \
         side.getBoundingClientRect().top >= side.previousElementSibling.getBoundingClientRect().bottom)";
    assert_eq!(browser.value(stacked).await, Value::Bool(true), "one setting stands below the other");

    let ground = "getComputedStyle(document.body).backgroundColor";
    let mut grounds = Vec::new();
    for (medium, scheme) in [("screen", "light"), ("screen", "dark"), ("print", "light"), ("print", "dark")] {
        browser.show_as(medium, scheme);
        browser
            .until("the scheme is preferred", &format!("matchMedia('(prefers-color-scheme: {scheme})').matches"))
            .await;
        let contrast = number(&browser, CONTRAST).await;
        assert!(contrast >= CONTRAST_MIN, "{medium}, {scheme}: a text has a contrast of {contrast:.2}");
        grounds.push(browser.text(ground).await);
    }
    assert_ne!(grounds[0], grounds[1], "dark is not light");
    // Paper is white, whatever the reader prefers.
    assert_eq!(grounds[2..], ["rgb(255, 255, 255)", "rgb(255, 255, 255)"]);
    drop(folder);
}
