//! The dashboard in a real browser: against a real server where the server can be brought there quickly, and with a
//! recorded answer of `/v1/stats` where it cannot.
//!
//! Owns what an engineer can see and do on the page. It refuses to test what the figures are worth: that is for the
//! tests of the parts that count.

use serde_json::{Value, json};
use storefind::config::KeyHash;

use super::{DESKTOP, PHONE};
use crate::support::server::{TestServer, until};
use crate::support::servers::{free_port, redis};
use crate::support::shop::Shop;
use crate::support::webdriver::{Browser, Viewport};

/// Enough to be searched.
const PRODUCTS: u32 = 300;
/// An answer of `/v1/stats`, of a server with two remote tiers, one of them in trouble.
const RECORDED: &str = include_str!("stats.json");

const LIVE: &str = "document.documentElement.dataset.connection === 'live'";
const LOST: &str = "document.documentElement.dataset.connection === 'lost'";
/// Answers in the table of latencies.
const COUNTED: &str = "[...document.querySelectorAll('#latency-table tbody td:nth-child(2)')]\
     .reduce((sum, cell) => sum + Number(cell.textContent), 0)";
const ALERT: &str = "document.querySelector('#alert')";

/// An engineer before the page of a server.
struct Watch {
    browser: Browser,
    shop: Shop,
}

impl Watch {
    async fn start(viewport: Viewport) -> Self {
        Self::of(Shop::start(PRODUCTS), viewport).await
    }

    async fn of(shop: Shop, viewport: Viewport) -> Self {
        let watch = Self { browser: Browser::start(viewport).await, shop };
        watch.browser.open(&format!("{}/dashboard", watch.shop.url())).await;
        watch.browser.until("the first figures arrive", LIVE).await;
        watch
    }

    /// Asks the server as a shopper would.
    fn search(&self, query: &str) {
        let url = format!("{}/v1/demo/search?q={query}", self.shop.url());
        let status = ureq::get(&url).call().expect("an answer").status();
        assert_eq!(status.as_u16(), 200);
    }

    /// The server's own figures.
    fn stats(&self) -> Value {
        let answer = ureq::get(format!("{}/v1/stats", self.shop.url())).call();
        let text = answer.expect("an answer").body_mut().read_to_string().expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Has every request of the page from now on answered by a JavaScript function of address and options; `asked`
    /// keeps them all, `real` is the true thing.
    async fn answer_by(&self, function: &str) {
        let script = format!(
            "(() => {{ window.real ??= window.fetch.bind(window); window.asked = []; window.fetch = (url, options) => {{ \
             window.asked.push({{ url, ...options }}); return ({function})(url, options); }}; return true; }})()"
        );
        self.browser.value(&script).await;
    }

    async fn answer_stats(&self, stats: &Value) {
        self.answer_by(&format!("async () => new Response(JSON.stringify({stats}))")).await;
    }

    /// What a tile says: figure, unit and words.
    async fn until_tile(&self, claim: &str, tile: &str, condition: &str) {
        let tile = format!("document.querySelector('[data-tile={tile:?}]')");
        self.browser.until(claim, &format!("((tile) => {condition})({tile})")).await;
    }

    fn end(self) {
        let errors = self.browser.console_errors();
        assert!(errors.is_empty(), "the console has errors: {errors:#?}");
    }
}

fn recorded() -> Value {
    serde_json::from_str(RECORDED).expect("the recorded answer is JSON")
}

#[tokio::test]
async fn figures_appear_and_move_when_searches_are_made() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    let value = "tile.querySelector('.tile-value').textContent";
    watch.until_tile("the lag is told", "Lag", "/within the bound of/.test(tile.textContent)").await;
    watch.until_tile("a quiet server is quiet", "Requests", &format!("{value} === '0'")).await;

