//! All that one evaluation measured: the text for a terminal and the file for machines.
//!
//! Owns what belongs together and in which order it is told. It refuses to measure. Invariant: the text, the JSON and
//! the page are made of the same values.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::ablation::Ablation;
use super::compare::Comparison;
use super::{EvaluateError, categories, completions, html, judged, typos};

/// What was evaluated, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// The catalog's name.
    pub catalog: String,
    /// The file with judgments or queries.
    pub queries: String,
    /// Which program measured.
    pub version: &'static str,
    /// How the catalog was searched.
    pub setting: String,
    /// What that is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

/// What the queries were measured by, and of what they are compared with the same.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Measured {
    /// Human judgments.
    Judged {
        /// What is evaluated.
        report: judged::Report,
        /// What it is compared with.
        #[serde(skip_serializing_if = "Option::is_none")]
        baseline: Option<judged::Report>,
        /// The best rating of the judgments.
        best_rating: u8,
    },
    /// The categories in which queries should land.
    Categories {
        /// What is evaluated.
        report: categories::Report,
        /// What it is compared with.
        #[serde(skip_serializing_if = "Option::is_none")]
        baseline: Option<categories::Report>,
    },
}

/// See the module.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// What was evaluated.
    pub about: About,
    /// The queries, one by one, and their means.
    pub measured: Measured,
    /// Both settings side by side, if there are two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// What each part of the ranking gives, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ablation: Option<Ablation>,
    /// How typing errors fared, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typos: Option<typos::Report>,
    /// How suggestions fared, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<completions::Report>,
}

impl Evaluation {
    /// Writes everything as JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_json(&self, path: &Path) -> Result<(), EvaluateError> {
        let failed = |source| EvaluateError::Write { path: path.to_owned(), source };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        std::fs::write(path, text).map_err(failed)
    }

    /// Writes everything as a page.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_html(&self, path: &Path, pictures: html::Pictures) -> Result<(), EvaluateError> {
        let page = html::page(self, pictures);
        std::fs::write(path, page).map_err(|source| EvaluateError::Write { path: path.to_owned(), source })
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.measured {
            Measured::Judged { report, .. } => write!(out, "{report}")?,
            Measured::Categories { report, .. } => write!(out, "{report}")?,
        }
        let Self { comparison, ablation, typos, completions, .. } = self;
        comparison.iter().try_for_each(|part| write!(out, "{part}"))?;
        ablation.iter().try_for_each(|part| write!(out, "{part}"))?;
        typos.iter().try_for_each(|part| write!(out, "{part}"))?;
        completions.iter().try_for_each(|part| write!(out, "{part}"))
    }
}
