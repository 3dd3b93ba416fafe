//! The storefront page in a real browser, against a real server with a small demo catalog.
//!
//! Owns what a shopper can do with the page: search, choose by keyboard, filter, sort, turn pages, go back, recover
//! from a typo, find help, use a small screen or assistive technology. It refuses to test what the API answers.
//!
//! Every test ends by asking the console: an error there, a violation of the content policy above all, is a failure.

mod analytics;
mod dashboard;
mod evaluation;
mod rules;

use fantoccini::key::Key;
use serde_json::Value;

use crate::support::shop::Shop;
use crate::support::webdriver::{Browser, Viewport};

const DESKTOP: Viewport = Viewport { width: 1280, height: 900 };
const PHONE: Viewport = Viewport { width: 360, height: 740 };

/// Enough for several pages and for every department, few enough to be indexed at once.
const PRODUCTS: u32 = 2_000;

/// Products are on the page and nothing is under way.
const SETTLED: &str =
    "!document.querySelector('#results-body').ariaBusy && document.querySelector('#results-body .card-title')";
/// The number of products that the page claims.
const TOTAL: &str = "Number(document.querySelector('#results-count').textContent.replace(/\\D/g, ''))";
const TITLE: &str = "document.querySelector('#results-title').textContent";
const FIRST_CARD: &str = "document.querySelector('#results-body .card-title').textContent";
/// Name and count of each value in the brand facet.
const BRANDS: &str = "[...document.querySelectorAll('[data-field=brand] .facet-row')].map((row) => [\
     row.querySelector('.facet-name').textContent,\
     Number(row.querySelector('.facet-count').textContent.replace(/\\D/g, ''))])";

/// A shop and a browser that shows it.
struct Visit {
    browser: Browser,
    shop: Shop,
}

impl Visit {
    async fn start(viewport: Viewport) -> Self {
        let shop = Shop::start(PRODUCTS);
        Self { browser: Browser::start(viewport).await, shop }
    }

    /// Opens a view by its address and waits until it shows products.
    async fn products(&self, address: &str) {
        self.open(address).await;
        self.browser.until("products appear", SETTLED).await;
    }

    async fn open(&self, address: &str) {
        self.browser.open(&format!("{}/{address}", self.shop.url())).await;
    }

    async fn until_total(&self, claim: &str, total: i64) {
        self.browser.until(claim, &format!("{TOTAL} === {total} && {SETTLED}")).await;
    }

    async fn total(&self) -> i64 {
        self.browser.value(TOTAL).await.as_i64().expect("a count is a whole number")
    }

    fn end(self) {
        let errors = self.browser.console_errors();
        assert!(errors.is_empty(), "the console has errors: {errors:#?}");
    }
}

fn brands(value: &Value) -> Vec<(String, i64)> {
    let rows = value.as_array().expect("a list of rows");
    rows.iter().map(|row| (row[0].as_str().expect("a name").to_owned(), row[1].as_i64().expect("a count"))).collect()
}

