//! What a catalog is searched by in an evaluation: the settings in force, others, or a plain baseline.
//!
//! Owns the names of the baselines and what is switched off for an ablation. The ranking is read from the settings'
//! own JSON, so that a switch which is added there is switched off here without a change.
//!
//! Invariant: every setting searches the same snapshot, so that two differ in nothing but themselves.

use std::path::{Path, PathBuf};

use serde_json::Value;
use storefind_index::error::IndexError;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;

use super::Answer;
use super::source::{plain, search_snapshot};

/// The name of [`Setting::Plain`].
const PLAIN: &str = "plain";
/// The name of [`Setting::Text`].
const TEXT: &str = "text";
/// Where the settings have what counts beside the words.
const RANKING: &str = "ranking";
/// Where they have the words that mean the same in this shop.
const SYNONYMS: &str = "synonyms";
/// Where they say whether those that mean the same in any shop are added.
const GENERIC_SYNONYMS: &str = "generic_synonyms";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// The catalog's own settings.
    InForce,
    /// `plain`: BM25 over the searched fields, added up; all words must be there, as they are. What any search engine
    /// does out of the box.
    Plain,
    /// `text`: the catalog's own settings, with nothing counting beside the words.
    Text,
    /// The settings in a file, in the form of `PUT /v1/{catalog}/settings`.
    File(PathBuf),
}

/// Why a setting cannot be searched by.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The file cannot be read.
    #[error("cannot read settings from {path}; `plain` and `text` are known by name")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no settings.
    #[error("{path} holds no settings")]
    Settings {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The file holds settings that no server takes.
    #[error("{path} holds settings that no server takes: {problem}")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong, with key and value.
        problem: String,
    },
    /// The settings read texts in another way than the index.
    #[error(
        "the settings of {0} have another language or other searched fields than the catalog; import it with those"
    )]
    OtherAnalysis(PathBuf),
    /// A switch cannot be set to 0.
    #[error("the settings cannot be without `{switch}`")]
    Switch {
        /// The switch.
        switch: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Setting {
    /// Reads a name, or the path of a file.
    pub fn named(name: &str) -> Self {
        match name {
            PLAIN => Self::Plain,
            TEXT => Self::Text,
            path => Self::File(path.into()),
        }
    }

    /// The snapshot as this setting has it.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn snapshot(&self, snapshot: &Snapshot) -> Result<Snapshot, SettingError> {
        let (settings, path) = match self {
            Self::InForce | Self::Plain => return Ok(snapshot.clone()),
            Self::Text => {
                let all = Switch { name: RANKING.to_owned(), at: At::Ranking(Vec::new()) };
                (all.off(snapshot.settings())?, Path::new(TEXT))
            }
            Self::File(path) => (read(path)?, path.as_path()),
        };
        snapshot.with_settings(settings).ok_or_else(|| SettingError::OtherAnalysis(path.to_owned()))
    }

    /// Searches a snapshot that this setting gave.
    ///
    /// # Errors
    /// The index failed.
    pub fn search(&self, snapshot: &Snapshot, query: &str, limit: usize) -> Result<Answer, IndexError> {
        match self {
            Self::Plain => plain(snapshot, query, limit),
            _ => search_snapshot(snapshot, query, limit),
        }
    }
}

fn read(path: &Path) -> Result<Settings, SettingError> {
    let text = std::fs::read(path).map_err(|source| SettingError::Read { path: path.to_owned(), source })?;
    let settings: Settings =
        serde_json::from_slice(&text).map_err(|source| SettingError::Settings { path: path.to_owned(), source })?;
    settings.check().map_err(|problem| SettingError::Unsound { path: path.to_owned(), problem })?;
    Ok(settings)
}

/// Something in the settings that can be switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// As reports call it: its path in the settings.
    pub name: String,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// Every number at or below this path of the ranking.
    Ranking(Vec<String>),
    Synonyms,
    GenericSynonyms,
}

impl Switch {
    /// What these settings have: each number of the ranking that is not 0 already, the shop's synonyms if there are any,
    /// and the generic ones if they are added.
    pub fn of(settings: &Settings) -> Vec<Self> {
        // Settings are plain data, which serialises.
        let json = serde_json::to_value(settings).unwrap_or_default();
        let mut paths = Vec::new();
        if let Some(ranking) = json.get(RANKING) {
            numbers(ranking, &mut Vec::new(), &mut paths);
        }
        let ranking = paths.into_iter().map(|path| {
            let name = [&[RANKING.to_owned()], path.as_slice()].concat().join(".");
            Self { name, at: At::Ranking(path) }
        });
        let synonyms = json.get(SYNONYMS).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let synonyms = synonyms.then(|| Self { name: SYNONYMS.to_owned(), at: At::Synonyms });
        let generic = json.get(GENERIC_SYNONYMS).and_then(Value::as_bool).unwrap_or_default();
        let generic = generic.then(|| Self { name: GENERIC_SYNONYMS.to_owned(), at: At::GenericSynonyms });
        ranking.chain(synonyms).chain(generic).collect()
    }

    /// Whether it is a part of the ranking.
    pub fn is_ranking(&self) -> bool {
        matches!(self.at, At::Ranking(_))
    }

