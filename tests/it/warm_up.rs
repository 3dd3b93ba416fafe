//! Warm-up over real sockets: a node asks the dearest questions of before again, and shoppers find them in memory.

use std::path::PathBuf;

use serde_json::{Value, json};
use storefind::app::Mode;
use storefind::config::KeyHash;
use tempfile::TempDir;

use crate::support::server::{TestServer, copy_of, until};
use crate::support::servers::{free_port, redis};

/// What shoppers ask again and again.
const OFTEN: [&str; 3] = ["q=lamp&facets=*", "q=chair&facets=brand&filter=price:1+TO+30", "sort=price:desc&per_page=5"];
/// What one of them asks once.
const ONCE: &str = "q=0049+171+5550123";

/// Warm-up for as long as a loaded machine needs.
const PATIENT: &str = "cache.warm_up.limit = \"1m\"\n";
/// None.
const OFF: &str = "cache.warm_up.limit = \"0s\"\n";
/// None that outlives the process.
const UNSAVED: &str = "cache.warm_up.limit = \"1m\"\ncache.warm_up.save = false\n";

fn shop(toml: &str) -> TestServer {
    let server = TestServer::with(toml);
    let lines: String = (0..40)
        .map(|n| {
            let (title, brand) = (["desk lamp", "garden chair"][n % 2], ["Acme", "Globex"][n / 2 % 2]);
            format!("{{\"id\":\"{n}\",\"title\":\"{title} {n}\",\"brand\":\"{brand}\",\"price\":{n}}}\n")
        })
        .collect();
    assert_eq!(server.upload(&lines).status, 202);
    server
}

/// A shop that was asked some questions, stopped: its data folder.
fn asked(toml: &str) -> TempDir {
    let server = shop(toml);
    ask_often(&server);
    server.into_data()
}

fn ask_often(server: &TestServer) {
    for question in OFTEN {
        for _ in 0..3 {
            detail(server, question);
        }
    }
    detail(server, ONCE);
}

/// A node over this data, once it says that it is ready.
fn started(data: TempDir, toml: &str) -> TestServer {
    started_as(data, toml, Mode::ReadWrite)
}

fn started_as(data: TempDir, toml: &str, mode: Mode) -> TestServer {
    let server = TestServer::over(data, toml, mode);
    until("the node is ready", || server.get("/readyz").status == 200);
    server
}