#[tokio::test]
async fn typing_shows_suggestions_and_products_and_the_keyboard_chooses() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("").await;

    browser.keys("#search-input", "lapto").await;
    browser.until("the products follow the typing", &format!("{TITLE}.includes('lapto') && {SETTLED}")).await;
    browser.until("matches are marked", "document.querySelector('.card-title mark')").await;
    browser.until("suggestions appear", "document.querySelectorAll('#suggest-list .option-word').length > 0").await;
    assert_eq!(browser.text("document.querySelector('#search-input').ariaExpanded").await, "true");
    browser.until("products are previewed", "document.querySelector('#suggest-list .option-product')").await;
    browser.until("the count is announced", "/found/.test(document.querySelector('#announcer').textContent)").await;

    let active =
        "document.getElementById(document.querySelector('#search-input').getAttribute('aria-activedescendant'))";
    let options = "[...document.querySelectorAll('#suggest-list [role=option]')]";
    let press = async |key: Key| browser.keys("#search-input", &char::from(key).to_string()).await;
    press(Key::Down).await;
    browser.until("down reaches the first option", &format!("{active} === {options}[0]")).await;
    browser
        .until("only that one is selected", &format!("{options}.filter((o) => o.ariaSelected === 'true').length === 1"))
        .await;
    press(Key::End).await;
    browser.until("end reaches the last option", &format!("{active} === {options}.at(-1)")).await;
    press(Key::Escape).await;
    browser.until("escape closes the list", "document.querySelector('#suggest').hidden").await;
    assert_eq!(browser.text("document.querySelector('#search-input').value").await, "lapto");
    press(Key::Down).await;
    browser.until("down opens it again", "!document.querySelector('#suggest').hidden").await;
    press(Key::Down).await;
    browser.until("an option is reached", active).await;
    let chosen = browser.text(&format!("{active}.querySelector('.option-text').textContent")).await;
    press(Key::Enter).await;
    browser.until("the list is closed", "document.querySelector('#suggest').hidden").await;
    browser.until("the choice is searched", &format!("{TITLE}.includes('{chosen}') && {SETTLED}")).await;
    assert_eq!(browser.text("new URL(location.href).searchParams.get('q')").await, chosen);

    browser.back().await;
    browser
        .until(
            "back leads to the entrance",
            "!location.search.includes('q=') && !document.querySelector('#hero').hidden",
        )
        .await;
    visit.end();
}

#[tokio::test]
async fn a_facet_narrows_the_products_and_keeps_its_own_counts() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("?q=laptop").await;
    let all = visit.total().await;
    let before = brands(&browser.value(BRANDS).await);
    let [(first, first_count), (_, second_count), ..] = before.as_slice() else { panic!("few brands: {before:?}") };
    assert!(*first_count < all, "the brand narrows: {first_count} of {all}");

    browser.click("[data-field=brand] li:nth-child(1) input").await;
    visit.until_total("one brand is left", *first_count).await;
    let shown =
        browser.value("[...document.querySelectorAll('#results-body .card-brand')].map((b) => b.textContent)").await;
    assert!(shown.as_array().is_some_and(|list| list.iter().all(|brand| brand == first.as_str())), "{shown}");
    assert_eq!(brands(&browser.value(BRANDS).await), before, "the facet's own choice does not shrink its counts");

    browser.click("[data-field=brand] li:nth-child(2) input").await;
    visit.until_total("a second value widens", first_count + second_count).await;
    browser.until("both are told", "document.querySelectorAll('#chips .chip').length === 2").await;
    browser.click("#chips .chip").await;
    visit.until_total("a chip removes its filter", *second_count).await;
    browser.back().await;
    visit.until_total("back restores it", first_count + second_count).await;
    visit.end();
}

#[tokio::test]
async fn facets_of_the_attributes_that_the_products_share_are_offered() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("?q=laptop").await;
    let further = "[...document.querySelectorAll('#facets .facet')].filter((facet) => \
         !['categories', 'brand', 'price', 'rating', 'in_stock'].includes(facet.dataset.field) && \
         facet.querySelector('input[type=checkbox]'))";
    browser.until("a facet of an attribute appears", &format!("{further}.length > 0")).await;
    let all = visit.total().await;
    let field = browser.text(&format!("{further}[0].dataset.field")).await;
    let count = browser
        .value(&format!("Number({further}[0].querySelector('.facet-count').textContent.replace(/\\D/g, ''))"))
        .await;
    browser.value(&format!("{further}[0].setAttribute('open', '')")).await;
    browser.click(&format!("[data-field={field:?}] li:first-child input")).await;
    visit.until_total("its value narrows", count.as_i64().expect("a count")).await;
    assert!(visit.total().await <= all);
    browser.until("it stays, chosen", &format!("document.querySelector('[data-field={field:?}] input:checked')")).await;
    visit.end();
}

