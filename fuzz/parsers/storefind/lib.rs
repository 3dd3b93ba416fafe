//! Feeds as the server reads them: links to its own files.

pub mod catalog;
