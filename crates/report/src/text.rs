//! A diagnosis as text for a terminal: evidence first, the sentence that matters last, so that it
//! stands right above the prompt.

mod again;
mod cite;
mod closing;
mod configuration;
mod finding;
mod incident;
mod missing;
mod read;
mod remedies;

use std::collections::BTreeSet;

use model::{Diagnosis, Lang, Statement, Text};

use crate::mask::mask;
use crate::page::Page;
use crate::products::Products;
use crate::style::Style;
use crate::{clean, fill, words};

/// How a diagnosis is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Language of every sentence.
    pub lang: Lang,
    /// Columns of a line; what is to be copied (paths, commands) may run over.
    pub width: usize,
    /// Whether to use colour (SGR sequences).
    pub colour: bool,
    /// Whether to make citations of absolute paths links (OSC 8).
    pub hyperlinks: bool,
    /// Whether to show values that look like secrets or personal data.
    pub show_values: bool,
    /// Whether to show everything instead of the first few of each kind.
    pub verbose: bool,
}

impl Default for TextOptions {
    fn default() -> TextOptions {
        TextOptions {
            lang: Lang::En,
            width: 80,
            colour: false,
            hyperlinks: false,
            show_values: false,
            verbose: false,
        }
    }
}

/// The diagnosis as text.
#[must_use]
pub fn diagnosis(diagnosis: &Diagnosis, options: &TextOptions) -> String {
    let style = Style { colour: options.colour, hyperlinks: options.hyperlinks };
    let mut view = View {
        diagnosis,
        options,
        page: Page::new(options.width, style),
        products: Products::of(diagnosis),
        known: BTreeSet::new(),
    };
    view.read();
    if diagnosis.incidents.is_empty() {
        view.nothing_found();
    } else {
        for index in 0..diagnosis.incidents.len() {
            view.incident(index);
        }
        view.closing();
    }
    view.page.finish()
}

/// A report under construction.
struct View<'a> {
    diagnosis: &'a Diagnosis,
    options: &'a TextOptions,
    page: Page,
    products: Products,
    /// What has been shown in full.
    known: BTreeSet<finding::Known>,
}

impl View<'_> {
    fn lang(&self) -> Lang {
        self.options.lang
    }

    /// How many of a list are shown when the first few are enough.
    fn few(&self, few: usize) -> usize {
        if self.options.verbose { usize::MAX } else { few }
    }

    /// Text from the evidence as it may be shown.
    fn seen(&self, text: &str) -> String {
        if self.options.show_values {
            clean::one_line(text).into_owned()
        } else {
            clean::one_line(&mask(text)).into_owned()
        }
    }

    fn say(&self, text: Text) -> &'static str {
        text.get(self.options.lang)
    }

    fn fill(&self, text: &Text, values: &[(&str, &str)]) -> String {
        fill::words(text, self.options.lang, values)
    }

    /// The sentence that goes with a number: `{n}` is the number, written out.
    fn counted(&self, n: u64, counted: &words::Counted, values: &[(&str, &str)]) -> String {
        let number = crate::figures::count(n);
        let mut all = vec![("n", number.as_str())];
        all.extend_from_slice(values);
        fill::words(if n == 1 { &counted.one } else { &counted.many }, self.options.lang, &all)
    }

    /// A statement, unless one of its values is not known.
    fn statement(&self, says: &Statement) -> Option<String> {
        fill::statement(says, self.options.lang, &|value| self.seen(value))
    }
}