    /// The settings without it.
    ///
    /// # Errors
    /// They must have it.
    pub fn off(&self, settings: &Settings) -> Result<Settings, SettingError> {
        let failed = |source| SettingError::Switch { switch: self.name.clone(), source };
        let mut json = serde_json::to_value(settings).map_err(failed)?;
        match &self.at {
            At::Ranking(path) => {
                let found = path.iter().try_fold(json.get_mut(RANKING), |at, part| Some(at?.get_mut(part)));
                if let Some(value) = found.flatten() {
                    zero(value);
                }
            }
            At::Synonyms => json[SYNONYMS] = Value::Array(Vec::new()),
            At::GenericSynonyms => json[GENERIC_SYNONYMS] = Value::Bool(false),
        }
        serde_json::from_value(json).map_err(failed)
    }

    /// The snapshot without it.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn snapshot(&self, snapshot: &Snapshot) -> Result<Snapshot, SettingError> {
        let settings = self.off(snapshot.settings())?;
        snapshot.with_settings(settings).ok_or_else(|| SettingError::OtherAnalysis(PathBuf::from(&self.name)))
    }
}

#[cfg(test)]
impl Switch {
    /// A switch of the ranking, or the synonyms.
    pub(super) fn named(name: &str) -> Self {
        let at = match (name.strip_prefix("ranking."), name) {
            (Some(path), _) => At::Ranking(path.split('.').map(str::to_owned).collect()),
            (None, GENERIC_SYNONYMS) => At::GenericSynonyms,
            (None, _) => At::Synonyms,
        };
        Self { name: name.to_owned(), at }
    }
}

/// The paths of all numbers but 0.
fn numbers(value: &Value, at: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Number(number) if number.as_f64() != Some(0.0) => found.push(at.clone()),
        Value::Object(object) => {
            for (name, value) in object {
                at.push(name.clone());
                numbers(value, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Sets every number to 0.
fn zero(value: &mut Value) {
    match value {
        Value::Number(number) => *number = 0.into(),
        Value::Object(object) => object.values_mut().for_each(zero),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use storefind_index::settings::Synonym;

    use super::*;

    #[test]
    fn every_number_that_is_not_zero_is_a_switch() {
        let ranking = json!({"head": 1.0, "off": 0.0, "name": "text", "inner": {"kind": 2}});
        let mut found = Vec::new();
        numbers(&ranking, &mut Vec::new(), &mut found);
        assert_eq!(found, [vec!["head".to_owned()], vec!["inner".to_owned(), "kind".to_owned()]]);
        let mut ranking = ranking;
        zero(&mut ranking);
        assert_eq!(ranking, json!({"head": 0, "off": 0, "name": "text", "inner": {"kind": 0}}));
    }

    #[test]
    fn synonyms_are_a_switch_where_there_are_any() {
        let named = |settings: &Settings| Switch::of(settings).iter().any(|switch| switch.name == "synonyms");
        let bare = Settings::default();
        let synonym: Synonym = serde_json::from_value(json!({"to": ["laptop", "notebook"]})).unwrap();
        let settings = Settings { synonyms: vec![synonym], ..bare.clone() };
        let bare = Settings { synonyms: Vec::new(), ..bare };
        assert!(named(&settings) && !named(&bare));
        let switch = Switch::named("synonyms");
        assert_eq!(switch.off(&settings).unwrap(), bare);
    }

    #[test]
    fn generic_synonyms_are_a_switch_of_their_own() {
        let settings = Settings::default();
        let switch = Switch::of(&settings).into_iter().find(|switch| switch.name == "generic_synonyms").unwrap();
        assert_eq!(switch.off(&settings).unwrap(), Settings { generic_synonyms: false, ..settings.clone() });
        assert!(!switch.is_ranking());
        let without = Settings { generic_synonyms: false, ..settings };
        assert!(Switch::of(&without).iter().all(|switch| switch.name != "generic_synonyms"));
    }

    #[test]
    fn a_file_with_settings_that_no_server_takes_is_refused() {
        let snapshot = crate::evaluate::source::tests::snapshot(10);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"ranking": {"head": 11}}"#).unwrap();
        let error = Setting::File(file.path().to_owned()).snapshot(&snapshot).unwrap_err();
        assert!(error.to_string().contains("ranking.head is 11"), "{error}");
    }

    #[test]
    fn each_switch_of_the_ranking_is_off_in_what_it_gives() {
        let settings = Settings::default();
        for switch in Switch::of(&settings) {
            let without = switch.off(&settings).unwrap();
            assert!(Switch::of(&without).iter().all(|left| left.name != switch.name), "{}", switch.name);
            assert_eq!(Switch::of(&without).len() + 1, Switch::of(&settings).len(), "{}", switch.name);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_told_with_the_names_that_are_known() {
        let snapshot = crate::evaluate::source::tests::snapshot(10);
        let error = Setting::named("nowhere.json").snapshot(&snapshot).unwrap_err();
        assert!(error.to_string().contains("nowhere.json") && error.to_string().contains("`plain`"), "{error}");
    }

    #[test]
    fn plain_search_needs_every_word_as_it_is() {
        let snapshot = crate::evaluate::source::tests::snapshot(300);
        let wanted = crate::demo::product(0, 300);
        let found = |query: &str| Setting::Plain.search(&snapshot, query, 5).unwrap().found;
        assert_eq!(found(&wanted.title)[0].id, wanted.id);
        assert_eq!(found(&wanted.title)[0].price, wanted.price);
        // No other has all of them, and a mistyped word is no word of any.
        assert!(found(&format!("{} zzqqx", wanted.title)).is_empty());
        assert!(found("").is_empty());
    }
}