    for _ in 0..50 {
        watch.search("laptop");
    }
    watch.until_tile("requests are seen", "Requests", &format!("Number({value}) > 0")).await;
    watch.until_tile("most came from a tier", "From a tier", &format!("parseFloat({value}) > 50")).await;
    let line = "document.querySelector('#traffic .line-1:not(.swatch *)').getAttribute('d')";
    browser.until("the line has several points", &format!("{line}.split('L').length > 2")).await;
    browser
        .until("a reason is told", "/Never kept, or evicted/.test(document.querySelector('#reasons').textContent)")
        .await;
    browser
        .until(
            "latency is told",
            "/demo: search, from a tier/.test(document.querySelector('#latency-table').textContent)",
        )
        .await;
    browser
        .until("the catalog is told", "/demo.*Ready/.test(document.querySelector('#catalog-table tbody').textContent)")
        .await;
    browser
        .until(
            "without remote tiers it says how to attach them",
            "/STOREFIND_CACHE__REDIS__URL=/.test(document.querySelector('#tiers').textContent)",
        )
        .await;

    browser.click("#traffic .plot-table summary").await;
    let rows = "[...document.querySelectorAll('#traffic .plot-table[open] tbody tr')]";
    browser.until("the plot has a table", &format!("{rows}.length === 2 && /\\/s/.test({rows}[0].textContent)")).await;
    watch.end();
}

#[tokio::test]
async fn a_server_that_goes_away_is_told_and_its_return_is_seen() {
    let mut watch = Watch::start(DESKTOP).await;
    for _ in 0..20 {
        watch.search("laptop");
    }
    watch.browser.until("they are counted", &format!("{COUNTED} >= 20")).await;

    watch.shop.stop();
    let browser = &watch.browser;
    browser.until("it is told", &format!("{LOST} && !{ALERT}.hidden")).await;
    browser
        .until("with the age of what is shown", &format!("/cannot be reached.* old/.test({ALERT}.textContent)"))
        .await;
    browser.until("the figures stay", "!document.querySelector('#board').hidden").await;
    browser.until("it is read out", "/reached/.test(document.querySelector('#announcer').textContent)").await;

    watch.shop.start_again();
    let browser = &watch.browser;
    browser.until("it is live again", &format!("{LIVE} && {ALERT}.hidden")).await;
    watch.search("laptop");
    browser.until("the new process counts anew", &format!("{COUNTED} > 0 && {COUNTED} < 20")).await;
    let below = browser
        .value(
            "[...document.querySelectorAll('.plot-area .line')].map((line) => line.getAttribute('d') ?? '').filter((d) \
             => (d.match(/ -?[\\d.]+/g) ?? []).some((y) => Number(y) > 96))",
        )
        .await;
    assert_eq!(below, json!([]), "a line below zero");
    // That the browser could not connect is what was tested; the page cannot keep it from being logged.
    let errors = watch.browser.console_errors();
    let others: Vec<_> = errors.iter().filter(|error| !error.contains("net::ERR_")).collect();
    assert!(others.is_empty(), "the console has errors: {others:#?}");
}

#[tokio::test]
async fn a_server_that_refuses_is_told_in_its_own_words() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    watch
        .answer_by(
            "async () => new Response(JSON.stringify({error: {code: 'overloaded', message: 'too many at once'}}), {status: \
             503})",
        )
        .await;
    browser.until("it is told", &format!("{LOST} && /refuses: too many at once/.test({ALERT}.textContent)")).await;
    watch.answer_by("(url, options) => window.real(url, options)").await;
    browser.until("it is live again", &format!("{LIVE} && {ALERT}.hidden")).await;
    watch.end();
}

