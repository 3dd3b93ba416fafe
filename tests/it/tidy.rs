//! House rules that rot unless something holds them. Taste is not among them.
//!
//! Each test reads the repository as it lies on disk and lists every offence at once, with its file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Folders that are not the project's own text: builds and data.
const SKIPPED_FOLDERS: [&str; 4] = ["target", "storefind-data", "storefind-demo", "node_modules"];

/// Folders whose files are programs of their own, named in a manifest or by their place.
const UNDECLARED_FOLDERS: [&str; 3] = ["benches", "examples", "fuzz_targets"];

/// What the server uses and the search engine must not know (DESIGN.md, "Layout").
const SERVER_CRATES: [&str; 14] = [
    "storefind",
    "tokio",
    "axum",
    "hyper",
    "hyper-util",
    "tower",
    "moka",
    "redis",
    "memcache",
    "rusqlite",
    "ureq",
    "clap",
    "tracing",
    "prometheus-client",
];

/// Every file of the project whose name ends like this, relative to the root.
fn files(ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let hidden = name.starts_with('.') && name != ".ci";
            if entry.file_type().unwrap().is_dir() {
                if !hidden && !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    walk(&entry.path(), ending, found);
                }
            } else if name.ends_with(ending) {
                found.push(entry.path().strip_prefix(ROOT).unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new(ROOT), ending, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no file ends with {ending}: this test looks in the wrong place");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

fn shown(paths: impl Iterator<Item = PathBuf>) -> Vec<String> {
    paths.map(|path| path.display().to_string()).collect()
}

fn assert_none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let bare = files(".rs").into_iter().filter(|path| !read(path).starts_with("//!"));
    assert_none(&shown(bare), "files without a module doc on top");
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    let roots = ["main.rs", "lib.rs", "build.rs"];
    let mut offences = Vec::new();
    for path in files(".rs") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap();
        if roots.contains(&name) || UNDECLARED_FOLDERS.iter().any(|undeclared| folder.ends_with(undeclared)) {
            continue;
        }
        let declaration = format!("mod {};", stem(&path));
        let parents = [folder.with_extension("rs"), folder.join("lib.rs"), folder.join("main.rs")];
        let declared = parents
            .iter()
            .filter(|parent| Path::new(ROOT).join(parent).exists())
            .any(|parent| read(parent).lines().any(|line| line.trim_end().ends_with(&declaration)));
        if !declared {
            offences.push(path.display().to_string());
        }
    }
    assert_none(&offences, "files that no module declares");
}

