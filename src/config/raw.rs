//! The configuration as written: every value with the place where it was written.
//!
//! Owns reading TOML (with line numbers), the environment and arguments, their order (argument before environment
//! before file) and the refusal of names that do not exist. It does not know what values mean; `validate` does.
//!
//! Invariant: after [`Raw::read`], every entry's path matches a key of [`keys`], and every name that matches none has
//! become a problem.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys;
use super::problem::{Problem, Source, nearest, redact};

/// What begins the name of every environment variable that is ours.
pub const ENVIRONMENT_PREFIX: &str = "STOREFIND_";
/// The key that commands send to a server; no part of the configuration.
pub const KEY_VARIABLE: &str = "STOREFIND_KEY";
/// Stands for what is never shown.
pub(super) const HIDDEN: &str = "\"***\"";
/// Fields of `[[keys]]` that may be shown. Any other may hold a hash, or a key that is there by mistake.
const SHOWN_OF_KEYS: [&str; 4] = ["name", "scopes", "catalogs", "filter"];

/// Everything that a configuration is read from. Plain data, so that tests need neither files nor the process's
/// environment.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    /// Path (for messages) and text of the file.
    pub file: Option<(PathBuf, String)>,
    /// Variables; those that do not begin with [`ENVIRONMENT_PREFIX`] are skipped.
    pub environment: Vec<(String, String)>,
    /// Argument's name, key, value.
    pub arguments: Vec<(&'static str, &'static str, String)>,
}

/// A value as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// Text, number, boolean or date: its text.
    Scalar(String),
    /// A list.
    List(Vec<Literal>),
    /// A table where a single value is due.
    Table(BTreeMap<String, Literal>),
}

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) literal: Literal,
    pub(super) source: Source,
}

/// All values by path.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) entries: BTreeMap<Vec<String>, Entry>,
    /// Catalogs that are named, also those without any value, and where.
    pub(super) catalogs: BTreeMap<String, Source>,
    /// Where each table of `[[keys]]` begins. The values of the first are at `keys.0.…`, and so on.
    pub(super) keys: Vec<Source>,
}

impl Sources {
    /// What the process was given: `file` (or `storefind.toml` in the working directory, if there is one) and the
    /// environment.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of_process(file: Option<&Path>) -> Result<Self, Problem> {
        let fallback = Path::new("storefind.toml");
        let path = match file {
            Some(path) => Some(path),
            None => fallback.exists().then_some(fallback),
        };
        let file = match path {
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => Some((path.to_owned(), text)),
                Err(error) => {
                    return Err(Problem {
                        key: None,
                        value: None,
                        message: format!("cannot read the configuration file {}: {error}", path.display()),
                        source: Source::Argument("--config"),
                    });
                }
            },
            None => None,
        };
        Ok(Self { file, ..Self::of_environment() })
    }
}

impl Sources {
    /// The environment of the process alone.
    pub fn of_environment() -> Self {
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Self { environment, ..Self::default() }
    }
}

impl Raw {
    /// Reads all sources; later ones replace earlier ones key by key.
    pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Self {
        let mut raw = Self::default();
        if let Some((path, text)) = &sources.file {
            raw.read_file(path, text, problems);
        }
        for (name, value) in &sources.environment {
            if name == KEY_VARIABLE {
                refuse_list_for_key(value, problems);
            } else if let Some(key) = name.strip_prefix(ENVIRONMENT_PREFIX) {
                raw.read_variable(name, key, value, problems);
            }
        }
        for (argument, key, value) in &sources.arguments {
            let path = key.split('.').map(str::to_owned).collect();
            raw.insert(path, Literal::Scalar(value.clone()), Source::Argument(argument));
        }
        raw
    }

    fn read_file(&mut self, path: &Path, text: &str, problems: &mut Vec<Problem>) {
        let file = File { path, text };
        match DeTable::parse(text) {
            Ok(table) => self.walk(&file, &mut Vec::new(), table.get_ref(), problems),
            Err(error) => problems.push(Problem {
                key: None,
                value: None,
                message: error.message().to_owned(),
                source: file.source(error.span().map_or(0, |span| span.start)),
            }),
        }
    }

    fn walk(&mut self, file: &File<'_>, path: &mut Vec<String>, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
        for (key, value) in table {
            let source = file.source(key.span().start);
            path.push(key.get_ref().to_string());
            if path.as_slice() == [keys::LIST] {
                let spot = |offset| file.source(offset);
                self.read_keys(value.get_ref(), &spot, source, problems);
            } else if let DeValue::Table(inner) = value.get_ref()
                && is_table(path)
            {
                if let [catalogs, name] = path.as_slice()
                    && catalogs == "catalogs"
                {
                    self.catalogs.insert(name.clone(), source);
                }
                self.walk(file, path, inner, problems);
            } else if keys::find(path).is_some() {
                self.insert(path.clone(), literal(value.get_ref()), source);
            } else {
                problems.push(unknown(path, &literal(value.get_ref()), source));
            }
            path.pop();
        }
    }

