//! The list of causes: a table for people, JSON for programs.

use model::{Cause, Lang};

use crate::page::Page;
use crate::style::{Ink, Style, ink, plain};
use crate::wrap::{columns, pad};
use crate::{json, wire, words};

/// Least columns for a title inside the table; where there are fewer, it gets a line of its own.
const LEAST_TITLE: usize = 26;

/// The statuses a cause can surface as.
pub(super) fn statuses(cause: &Cause, between: &str) -> String {
    let list: Vec<String> = cause.statuses.iter().map(u16::to_string).collect();
    list.join(between)
}

/// Slug, place, statuses and title of each cause, in the order given.
#[must_use]
pub fn list(causes: &[&'static Cause], lang: Lang, width: usize) -> String {
    let mut page = Page::new(width, Style { colour: false, hyperlinks: false });
    let head = [words::CAUSE, words::PLACE, words::STATUSES, words::TITLE];
    let mut rows: Vec<[String; 4]> = vec![head.map(|word| word.get(lang).to_owned())];
    rows.extend(causes.iter().map(|cause| {
        [
            cause.slug.to_owned(),
            words::place(cause.place).get(lang).to_owned(),
            statuses(cause, " "),
            cause.title.get(lang).to_owned(),
        ]
    }));
    let widths: Vec<usize> =
        (0..3).map(|i| rows.iter().map(|row| columns(&row[i])).max().unwrap_or(0)).collect();
    let before: usize = widths.iter().map(|width| width + 2).sum();
    let fits = page.width().saturating_sub(before) >= LEAST_TITLE;
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| pad(cell, *w)).collect();
        let line = cells.join("  ");
        if fits {
            page.para(0, &format!("{line}  "), vec![plain(&row[3])]);
        } else {
            page.verbatim(0, Ink::Plain, &line);
            page.para(4, "", vec![ink(Ink::Plain, &row[3])]);
        }
    }
    page.finish()
}

/// The same as JSON: identity, place, statuses and effects of each cause, both languages.
#[must_use]
pub fn list_json(causes: &[&'static Cause]) -> String {
    json::document(&wire::CauseList::new(causes))
}
