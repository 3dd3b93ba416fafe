//! The page of rules in a real browser, against a real server with a few products.
//!
//! Owns what a merchandiser can see and do on the page. What rules make of answers is tested over HTTP.

use serde_json::{Value, json};
use storefind::config::KeyHash;

use super::{DESKTOP, PHONE};
use crate::support::server::TestServer;
use crate::support::webdriver::{Browser, Viewport};

const OPEN: &str = "!document.querySelector('#desk').hidden";
const STATE: &str = "document.querySelector('#draft-state').textContent";
const DIALOG: &str = "document.querySelector('#rule-dialog').open";

/// A merchandiser before the page of a server.
struct Desk {
    browser: Browser,
    server: TestServer,
}

impl Desk {
    async fn start(viewport: Viewport) -> Self {
        let server = TestServer::start();
        let lines = ["red shoe", "blue shoe", "desk lamp"].iter().enumerate();
        let lines: Vec<_> = lines
            .map(|(at, title)| json!({"id": format!("p{at}"), "title": title, "popularity": 9 - at}).to_string())
            .collect();
        assert_eq!(server.upload(&lines.join("\n")).status, 202);
        let desk = Self { browser: Browser::start(viewport).await, server };
        desk.browser.open(&format!("{}/dashboard/rules?catalog=shop", desk.server.url())).await;
        desk.browser.until("the rules are shown", OPEN).await;
        desk
    }

    /// Fills in a rule that pins a product for a query, and keeps it in the draft.
    async fn add_rule(&self, name: &str, query: &str, pin: &str) {
        let browser = &self.browser;
        browser.click("#add-rule").await;
        browser.until("the form opens", DIALOG).await;
        browser.keys("#rule-id", name).await;
        browser.keys("#rule-query", query).await;
        browser.keys("#rule-pin", pin).await;
        browser.click("#rule-form [type=submit]").await;
        browser.until("the form closes", &format!("!{DIALOG}")).await;
    }

    async fn publish(&self) {
        self.browser.click("#publish").await;
        self.browser.until("nothing is left to publish", &format!("{STATE} === ''")).await;
    }

    fn rules(&self) -> Value {
        self.server.get("/v1/shop/rules").json()["rules"].clone()
    }

    fn first_hit(&self, query: &str) -> Value {
        self.server.get(&format!("/v1/shop/search?q={query}")).json()["hits"][0]["id"].clone()
    }

    fn end(self) {
        let errors = self.browser.console_errors();
        assert!(errors.is_empty(), "the console has errors: {errors:#?}");
    }
}

#[tokio::test]
async fn a_rule_is_written_previewed_published_and_taken_back() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    desk.add_rule("lamps first", "shoe", "1 p2").await;
    browser.until("it is told that nothing is published", &format!("/not published/.test({STATE})")).await;
    assert_eq!(desk.rules(), json!([]));

    browser.keys("#preview-q", "shoe\u{e007}").await;
    let side = |side: &str| format!("[...document.querySelectorAll('#{side} li')].map((row) => row.dataset.id).join()");
    browser.until("one side has no rules", &format!("{} === 'p0,p1'", side("before"))).await;
    browser.until("the other has the draft's", &format!("{} === 'p2,p0,p1'", side("after"))).await;
    browser.until("it says why", "/pinned by lamps first/.test(document.querySelector('#after li').textContent)").await;
    assert_eq!(desk.first_hit("shoe"), "p0", "a preview changes nothing");

    desk.publish().await;
    let published = json!([{
        "id": "lamps first", "when": {"query": "shoe"}, "then": {"pin": [{"id": "p2", "position": 1}]}, "enabled": true
    }]);
    assert_eq!((desk.rules(), desk.first_hit("shoe")), (published, json!("p2")));

    browser.click("[data-rule='lamps first'] .link-button:nth-child(2)").await;
    browser.until("it is off", "document.querySelector('#rule-list li').dataset.enabled === 'false'").await;
    desk.publish().await;
    assert_eq!(desk.first_hit("shoe"), "p0");

    browser.click("#version-list li:nth-child(2) button").await;
    browser.until("the former one is back", "document.querySelector('#rule-list li').dataset.enabled === 'true'").await;
    assert_eq!(desk.first_hit("shoe"), "p2");
    browser.until("that is a version, too", "document.querySelectorAll('#version-list li').length === 3").await;

    let can_be_put_back = "[...document.querySelectorAll('#version-list button')].map((button) => !button.disabled)";
    assert_eq!(browser.value(can_be_put_back).await, json!([true, true]));
    browser.click("[data-rule='lamps first'] .link-button:nth-child(5)").await;
    browser.until("it is gone from the draft", "!document.querySelector('#rules-none').hidden").await;
    assert_eq!(browser.value(can_be_put_back).await, json!([false, false]), "the draft would be lost");
    browser.click("#discard").await;
    browser.until("and there again", "document.querySelector('#rule-list li')").await;
    assert_eq!(browser.value(can_be_put_back).await, json!([true, true]));
    desk.end();
}