    /// Reads a list of tables, which replaces what an earlier source had. `spot` says where an offset lies.
    fn read_keys(
        &mut self,
        list: &DeValue<'_>,
        spot: &dyn Fn(usize) -> Source,
        source: Source,
        problems: &mut Vec<Problem>,
    ) {
        self.keys.clear();
        self.entries.retain(|path, _| path[0] != keys::LIST);
        let tables: Option<Vec<_>> = match list {
            DeValue::Array(items) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::Table(table) => Some((table, spot(item.span().start))),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let Some(tables) = tables else {
            let message = "expected a list of tables, with `[[keys]]` above each".to_owned();
            problems.push(Problem { key: Some(keys::LIST.to_owned()), value: None, message, source });
            return;
        };
        for (at, (table, begins)) in tables.into_iter().enumerate() {
            self.keys.push(begins);
            for (name, value) in table {
                let path = vec![keys::LIST.to_owned(), at.to_string(), name.get_ref().to_string()];
                let (source, literal) = (spot(name.span().start), literal(value.get_ref()));
                if keys::find(&path).is_some() {
                    self.entries.insert(path, Entry { literal, source });
                } else {
                    problems.push(unknown(&path, &literal, source));
                }
            }
        }
    }

    /// `STOREFIND_KEYS` is the whole list, written as TOML on one line.
    fn read_keys_variable(&mut self, path: &[String], value: &str, source: Source, problems: &mut Vec<Problem>) {
        let parsed: Result<Spanned<DeValue<'_>>, _> = DeValue::parse(value.trim());
        match parsed {
            Ok(list) if path.len() == 1 => {
                let spot = |_| source.clone();
                self.read_keys(list.get_ref(), &spot, source.clone(), problems);
            }
            _ => {
                let message = format!(
                    "expected the whole list in {}, such as [{{ name = \"shop\", hash = \"sha256:…\", scopes = \
                     [\"search\"], catalogs = [\"*\"] }}]",
                    variable_name(keys::LIST)
                );
                problems.push(Problem { key: Some(show_path(path)), value: Some(HIDDEN.to_owned()), message, source });
            }
        }
    }

    fn read_variable(&mut self, name: &str, key: &str, value: &str, problems: &mut Vec<Problem>) {
        let mut path: Vec<String> = key.to_ascii_lowercase().split("__").map(str::to_owned).collect();
        self.find_hyphenated_catalog(&mut path);
        let source = Source::Environment(name.to_owned());
        if path[0] == keys::LIST {
            self.read_keys_variable(&path, value, source, problems);
            return;
        }
        let literal = match variable_literal(value) {
            Ok(literal) => literal,
            Err(message) => {
                let value = Some(format!("\"{}\"", redact(value)));
                problems.push(Problem { key: Some(path.join(".")), value, message, source });
                return;
            }
        };
        if keys::find(&path).is_some() {
            self.insert(path, literal, source);
        } else {
            problems.push(unknown(&path, &literal, source));
        }
    }

    /// A variable's name cannot hold a hyphen, a catalog's can: `MY_SHOP` means `my-shop` if the file names that one.
    fn find_hyphenated_catalog(&self, path: &mut [String]) {
        if let [catalogs, name, ..] = path
            && catalogs == "catalogs"
            && let Some(written) = self.catalogs.keys().find(|written| written.replace('-', "_") == *name)
        {
            name.clone_from(written);
        }
    }

    fn insert(&mut self, path: Vec<String>, literal: Literal, source: Source) {
        if let [catalogs, name, ..] = path.as_slice()
            && catalogs == "catalogs"
        {
            self.catalogs.entry(name.clone()).or_insert_with(|| source.clone());
        }
        self.entries.insert(path, Entry { literal, source });
    }
}

impl Literal {
    /// As one would write it in the file.
    pub(super) fn written(&self) -> String {
        self.show_with(&str::to_owned)
    }

    /// As one would write it in the file; secrets hidden. For URLs, and for what is refused: it may be a URL that stands
    /// in the wrong place.
    pub(super) fn show(&self) -> String {
        self.show_with(&redact)
    }

