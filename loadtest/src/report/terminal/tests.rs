//! The terminal's text keeps its columns and its promises.

use super::*;

#[test]
fn columns_are_aligned() {
    let mut table = Table::new(&["phase", "rate"]);
    table.row(vec!["größer".to_owned(), "5".to_owned()]);
    assert_eq!(table.text(), "phase   rate\ngrößer     5\n");
}
