//! What a configuration accepts and how it refuses.

mod access;

use super::*;

fn sources(file: &str, environment: &[(&str, &str)]) -> Sources {
    Sources {
        file: Some(("shop.toml".into(), file.to_owned())),
        environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        arguments: Vec::new(),
    }
}

fn problems(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    match Config::load(&sources(file, environment)) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn every_default_is_valid() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7700");
    assert_eq!(config.freshness_bound, Duration::from_secs(1));
    assert_eq!(config.data_dir, PathBuf::from("storefind-data"));
    assert!(config.http.query_threads >= 1);
    assert!(config.catalogs.is_empty());
}

#[test]
fn each_bad_value_is_named_with_its_key_its_value_and_its_line() {
    // File, key, what the message says beside key, value and line.
    let cases = [
        ("listen = \"0.0.0.0:7700\"", "listen", "0.0.0.0:7700", "loopback"),
        ("listen = 7700", "listen", "7700", "address and a port"),
        ("freshness_bound = \"soon\"", "freshness_bound", "soon", "duration"),
        ("data_dir = \"\"", "data_dir", "\"\"", "folder"),
        ("[cache.memory]\nmax_bytes = \"lots\"", "cache.memory.max_bytes", "lots", "size"),
        ("[cache.memory]\nmax_bytes = 10", "cache.memory.max_bytes", "10", "at least 1MiB"),
        ("[cache]\nadmission = \"maybe\"", "cache.admission", "maybe", "\"always\""),
        ("[cache.redis]\nurl = \"cache:6379\"", "cache.redis.url", "cache:6379", "expected \"redis://"),
        ("[cache.redis]\nurl = \"redis://a,b\"", "cache.redis.url", "a,b", "one server is expected"),
        ("[cache.redis]\nmode = \"master\"", "cache.redis.mode", "master", "expected one of"),
        ("[cache.memcached]\nurl = \"a:1,b:2\"", "cache.memcached.url", "a:1,b:2", "expected \"memcache://"),
        ("[cache]\nremote_deadline = \"1s\"", "cache.remote_deadline", "1s", "1ms to 100ms"),
        ("[cache]\nstale_if_error = \"91m\"", "cache.stale_if_error", "91m", "at most 90m"),
        ("[cache.warm_up]\nlimit = \"61s\"", "cache.warm_up.limit", "61s", "at most 1m"),
        ("[cache.warm_up]\nsave = \"perhaps\"", "cache.warm_up.save", "perhaps", "true"),
        ("[log]\nurl = \"nats://a:1\"", "log.url", "nats://a:1", "replicated log yet"),
        ("[http]\nmax_connections = 0", "http.max_connections", "0", "at least 1"),
        ("[http]\nmax_connections = -1", "http.max_connections", "-1", "whole number"),
        ("[http]\nidle_timeout = \"0s\"", "http.idle_timeout", "0s", "longer than 0s"),
        ("[http]\ncors_origins = [\"shop.example\"]", "http.cors_origins", "shop.example", "not an origin"),
        ("[http]\ntrusted_proxies = \"10.0.0.0/40\"", "http.trusted_proxies", "10.0.0.0/40", "not an address"),
        ("[limits]\nper_key = \"fast\"", "limits.per_key", "fast", "100/s"),
        ("[limits]\nper_address = \"0/s\"", "limits.per_address", "0/s", "`off` sets no limit"),
        ("[limits]\nper_key_burst = 1000001", "limits.per_key_burst", "1000001", "at most 1000000"),
        ("[learning]\nkeep_days = 401", "learning.keep_days", "401", "at most 400"),
        ("[learning]\nmax_bytes = 10", "learning.max_bytes", "10", "at least 1MiB"),
        ("insecure = \"maybe\"", "insecure", "maybe", "\"true\""),
        ("[tls]\ncertificate = []\nkey = \"k\"", "tls.certificate", "[]", "path of a file"),
        ("[http]\nsearch_cache_control = \"a\\nb\"", "http.search_cache_control", "a", "HTTP header"),
        ("[logging]\nformat = \"xml\"", "logging.format", "xml", "\"json\""),
        ("[logging]\nfilter = \"a=b=c\"", "logging.filter", "a=b=c", "level"),
        ("[catalogs.shop]\nlanguage = \"klingon\"", "catalogs.shop.language", "klingon", "\"german\""),
        ("[catalogs.shop.feed]\ntitle = 3.5e1\nprice = { field = \"p\" }", "catalogs.shop.feed.price", "p", "scale"),
    ];
    for (file, key, value, says) in cases {
        let found = problems(file, &[]);
        let [problem] = found.as_slice() else { panic!("{file}: {found:?}") };
        for part in [key, value, says, "shop.toml:"] {
            assert!(problem.contains(part), "`{problem}` lacks `{part}`");
        }
    }
}

