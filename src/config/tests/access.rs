//! Keys, and what may not be without them.

use super::{Config, problems, sources};
use crate::config::{KeyCatalogs, KeyHash, Scope, Sources};

/// A key's hash, as the configuration has it.
fn hash(key: &str) -> String {
    KeyHash::of(key.as_bytes()).to_text()
}

/// An entry of which single lines can be replaced.
fn entry(replaced: &[(&str, &str)]) -> String {
    let hash = format!("\"{}\"", hash("one"));
    let lines = [("name", "\"shop\""), ("hash", &hash), ("scopes", "[\"search\"]"), ("catalogs", "[\"*\"]")];
    let mut text = "[[keys]]\n".to_owned();
    for (name, value) in lines {
        let value = replaced.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| value);
        if !value.is_empty() {
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    for (name, value) in replaced.iter().filter(|(name, _)| !lines.iter().any(|(other, _)| other == name)) {
        text.push_str(&format!("{name} = {value}\n"));
    }
    text
}

#[test]
fn a_key_is_read_with_everything_it_may() {
    let text = entry(&[("scopes", "[\"search\", \"admin\"]"), ("catalogs", "\"a, b\""), ("filter", "'b:2 AND a:1'")]);
    let config = Config::load(&sources(&format!("{text}[catalogs.a]\n[catalogs.b]\n"), &[])).unwrap();
    let [key] = config.keys.as_slice() else { panic!("{:?}", config.keys) };
    assert_eq!((key.name.as_str(), key.hash), ("shop", KeyHash::of(b"one")));
    assert!(key.scopes.contains(Scope::Admin) && !key.scopes.contains(Scope::Write));
    assert_eq!(key.catalogs, KeyCatalogs::Named(["a".to_owned(), "b".to_owned()].into()));
    assert_eq!(key.filter.as_ref().map(ToString::to_string).as_deref(), Some("a:1 AND b:2"));
}

#[test]
fn each_problem_of_a_key_is_named_with_its_place() {
    let long = format!("\"{}\"", "x".repeat(65));
    // What is written, and what the one message says beside key and line.
    for (replaced, key, says) in [
        (("name", ""), "keys[0].name", "is missing"),
        (("name", "\"a b\""), "keys[0].name", "letters, digits"),
        (("name", &long), "keys[0].name", "1 to 64"),
        (("hash", ""), "keys[0].hash", "is missing"),
        (("hash", "\"sha256:abc\""), "keys[0].hash", "64 hexadecimal digits"),
        (("hash", "[1]"), "keys[0].hash", "64 hexadecimal digits"),
        (("scopes", "[]"), "keys[0].scopes", "at least one"),
        (("scopes", "[\"root\"]"), "keys[0].scopes", "no scope `root`; there are `search`, `write`"),
        (("catalogs", ""), "keys[0].catalogs", "is missing"),
        (("catalogs", "[\"shopp\"]"), "keys[0].catalogs", "no catalog `shopp`; did you mean `shop`?"),
        (("catalogs", "[\"*\", \"shop\"]"), "keys[0].catalogs", "stands alone"),
        (("filter", "\"brand:\""), "keys[0].filter", "expected a value after `brand:` at character 7"),
        (("filter", "\"price:cheap\""), "keys[0].filter", "takes a number"),
        (("nmae", "1"), "keys[0].nmae", "did you mean `keys[0].name`?"),
        (("key", "\"sf_secret\""), "keys[0].key", "no such key"),
    ] {
        let found = problems(&format!("{}[catalogs.shop]\n", entry(&[replaced])), &[]);
        let [problem] = found.as_slice() else { panic!("{replaced:?}: {found:?}") };
        for part in [key, says, "shop.toml:"] {
            assert!(problem.contains(part), "`{problem}` lacks `{part}`");
        }
        assert!(!problem.contains("secret"), "{problem}");
    }
}

#[test]
fn keys_that_are_no_list_of_tables_are_refused_and_not_shown() {
    for file in [
        "keys = \"sf_secret\"",
        "keys = [\"sf_secret\"]",
        "[keys]\nhash = \"sf_secret\"",
        "[keys.a]\nhash = \"sf_secret\"",
    ] {
        let found = problems(file, &[]);
        assert!(found.len() == 1 && found[0].contains("[[keys]]") && !found[0].contains("secret"), "{found:?}");
    }
}

#[test]
fn two_keys_differ_in_name_and_hash() {
    let file = entry(&[]) + &entry(&[]);
    let found = problems(&file, &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("shop.toml:8: keys[1].hash") && found[0].contains("`shop` has the same hash"),
        "{found:?}"
    );
    assert!(found[1].contains("keys[1].name") && found[1].contains("same name"), "{found:?}");
}

#[test]
fn no_more_keys_than_the_limit() {
    let many = |count: usize| {
        (0..count)
            .map(|n| entry(&[("name", &format!("\"k{n}\"")), ("hash", &format!("\"{}\"", hash(&n.to_string())))]))
            .collect::<String>()
    };
    assert_eq!(problems(&many(256), &[]), Vec::<String>::new());
    let found = problems(&many(257), &[]);
    assert!(found.len() == 1 && found[0].contains("at most 256"), "{found:?}");
}

#[test]
fn the_list_can_be_set_by_a_variable_as_a_whole() {
    let list = |name: &str| {
        format!("[{{ name = \"{name}\", hash = \"{}\", scopes = [\"search\"], catalogs = [\"*\"] }}]", hash("two"))
    };
    let loaded = Config::load(&sources(&(entry(&[]) + &entry(&[])), &[("STOREFIND_KEYS", &list("other"))])).unwrap();
    assert_eq!(loaded.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["other"]);
    let secret = hash("two");
    for (variable, value) in [
        ("STOREFIND_KEYS", secret.as_str()),
        ("STOREFIND_KEYS", "[{"),
        ("STOREFIND_KEYS", "[\"sha256:00\"]"),
        ("STOREFIND_KEYS", &list("a b")),
        ("STOREFIND_KEYS__0__HASH", &secret),
    ] {
        let found = problems("", &[(variable, value)]);
        assert!(found.len() == 1 && found[0].contains(variable), "{found:?}");
        assert!(!found[0].contains(&secret[7..]) && !found[0].contains("sha256:00"), "{found:?}");
    }
}

#[test]
fn the_key_of_commands_is_no_configuration_but_a_list_there_is_a_slip() {
    assert_eq!(problems("", &[("STOREFIND_KEY", "sf_0123")]), Vec::<String>::new());
    let found = problems("", &[("STOREFIND_KEY", "[{ name = \"sf_secret\" }]")]);
    assert!(found.len() == 1 && found[0].contains("STOREFIND_KEYS") && !found[0].contains("secret"), "{found:?}");
}

#[test]
fn an_address_that_others_reach_needs_keys_or_a_word_that_it_is_meant() {
    let open = |more: &str, listen: &str| problems(&format!("listen = \"{listen}\"\n{more}"), &[]);
    for listen in ["127.0.0.1:7700", "[::1]:7700", "localhost:7700", "127.8.8.8:1"] {
        assert_eq!(open("", listen), Vec::<String>::new(), "{listen}");
    }
    for listen in ["0.0.0.0:7700", "[::]:7700", "192.168.1.1:7700", "[::ffff:127.0.0.1]:1"] {
        let found = open("", listen);
        assert!(found.len() == 1 && found[0].contains("listen") && found[0].contains("storefind key"), "{found:?}");
        assert_eq!(open("insecure = true", listen), Vec::<String>::new(), "{listen}");
        assert_eq!(open(&entry(&[]), listen), Vec::<String>::new(), "{listen}");
    }
    // Keys that are wrong are one problem, not two.
    let found = open(&entry(&[("scopes", "\"root\"")]), "0.0.0.0:7700");
    assert!(found.len() == 1 && found[0].contains("scopes"), "{found:?}");
}

#[test]
fn a_certificate_and_its_key_come_together() {
    for (given, lacking) in [("certificate", "tls.key"), ("key", "tls.certificate")] {
        let found = problems(&format!("[tls]\n{given} = \"a.pem\""), &[]);
        assert!(found.len() == 1 && found[0].contains(lacking) && found[0].contains("shop.toml:2"), "{found:?}");
    }
    let tls = Config::load(&sources("tls.certificate = \"a.pem\"\ntls.key = \"b.pem\"", &[])).unwrap().tls.unwrap();
    assert_eq!((tls.certificate.to_str(), tls.key.to_str()), (Some("a.pem"), Some("b.pem")));
}

#[test]
fn what_is_printed_of_keys_is_a_list_without_hashes() {
    let file = entry(&[("filter", "'brand:\"Air Max\"'")]) + "[http]\nmax_headers = 20\n";
    let given = sources(&file, &[]);
    let printed = Config::print(&given).unwrap();
    assert!(!printed.contains(&hash("one")[7..20]), "{printed}");
    assert!(printed.contains("\n[[keys]]  # shop.toml:1\n"), "{printed}");
    assert!(printed.contains("name = \"shop\"  # shop.toml:2\n") && printed.contains("hash = \"***\""), "{printed}");
    // With the hash in its place, it is the same configuration.
    let again = printed.replace("\"***\"", &format!("\"{}\"", hash("one")));
    let again = Config::load(&Sources { file: Some(("again.toml".into(), again)), ..Sources::default() });
    assert_eq!(format!("{again:?}"), format!("{:?}", Config::load(&given)));
    assert!(!format!("{:?}", Config::load(&given)).contains(&hash("one")[7..20]));
}
