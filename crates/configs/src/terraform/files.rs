//! The files of one Terraform module, sorted by what their blocks declare.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel, Body};
use model::config::{FileId, Span};

use crate::document::Document;
use crate::draft::Draft;
use crate::tree::At;

/// Files of HCL beyond this many bytes are not read: no one writes such a file, and its tree would
/// take many times the memory.
const LARGEST: usize = 4 << 20;

/// How many broken stretches of one file are left out before the rest is given up.
const MOST_FAULTS: usize = 20;

/// A piece of configuration that has yet to be worked out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Code<'f> {
    Expression(&'f Expression),
    Block(&'f Body),
    Json(At<'f>),
}

/// A piece of configuration and its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coded<'f> {
    pub(super) code: Code<'f>,
    pub(super) file: FileId,
}

/// A `resource` or `data` block.
#[derive(Clone, Debug)]
pub(super) struct Declared<'f> {
    /// Type; with `data.` before it for a data source.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) body: Coded<'f>,
    pub(super) at: Span,
}

/// The files of one folder.
#[derive(Debug, Default)]
pub(super) struct Module<'f> {
    /// Variables with their defaults.
    pub(super) variables: BTreeMap<String, Option<Coded<'f>>>,
    pub(super) locals: BTreeMap<String, Coded<'f>>,
    pub(super) outputs: BTreeMap<String, Coded<'f>>,
    /// `module` blocks with the folder of those that lie here.
    pub(super) calls: BTreeMap<String, (Coded<'f>, Option<String>)>,
    pub(super) resources: Vec<Declared<'f>>,
    /// The positions of resources by type and name: `aws_lb.front`.
    positions: BTreeMap<String, usize>,
}

/// A parsed file of HCL.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) file: FileId,
    pub(super) folder: String,
    pub(super) body: Body,
}

/// Parses a file of HCL. Blocks that are broken are left out with a remark, the others are kept.
pub(super) fn parse(document: &Document, draft: &mut Draft) -> Parsed {
    let mut parsed =
        Parsed { file: document.id, folder: document.folder().to_owned(), body: Body::new() };
    if document.text.len() > LARGEST {
        draft.remark(
            document.span(0..0),
            "the file is too large to be written by hand, it was not read",
        );
        return parsed;
    }
    let mut text = document.text.trim_start_matches('\u{feff}').to_owned();
    let cut = document.text.len() - text.len();
    text.insert_str(0, &" ".repeat(cut));
    // Every fault costs another pass.
    let most = if text.len() > 1 << 20 { 3 } else { MOST_FAULTS };
    for _ in 0..most {
        match hcl_edit::parser::parse_body(&text) {
            Ok(body) => {
                parsed.body = body;
                return parsed;
            }
            Err(fault) => {
                let at = fault.location().offset().min(text.len());
                let says = "a block could not be read here, the rest of the file was";
                draft.remark(document.span(at..at), says);
                let broken = block_around(&text, at);
                if broken.is_empty() {
                    return parsed;
                }
                blank(&mut text, broken);
            }
        }
    }
    parsed
}

/// The outermost block around a place: from a line that begins with a letter to the next such one.
fn block_around(text: &str, at: usize) -> Range<usize> {
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let starts = std::iter::once(0)
        .chain(starts)
        .filter(|&start| text[start..].starts_with(|c: char| c.is_ascii_alphabetic()));
    let mut range = 0..text.len();
    for start in starts {
        if start <= at {
            range.start = start;
        } else {
            range.end = start;
            break;
        }
    }
    if text[range.clone()].trim().is_empty() { 0..0 } else { range }
}

/// Replaces a stretch with spaces, so that what follows keeps its place.
fn blank(text: &mut String, range: Range<usize>) {
    let spaces: String =
        text[range.clone()].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(range, &spaces);
}