#[test]
fn a_mistyped_key_is_refused_with_the_nearest_one() {
    for (file, key, near) in [
        ("lisen = \"127.0.0.1:1\"", "lisen", "`listen`"),
        ("[cache.memory]\nmaxbytes = 1", "cache.memory.maxbytes", "`cache.memory.max_bytes`"),
        ("[catalogs.shop]\nlangage = \"none\"", "catalogs.shop.langage", "`catalogs.shop.language`"),
        ("[htpp]\nidle_timeout = \"1s\"", "htpp", "no such key"),
        ("[tls]\ncertificat = \"a\"", "tls.certificat", "`tls.certificate`"),
        ("[limits]\nper_adress = \"1/s\"", "limits.per_adress", "`limits.per_address`"),
    ] {
        let found = problems(file, &[]);
        assert!(found.len() == 1 && found[0].contains(key) && found[0].contains(near), "{found:?}");
    }
}

#[test]
fn a_mistyped_variable_is_refused_with_the_nearest_one() {
    let found = problems("", &[("STOREFIND_FRESHNES_BOUND", "1s"), ("HOME", "/root")]);
    assert_eq!(
        found,
        ["STOREFIND_FRESHNES_BOUND: freshnes_bound = \"1s\": no such key; did you mean STOREFIND_FRESHNESS_BOUND?"]
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let found = problems("listen = 1\nfreshness_bound = 2\nnonsense = 3", &[("STOREFIND_DATA_DIR", "")]);
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_syntax_error_names_its_line() {
    let found = problems("listen = \"127.0.0.1:1\"\ndata_dir = \n", &[]);
    assert!(found.len() == 1 && found[0].starts_with("shop.toml:2: "), "{found:?}");
}

#[test]
fn a_secret_is_not_part_of_any_message() {
    let found = problems("", &[("STOREFIND_CACHE__REDIS__URL", "redis://:hunter2@cache:6379/x")]);
    assert!(found.len() == 1 && !found[0].contains("hunter2") && found[0].contains("cache:6379"), "{found:?}");
    let found = problems("", &[("STOREFIND_CACHE__REDIS__URL", ":hunter2@cache:6379")]);
    assert!(found.len() == 1 && !found[0].contains("hunter2") && found[0].contains("cache:6379"), "{found:?}");
    let sources = sources("", &[("STOREFIND_CACHE__REDIS__URL", "redis://:hunter2@cache:6379")]);
    let (config, printed) = (Config::load(&sources).unwrap(), Config::print(&sources).unwrap());
    assert!(printed.contains("cache.redis.url = \"redis://***@cache:6379\""), "{printed}");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn only_urls_are_printed_without_what_stands_before_an_at_sign() {
    let written = [
        ("data_dir", "/srv/shop@home/data"),
        ("tls.certificate", "shop@home.pem"),
        ("tls.key", "key@home.pem"),
        ("catalogs.shop.feed.id", "@id"),
        ("catalogs.shop.feed.title", "title@en"),
    ];
    let file: String = written.iter().map(|(key, value)| format!("{key} = \"{value}\"\n")).collect();
    let file = file + "catalogs.shop.feed.price = { field = \"offer@price\", scale = 0.01 }\n";
    let printed = Config::print(&sources(&file, &[])).unwrap();
    for line in file.lines() {
        assert!(printed.contains(line), "{line} is not in {printed}");
    }
    let found = problems("listen = \"redis://:hunter2@cache:6379\"", &[]);
    assert!(found.len() == 1 && !found[0].contains("hunter2"), "{found:?}");
}

#[test]
fn arguments_come_before_the_environment_and_that_before_the_file() {
    let mut sources = sources(
        "listen = \"127.0.0.1:1\"\ndata_dir = \"file\"",
        &[("STOREFIND_LISTEN", "127.0.0.1:2"), ("STOREFIND_FRESHNESS_BOUND", "0s")],
    );
    assert_eq!(Config::load(&sources).unwrap().listen.port(), 2);
    sources.arguments = vec![("--listen", "listen", "127.0.0.1:3".into())];
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.listen.port(), config.data_dir.to_str()), (3, Some("file")));
    assert_eq!(config.freshness_bound, Duration::ZERO);
}

/// A value of each key that differs from its default, as a variable would hold it.
fn other_value(key: &str) -> Option<&'static str> {
    Some(match key {
        "listen" => "127.0.0.1:9",
        "insecure" => "true",
        "http.trusted_proxies" => "10.0.0.0/8,::1",
        "tls.certificate" | "tls.key" => "file.pem",
        "limits.per_key" | "limits.per_address" => "600/m",
        "limits.per_key_burst" | "limits.per_address_burst" => "20",
        "data_dir" => "elsewhere",
        "freshness_bound" | "http.header_timeout" | "http.idle_timeout" => "250ms",
        "http.request_deadline" | "http.drain_timeout" => "750ms",
        "cache.memory.max_bytes" => "1GB",
        "cache.admission" => "never",
        "cache.remote_deadline" => "20ms",
        "cache.stale_if_error" => "30m",
        "cache.warm_up.limit" => "500ms",
        "cache.warm_up.save" => "false",
        "cache.redis.url" => "redis://cache:6379",
        "cache.redis.mode" => "sentinel",
        "cache.redis.primary" => "shop",
        "cache.memcached.url" => "memcache://a:1,b:2",
        "http.max_body_bytes" => "1MiB",
        "http.max_connections" => "10",
        "http.max_header_bytes" => "9KiB",
        "http.max_headers" => "20",
        "http.query_threads" | "http.listeners" => "3",
        "http.max_queued_queries" => "7",
        "http.search_cache_control" | "http.autocomplete_cache_control" => "no-store",
        "http.cors_origins" => "https://a.example,https://b.example",
        "logging.format" => "json",
        "logging.filter" => "debug",
        "logging.slow_query" => "50ms",
        "learning.keep_days" => "7",
        "learning.max_bytes" => "1GB",
        "catalogs.shop.language" => "german",
        "catalogs.shop.feed.title" => "name",
        "catalogs.shop.feed.attributes.ram" => "memory",
        _ => return None,
    })
}

