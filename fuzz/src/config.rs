//! The configuration file.

use storefind::config::{Config, ConfigError, Source, Sources};

/// Any text is a configuration, and then what is printed of it is one that prints the same, or problems that lie on
/// its lines.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let sources = of_file(text);
    match (Config::load(&sources), Config::print(&sources)) {
        // The hashes of keys are hidden, so what has keys cannot be loaded again as it is.
        (Ok(loaded), Ok(printed)) if !loaded.keys.is_empty() => {
            for key in &loaded.keys {
                assert!(!printed.contains(&key.hash.to_text()), "a hash is shown");
            }
        }
        (Ok(_), Ok(printed)) => {
            let again = Config::print(&of_file(&printed)).unwrap_or_else(|error| panic!("{error} in {printed}"));
            assert_eq!(values(&again), values(&printed));
        }
        (Err(error), Err(_)) => check_problems(text, &error),
        (loaded, printed) => panic!("loaded {loaded:?}, printed {printed:?}"),
    }
}

fn of_file(text: &str) -> Sources {
    Sources { file: Some(("fuzz.toml".into(), text.to_owned())), ..Sources::default() }
}

/// The lines without their sources, which are other ones the second time.
fn values(printed: &str) -> Vec<&str> {
    printed.lines().map(|line| line.rsplit_once("  # ").map_or(line, |(value, _)| value)).collect()
}

fn check_problems(text: &str, error: &ConfigError) {
    assert!(!error.problems.is_empty() && !error.to_string().is_empty());
    let lines = 1 + text.matches('\n').count();
    for problem in &error.problems {
        assert!(!problem.message.is_empty(), "{problem:?}");
        if let Source::File { line, .. } = problem.source {
            assert!((1..=lines).contains(&line), "{problem:?} is outside of the file");
        }
    }
}
