//! Text → terms: a pure function of text and settings, the same for indexing, querying and touching.