#[test]
fn no_module_hides_in_a_mod_rs() {
    let offences = files(".rs").into_iter().filter(|path| path.ends_with("mod.rs"));
    assert_none(&shown(offences), "use foo.rs beside foo/");
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"], ["dbg", "!("], ["to", "do!("]]
        .map(|mark| mark.concat());
    let mut offences = Vec::new();
    for ending in [".rs", ".js", ".css", ".html", ".toml", ".md"] {
        for path in files(ending) {
            for (number, line) in read(&path).lines().enumerate() {
                if marks.iter().any(|mark| line.contains(mark.as_str())) {
                    offences.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert_none(&offences, "unfinished work belongs in an issue");
}

#[test]
fn relative_links_of_documents_resolve() {
    let mut offences = Vec::new();
    for path in files(".md") {
        let folder = path.parent().unwrap();
        for target in links(&read(&path)) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !Path::new(ROOT).join(folder).join(file).exists() {
                offences.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_none(&offences, "links to nothing");
}

/// The targets of links and pictures outside code, without addresses of the web.
fn links(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // Every second piece between backticks is code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        for after in prose.split("](").skip(1) {
            let target = after.split([')', ' ']).next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}

#[test]
fn links_are_found_outside_code_only() {
    let markdown = "[a](b.md#c) `[x](y)` [w](https://e.org) ![p](q.png)\n```\n[x](y)\n```\n[`src/lib.rs`](src/lib.rs)";
    assert_eq!(links(markdown), ["b.md#c", "q.png", "src/lib.rs"]);
}

#[test]
fn the_search_engine_depends_on_nothing_of_the_server() {
    let mut offences = dependencies_among("index/Cargo.toml", &SERVER_CRATES);
    for path in files(".rs").into_iter().filter(|path| path.starts_with("index/src")) {
        // What the engine does follows from its arguments alone.
        if read(&path).contains("env::var") {
            offences.push(format!("{} reads the environment", path.display()));
        }
    }
    assert_none(&offences, "the index crate knows no HTTP, tokio, cache or environment");
}

#[test]
fn the_load_test_shares_no_code_with_the_server() {
    let offences = dependencies_among("loadtest/Cargo.toml", &["storefind", "storefind-index"]);
    assert_none(&offences, "the load generator speaks HTTP only: what it sees is what any client would see");
}

/// Dependencies of a manifest that are among `names`, with their sections.
fn dependencies_among(manifest: &str, names: &[&str]) -> Vec<String> {
    let manifest: toml::Table = read(Path::new(manifest)).parse().unwrap();
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"].into_iter();
    let dependencies = sections.flat_map(|section| {
        let table = manifest.get(section).and_then(toml::Value::as_table);
        table.into_iter().flat_map(toml::Table::keys).map(move |name| (section, name))
    });
    let among = dependencies.filter(|(_, name)| names.contains(&name.as_str()));
    among.map(|(section, name)| format!("{section}: {name}")).collect()
}

#[test]
fn a_bench_says_how_to_run_it() {
    let benches =
        files(".rs").into_iter().filter(|path| path.parent().is_some_and(|folder| folder.ends_with("benches")));
    let mut offences = Vec::new();
    for path in benches {
        let text = read(&path);
        let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
        if !header.contains(&format!("--bench {}", stem(&path))) {
            offences.push(format!("{}: the header lacks `--bench {}`", path.display(), stem(&path)));
        }
        let manifest: toml::Table = read(&path.parent().unwrap().with_file_name("Cargo.toml")).parse().unwrap();
        let listed = manifest.get("bench").and_then(toml::Value::as_array).into_iter().flatten();
        let names: BTreeSet<_> = listed.filter_map(|bench| bench.get("name").and_then(toml::Value::as_str)).collect();
        if !names.contains(stem(&path)) {
            offences.push(format!("{}: Cargo.toml has no [[bench]] of this name", path.display()));
        }
    }
    assert_none(&offences, "benches that cannot be run as they say");
}

#[test]
fn every_configuration_that_ships_is_valid() {
    for path in files(".toml").into_iter().filter(|path| path.starts_with("config")) {
        let output = Command::new(env!("CARGO_BIN_EXE_storefind"))
            .arg("check-config")
            .arg(Path::new(ROOT).join(&path))
            .env_clear()
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&said));
    }
}

#[test]
fn the_example_configuration_shows_every_key_with_its_default() {
    let text = read(Path::new("config/example.toml"));
    let example: toml::Table = text.parse().unwrap();
    let mut offences = Vec::new();
    // Keys with a `*` are named by whoever writes the file.
    for key in storefind::config::KEYS.iter().filter(|key| !key.name.contains('*')) {
        let mut path = key.name.split('.');
        let top = example.get(path.next().unwrap());
        let shown = path.try_fold(top, |value, part| Some(value?.get(part))).flatten();
        let shown = shown.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        if shown.as_deref() != key.default {
            offences.push(format!("{} is {shown:?}, its default is {:?}", key.name, key.default));
        }
        let last = key.name.rsplit('.').next().unwrap();
        if key.default.is_none() && !text.contains(&format!("\n# {last} = ")) {
            offences.push(format!("{} is not shown, not even as a comment", key.name));
        }
    }
    assert_none(&offences, "config/example.toml and the table of keys differ");
}

#[test]
fn every_test_that_the_table_of_abuse_names_exists() {
    let sources: Vec<String> = files(".rs").iter().map(|path| read(path)).collect();
    let mut offences = Vec::new();
    let mut rows = 0;
    for line in read(Path::new("docs/ROBUSTNESS.md")).lines().filter(|line| line.starts_with("| ")).skip(2) {
        let tests = line.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        // Headings of the table name no test.
        if line.ends_with("| | |") {
            continue;
        }
        rows += 1;
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            offences.push(format!("no test holds: {line}"));
        }
        for name in names {
            let declared = format!("fn {name}(");
            if !sources.iter().any(|source| source.contains(&declared)) {
                offences.push(format!("there is no test `{name}`"));
            }
        }
    }
    assert!(rows >= 40, "{rows} rows: this test looks in the wrong place");
    assert_none(&offences, "docs/ROBUSTNESS.md claims what nothing holds");
}

#[test]
fn scripts_can_be_executed() {
    use std::os::unix::fs::PermissionsExt as _;
    for script in ["scripts/test", ".ci/run"] {
        let mode = fs::metadata(Path::new(ROOT).join(script)).unwrap().permissions().mode();
        assert!(mode & 0o111 == 0o111, "{script} has mode {mode:o}");
    }
}