#[tokio::test]
async fn a_key_is_asked_for_kept_nowhere_and_sent_as_a_bearer() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    watch
        .answer_by(
            "async (url, options) => options.headers.Authorization === 'Bearer sesame' ? window.real(url, options) : new \
             Response(JSON.stringify({error: {code: 'unauthorized', message: 'this needs a key'}}), {status: 401})",
        )
        .await;
    let form = "document.querySelector('#key-form')";
    browser.until("a key is asked for", &format!("!{form}.hidden && document.activeElement.id === 'key-input'")).await;
    assert_eq!(browser.value("window.asked.length").await, 1, "without a key nothing is asked again");
    browser.keys("#key-input", "guess\u{e007}").await;
    browser.until("a wrong one is told", &format!("/not accepted: this needs a key/.test({form}.textContent)")).await;
    assert_eq!(browser.value("window.asked.at(-1).headers.Authorization").await, "Bearer guess");
    browser.keys("#key-input", "sesame\u{e007}").await;
    browser.until("the right one opens", &format!("{LIVE} && {form}.hidden")).await;

    let kept = "[localStorage.length, sessionStorage.length, document.cookie, location.search, document.querySelector\
                ('#key-input').value]";
    assert_eq!(browser.value(kept).await, json!([0, 0, "", "", ""]));
    watch.end();
}

#[tokio::test]
async fn a_server_with_keys_opens_its_figures_to_the_scope_admin() {
    let key = |name: &str, scope: &str| {
        let hash = KeyHash::of(name.as_bytes()).to_text();
        format!("[[keys]]\nname = {name:?}\nhash = {hash:?}\nscopes = [{scope:?}]\ncatalogs = [\"*\"]\n")
    };
    let server = TestServer::with(&[key("shopper", "search"), key("wall", "admin")].concat());
    let browser = Browser::start(DESKTOP).await;
    browser.open(&format!("{}/dashboard", server.url())).await;
    let form = "document.querySelector('#key-form')";
    browser.until("a key is asked for", &format!("!{form}.hidden")).await;
    browser.until("nothing is shown", "document.querySelector('#board').hidden").await;
    browser.keys("#key-input", "shopper\u{e007}").await;
    browser.until("another scope is not enough", &format!("/lacks the scope/.test({form}.textContent)")).await;
    browser.keys("#key-input", "wall\u{e007}").await;
    browser.until("the right one opens", &format!("{LIVE} && {form}.hidden")).await;
    browser
        .until("the catalog is told", "/shop/.test(document.querySelector('#catalog-table tbody').textContent)")
        .await;
    // The browser logs every refusal; the page cannot keep it from doing so.
    let errors = browser.console_errors();
    let others: Vec<_> = errors.iter().filter(|error| !error.contains("/v1/stats")).collect();
    assert!(others.is_empty(), "the console has errors: {others:#?}");
}

#[tokio::test]
async fn a_poll_waits_for_the_one_before_it() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    watch
        .answer_by("(url, options) => new Promise((go) => { window.go = () => go(window.real(url, options)); })")
        .await;
    browser.until("a poll is under way", "window.asked.length === 1").await;
    browser.until("it is overdue and told", "document.documentElement.dataset.connection === 'late'").await;
    browser.value("[1, 2, 3].map(() => document.dispatchEvent(new Event('visibilitychange')))").await;
    assert_eq!(browser.value("window.asked.length").await, 1);
    browser.value("window.go()").await;
    browser.until("then the next one is sent", "window.asked.length === 2").await;
    browser.value("window.go()").await;
    watch.end();
}

#[tokio::test]
async fn states_of_breakers_are_told_by_words_and_shapes() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    watch.answer_stats(&recorded()).await;
    let states = "Object.fromEntries([...document.querySelectorAll('[data-breaker]')].map((node) => \
                  [node.dataset.breaker, node.textContent]))";
    browser.until("three states are shown", &format!("Object.keys({states}).length === 3")).await;
    let told = browser.value(states).await;
    for (state, words) in [("closed", "Closed:"), ("open", "Open:"), ("half_open", "Half-open:")] {
        assert!(told[state].as_str().is_some_and(|text| text.starts_with(words)), "{state}: {told}");
    }
    let shapes = "new Set([...document.querySelectorAll('[data-breaker] path')].map((p) => p.getAttribute('d'))).size";
    assert_eq!(browser.value(shapes).await, 3, "no two states look alike without colour");
    let tiers = browser.text("document.querySelector('#tiers').innerText").await;
    for words in ["No answer in time", "Paused: neither asked nor filled", "Resume memcached", "cache-2.shop:11211"] {
        assert!(tiers.contains(words), "{words}: {tiers}");
    }
    watch
        .until_tile("it is seen from afar", "Remote tiers", "/2 servers do not answer well/.test(tile.textContent)")
        .await;
    let order = "[...document.querySelectorAll('#reasons td.number')].filter((_, index) => index % 2 === 0).map((cell) \
                 => Number(cell.textContent.replaceAll(',', '')))";
    let counts = browser.value(order).await;
    let counts: Vec<u64> = counts.as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
    assert!(counts.len() > 5 && counts.is_sorted_by(|one, next| one >= next), "{counts:?}");
    watch.end();
}