/// Which tier answers.
#[track_caller]
fn detail(server: &TestServer, question: &str) -> String {
    let answer = server.get(&format!("/v1/shop/search?{question}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let status = answer.header("cache-status").unwrap();
    status.split("; ").find_map(|part| part.strip_prefix("detail=")).unwrap().to_owned()
}

/// Which tier answers each of what was asked often.
fn details(server: &TestServer) -> [String; 3] {
    OFTEN.map(|question| detail(server, question))
}

fn figures(server: &TestServer) -> Value {
    server.get("/v1/stats").json()["answers"]["catalogs"]["shop"].take()
}

/// Has the settings changed, and waits until what is kept was asked again `times` times.
fn change_settings(server: &TestServer, name: &str, value: Value, times: u64) {
    let mut settings = server.get("/v1/shop/settings").json();
    settings[name] = value;
    let headers = ["Content-Type: application/json"];
    let put = server.request("PUT", "/v1/shop/settings?wait=searchable", &headers, settings.to_string().as_bytes());
    assert_eq!(put.status, 202, "{}", put.text());
    until("what is kept is asked again", || figures(server)["warm_up"]["times"] == times);
}

fn file(data: &std::path::Path) -> PathBuf {
    data.join("catalogs/shop/questions")
}

const FROM_MEMORY: [&str; 3] = ["memory"; 3];
const FROM_INDEX: [&str; 3] = ["index"; 3];

#[test]
fn what_was_asked_often_is_in_memory_when_a_node_is_ready_again_and_no_shopper_is_counted_for_it() {
    let data = asked(PATIENT);
    let saved = std::fs::read(file(data.path())).unwrap();
    let holds = |text: &str| saved.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("q=lamp&facets=*") && !holds("5550123"), "{:?}", String::from_utf8_lossy(&saved));
    let server = started(data, PATIENT);
    let before = figures(&server);
    let warm_up = &before["warm_up"];
    assert_eq!((&warm_up["kept"], &warm_up["times"], &warm_up["answered"]["index"]), (&json!(3), &json!(1), &json!(3)));
    assert_eq!((&warm_up["failed"], &warm_up["cut"]), (&json!(0), &json!(0)));
    assert!(warm_up["last_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!((&before["search"]["lookups"], &before["search"]["computations"]["count"]), (&json!(0), &json!(0)));
    assert_eq!(before["search"]["entries"], 3);
    assert_eq!(details(&server), FROM_MEMORY);
    assert_eq!(detail(&server, ONCE), "index");
    let after = figures(&server);
    assert_eq!((&after["search"]["hits"], &after["search"]["lookups"]), (&json!(3), &json!(4)));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("storefind_warm_up_answered_total{catalog=\"shop\",tier=\"index\"} 3"), "{metrics}");
}

#[test]
fn a_node_that_nobody_asks_hands_on_what_it_was_told_and_asking_again_raises_no_count() {
    let data = asked(PATIENT);
    let first = std::fs::read(file(data.path())).unwrap();
    let data = started(data, PATIENT).into_data();
    assert_eq!(std::fs::read(file(data.path())).unwrap(), first);
    assert_eq!(details(&started(data, PATIENT)), FROM_MEMORY);
}

#[test]
fn without_time_or_without_a_file_a_start_is_cold_and_nothing_stays_on_the_disk() {
    for toml in [OFF, UNSAVED] {
        let data = asked(PATIENT);
        assert!(file(data.path()).exists());
        let server = started(data, toml);
        assert_eq!(details(&server), FROM_INDEX);
        assert!(!file(server.data()).exists());
        ask_often(&server);
        let data = server.into_data();
        assert!(!file(data.path()).exists());
        assert_eq!(details(&started(data, toml)), FROM_INDEX);
    }
}

#[test]
fn after_a_change_of_settings_they_are_in_memory_again() {
    const SELDOM: &str = "q=desk";
    let server = shop(UNSAVED);
    ask_often(&server);
    detail(&server, SELDOM);
    change_settings(&server, "synonyms", json!([{"to": ["kettle", "boiler"]}]), 1);
    assert_eq!(details(&server), FROM_MEMORY);
    assert_eq!([ONCE, SELDOM].map(|question| detail(&server, question)), ["index"; 2]);
    // `facets=*` now stands for another list.
    change_settings(&server, "facets", json!(["brand"]), 2);
    assert_eq!(details(&server), FROM_MEMORY);
    // All products are indexed again.
    change_settings(&server, "language", json!("german"), 3);
    assert_eq!(details(&server), FROM_MEMORY);
    // What was asked once was asked again above, and is among them since; a telephone number never is.
    assert_eq!(figures(&server)["warm_up"]["answered"]["index"], 3 + 4 + 4);
}

#[test]
fn without_warm_up_a_change_of_settings_is_cold() {
    let server = shop(OFF);
    ask_often(&server);
    let settings = json!({"language": "german"}).to_string();
    let headers = ["Content-Type: application/json"];
    let put = server.request("PUT", "/v1/shop/settings?wait=searchable", &headers, settings.as_bytes());
    assert_eq!(put.status, 202, "{}", put.text());
    assert_eq!(details(&server), FROM_INDEX);
}

#[test]
fn a_rebuild_leaves_them_where_they_are_and_the_next_start_too() {
    let server = shop(PATIENT);
    ask_often(&server);
    let headers = ["Content-Type: application/json"];
    let done = server.request("POST", "/v1/admin/rebuild", &headers, b"{\"catalog\":\"shop\"}");
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(details(&server), FROM_MEMORY);
    assert_eq!(details(&started(server.into_data(), PATIENT)), FROM_MEMORY);
}

#[test]
fn a_damaged_a_newer_and_a_foreign_file_are_a_cold_start_and_are_replaced() {
    let data = asked(PATIENT);
    let sound = std::fs::read(file(data.path())).unwrap();
    let changed = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        bytes
    };
    let mut data = data;
    for bytes in [changed(sound.len() / 2), changed(7), sound[..sound.len() - 1].to_vec(), b"hello".to_vec(), vec![]] {
        std::fs::write(file(data.path()), bytes).unwrap();
        let server = started(data, PATIENT);
        assert_eq!(details(&server), FROM_INDEX);
        ask_often(&server);
        let server = started(server.into_data(), PATIENT);
        assert_eq!(details(&server), FROM_MEMORY);
        data = server.into_data();
    }
}

#[test]
fn a_node_is_ready_however_little_time_warm_up_has_and_every_question_is_accounted_for() {
    let server = started(asked(PATIENT), "cache.warm_up.limit = \"1ms\"\n");
    let warm_up = figures(&server)["warm_up"].take();
    let answered: u64 = warm_up["answered"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    let all = answered + warm_up["failed"].as_u64().unwrap() + warm_up["cut"].as_u64().unwrap();
    assert_eq!((all, &warm_up["times"]), (3, &json!(1)), "{warm_up}");
}

#[test]
fn a_read_only_node_is_warm_too_and_leaves_the_file_alone() {
    let data = asked(PATIENT);
    let before = std::fs::read(file(data.path())).unwrap();
    let server = started_as(copy_of(data.path()), PATIENT, Mode::ReadOnly);
    assert_eq!(details(&server), FROM_MEMORY);
    ask_often(&server);
    let data = server.into_data();
    assert_eq!(std::fs::read(file(data.path())).unwrap(), before);
    let server = started_as(data, OFF, Mode::ReadOnly);
    assert_eq!(details(&server), FROM_INDEX);
    assert!(file(server.data()).exists());
}

#[test]
fn what_was_asked_under_the_filter_of_an_access_key_is_not_kept() {
    let hash = |name: &str| KeyHash::of(name.as_bytes()).to_text();
    let keys = format!(
        "{PATIENT}[[keys]]\nname = \"all\"\nhash = \"{}\"\nscopes = [\"search\", \"write\", \"admin\"]\ncatalogs = [\"*\"]\n\
         [[keys]]\nname = \"some\"\nhash = \"{}\"\nscopes = [\"search\"]\ncatalogs = [\"*\"]\nfilter = \"brand:Acme\"\n",
        hash("all"),
        hash("some"),
    );
    let server = TestServer::with(&keys);
    let ask = |server: &TestServer, name: &str, path: &str| {
        let authorization = format!("Authorization: Bearer {name}");
        let answer = server.request("GET", path, &[&authorization], b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("cache-status").unwrap_or_default()
    };
    for _ in 0..3 {
        ask(&server, "all", "/v1/shop/search?q=open");
        ask(&server, "some", "/v1/shop/search?q=bounded");
        ask(&server, "all", "/v1/shop/autocomplete?q=typed");
    }
    let data = server.into_data();
    let saved = std::fs::read(file(data.path())).unwrap();
    let holds = |text: &str| saved.windows(text.len()).any(|window| window == text.as_bytes());
    assert_eq!([holds("open"), holds("bounded"), holds("typed")], [true, false, false]);
    let server = started(data, &keys);
    assert!(ask(&server, "all", "/v1/shop/search?q=open").ends_with("detail=memory"));
    assert!(ask(&server, "some", "/v1/shop/search?q=bounded").ends_with("detail=index"));
}

#[test]
fn a_restart_asks_a_warm_redis_and_is_counted_apart_there_too() {
    let server = redis(free_port(), &[]);
    let toml = format!(
        "{PATIENT}cache.admission = \"always\"\ncache.remote_deadline = \"100ms\"\ncache.redis.url = \
         \"redis://127.0.0.1:{}\"\n",
        server.port
    );
    let node = shop(&toml);
    // What price or stock decide would stay in the process.
    let shared: Vec<String> = (1..=20).map(|n| format!("q=lamp&facets=brand&per_page={n}")).collect();
    for question in shared.iter().chain(&shared) {
        detail(&node, question);
    }
    detail(&node, ONCE);
    until("Redis is filled", || figures(&node)["tiers"]["redis"]["fills"].as_u64() >= Some(21));
    let node = started(node.into_data(), &toml);
    let before = figures(&node);
    let answered = |tier: &str| before["warm_up"]["answered"][tier].as_u64().unwrap();
    // What is asked before the connection stands is computed.
    assert!(answered("redis") > 0 && answered("redis") + answered("index") == 20, "{before}");
    assert_eq!(
        (&before["tiers"]["redis"]["lookups"], &before["search"]["computations"]["count"]),
        (&json!(0), &json!(0))
    );
    assert!(shared.iter().all(|question| detail(&node, question) == "memory"));
    assert_eq!(detail(&node, ONCE), "redis");
    assert_eq!(figures(&node)["tiers"]["redis"]["hits"], 1);
}
