//! The example of API.md to the letter, and JSON whatever comes.

use proptest::prelude::*;
use serde_json::{Value, json};
use storefind_index::answer::{Interpreted, Relaxation};
use storefind_index::dependency::Dependency;
use storefind_index::suggest::Source;

use super::*;

const ALL_SHOWN: LiveShown = LiveShown { price: true, stock: true, in_stock: true };

fn hit(id: &str, text: &str) -> Hit {
    Hit {
        id: id.into(),
        score: 7.31,
        content: text.into(),
        ordinal: None,
        version: 0,
        live: Live { price: Some(499.0), stock: Some(3), in_stock: true },
        shows: ALL_SHOWN,
        highlights: Vec::new(),
        group_count: None,
        ranking: None,
    }
}

fn page(hits: Vec<Hit>) -> SearchPage {
    SearchPage {
        live: storefind_index::answer::LiveDependency::None,
        total: 1234,
        total_products: None,
        corrected: None,
        did_you_mean: None,
        interpreted: None,
        relaxed: false,
        relaxation: Vec::new(),
        hits,
        facets: Vec::new(),
        dependency: Dependency::default(),
    }
}

fn text(body: &Body) -> &str {
    std::str::from_utf8(body.text()).expect("UTF-8")
}

fn value(value: Value, count: u64) -> FacetValue {
    FacetValue { value, count }
}