#[tokio::test]
async fn a_narrow_screen_has_no_sideways_scrolling() {
    let watch = Watch::start(PHONE).await;
    let browser = &watch.browser;
    watch.answer_stats(&recorded()).await;
    browser.until("the tiers are shown", "document.querySelectorAll('[data-breaker]').length === 3").await;
    browser.value("document.querySelectorAll('details').forEach((details) => { details.open = true; })").await;
    browser.until("a table is filled", "document.querySelector('#traffic .plot-table tbody tr')").await;
    let width = browser.value("document.documentElement.scrollWidth").await;
    assert!(width.as_i64().is_some_and(|width| width <= i64::from(PHONE.width)), "the page is {width} wide");
    let wide = "[...document.querySelectorAll('.table')].filter((table) => table.scrollWidth > table.clientWidth)\
                .map((table) => table.ariaLabel)";
    assert_eq!(browser.value(wide).await, json!([]), "tables that have to be scrolled sideways");
    watch.end();
}

#[tokio::test]
async fn everything_that_can_be_operated_has_a_name() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    watch.answer_stats(&recorded()).await;
    browser.until("the tiers are shown", "document.querySelectorAll('[data-breaker]').length === 3").await;
    let operable =
        ["button", "link", "textbox", "region", "table", "image", "DisclosureTriangle", "navigation", "dialog"];
    let named = |claim: &str| {
        let nodes = browser.accessible_nodes();
        let found: Vec<_> = nodes.iter().filter(|(role, _)| operable.contains(&role.as_str())).collect();
        assert!(found.len() > 5, "{claim}: {nodes:?}");
        let nameless: Vec<_> = found.iter().filter(|(_, name)| name.trim().is_empty()).collect();
        assert!(nameless.is_empty(), "{claim}: {nameless:?}");
    };
    named("page");
    browser.click("#catalog-table button").await;
    browser.until("the question is asked", "document.querySelector('#clear-dialog').open").await;
    browser.until("its safe answer has the focus", "document.activeElement.textContent === 'Keep it'").await;
    watch.end();
}

#[tokio::test]
async fn a_tier_is_paused_and_resumed_and_memory_cleared_after_a_question() {
    let redis = redis(free_port(), &[]);
    let url = format!("redis://127.0.0.1:{}", redis.port);
    let shop =
        Shop::start_with(PRODUCTS, &[("STOREFIND_CACHE__REDIS__URL", &url), ("STOREFIND_CACHE__ADMISSION", "always")]);
    let watch = Watch::of(shop, DESKTOP).await;
    let browser = &watch.browser;
    browser
        .until(
            "Redis is shown",
            "/Closed: calls go through/.test(document.querySelector('[data-tier=redis]').textContent)",
        )
        .await;
    for (paused, state) in [(true, "Paused: neither asked nor filled"), (false, "In use")] {
        browser.click("[data-tier=redis] button").await;
        let shown = format!("document.querySelector('[data-tier=redis] .tier-state').textContent === {state:?}");
        browser.until("the state is shown", &shown).await;
        assert_eq!(watch.stats()["answers"]["remote"]["redis"]["paused"], paused);
    }

    watch.search("laptop");
    let held = || watch.stats()["answers"]["catalogs"]["demo"]["search"]["entries"].as_u64().expect("a number");
    assert!(held() > 0);
    let dialog = "document.querySelector('#clear-dialog')";
    browser.click("#catalog-table button").await;
    browser.until("a question is asked first", &format!("/Clear the memory of demo/.test({dialog}.textContent)")).await;
    browser.click("#clear-dialog button[type=button]").await;
    browser.until("it can be denied", &format!("!{dialog}.open")).await;
    assert!(held() > 0);
    browser.click("#catalog-table button").await;
    browser.click("#clear-dialog button[type=submit]").await;
    browser.until("it is done", &format!("!{dialog}.open")).await;
    browser
        .until("it is said", "/^[1-9].* are forgotten/.test(document.querySelector('#announcer').textContent)")
        .await;
    // What is forgotten is counted until nothing holds it any more, such as a fill on its way.
    until("nothing is held", || held() == 0);
    watch.end();
}