#[tokio::test]
async fn a_rule_that_is_opened_has_all_that_was_written() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    let rule = json!({
        "id": "all", "when": {"query": "red shoes", "match": "contains", "category": "A > B", "context": "phone"},
        "then": {
            "pin": [{"id": "p 2", "position": 3}], "hide": ["p1"], "boost": [{"filter": "brand:\"A B\"", "factor": 3.0}],
            "bury": [{"filter": "in_stock:false", "factor": 0.2_f32}], "filter": "price < 9", "redirect": "/sale"
        },
        "from": "2026-11-27", "until": "2999-01-01", "enabled": false, "note": "for people"
    });
    let body = json!({"rules": [rule]}).to_string();
    assert_eq!(desk.server.request("PUT", "/v1/shop/rules", &[], body.as_bytes()).status, 202);
    browser.open(&format!("{}/dashboard/rules?catalog=shop", desk.server.url())).await;
    browser.until("it is told", "/for people/.test(document.querySelector('#rule-list')?.textContent)").await;
    browser
        .until("factors are short", "/in_stock:false × 0\\.2;/.test(document.querySelector('#rule-list').textContent)")
        .await;
    browser.click("[data-rule=all] .link-button").await;
    browser.until("the form opens", DIALOG).await;
    assert_eq!(browser.text("document.querySelector('#rule-bury').value").await, "0.2 in_stock:false");
    browser.keys("#rule-note", "!").await;
    browser.click("#rule-form [type=submit]").await;
    browser.until("it is changed", &format!("/not published/.test({STATE})")).await;
    desk.publish().await;
    let mut changed = rule;
    changed["note"] = json!("for people!");
    assert_eq!(desk.rules(), json!([changed]));
    desk.end();
}

#[tokio::test]
async fn what_others_published_meanwhile_is_not_overwritten() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    desk.add_rule("mine", "shoe", "1 p2").await;
    let theirs = json!({"rules": [{"id": "theirs", "then": {"hide": ["p1"]}}]}).to_string();
    assert_eq!(desk.server.request("PUT", "/v1/shop/rules", &[], theirs.as_bytes()).status, 202);
    browser.click("#publish").await;
    let alert = "document.querySelector('#alert')";
    browser
        .until("it is told", &format!("!{alert}.hidden && /have changed meanwhile/.test({alert}.textContent)"))
        .await;
    assert_eq!(desk.rules()[0]["id"], "theirs");
    browser.click("#discard").await;
    browser.until("theirs is shown", "document.querySelector('#rule-list li')?.dataset.rule === 'theirs'").await;
    // The browser logs the refusal; the page cannot keep it from doing so.
    let errors = browser.console_errors();
    let others: Vec<_> = errors.iter().filter(|error| !error.contains("412")).collect();
    assert!(others.is_empty(), "the console has errors: {others:#?}");
}

#[tokio::test]
async fn a_publication_whose_answer_was_lost_can_be_sent_again() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    desk.add_rule("lost", "shoe", "1 p2").await;
    let lose_one = "const real = window.fetch; window.fetch = async (url, options) => { \
         const answer = await real(url, options); \
         if (options.method !== 'PUT') return answer; window.fetch = real; throw new TypeError('lost'); }";
    browser.value(&format!("(() => {{ {lose_one} }})()")).await;
    browser.click("#publish").await;
    let alert = "document.querySelector('#alert')";
    browser.until("it is told", &format!("!{alert}.hidden && /cannot be reached/.test({alert}.textContent)")).await;
    assert_eq!(desk.rules()[0]["id"], "lost", "it was published all the same");
    desk.publish().await;
    assert_eq!(browser.value(&format!("{alert}.hidden")).await, true);
    desk.end();
}

