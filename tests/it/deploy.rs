//! What stands in `Dockerfile` and `docker-compose.yml`, read and run as plain processes: no container engine is needed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use yaml_rust2::{Yaml, YamlLoader};

use crate::support::child::Running;
use crate::support::server::{Answer, PATIENCE, until};
use crate::support::servers::{free_port, memcached, redis};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn compose() -> Yaml {
    YamlLoader::load_from_str(&read("docker-compose.yml")).expect("YAML").remove(0)
}

/// The texts of a list.
fn texts(list: &Yaml) -> Vec<&str> {
    list.as_vec().expect("a list").iter().map(|text| text.as_str().expect("text")).collect()
}

/// Instructions with their arguments, continued lines joined, comments left out.
fn instructions(text: &str) -> Vec<(String, String)> {
    let kept = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = kept.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty());
    let split = lines.map(|line| line.split_once(' ').unwrap_or_else(|| panic!("`{line}` has no argument")));
    split.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect()
}

#[test]
fn the_dockerfile_builds_one_program_and_runs_it_as_nobody_special() {
    const KNOWN: [&str; 14] = [
        "FROM",
        "RUN",
        "WORKDIR",
        "COPY",
        "USER",
        "VOLUME",
        "EXPOSE",
        "ENV",
        "HEALTHCHECK",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
        "ARG",
        "LABEL",
    ];
    let file = instructions(&read("Dockerfile"));
    for (name, _) in &file {
        assert!(KNOWN.contains(&name.as_str()), "{name} is no instruction");
    }
    let of = |wanted: &str| -> Vec<&str> {
        file.iter().filter(|(name, _)| name == wanted).map(|(_, rest)| rest.as_str()).collect()
    };
    let stages: Vec<_> = of("FROM").iter().filter_map(|from| Some(from.split_once(" AS ")?.1.to_owned())).collect();
    let copied: Vec<_> = of("COPY").iter().filter_map(|copy| copy.strip_prefix("--from=")?.split_once(' ')).collect();
    assert!(!copied.is_empty());
    for (stage, _) in copied {
        assert!(stages.iter().any(|known| known == stage), "no stage is called {stage}");
    }
    let rust = of("FROM")[0].strip_prefix("rust:").and_then(|image| image.split_once('-')).expect("a Rust image").0;
    assert!(read("Cargo.toml").contains(&format!("rust-version = \"{rust}\"")), "the image has Rust {rust}");
    assert_eq!(of("USER"), ["storefind"]);
    assert!(of("HEALTHCHECK")[0].contains("/readyz"));
    for list in of("ENTRYPOINT").into_iter().chain(of("CMD")) {
        serde_json::from_str::<Vec<String>>(list).unwrap_or_else(|error| panic!("{list}: {error}"));
    }
}

#[test]
fn the_composition_names_what_exists_and_publishes_on_loopback_only() {
    let compose = compose();
    let services = compose["services"].as_hash().expect("services");
    let names: Vec<_> = services.keys().filter_map(Yaml::as_str).collect();
    assert_eq!(names, ["storefind", "redis", "memcached"]);
    let storefind = &compose["services"]["storefind"];
    for needed in texts(&storefind["depends_on"]) {
        assert!(names.contains(&needed), "{needed} is no service");
    }
    for port in texts(&storefind["ports"]) {
        assert!(port.starts_with("127.0.0.1:"), "{port} is open to others without keys");
    }
    for volume in texts(&storefind["volumes"]) {
        let (source, _) = volume.split_once(':').expect("source and place");
        let exists = match source.strip_prefix("./") {
            Some(file) => Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(),
            None => compose["volumes"].as_hash().is_some_and(|known| known.contains_key(&Yaml::String(source.into()))),
        };
        assert!(exists, "{source} does not exist");
    }
}

/// An answer; none while nobody listens.
fn get(port: u16, path: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    Some(Answer::of(&bytes))
}

#[test]
fn the_composition_runs_as_plain_processes() {
    let compose = compose();
    let services = &compose["services"];
    // What follows the program's name; ports and addresses are this test's own.
    let arguments = |service: &str| texts(&services[service]["command"])[1..].to_vec();
    let (redis_port, memcached_port, port) = (free_port(), free_port(), free_port());
    let (redis, _memcached) =
        (redis(redis_port, &arguments("redis")), memcached(memcached_port, &arguments("memcached")));

    let environment = services["storefind"]["environment"].as_hash().expect("variables");
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in environment {
        let value = value.as_str().expect("text");
        let here = value
            .replace("redis:6379", &format!("127.0.0.1:{redis_port}"))
            .replace("memcached:11211", &format!("127.0.0.1:{memcached_port}"))
            .replace("0.0.0.0:7700", &format!("127.0.0.1:{port}"));
        variables.insert(name.as_str().expect("a name").to_owned(), here);
    }
    // What pays for itself depends on the machine; here each tier is to be seen.
    variables.insert("STOREFIND_CACHE__ADMISSION".into(), "always".into());
    let data = tempfile::tempdir().expect("a folder");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/storefind.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_storefind"));
    command.args(["serve", "--config"]).arg(&config).current_dir(data.path()).envs(variables);
    let _storefind =
        Running(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("storefind was built for this test"));

    let get = |path: &str| get(port, path);
    until("it is ready", || get("/readyz").is_some_and(|answer| answer.status == 200));
    let searched = || get("/v1/shop/search?q=laptop").expect("an answer");
    assert_eq!(searched().status, 200);
    until("Redis has the answer", || !redis.redis_keys().is_empty());
    let again = searched().header("cache-status").expect("the header");
    assert!(again.contains("hit") && again.contains("detail=memory"), "{again}");
}