impl<'f> Module<'f> {
    /// Adds the blocks of a file of HCL.
    pub(super) fn add(&mut self, parsed: &'f Parsed) {
        let file = parsed.file;
        for block in parsed.body.blocks() {
            let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
            let body = Coded { code: Code::Block(&block.body), file };
            match (block.ident.as_str(), &labels[..]) {
                ("resource", [kind, name]) => self.declare((*kind).to_owned(), name, body, block),
                ("data", [kind, name]) => self.declare(format!("data.{kind}"), name, body, block),
                ("variable", [name]) => {
                    let default = block.body.get_attribute("default");
                    let default = default
                        .map(|attribute| Coded { code: Code::Expression(&attribute.value), file });
                    self.variables.insert((*name).to_owned(), default);
                }
                ("output", [name]) => {
                    if let Some(value) = block.body.get_attribute("value") {
                        let value = Coded { code: Code::Expression(&value.value), file };
                        self.outputs.insert((*name).to_owned(), value);
                    }
                }
                ("locals", _) => {
                    for attribute in block.body.attributes() {
                        let value = Coded { code: Code::Expression(&attribute.value), file };
                        self.locals.insert(attribute.key.as_str().to_owned(), value);
                    }
                }
                ("module", [name]) => {
                    let source = block.body.get_attribute("source");
                    let source = source.and_then(|attribute| attribute.value.as_str());
                    let folder = source.and_then(|source| beside(&parsed.folder, source));
                    self.calls.insert((*name).to_owned(), (body, folder));
                }
                _ => {}
            }
        }
    }

    fn declare(&mut self, kind: String, name: &str, body: Coded<'f>, block: &Block) {
        let start = block.ident.span().map_or(0, |range| range.start);
        let end = block.labels.last().and_then(hcl_edit::Span::span).map_or(start, |r| r.end);
        let at = Span::new(body.file, start..end);
        self.push(Declared { kind, name: name.to_owned(), body, at });
    }

    fn push(&mut self, declared: Declared<'f>) {
        let address = format!("{}.{}", declared.kind, declared.name);
        self.positions.entry(address).or_insert(self.resources.len());
        self.resources.push(declared);
    }

    /// The resource of this type and name.
    pub(super) fn resource(&self, kind: &str, name: &str) -> Option<&Declared<'f>> {
        self.resources.get(*self.positions.get(&format!("{kind}.{name}"))?)
    }

    /// Adds the blocks of a file in the JSON syntax of Terraform.
    pub(super) fn add_json(&mut self, document: &'f Document) {
        let file = document.id;
        let coded = |at: At<'f>| Coded { code: Code::Json(at), file };
        for root in document.tree().roots() {
            for (word, prefix) in [("resource", ""), ("data", "data.")] {
                for kinds in root.get(word).each() {
                    for (kind, names) in kinds.entries() {
                        for (name, body) in names.each().flat_map(At::entries) {
                            self.push(Declared {
                                kind: format!("{prefix}{}", kind.key),
                                name: name.key.clone(),
                                body: coded(body),
                                at: document.span(name.key_at.clone()),
                            });
                        }
                    }
                }
            }
            let named = |word: &str| root.get(word).each().flat_map(At::entries);
            for (name, body) in named("variable") {
                let default = body.get("default").there().map(coded);
                self.variables.insert(name.key.clone(), default);
            }
            for (name, value) in named("locals") {
                self.locals.insert(name.key.clone(), coded(value));
            }
            for (name, body) in named("output") {
                self.outputs.insert(name.key.clone(), coded(body.get("value")));
            }
            for (name, body) in named("module") {
                let source = body.get("source").text();
                let folder = source.and_then(|source| beside(document.folder(), source));
                self.calls.insert(name.key.clone(), (coded(body), folder));
            }
        }
    }
}

/// The folder that a path from another folder leads to; `None` for what is no path.
pub(super) fn beside(folder: &str, path: &str) -> Option<String> {
    if !(path.starts_with("./") || path.starts_with("../") || path == "." || path == "..") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_between_folders() {
        assert_eq!(beside("envs/prod", "../../modules/web").as_deref(), Some("modules/web"));
        assert_eq!(beside("", "./modules/web").as_deref(), Some("modules/web"));
        assert_eq!(beside("examples", "..").as_deref(), Some(""));
        assert_eq!(beside("", "../web"), None);
        assert_eq!(beside("", "terraform-aws-modules/alb/aws"), None);
    }

    #[test]
    fn a_broken_block_is_found_and_blanked() {
        let mut text = "a {\n}\nb {\n  c =\n}\nd {\n}\n".to_owned();
        let range = block_around(&text, 13);
        assert_eq!(&text[range.clone()], "b {\n  c =\n}\n");
        blank(&mut text, range);
        assert_eq!(text, "a {\n}\n   \n     \n \nd {\n}\n");
    }
}
