//! `why502.toml`: what people say of their system because no other file does. Read like any
//! configuration; what it says is put into the system once everything else has been read
//! ([`hops`], [`links`]).

mod hops;
mod links;
mod products;
mod read;
mod values;

use model::config::{Product, Settings};
use model::config::{Setting, Span, Task};

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;

pub use values::{Declarable, declarable};

pub(crate) use hops::apply as apply_hops;
pub(crate) use links::apply as apply_links;

/// Its name, wherever it lies.
pub(crate) const FILE: &str = "why502.toml";

/// Reads `why502.toml`.
#[derive(Debug)]
pub(crate) struct Declarations;

impl Reader for Declarations {
    fn name(&self) -> &'static str {
        "why502"
    }

    fn takes(&self, document: &Document) -> bool {
        document.name() == FILE
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for document in documents {
            read::read(document, draft);
        }
    }
}

/// Everything that is declared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    hops: Vec<HopSaid>,
    links: Vec<LinkSaid>,
}

/// What is said of a hop.
#[derive(Clone, Debug)]
struct HopSaid {
    /// Its name in the file.
    name: String,
    /// Where that is written.
    at: Span,
    /// What it is on the path, if that is said.
    task: Option<Task>,
    /// What runs there.
    products: Vec<Product>,
    /// Paths of files and folders that configure it, each with where it is written.
    files: Vec<(String, Span)>,
    /// Names and addresses by which others reach it.
    hosts: Vec<String>,
    /// Ports it listens on.
    ports: Vec<(u16, Span)>,
    /// Its settings.
    settings: Vec<Setting>,
}

/// What is said of a link.
#[derive(Clone, Debug)]
struct LinkSaid {
    /// The hop that sends, by its name in the file.
    from: String,
    /// The hop that is sent to.
    to: String,
    /// At which port; 0 if that is not said.
    port: u16,
    /// Where it is written.
    at: Span,
    /// Its settings.
    settings: Vec<Setting>,
}

/// Adds what is declared. What a file states counts more, since that is what runs; where the two
/// differ, the sentence says so.
fn supplement(settings: &mut Settings, said: &[Setting], remark: &mut dyn FnMut(Span, String)) {
    for setting in said {
        let stated = settings.get(setting.key).filter(|had| {
            had.is_written() && !matches!(had.value, model::config::Value::Unknown(_))
        });
        match stated {
            Some(had) if had.value == setting.value => {}
            Some(had) => {
                let says = format!(
                    "{} is {} here, but a file that was read says {} ({}): that counts",
                    setting.key, setting.value, had.value, had.name
                );
                remark(setting.span().unwrap_or(Span::new(model::config::FileId(0), 0..0)), says);
            }
            None => settings.set(setting.clone()),
        }
    }
}
