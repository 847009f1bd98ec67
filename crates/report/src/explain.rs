//! Causes for people: the page of one, the list of all.

mod data;
mod list;
mod markdown;

use model::{Cause, Lang};

use crate::page::Page;
use crate::style::Style;
use crate::words;

pub use list::{list, list_json};

/// The page of a cause for a terminal with this many columns. In English it is the page of the
/// catalogue; in Japanese it is made from the cause's data, and the English page follows.
#[must_use]
pub fn page(cause: &Cause, lang: Lang, width: usize, colour: bool) -> String {
    let mut page = Page::new(width, Style { colour, hyperlinks: false });
    let full = cause.page();
    let has_page = !full.trim().is_empty();
    if lang == Lang::En && has_page {
        data::card(&mut page, cause, lang);
        page.blank();
    } else {
        data::write(&mut page, cause, lang);
        if has_page {
            page.blank();
            page.text(0, "", words::FULL_PAGE.get(lang));
            page.blank();
        }
    }
    markdown::write(&mut page, &full, colour);
    page.finish()
}

/// A page in Markdown for a terminal with this many columns.
#[must_use]
pub fn markdown_page(text: &str, width: usize, colour: bool) -> String {
    let mut page = Page::new(width, Style { colour, hyperlinks: false });
    markdown::write(&mut page, text, colour);
    page.finish()
}
