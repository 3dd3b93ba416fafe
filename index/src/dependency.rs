//! What an answer depends on: variants, clauses and the terms whose touch can alter it (DESIGN.md, "The scheme").

/// A product change can alter the answer only if the product's terms, old or new, touch some variant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dependency {
    /// Every variant of the query that was evaluated.
    pub variants: Vec<Variant>,
}

/// One form in which the query was evaluated. Touched when at least `required` of its clauses are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// For people: `strict`, `typos`, `partial`, `facet:brand`, `pin:1`, ….
    pub name: String,
    /// How many clauses a product must meet; without clauses any change touches the variant.
    pub required: usize,
    /// The clauses.
    pub clauses: Vec<Clause>,
}

/// A product meets the clause if it has any of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Terms in their touch form: `word:laptops`, `stem:laptop`, `prefix:lapt`, `bucket:l6`, `brand=nike`.
    pub terms: Vec<String>,
}
