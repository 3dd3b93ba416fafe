//! Human judgments: which product is how good an answer to which query.
//!
//! Owns the CSV. Invariant: ratings are whole numbers up to [`RATING_MAX`]; queries keep the order in which they first
//! appear; of two ratings for one query and product the later one counts, as in `ndcg.py`.

use std::collections::HashMap;
use std::path::Path;

use super::EvaluateError;

/// Highest rating. Gain doubles with each step, so that beyond ten one product would decide every mean.
pub const RATING_MAX: u8 = 10;

/// Ratings by query and product.
#[derive(Debug, Clone, Default)]
pub struct Judgments {
    queries: Vec<(String, HashMap<String, u8>)>,
}

impl Judgments {
    /// Reads a CSV file with the columns `query`, `docid` and `rating`, in any order; other columns are ignored.
    ///
    /// # Errors
    /// A file that cannot be read, lacks a column or a judgment, or the first bad line.
    pub fn read(path: &Path) -> Result<Self, EvaluateError> {
        let unreadable = |source| EvaluateError::Read { path: path.to_owned(), source };
        let wrong = |line, problem| EvaluateError::Line { path: path.to_owned(), line, problem };
        let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
        let header = reader.headers().map_err(unreadable)?.clone();
        let column = |name: &str| {
            let found = header.iter().position(|column| column == name);
            found.ok_or_else(|| wrong(1, format!("column `{name}` is missing; there are: {}", listed(&header))))
        };
        let (query, docid, rating) = (column("query")?, column("docid")?, column("rating")?);

        let mut judgments = Self::default();
        let mut places = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let line = record.position().map_or(0, csv::Position::line);
            let value = record[rating].trim();
            let rating = value.parse().ok().filter(|&rating| rating <= RATING_MAX);
            let rating = rating
                .ok_or_else(|| wrong(line, format!("rating `{value}` is not a whole number from 0 to {RATING_MAX}")))?;
            let place = *places.entry(record[query].to_owned()).or_insert_with(|| {
                judgments.queries.push((record[query].to_owned(), HashMap::new()));
                judgments.queries.len() - 1
            });
            judgments.queries[place].1.insert(record[docid].to_owned(), rating);
        }
        if judgments.queries.is_empty() {
            return Err(EvaluateError::Empty(path.to_owned()));
        }
        Ok(judgments)
    }

    /// How many queries there are.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there are none; a file that was read has some.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// The highest rating that was given.
    pub fn best_rating(&self) -> u8 {
        self.queries.iter().flat_map(|(_, ratings)| ratings.values().copied()).max().unwrap_or(0)
    }

    /// Queries and their ratings by product id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &HashMap<String, u8>)> {
        self.queries.iter().map(|(query, ratings)| (query.as_str(), ratings))
    }
}

fn listed(header: &csv::StringRecord) -> String {
    header.iter().collect::<Vec<_>>().join(", ")
}
