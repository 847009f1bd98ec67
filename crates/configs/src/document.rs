//! A file that may hold configuration: its name, its text, and its tree once somebody asks.

use std::cell::OnceCell;
use std::sync::Arc;

use model::config::{FileId, Source, Span};

use crate::Input;
use crate::draft::Draft;
use crate::tree::{Tree, json, toml, yaml};

/// One file, read once by whoever knows its grammar.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its number in the system.
    pub(crate) id: FileId,
    /// Its path below the folder that is checked, parted by `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: Arc<str>,
    tree: OnceCell<Tree>,
}

/// Gives every file its number.
pub(crate) fn open(inputs: Vec<Input>) -> Vec<Document> {
    (0..)
        .zip(inputs)
        .map(|(n, input)| Document {
            id: FileId(n),
            path: input.path,
            text: input.text.into(),
            tree: OnceCell::new(),
        })
        .collect()
}

impl Document {
    /// The name without its folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder it lies in, without a `/` at the end; empty for the outermost.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The part of the name after the last dot, in lower case; empty if there is none.
    pub(crate) fn extension(&self) -> String {
        let name = self.name();
        name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default()
    }

    /// True if it is YAML or JSON by its name, or JSON by its first character.
    pub(crate) fn is_tree(&self) -> bool {
        matches!(self.extension().as_str(), "yaml" | "yml" | "json" | "template") || self.is_json()
    }

    fn is_json(&self) -> bool {
        self.extension() == "json" || self.text.trim_start().starts_with(['{', '['])
    }

    /// Its tree; read at the first call.
    pub(crate) fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| {
            if self.extension() == "toml" {
                toml(&self.text)
            } else if self.is_json() {
                json(&self.text)
            } else {
                yaml(&self.text)
            }
        })
    }

    /// Where its grammar is broken and how, if somebody has asked for its tree. A template that makes
    /// such a file is none yet.
    pub(crate) fn broken(&self) -> Option<(usize, &str)> {
        let (at, why) = self.tree.get()?.broken.as_ref()?;
        let template = ["{{", "<%", "${"].iter().any(|mark| self.text.contains(mark));
        (!template).then_some((*at, why.as_str()))
    }

    /// The place of a stretch of its text.
    pub(crate) fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.id, range)
    }

    /// The same file as the report needs it.
    pub(crate) fn into_source(self, draft: &Draft) -> Source {
        let read_as = draft.read_as(self.id);
        Source { name: self.path, text: self.text, read_as, revision: String::new() }
    }
}
