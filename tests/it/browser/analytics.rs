//! The page of analytics in a real browser, against a real server whose shoppers are these tests.
//!
//! Owns what a merchandiser can see and do on the page. What the figures are worth is tested where they are counted.

use serde_json::{Value, json};
use storefind::config::KeyHash;

use super::{DESKTOP, PHONE};
use crate::support::server::{TestServer, until};
use crate::support::webdriver::{Browser, Viewport};

const SHOWN: &str = "!document.querySelector('#board').hidden";

/// Without keys, or with `headers` that carry one.
fn fill(server: &TestServer, headers: &[&str]) {
    let with = |more: &'static str| [headers, &[more]].concat();
    let ndjson = with("Content-Type: application/x-ndjson");
    let product = b"{\"id\":\"1\",\"title\":\"Kettle\"}\n";
    let upload = server.request("POST", "/v1/shop/products?wait=searchable", &ndjson, product);
    assert_eq!(upload.status, 202, "{}", upload.text());
    let deeds: String = (0..12)
        .flat_map(|session| {
            let search =
                json!({"type": "search", "session": session, "query": "kettle", "event_id": format!("s{session}")});
            let click = json!({"type": "click", "session": session, "query": "kettle", "id": "1", "event_id": session});
            [search, click].into_iter().take(if session < 3 { 2 } else { 1 })
        })
        .chain([json!({"type": "search", "session": "last", "query": "end", "event_id": "end"})])
        .map(|event: Value| format!("{event}\n"))
        .collect();
    until("events are taken", || server.request("POST", "/v1/shop/events", &ndjson, deeds.as_bytes()).status == 202);
    for _ in 0..4 {
        assert_eq!(server.request("GET", "/v1/shop/search?q=unicorn", headers, b"").status, 200);
        assert_eq!(server.request("GET", "/v1/shop/search?q=kettel", headers, b"").status, 200);
    }
}

async fn open(server: &TestServer, viewport: Viewport, query: &str) -> Browser {
    let browser = Browser::start(viewport).await;
    browser.open(&format!("{}/dashboard/analytics{query}", server.url())).await;
    browser
}

fn end(browser: &Browser, expected: &str) {
    let errors = browser.console_errors();
    let unexpected: Vec<_> = errors.iter().filter(|error| expected.is_empty() || !error.contains(expected)).collect();
    assert!(unexpected.is_empty(), "the console has errors: {unexpected:#?}");
}

/// Whether a row of a table has these words, in this order.
fn row(table: &str, words: &str) -> String {
    format!(
        "[...document.querySelectorAll('#{table} tbody tr')]\
         .some((row) => /{words}/.test([...row.cells].map((cell) => cell.textContent).join(' ')))"
    )
}

#[tokio::test]
async fn every_list_is_shown_and_other_days_and_catalogs_can_be_asked_for() {
    let server = TestServer::start();
    fill(&server, &[]);
    let browser = open(&server, DESKTOP, "?catalog=shop").await;
    browser.until("figures are shown", SHOWN).await;
    // Those who did not click count once they have rested on it for five seconds.
    let counted = || {
        let told = server.get("/v1/shop/analytics").json();
        told["low_clicks"][0]["searches"] == 12
    };
    until("all searches count", counted);
    browser.click("#range-form button").await;
    browser.until("the top is shown", &row("top-table", "^kettle 0 12 3 0 0 25 % –$")).await;
    browser.until("what found nothing is shown", &row("zero-table", "^unicorn 4 4 0$")).await;
    browser.until("what is seldom clicked is shown", &row("low-table", "^kettle .* 25 %")).await;
    browser.until("typos are shown", &row("typos-table", "^kettel kettle 4 0 –$")).await;
    let words = browser.text("document.querySelector('#typos-words').textContent").await;
    assert!(words.contains("of others, 25 %") || words.contains("of others, 23 %"), "{words}");
    browser.until("the day is shown", &row("days-table", "^\\d{4}-\\d\\d-\\d\\d 8 ")).await;

    browser.value("document.querySelector('#from').value = '2020-01-01'").await;
    browser.value("document.querySelector('#to').value = '2020-01-31'").await;
    browser.click("#range-form button").await;
    browser.until("there was nothing then", "/Nothing yet/.test(document.querySelector('#top').textContent)").await;
    assert_eq!(browser.text("location.search").await, "?catalog=shop&from=2020-01-01&to=2020-01-31");
    browser.value("document.querySelector('#catalog').value = 'none'").await;
    browser.click("#range-form button").await;
    browser.until("it is told", "/no catalog `none`/.test(document.querySelector('#alert').textContent)").await;
    end(&browser, "404");
}

#[tokio::test]
async fn of_answers_that_overtake_each_other_the_last_question_counts() {
    let server = TestServer::start();
    fill(&server, &[]);
    let browser = open(&server, DESKTOP, "?catalog=shop").await;
    browser.until("figures are shown", &format!("{SHOWN} && {}", row("zero-table", "unicorn"))).await;
    // The first question is answered once the second has been.
    let hold_first = "(() => { const real = window.fetch; let first = true; window.fetch = async (url, options) => { \
         if (!first) return real(url, options); first = false; const held = await real(url, options); \
         await new Promise((go) => { window.go = go; }); return held; }; })()";
    browser.value(hold_first).await;
    browser.value("document.querySelector('#from').value = '2020-01-01'").await;
    browser.value("document.querySelector('#to').value = '2020-01-31'").await;
    browser.click("#range-form button").await;
    browser.until("the first is under way", "window.go").await;
    browser.value("document.querySelector('#from').value = ''").await;
    browser.value("document.querySelector('#to').value = ''").await;
    browser.value("document.querySelector('#announcer').textContent = ''").await;
    browser.click("#range-form button").await;
    browser.until("the second is answered", "/Figures/.test(document.querySelector('#announcer').textContent)").await;
    browser.value("window.go()").await;
    // Whatever the answer does, it does before a timer of later.
    let later = "new Promise((later) => setTimeout(later, 50)).then(() => true)";
    assert_eq!(browser.value(later).await, true);
    assert_eq!(browser.value(&row("zero-table", "unicorn")).await, true, "an answer of before was shown");
    end(&browser, "");
}

