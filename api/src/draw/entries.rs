//! Entries of a page's lists: a figure with its note in the head, a condition beside the charts.

use crate::report::html_safe;

/// A figure of the head. Its texts are written as they are.
pub(crate) fn headline_figure(name: &str, figure: &str, note: &str) -> String {
    format!(
        "    <div><dt>{name}</dt><dd><p class=\"figure\">{figure}</p><p class=\"figure-note\">{note}</p></dd></div>\n"
    )
}

/// A condition under which runs were made, in words.
pub(crate) fn condition(name: &str, words: &str) -> String {
    format!("        <div><dt>{}</dt><dd>{}</dd></div>\n", html_safe(name), html_safe(words))
}