#[test]
fn a_search_body_is_that_of_the_contract() {
    let mut hit = hit("42", r#"{"title":"HP 15","brand":"HP"}"#);
    hit.highlights = vec![("title".into(), vec!["<em>HP</em> 15".into()])];
    let mut page = page(vec![hit]);
    page.corrected = Some("laptop".into());
    let stats = NumberStats { min: 9.5, max: 4999.0, avg: 311.2, count: 1234 };
    page.facets = vec![
        Facet { field: "brand".into(), values: vec![value(json!("HP"), 12)], distinct: 38, stats: None },
        Facet { field: "price".into(), values: vec![], distinct: 900, stats: Some(stats) },
        Facet { field: "ram".into(), values: vec![value(json!(8), 2)], distinct: 1, stats: Some(stats) },
    ];
    let request = SearchRequest { q: "lap top".into(), highlight: vec!["title".into()], ..SearchRequest::default() };
    assert_eq!(
        text(&search(&request, &page, &Arrangement::default())),
        concat!(
            r#"{"query":"lap top","corrected":"laptop","relaxed":false,"page":1,"per_page":20,"total":1234,"#,
            r#""hits":[{"id":"42","score":7.31,"product":{"title":"HP 15","brand":"HP","price":499.0,"stock":3,"#,
            r#""in_stock":true},"highlights":{"title":"<em>HP</em> 15"}}],"#,
            r#""facets":{"brand":{"values":[{"value":"HP","count":12}],"distinct":38},"#,
            r#""price":{"min":9.5,"max":4999.0,"avg":311.2,"count":1234},"#,
            r#""ram":{"min":9.5,"max":4999.0,"avg":311.2,"count":1234,"values":[{"value":8,"count":2}]}}}"#,
        )
    );
}

#[test]
fn what_was_done_with_the_words_is_told() {
    let mut page = page(Vec::new());
    page.did_you_mean = Some("harry potter".into());
    page.interpreted = Some(Interpreted { words: "under 500".into(), filter: "price < 500".into() });
    page.relaxed = true;
    page.relaxation =
        vec![Relaxation { step: "partial", without: vec!["usb".into(), "battery".into()], missing_max: 1 }];
    let text = String::from_utf8(search(&SearchRequest::default(), &page, &Arrangement::default()).text().to_vec())
        .expect("UTF-8");
    let told = concat!(
        r#"{"query":"","did_you_mean":"harry potter","interpreted":{"words":"under 500","filter":"price < 500"},"#,
        r#""relaxed":true,"relaxation":[{"step":"partial","without":["usb","battery"],"missing_max":1}],"page":1,"#,
    );
    assert!(text.starts_with(told), "{text}");
}

#[test]
fn groups_tell_their_members_and_several_highlights_are_a_list() {
    let mut hit = hit("42", "{}");
    hit.group_count = Some(3);
    hit.highlights = vec![("tags".into(), vec!["<em>a</em>".into(), "<em>b</em>".into()])];
    let mut page = page(vec![hit]);
    page.total_products = Some(9);
    let request = SearchRequest { highlight: vec!["tags".into()], ..SearchRequest::default() };
    let body: Value = serde_json::from_str(text(&search(&request, &page, &Arrangement::default()))).expect("JSON");
    assert_eq!(body["total_products"], 9);
    assert_eq!(body["hits"][0]["group_count"], 3);
    assert_eq!(body["hits"][0]["highlights"]["tags"], json!(["<em>a</em>", "<em>b</em>"]));
}

#[test]
fn an_autocomplete_body_is_that_of_the_contract() {
    let suggestion = Suggestion {
        text: "laptop bag".into(),
        highlight: "<em>lapt</em>op bag".into(),
        category: Some("Bags".into()),
        popularity: 0.83,
        results: 214,
        source: Source::Name,
    };
    let mut page = page(vec![hit("42", r#"{"title":"HP 15","image":"i.png"}"#)]);
    let categories = vec![value(json!("Laptops"), 310)];
    page.facets = vec![Facet { field: "categories".into(), values: categories, distinct: 1, stats: None }];
    let request =
        CompleteRequest { q: "lapt".into(), limit: 8, products: 3, category: None, filter: None, within: None };
    assert_eq!(
        text(&complete(&request, &[suggestion], &page)),
        concat!(
            r#"{"query":"lapt","suggestions":[{"text":"laptop bag","highlight":"<em>lapt</em>op bag","#,
            r#""category":"Bags","popularity":0.83,"results":214}],"#,
            r#""products":[{"id":"42","product":{"title":"HP 15","image":"i.png","price":499.0,"stock":3,"#,
            r#""in_stock":true}}],"categories":[{"value":"Laptops","count":310}]}"#,
        )
    );
}

#[test]
fn live_fields_are_shown_as_selected_and_absent_ones_left_out() {
    let live = Live { price: None, stock: Some(0), in_stock: false };
    let shown = |shows, follows| String::from_utf8(live_fields(&live, shows, follows)).expect("UTF-8");
    assert_eq!(shown(ALL_SHOWN, true), r#","stock":0,"in_stock":false"#);
    assert_eq!(shown(ALL_SHOWN, false), r#""stock":0,"in_stock":false"#);
    assert_eq!(shown(LiveShown { stock: false, ..ALL_SHOWN }, true), r#","in_stock":false"#);
    assert_eq!(shown(LiveShown { price: true, stock: false, in_stock: false }, true), "");
}

#[test]
fn a_member_can_be_appended() {
    let body = search(&SearchRequest::default(), &page(vec![]), &Arrangement::default());
    let with: Value = serde_json::from_slice(&with_member(&body, "explain", &json!({"cache": 1}))).expect("JSON");
    assert_eq!((&with["explain"]["cache"], &with["total"]), (&json!(1), &json!(1234)));
}

/// Any JSON object, as the text that the index keeps of a product.
fn object() -> impl Strategy<Value = String> {
    prop::collection::vec(("\\PC{0,5}", "\\PC{0,5}"), 0..4)
        .prop_map(|members| {
            members.into_iter().map(|(name, text)| (name, json!(text))).collect::<serde_json::Map<_, _>>()
        })
        .prop_map(|members| Value::Object(members).to_string())
}

fn any_hit() -> impl Strategy<Value = Hit> {
    let live = (any::<Option<f64>>(), any::<Option<i64>>(), any::<bool>());
    ("\\PC{0,5}", any::<f32>(), object(), live, any::<[bool; 3]>(), any::<Option<u64>>()).prop_map(
        |(id, score, object, (price, stock, in_stock), [a, b, c], group_count)| Hit {
            score,
            live: Live { price, stock, in_stock },
            shows: LiveShown { price: a, stock: b, in_stock: c },
            highlights: vec![(id.clone(), vec![object.clone()])],
            group_count,
            ..hit(&id, &object)
        },
    )
}

proptest! {
    #[test]
    fn every_body_is_json_and_its_holes_hold_its_live_fields(
        hits in prop::collection::vec(any_hit(), 0..4),
        q in "\\PC{0,10}",
        stats in any::<Option<(f64, f64, f64, u64)>>(),
        highlight in any::<bool>(),
    ) {
        let request = SearchRequest {
            q: q.clone(),
            highlight: if highlight { vec!["title".into()] } else { vec![] },
            ..SearchRequest::default()
        };
        let expected: Vec<_> = hits
            .iter()
            .filter(|hit| hit.shows != LiveShown { price: false, stock: false, in_stock: false })
            .map(|hit| (hit.id.clone(), live_fields(&hit.live, hit.shows, hit.content != "{}")))
            .collect();
        let count = hits.len();
        let mut page = page(hits);
        let stats = stats.map(|(min, max, avg, count)| NumberStats { min, max, avg, count });
        page.facets = vec![Facet { field: q.clone(), values: vec![value(json!(q), 1)], distinct: 1, stats }];
        let body = search(&request, &page, &Arrangement::default());
        let read: Value = serde_json::from_slice(body.text()).expect("JSON");
        prop_assert_eq!(&read["query"], &json!(q));
        prop_assert_eq!(read["hits"].as_array().map(Vec::len), Some(count));
        let found: Vec<_> = body
            .holes()
            .iter()
            .map(|hole| (hole.id.to_string(), body.text()[hole.place.start as usize..hole.place.end as usize].to_vec()))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
