//! The frame of a page that needs no script: its head, its style and its headline.

use crate::draw::CHART_STYLE;
use crate::report::{STYLE, fill, html_safe};

const TEMPLATE: &str = include_str!("frame.html");

/// What stands above the parts of a page. All texts are written as they are, but for the title.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// What the page is of, after the program's name.
    pub(crate) of: &'a str,
    /// What it shows.
    pub(crate) title: &'a str,
    /// Its styles beside those that all pages have.
    pub(crate) styles: &'a [&'a str],
    /// What it comes to, in a sentence or two.
    pub(crate) verdict: &'a str,
    /// The figures of the head, as [`headline_figure`](super::entries::headline_figure) writes them.
    pub(crate) figures: &'a str,
}

impl Frame<'_> {
    /// The page, as the text of one HTML file: the template of its parts, each `{{name}}` of it replaced, in the frame.
    pub(crate) fn page(&self, template: &str, parts: &[(&str, &str)]) -> String {
        let style = [&[STYLE, CHART_STYLE], self.styles].concat().join("\n");
        let title = html_safe(self.title);
        let body = fill(template, parts);
        let head = [("of", self.of), ("title", &title), ("style", &style), ("verdict", self.verdict)];
        fill(TEMPLATE, &[&head[..], &[("figures", self.figures), ("body", &body)]].concat())
    }
}

/// Who made a page, and where that matters on what machine.
pub(crate) fn maker(machine: Option<&str>) -> String {
    let made = format!("Made by lessor {}", env!("CARGO_PKG_VERSION"));
    html_safe(&machine.map_or(format!("{made}."), |words| format!("{made} on {words}.")))
}
