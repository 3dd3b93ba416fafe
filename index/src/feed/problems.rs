//! What can be wrong with a `[feed]` table, all of it at once.

use super::{FeedConfig, FeedSource};
use crate::product::{ATTRIBUTES, FIELD_NAMES, Field, Kind};

/// Every problem, each naming its key and the value at fault.
pub(super) fn find(config: &FeedConfig) -> Vec<String> {
    let mut problems = Vec::new();
    if !config.fields.contains_key(Field::Title.name()) {
        problems.push("`title` is not mapped: name the feed's field that holds it".to_owned());
    }
    for (key, source) in &config.fields {
        match Goal::of_key(key) {
            Some(goal) => check_source(key, goal, source, &mut problems),
            None => problems.push(format!(
                "`{key}` is not a product field; there are {}, `{ATTRIBUTES}` and `{ATTRIBUTES}.NAME`",
                FIELD_NAMES.map(|name| format!("`{name}`")).join(", ")
            )),
        }
    }
    problems
}

/// What a key of the table fills.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Field(Field),
    Attributes,
    OneAttribute,
}

impl Goal {
    fn of_key(key: &str) -> Option<Self> {
        let one_attribute = || {
            let name = key.strip_prefix(ATTRIBUTES)?.strip_prefix('.')?;
            (!name.trim().is_empty()).then_some(Self::OneAttribute)
        };
        match Field::from_name(key) {
            Some(field) => Some(Self::Field(field)),
            None if key == ATTRIBUTES => Some(Self::Attributes),
            None => one_attribute(),
        }
    }

    fn takes_several(self) -> bool {
        match self {
            Self::Field(field) => field.kind() == Kind::List,
            Self::Attributes | Self::OneAttribute => true,
        }
    }

    fn takes_scale(self) -> bool {
        match self {
            Self::Field(field) => field.kind() == Kind::Number,
            Self::Attributes | Self::OneAttribute => true,
        }
    }
}

fn check_source(key: &str, goal: Goal, source: &FeedSource, problems: &mut Vec<String>) {
    match source {
        FeedSource::Field(name) => check_name(key, goal, name, problems),
        FeedSource::Fields(names) => {
            if names.is_empty() {
                problems.push(format!("`{key}` is an empty list: leave it out or name a field of the feed"));
            }
            if names.len() > 1 && !goal.takes_several() {
                let list = names.join("`, `");
                problems.push(format!("`{key}` takes one field of the feed, and `{list}` are {}", names.len()));
            }
            for (at, name) in names.iter().enumerate() {
                check_name(key, goal, name, problems);
                if names.iter().take(at).any(|earlier| earlier == name) {
                    problems.push(format!("`{key}` names `{name}` twice"));
                }
            }
        }
        FeedSource::Scaled { field, scale } => {
            check_name(key, goal, field, problems);
            if field.contains('*') {
                problems.push(format!("`{key}` scales the pattern `{field}`: only a single field can be scaled"));
            }
            if !goal.takes_scale() {
                problems.push(format!("`{key}` is not a number, so `{field}` cannot be scaled by {scale}"));
            }
            if !(scale.is_finite() && *scale > 0.0) {
                problems.push(format!("`{key}` has the scale {scale}: it must be a number above 0"));
            }
        }
    }
}

fn check_name(key: &str, goal: Goal, name: &str, problems: &mut Vec<String>) {
    let stars = name.matches('*').count();
    if name.trim().is_empty() {
        problems.push(format!("`{key}` names the field {name:?}: a field of the feed cannot be blank"));
    } else if stars > 1 {
        problems.push(format!("`{key}` has the pattern `{name}` with {stars} `*`: only one is allowed"));
    } else if stars == 1 && goal != Goal::Attributes {
        problems.push(format!("`{key}` has the pattern `{name}`: only `{ATTRIBUTES}` takes patterns"));
    }
}