#[test]
fn every_key_can_be_set_by_a_variable() {
    // The list of keys is one variable, which `access` tests.
    for key in KEYS.iter().filter(|key| !key.name.starts_with("keys.")) {
        let field = if key.name.contains("attributes") { "ram" } else { "title" };
        let name = key.name.replacen('*', "shop", 1).replace('*', field);
        let Some(value) = other_value(&name) else {
            assert!(key.about.contains("Refused"), "{name} needs a value in this test");
            continue;
        };
        let variable = variable_name(&name);
        // A feed without a title is refused, whatever else it maps.
        let file = match key.name {
            _ if field == "ram" => "[catalogs.shop.feed]\ntitle = \"name\"\n",
            // Each needs the other.
            "tls.certificate" => "tls.key = \"key.pem\"",
            "tls.key" => "tls.certificate = \"certificate.pem\"",
            _ => "",
        };
        let printed = Config::print(&sources(file, &[(&variable, value)])).unwrap();
        let line = format!("{name} = \"{value}\"  # {variable}");
        assert!(printed.lines().any(|printed| printed == line), "`{line}` is not in:\n{printed}");
    }
}

#[test]
fn what_is_printed_loads_to_the_same_configuration() {
    let file = "data_dir = \"d\"\n[cache.memory]\nmax_bytes = 5_000_000\n[catalogs.my-shop]\n[catalogs.b.feed]\n\
                title = \"name\"\nprice = { field = \"p\", scale = 0.01 }\nattributes = [\"a_*\", \"b_*\"]\n";
    let first = sources(file, &[("STOREFIND_CATALOGS__MY_SHOP__LANGUAGE", "french")]);
    let printed = Config::print(&first).unwrap();
    let again = sources(&printed, &[]);
    assert_eq!(format!("{:?}", Config::load(&first)), format!("{:?}", Config::load(&again)));
    assert!(printed.contains("catalogs.my-shop.language = \"french\"  # STOREFIND_CATALOGS__MY_SHOP__LANGUAGE"));
}

#[test]
fn catalog_names_are_checked() {
    for good in ["icecat", "a", "shop-2", "de_de", "0"] {
        assert_eq!(problems(&format!("[catalogs.{good}]"), &[]), Vec::<String>::new());
    }
    for bad in ["Shop", "stats", "admin", "-a", "\"a b\"", "\"\"", "a__b", &"x".repeat(65)] {
        assert_eq!(problems(&format!("[catalogs.{bad}]"), &[]).len(), 1, "{bad}");
    }
}
