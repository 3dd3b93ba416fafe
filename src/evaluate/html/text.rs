//! Texts and numbers as the page writes them.

/// A text from outside, safe as content and as an attribute's value.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A change with its sign, and a minus as wide as the plus; what rounds to nothing has none.
pub(super) fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    match text.contains(|c: char| ('1'..='9').contains(&c)) {
        true => text.replace('-', "−"),
        false => text.trim_start_matches(['+', '-']).to_owned(),
    }
}

/// A chance: none is impossible.
pub(super) fn chance(p: f64) -> String {
    if p < 0.001 { "below 0.001".to_owned() } else { format!("{p:.3}") }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A table that scrolls by itself where it is wider than the page. Cells are HTML.
pub(super) fn table(caption: &str, heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let rows: String = rows
        .into_iter()
        .map(|cells| {
            let mut cells = cells.into_iter();
            let first = cells.next().map(|cell| format!("<th scope=\"row\">{cell}</th>")).unwrap_or_default();
            let rest: String = cells.map(|cell| format!("<td>{cell}</td>")).collect();
            format!("<tr>{first}{rest}</tr>\n")
        })
        .collect();
    let caption = escaped(caption);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table>\
         <caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_signs_unless_there_is_none() {
        assert_eq!((signed(0.25, 3), signed(-0.25, 3)), ("+0.250".into(), "−0.250".into()));
        assert_eq!((signed(0.0001, 3), signed(-0.0001, 3)), ("0.000".into(), "0.000".into()));
    }

    #[test]
    fn no_chance_is_impossible() {
        assert_eq!((chance(0.00001), chance(0.25)), ("below 0.001".into(), "0.250".into()));
    }
}