#[tokio::test]
async fn sorting_and_paging_live_in_the_address_and_back_undoes_them() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("").await;
    let popular = browser.text(FIRST_CARD).await;

    browser.choose("#sort-select", "price:asc").await;
    browser.until("the address has the order", "location.search.includes('sort=price')").await;
    let prices = "[...document.querySelectorAll('#results-body .card .price')].map((price) => \
         Number(price.textContent.replace(/[^\\d.]/g, '')))";
    browser
        .until(
            "cheap ones first",
            &format!("{SETTLED} && {prices}.length > 1 && {prices}.every((p, i, all) => i === 0 || all[i - 1] <= p)"),
        )
        .await;
    let cheapest = browser.text(FIRST_CARD).await;

    browser.click("#pages a[rel=next]").await;
    browser
        .until(
            "the second page is current",
            "document.querySelector('#pages [aria-current=page]')?.textContent === '2'",
        )
        .await;
    browser.until("it has other products", &format!("{SETTLED} && {FIRST_CARD} !== {cheapest:?}")).await;
    let second = browser.text(FIRST_CARD).await;
    assert_eq!(browser.text("new URL(location.href).searchParams.get('page')").await, "2");

    browser.open(&browser.text("location.href").await).await;
    browser.until("a shared address shows the same", &format!("{SETTLED} && {FIRST_CARD} === {second:?}")).await;
    browser.back().await;
    browser.until("back turns the page", &format!("{SETTLED} && {FIRST_CARD} === {cheapest:?}")).await;
    browser.back().await;
    browser.until("back undoes the order", &format!("{SETTLED} && {FIRST_CARD} === {popular:?}")).await;
    assert_eq!(browser.text("document.querySelector('#sort-select').value").await, "");
    visit.end();
}

#[tokio::test]
async fn a_typo_is_corrected_and_the_shopper_is_told() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("?q=loptop").await;
    browser.until("the correction is told", "document.querySelector('#notice-corrected strong')").await;
    assert_eq!(browser.text("document.querySelector('#notice-corrected strong').textContent").await, "laptop");
    browser.click("#notice-corrected .notice-aside").await;
    browser
        .until(
            "the words stand as written",
            "location.search.includes('exact=1') && document.querySelector('#no-results')",
        )
        .await;
    visit.end();
}

#[tokio::test]
async fn a_search_without_products_offers_ways_on() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.open("?q=zzqqxwv").await;
    browser.until("help appears", "document.querySelector('#no-results .help-tips')").await;
    browser
        .until("popular products are offered", "document.querySelector('#no-results .help-popular .card-title')")
        .await;

    visit.open("?q=laptop&r.price=0..0.01").await;
    let way = "document.querySelector('#no-results .help-ways a')";
    browser.until("a filter to remove is offered", way).await;
    assert!(browser.text(&format!("{way}.textContent")).await.contains("without the price range"));
    browser.click("#no-results .help-ways a").await;
    browser
        .until(
            "removing it leads to products",
            &format!("{SETTLED} && {TOTAL} > 0 && !location.search.includes('price')"),
        )
        .await;
    visit.end();
}

#[tokio::test]
async fn a_product_has_its_own_address_and_closes_to_the_list() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("?q=laptop").await;
    let name = browser.text(FIRST_CARD).await;
    let dialog = "document.querySelector('#product-dialog')";
    let open = format!("{dialog}.open && {dialog}.querySelector('#product-title').textContent === {name:?}");
    browser.click("#results-body .card-title a").await;
    browser.until("the product opens", &open).await;
    let address = browser.text("location.href").await;
    assert!(address.contains("product="), "{address}");
    browser.until("its details are listed", "document.querySelectorAll('#product-dialog tr').length > 2").await;

    browser.keys("#product-dialog", &char::from(Key::Escape).to_string()).await;
    browser
        .until(
            "escape closes it",
            "!document.querySelector('#product-dialog').open && !location.search.includes('product=')",
        )
        .await;
    browser.until("the list is still there", SETTLED).await;
    browser.open(&address).await;
    browser.until("a shared address opens it", &open).await;
    visit.end();
}

