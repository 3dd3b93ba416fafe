//! `storefind key`: a new random key and its entry for the configuration.
//!
//! Owns the arguments and what is printed. Nothing is written anywhere: the key is shown once, and whoever runs the
//! server puts the entry into the configuration. What a key is, is in [`crate::config::access`].

use anyhow::Context as _;

use super::Outcome;
use crate::config::access::{KEY_RANDOM_BYTES, key_text};
use crate::config::{Config, KeyHash, Scope, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What people and logs call the key
    name: String,
    /// What it may do: search, write, merchandise, admin; several with commas
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', default_value = "search", value_parser = scope)]
    scopes: Vec<Scope>,
    /// A catalog that it reaches; several with commas [default: all]
    #[arg(long = "catalog", value_name = "CATALOG", value_delimiter = ',')]
    catalogs: Vec<String>,
    /// What its searches may see, such as 'brand:"Air Max"' [default: everything]
    #[arg(long)]
    filter: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let mut random = [0; KEY_RANDOM_BYTES];
    getrandom::fill(&mut random).context("the system gives no random numbers")?;
    let key = key_text(&random);
    let entry = entry(arguments, KeyHash::of(key.as_bytes()));
    check(arguments, &entry)?;
    println!("{key}");
    println!();
    println!("# That is the key. It is shown this once; the configuration takes its hash only:");
    print!("{entry}");
    Ok(())
}

fn scope(name: &str) -> Result<Scope, String> {
    Scope::of(name).ok_or_else(|| {
        let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("expected one of {}", all.join(", "))
    })
}

/// What the server would refuse is refused here, while the one who chose it is looking.
fn check(arguments: &Arguments, entry: &str) -> Outcome {
    let catalogs: String = arguments.catalogs.iter().map(|catalog| format!("[catalogs.{catalog:?}]\n")).collect();
    let file = Some(("the new entry".into(), format!("{entry}{catalogs}")));
    Config::load(&Sources { file, ..Sources::default() })?;
    Ok(())
}

/// The entry as TOML.
fn entry(arguments: &Arguments, hash: KeyHash) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |names: &mut dyn Iterator<Item = &str>| names.map(text).collect::<Vec<_>>().join(", ");
    let scopes = list(&mut Scope::ALL.into_iter().filter(|scope| arguments.scopes.contains(scope)).map(Scope::as_str));
    let catalogs = match arguments.catalogs.is_empty() {
        true => text("*"),
        false => list(&mut arguments.catalogs.iter().map(String::as_str)),
    };
    let filter = arguments.filter.as_deref().map(|filter| format!("filter = {}\n", text(filter))).unwrap_or_default();
    format!(
        "[[keys]]\nname = {}\nhash = {}\nscopes = [{scopes}]\ncatalogs = [{catalogs}]\n{filter}",
        text(&arguments.name),
        text(&hash.to_text()),
    )
}