    fn show_with(&self, text_of: &impl Fn(&str) -> String) -> String {
        let show = |literal: &Self| literal.show_with(text_of);
        match self {
            Self::Scalar(text) => toml::Value::String(text_of(text)).to_string(),
            Self::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Self::Table(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name} = {}", show(value))).collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }
}

/// A value as one would write it in the file; secrets hidden.
fn show_value(path: &[String], literal: &Literal) -> String {
    match path {
        [list, _, field] if list == keys::LIST && !SHOWN_OF_KEYS.contains(&field.as_str()) => HIDDEN.to_owned(),
        _ => literal.show(),
    }
}

/// A path as one would write it in the file: parts that are not bare words are quoted, and `keys[0].name` is a field
/// of the first table of a list.
pub(super) fn show_path(path: &[String]) -> String {
    if let [list, at, rest @ ..] = path
        && list == keys::LIST
    {
        let rest: String = rest.iter().map(|part| format!(".{part}")).collect();
        return format!("{list}[{at}]{rest}");
    }
    let bare =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let parts =
        path.iter().map(|part| if bare(part) { part.clone() } else { toml::Value::String(part.clone()).to_string() });
    parts.collect::<Vec<_>>().join(".")
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn source(&self, offset: usize) -> Source {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        Source::File { path: self.path.to_owned(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    }
}

/// Whether keys exist below `path`, so that a table may stand there.
fn is_table(path: &[String]) -> bool {
    keys::KEYS.iter().any(|key| {
        let wanted: Vec<_> = key.name.split('.').collect();
        wanted.len() > path.len() && path.iter().zip(wanted).all(|(given, wanted)| wanted == "*" || given == wanted)
    })
}

fn literal(value: &DeValue<'_>) -> Literal {
    match value {
        DeValue::String(text) => Literal::Scalar(text.to_string()),
        DeValue::Integer(number) => {
            let text = number.as_str();
            let whole = i128::from_str_radix(text, number.radix());
            Literal::Scalar(whole.map_or_else(|_| text.to_owned(), |whole| whole.to_string()))
        }
        DeValue::Float(number) => Literal::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Literal::Scalar(flag.to_string()),
        DeValue::Datetime(date) => Literal::Scalar(date.to_string()),
        DeValue::Array(items) => Literal::List(items.iter().map(|item| literal(item.get_ref())).collect()),
        DeValue::Table(fields) => Literal::Table(
            fields.iter().map(|(name, value)| (name.get_ref().to_string(), literal(value.get_ref()))).collect(),
        ),
    }
}

/// A variable is text, unless it opens like a TOML list or table.
fn variable_literal(value: &str) -> Result<Literal, String> {
    if !value.trim_start().starts_with(['[', '{']) {
        return Ok(Literal::Scalar(value.to_owned()));
    }
    let parsed: Result<Spanned<DeValue<'_>>, _> = DeValue::parse(value.trim());
    parsed.map(|value| literal(value.get_ref())).map_err(|error| error.message().to_owned())
}

fn unknown(path: &[String], literal: &Literal, source: Source) -> Problem {
    let name = show_path(path);
    // The catalog's own name, or the place in the list, takes the star's place, so that it does not count as a mistake.
    let candidates = keys::KEYS.iter().map(|key| match path {
        [catalogs, catalog, _, ..] if catalogs == "catalogs" => key.name.replacen('*', catalog, 1),
        [list, at, _] if list == keys::LIST => key.name.replacen(".*", &format!("[{at}]"), 1),
        _ => key.name.to_owned(),
    });
    let candidates: BTreeSet<String> = candidates.filter(|name| !name.contains('*')).collect();
    let message = match nearest(&name, candidates.iter().map(String::as_str)) {
        Some(near) => match &source {
            Source::Environment(_) if path[0] != keys::LIST => {
                format!("no such key; did you mean {}?", variable_name(near))
            }
            _ => format!("no such key; did you mean `{near}`?"),
        },
        None => "no such key".to_owned(),
    };
    Problem { key: Some(name), value: Some(show_value(path, literal)), message, source }
}

/// [`KEY_VARIABLE`] is one letter away from the list of keys: a list there would leave a server without keys.
fn refuse_list_for_key(value: &str, problems: &mut Vec<Problem>) {
    if value.trim_start().starts_with(['[', '{']) {
        problems.push(Problem {
            key: None,
            value: None,
            message: format!("holds a list; did you mean {}?", variable_name(keys::LIST)),
            source: Source::Environment(KEY_VARIABLE.to_owned()),
        });
    }
}

/// The environment variable that sets a key.
pub fn variable_name(key: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", key.replace('.', "__").replace('-', "_").to_ascii_uppercase())
}