#[tokio::test]
async fn a_synonym_that_is_offered_is_approved_in_a_direction_or_dismissed() {
    let server = TestServer::start();
    fill(&server, &[]);
    let deeds: String = (100..112)
        .flat_map(|session| {
            ["boiler", "tank"].into_iter().flat_map(move |vain| {
                let did = |act: &str, query: &str| {
                    json!({"type": act, "session": format!("{vain}{session}"), "query": query, "id": "1"})
                };
                [did("search", vain), did("search", "kettle"), did("click", "kettle")]
            })
        })
        .map(|event: Value| format!("{event}\n"))
        .collect();
    let ndjson = ["Content-Type: application/x-ndjson"];
    assert_eq!(server.request("POST", "/v1/shop/events", &ndjson, deeds.as_bytes()).status, 202);
    let before = br#"{"facets": ["brand"]}"#;
    let put = server.request("PUT", "/v1/shop/settings", &["Content-Type: application/json"], before);
    assert_eq!(put.status, 202, "{}", put.text());
    let browser = open(&server, DESKTOP, "?catalog=shop").await;
    let offered = |vain: &str| row("candidates-table", &format!("^{vain} kettle 12 0 1 ApproveDismiss$"));
    browser.until("both are offered", &format!("{} && {}", offered("boiler"), offered("tank"))).await;

    browser.click("[aria-label='Dismiss tank, kettle']").await;
    browser.until("it is gone", &format!("!{} && {}", offered("tank"), offered("boiler"))).await;
    browser.click("[aria-label='Approve boiler, kettle']").await;
    let dialog = "document.querySelector('#approve-dialog')";
    let asked = format!("{dialog}.open && /Only boiler finds what has kettle/.test({dialog}.textContent)");
    browser.until("the direction is asked for", &asked).await;
    browser.click("#approve-cancel").await;
    assert_eq!(server.get("/v1/shop/settings").json()["synonyms"], json!([]), "who only looks changes nothing");
    browser.click("[aria-label='Approve boiler, kettle']").await;
    browser.click("#approve-submit").await;
    let told = "document.querySelector('#candidates-told').textContent === 'boiler now also finds kettle.'";
    browser.until("what changed is told", told).await;
    browser
        .until("nothing is left", "/Nothing yet/.test(document.querySelector('#candidates-table').textContent)")
        .await;
    let settings = server.get("/v1/shop/settings").json();
    assert_eq!(settings["synonyms"], json!([{"from": "boiler", "to": ["kettle"], "weight": 0.8_f32}]));
    assert_eq!(settings["facets"], json!(["brand"]), "other settings stay");
    assert_eq!(server.get("/v1/shop/search?q=boiler").json()["total"], 1);
    end(&browser, "");
}

#[tokio::test]
async fn a_key_for_merchandisers_opens_the_page_and_no_other_does() {
    let key = |name: &str, scopes: &str| {
        let hash = KeyHash::of(name.as_bytes()).to_text();
        format!("[[keys]]\nname = {name:?}\nhash = {hash:?}\nscopes = [{scopes}]\ncatalogs = [\"*\"]\n")
    };
    let server = TestServer::with(&[key("shop", "\"search\", \"write\""), key("desk", "\"merchandise\"")].concat());
    fill(&server, &["X-Storefind-Key: shop"]);
    let browser = open(&server, DESKTOP, "?catalog=shop").await;
    let form = "document.querySelector('#key-form')";
    browser.until("a key is asked for", &format!("!{form}.hidden && document.activeElement.id === 'key-input'")).await;
    browser.keys("#key-input", "shop\u{e007}").await;
    browser.until("the wrong one is told", &format!("/not accepted/.test({form}.textContent)")).await;
    browser.keys("#key-input", "desk\u{e007}").await;
    browser.until("figures are shown", &format!("{SHOWN} && {form}.hidden")).await;
    browser.until("of this shop", &row("zero-table", "^unicorn")).await;
    assert_eq!(browser.value("localStorage.length + sessionStorage.length").await, 0);
    end(&browser, "40");
}

#[tokio::test]
async fn everything_has_a_name_and_fits_a_telephone() {
    let server = TestServer::start();
    fill(&server, &[]);
    let browser = open(&server, PHONE, "?catalog=shop").await;
    browser.until("figures are shown", &format!("{SHOWN} && {}", row("zero-table", "unicorn"))).await;
    let width = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.value(width).await, 0, "nothing is scrolled sideways");
    let operable = ["button", "link", "textbox", "region", "table", "navigation", "Date"];
    let nodes = browser.accessible_nodes();
    let found: Vec<_> = nodes.iter().filter(|(role, _)| operable.contains(&role.as_str())).collect();
    assert!(found.len() > 10, "{nodes:?}");
    let nameless: Vec<_> = found.iter().filter(|(_, name)| name.trim().is_empty()).collect();
    assert!(nameless.is_empty(), "{nameless:?}");
    end(&browser, "");
}
