//! GraphQL: schemas (`*.graphql`, `*.graphqls`, `*.gql`, the JSON of an introspection query) and the
//! operations of clients.
//!
//! The text is parsed by apollo-parser, which goes on behind what it does not understand and bounds
//! its own depth.

mod introspection;
mod operations;
mod schema;

use apollo_parser::Parser;
use apollo_parser::cst::{self, CstNode as _};
use model::config::{GraphQl, Span};

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;

/// Largest file that is read, in bytes: the schemas of very large companies are some megabytes.
const LARGEST: usize = 16 << 20;

/// Most words and signs of one file.
const MOST_TOKENS: usize = 3_000_000;

/// Deepest nesting. Clients ask for some ten levels, and what comes after this is recursive too.
const DEEPEST: usize = 200;

/// The reader of GraphQL.
pub(crate) struct GraphQlFiles;

impl Reader for GraphQlFiles {
    fn name(&self) -> &'static str {
        "graphql"
    }

    fn takes(&self, document: &Document) -> bool {
        match document.extension().as_str() {
            "graphql" | "graphqls" | "gql" => true,
            "json" => document.text.contains("\"__schema\""),
            _ => false,
        }
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for document in documents {
            let read = if document.extension() == "json" {
                introspection::read(document)
            } else {
                text(document, draft)
            };
            draft.graphql.extend(read);
        }
        draft.graphql.sort_by_key(|read| read.file);
    }
}

/// The definitions of a file.
fn text(document: &Document, draft: &mut Draft) -> Option<GraphQl> {
    let mut out = GraphQl::new(document.id);
    if document.text.len() > LARGEST {
        let says = format!("GraphQL of more than {} MiB is not read", LARGEST >> 20);
        draft.remark(document.span(0..0), says);
        out.partial = true;
        return Some(out);
    }
    let tree =
        Parser::new(&document.text).recursion_limit(DEEPEST).token_limit(MOST_TOKENS).parse();
    if let Some(error) = tree.errors().next() {
        let at = error.index().min(document.text.len());
        let says = if error.is_limit() {
            "this GraphQL is too deep or too long: what follows was left out".to_owned()
        } else {
            format!("this is not understood as GraphQL ({})", error.message().trim())
        };
        draft.remark(document.span(at..at), says);
        out.partial = true;
    }
    let reading = Reading { document };
    for definition in tree.document().definitions() {
        match definition {
            cst::Definition::OperationDefinition(operation) => {
                out.operations.push(reading.operation(&operation));
            }
            cst::Definition::FragmentDefinition(fragment) => {
                out.operations.extend(reading.fragment(&fragment));
            }
            other => reading.define(&other, &mut out),
        }
    }
    Some(out)
}

/// One file while it is read.
#[derive(Clone, Copy)]
struct Reading<'d> {
    document: &'d Document,
}

impl Reading<'_> {
    /// A name with its place.
    fn name(self, name: Option<cst::Name>) -> Option<(String, Span)> {
        let token = name?.ident_token()?;
        let range = token.text_range();
        let at = self.document.span(range.start().into()..range.end().into());
        Some((token.text().to_owned(), at))
    }

    /// The place where a part begins.
    fn start(self, node: &apollo_parser::SyntaxNode) -> Span {
        let at: usize = node.text_range().start().into();
        self.document.span(at..at + 1)
    }
}

/// A value as written, with its white space made single.
fn written(value: &cst::Value) -> String {
    let text = value.syntax().text().to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