#[tokio::test]
async fn the_storefront_follows_a_redirect_but_not_while_somebody_types() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    let redirect =
        json!({"rules": [{"id": "r", "when": {"query": "lamp"}, "then": {"redirect": "/docs"}}]}).to_string();
    let put = desk.server.request("PUT", "/v1/shop/rules?wait=searchable", &[], redirect.as_bytes());
    assert_eq!(put.status, 202, "{}", put.text());
    browser.open(&format!("{}/?catalog=shop", desk.server.url())).await;
    browser.until("products are shown", "document.querySelector('#results-body .card-title')").await;
    browser.keys("#search-input", "lamp").await;
    browser.until("a notice leads there", "document.querySelector('#notice-redirect a')?.pathname === '/docs'").await;
    assert_eq!(browser.text("location.pathname").await, "/");
    browser.keys("#search-input", "\u{e007}").await;
    browser.until("who asks for it is sent there", "location.pathname === '/docs'").await;
    browser.back().await;
    browser.until("back leads before the search", "location.pathname === '/' && !location.search.includes('q=')").await;
    browser.open(&format!("{}/?catalog=shop&q=lamp", desk.server.url())).await;
    browser.until("so does an address", "location.pathname === '/docs'").await;
    desk.end();
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_told_in_the_form() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    browser.click("#add-rule").await;
    browser.keys("#rule-id", "r").await;
    browser.keys("#rule-query", "shoe").await;
    browser.click("#rule-form [type=submit]").await;
    let problem = "document.querySelector('#rule-problem')";
    browser.until("it must do something", &format!("/what the rule does/.test({problem}.textContent)")).await;
    browser.keys("#rule-pin", "p2").await;
    browser.click("#rule-form [type=submit]").await;
    browser.until("a pin has a place", &format!("/“p2” is no pin/.test({problem}.textContent)")).await;
    browser.click("#rule-cancel").await;
    browser.until("nothing was kept", "!document.querySelector('#rules-none').hidden").await;
    desk.end();
}

#[tokio::test]
async fn synonyms_are_edited_and_other_settings_stay() {
    let desk = Desk::start(DESKTOP).await;
    let browser = &desk.browser;
    let settings =
        json!({"facets": ["brand"], "synonyms": [{"from": "boot", "to": ["shoe"], "weight": 0.3}]}).to_string();
    assert_eq!(desk.server.request("PUT", "/v1/shop/settings", &[], settings.as_bytes()).status, 202);
    browser.open(&format!("{}/dashboard/rules?catalog=shop", desk.server.url())).await;
    let text = "document.querySelector('#synonyms-text').value";
    browser.until("they are shown", &format!("{text} === '0.3: boot -> shoe'")).await;
    browser.keys("#synonyms-text", "\u{e010}\nlight, lamp\n1:2 scale, half scale").await;
    browser.click("#synonyms-form [type=submit]").await;
    browser.until("it is told", "/synonyms are in force/.test(document.querySelector('#announcer').textContent)").await;
    let kept = desk.server.get("/v1/shop/settings").json();
    assert_eq!(kept["facets"], json!(["brand"]));
    assert_eq!(kept["synonyms"][0], json!({"from": "boot", "to": ["shoe"], "weight": 0.3_f32}));
    assert_eq!(kept["synonyms"][1]["to"], json!(["light", "lamp"]));
    assert_eq!(kept["synonyms"][2], json!({"to": ["1:2 scale", "half scale"], "weight": 0.8_f32}));
    assert_eq!(desk.first_hit("light"), "p2");
    desk.end();
}

#[tokio::test]
async fn a_server_with_keys_opens_its_rules_to_the_scope_merchandise() {
    let hash = KeyHash::of(b"sesame").to_text();
    let key = format!("[[keys]]\nname = \"m\"\nhash = {hash:?}\nscopes = [\"merchandise\"]\ncatalogs = [\"*\"]\n");
    let server = TestServer::with(&key);
    let browser = Browser::start(DESKTOP).await;
    browser.open(&format!("{}/dashboard/rules?catalog=shop", server.url())).await;
    browser.until("a key is asked for", "!document.querySelector('#key-form').hidden").await;
    assert_eq!(browser.value(OPEN).await, false);
    browser.keys("#key-input", "sesame\u{e007}").await;
    browser.until("it opens", OPEN).await;
    let kept =
        "[localStorage.length, sessionStorage.length, document.cookie, document.querySelector('#key-input').value]";
    assert_eq!(browser.value(kept).await, json!([0, 0, "", ""]));
}

#[tokio::test]
async fn it_fits_a_phone_and_everything_has_a_name() {
    let desk = Desk::start(PHONE).await;
    let browser = &desk.browser;
    desk.add_rule("a rule with a long name that has no end", "shoe", "1 p2").await;
    browser.keys("#preview-q", "shoe\u{e007}").await;
    browser.until("it is compared", "document.querySelectorAll('#after li').length === 3").await;
    let width = browser.value("document.documentElement.scrollWidth").await;
    assert!(width.as_i64().is_some_and(|width| width <= i64::from(PHONE.width)), "the page is {width} wide");
    let operable = ["button", "link", "textbox", "combobox"];
    let nodes = browser.accessible_nodes();
    let nameless: Vec<_> = nodes.iter().filter(|(role, name)| operable.contains(&&**role) && name.is_empty()).collect();
    assert!(nameless.is_empty() && nodes.len() > 20, "{nameless:?}");
    browser.click("#add-rule").await;
    browser.until("the form opens", DIALOG).await;
    let inside =
        "document.querySelector('#rule-dialog').scrollWidth <= document.querySelector('#rule-dialog').clientWidth";
    assert_eq!(browser.value(inside).await, true, "the form has to be scrolled sideways");
    desk.end();
}