#[tokio::test]
async fn a_narrow_screen_has_no_sideways_scrolling_and_a_drawer_of_filters() {
    let visit = Visit::start(PHONE).await;
    let browser = &visit.browser;
    for address in ["", "?q=laptop", "?q=loptop", "?q=zzqqxwv", "?q=laptop&sort=price%3Aasc&page=2"] {
        visit.open(address).await;
        browser
            .until("something is shown", "document.querySelector('#results-body .card-title, #results-body .help')")
            .await;
        let width = browser.value("document.documentElement.scrollWidth").await;
        assert!(width.as_i64().is_some_and(|width| width <= i64::from(PHONE.width)), "{address:?} is {width} wide");
    }

    visit.products("?q=laptop").await;
    let before = visit.total().await;
    browser.click("#filter-button").await;
    browser.until("the drawer opens", "document.querySelector('#drawer').open").await;
    browser.click("#drawer [data-field=brand] li:first-child input").await;
    browser.until("a choice narrows behind it", &format!("{TOTAL} < {before} && {TOTAL} > 0")).await;
    browser
        .until("the choice stays in place", "document.querySelector('#drawer [data-field=brand] input:checked')")
        .await;
    browser.click("#drawer-done").await;
    browser.until("the drawer closes", "!document.querySelector('#drawer').open").await;
    browser
        .until("the count of filters is told", "/1/.test(document.querySelector('#filter-button').textContent)")
        .await;
    visit.end();
}

#[tokio::test]
async fn everything_that_can_be_operated_has_a_name() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    let named = |view: &str| {
        let operable = [
            "button",
            "link",
            "checkbox",
            "combobox",
            "searchbox",
            "textbox",
            "slider",
            "spinbutton",
            "option",
            "listbox",
            "dialog",
            "navigation",
            "DisclosureTriangle",
        ];
        let nodes = browser.accessible_nodes();
        let found: Vec<_> = nodes.iter().filter(|(role, _)| operable.contains(&role.as_str())).collect();
        assert!(found.len() > 5, "{view}: {nodes:?}");
        let nameless: Vec<_> = found.iter().filter(|(_, name)| name.trim().is_empty()).collect();
        assert!(nameless.is_empty(), "{view}: {nameless:?}");
    };
    visit.products("").await;
    named("entrance");
    visit.products("?f.in_stock=true&page=2").await;
    named("results");
    browser.keys("#search-input", "s").await;
    browser.until("suggestions appear", "document.querySelector('#suggest-list [role=option]')").await;
    named("suggestions");
    visit.products("?q=laptop").await;
    browser.click("#results-body .card-title a").await;
    browser.until("the product opens", "document.querySelector('#product-dialog tr')").await;
    named("product");
    browser.resize(PHONE);
    visit.products("?q=laptop").await;
    browser.click("#filter-button").await;
    browser.until("the drawer opens", "document.querySelector('#drawer').open").await;
    named("drawer");
    visit.end();
}

#[tokio::test]
async fn the_keyboard_alone_reaches_products_and_search() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("?q=laptop").await;
    browser.keys("body", &char::from(Key::Tab).to_string()).await;
    browser.until("the first stop skips to the results", "document.activeElement.matches('.skip-link')").await;
    browser.keys(".skip-link", &char::from(Key::Enter).to_string()).await;
    browser.until("the focus is in the results", "document.activeElement.id === 'results'").await;
    browser.keys("#results", "/").await;
    browser.until("a slash leads to the search", "document.activeElement.id === 'search-input'").await;
    assert_eq!(browser.text("document.activeElement.value").await, "laptop", "the slash is not typed");
    visit.end();
}

#[tokio::test]
async fn the_panel_tells_where_the_last_answer_came_from() {
    let visit = Visit::start(DESKTOP).await;
    let browser = &visit.browser;
    visit.products("?q=laptop").await;
    browser.click(".trace-toggle").await;
    let rows = "Object.fromEntries([...document.querySelectorAll('#trace dl > div')].map((row) => \
         [...row.children].map((cell) => cell.textContent)))";
    browser.until("the panel opens", &format!("{rows}.Tier")).await;
    let told = browser.value(rows).await;
    for name in ["Tier", "Outcome", "Round trip", "Sequence", "Products"] {
        assert!(told[name].as_str().is_some_and(|value| !value.is_empty()), "{name} is told: {told}");
    }
    visit.open("?q=laptop").await;
    browser
        .until("the second time it comes from memory", &format!("{rows}.Tier === 'memory' && {rows}.Outcome === 'hit'"))
        .await;
    visit.end();
}
