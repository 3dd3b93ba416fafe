//! The index crate through its public API: catalogs written in JSON, answers checked as a caller sees them.

mod dependency;
mod facets;
mod filters;
mod fixture;
mod languages;
mod order;
mod prices;
mod ranking;
mod relaxation;
mod rules;
mod splits;
mod typos;
mod within;
mod words;
mod writing;