#[tokio::test]
async fn rates_are_differences_within_one_run_of_the_server() {
    let watch = Watch::start(DESKTOP).await;
    // Ten a second; then another process, which has counted less; then one that has counted more, but is too young.
    let script = "import('/app/dashboard/history.js').then(({ History }) => { const history = new History(); \
         for (const [at, age, n] of [[0, 90, 100], [1000, 91, 110], [2000, 92, 120], [3000, 1, 5], [4000, 2, 8], \
         [40000, 3, 900]]) history.add({ at, age, counts: { n, half: n / 2 }, gauges: { age } }); \
         return { rate: history.rate('n'), share: history.quotient('half', 'n'), less: history.rate('half', 'n'), \
         growth: history.growth('n'), gauge: history.gauge('age') }; })";
    let told = watch.browser.value(&format!("{script}.then((told) => JSON.parse(JSON.stringify(told)))")).await;
    let values = |name: &str| -> Vec<Value> {
        told[name].as_array().expect("points").iter().map(|point| point["value"].clone()).collect()
    };
    // A gap stands before each new run.
    assert_eq!(json!(values("rate")), json!([null, 10, 10, null, null, 3, null, null]));
    assert_eq!(json!(values("share")), json!([null, 0.5, 0.5, null, null, 0.5, null, null]));
    assert_eq!(json!(values("less")), json!([null, 0, 0, null, null, 0, null, null]), "never below zero");
    assert_eq!(json!(values("gauge")), json!([90, 91, 92, null, 1, 2, null, 3]));
    assert_eq!(told["growth"], Value::Null, "one sample of a run is not enough");
    watch.end();
}

#[tokio::test]
async fn figures_are_written_for_people() {
    let watch = Watch::start(DESKTOP).await;
    let browser = &watch.browser;
    for (call, words) in [
        ("formatMilliseconds(null)", "–"),
        ("formatMilliseconds(0)", "0 ms"),
        ("formatMilliseconds(0.0414)", "41 µs"),
        ("formatMilliseconds(3.14)", "3.1 ms"),
        ("formatMilliseconds(250.4)", "250 ms"),
        ("formatMilliseconds(1500)", "1.5 s"),
        ("formatSpan(59.9)", "59 s"),
        ("formatSpan(600)", "10 min"),
        ("formatSpan(11530)", "3 h 12 min"),
        ("formatSpan(525600)", "6 d 2 h"),
        ("formatBytes(0)", "0 B"),
        ("formatBytes(1023)", "1023 B"),
        ("formatBytes(1536)", "1.5 KiB"),
        ("formatBytes(268435456)", "256 MiB"),
        ("formatShare(0)", "0 %"),
        ("formatShare(0.0004)", "< 0.1 %"),
        ("formatShare(0.876)", "88 %"),
        ("formatShare(0.99951)", "> 99.9 %"),
        ("formatShare(1)", "100 %"),
        ("formatRate(NaN)", "–"),
        ("formatRate(0.24)", "0.2"),
        ("formatRate(1234.5)", "1,235"),
    ] {
        let told = browser.text(&format!("import('/app/format.js').then((format) => format.{call})")).await;
        assert_eq!(told, words, "{call}");
    }
    watch.end();
}
