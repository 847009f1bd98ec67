//! Configuration text to facts: settings with their places, and the path that they make.
//!
//! A reader per product turns files into drafts of hops, links and networks
//! ([`readers`](mod@readers)); [`read`] runs them all, lets references meet
//! ([`assemble`](mod@assemble)) and fills in what nobody wrote ([`defaults`](mod@defaults)). Nothing
//! here fails: what a reader does not understand is noted, and the rest is read.

#![forbid(unsafe_code)]

mod apache;
mod assemble;
mod aws;
mod caddy;
mod certificates;
mod cloudformation;
mod code;
mod compose;
mod declared;
mod defaults;
mod directives;
mod document;
mod draft;
mod envoy;
mod google;
mod graphql;
mod haproxy;
mod kubernetes;
mod nginx;
mod part;
mod postgres;
mod programs;
mod readers;
mod resources;
mod terraform;
mod traefik;
mod tree;
mod values;

use model::config::{Source, System};

pub use declared::{Declarable, declarable};
pub use defaults::default_at;
pub use readers::{may_be_configuration, names as reader_names};

/// One file of configuration, as the intake hands it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path, parted by `/`; the name people see.
    pub path: String,
    /// Its bytes as text; bytes that are no UTF-8 already replaced.
    pub text: String,
}

/// Reads the files of one system. The order of the files does not matter.
#[must_use]
pub fn read(inputs: Vec<Input>) -> System {
    read_below("", inputs)
}

/// Reads the files of one system that lies in a folder: `base` is what the paths of its files begin
/// with, and ends with `/` unless it is empty. How the folder is called changes nothing but names.
#[must_use]
pub fn read_below(base: &str, mut inputs: Vec<Input>) -> System {
    for input in &mut inputs {
        if let Some(below) = input.path.strip_prefix(base) {
            input.path = below.to_owned();
        }
    }
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    let documents = document::open(inputs);
    let mut draft = draft::Draft::default();
    for reader in readers::ALL {
        reader.read(&documents, &mut draft);
    }
    for document in &documents {
        if !draft.read_as(document.id).is_empty() {
            continue;
        }
        if let Some((at, why)) = document.broken() {
            let says = format!("nothing of this file was read, as it is broken here: {why}");
            draft.remark(document.span(at..at), says);
        } else if readers::is_telling(document.name()) && !document.text.trim().is_empty() {
            let says = "nothing here is what a file of this name holds: see whether it is whole";
            draft.remark(document.span(0..0), says);
        }
    }
    let files = documents.into_iter().map(|doc| doc.into_source(&draft)).collect::<Vec<Source>>();
    let mut system = assemble::assemble(draft, files);
    certificates::fill(&mut system);
    defaults::fill(&mut system);
    for file in &mut system.files {
        file.name.insert_str(0, base);
    }
    base.clone_into(&mut system.base);
    system
}
