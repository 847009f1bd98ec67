//! A schema as the answer to an introspection query: JSON with `__schema`, alone or within `data`.

use model::config::{Field, GraphQl, GraphQlType, GraphQlTypeKind as Kind, Span, TypeRef, Wrap};

use crate::document::Document;
use crate::tree::At;

/// Most wrappers of one type; queries ask for seven or nine.
const MOST_WRAPS: usize = 16;

/// The types of a document; `None` if it is no such answer.
pub(super) fn read(document: &Document) -> Option<GraphQl> {
    let tree = document.tree();
    let schema = tree.roots().find_map(|root| {
        [root.at("data.__schema"), root.at("__schema")].into_iter().find(|at| at.there().is_some())
    })?;
    schema.get("types").there()?;
    let mut out = GraphQl::new(document.id);
    out.partial = tree.broken.is_some();
    out.omits_deprecated_inputs = true;
    for operation in ["query", "mutation", "subscription"] {
        let name = schema.get(&format!("{operation}Type")).get("name").text();
        out.roots.extend(name.map(|name| (operation.to_owned(), name.to_owned())));
    }
    for of in schema.get("types").items() {
        out.types.extend(named(document, of));
    }
    Some(out)
}

fn named(document: &Document, of: At<'_>) -> Option<GraphQlType> {
    let name = of.get("name").text()?;
    // The types of introspection itself.
    if name.starts_with("__") {
        return None;
    }
    let kind = match of.get("kind").text()? {
        "SCALAR" => Kind::Scalar,
        "OBJECT" => Kind::Object,
        "INTERFACE" => Kind::Interface,
        "UNION" => Kind::Union,
        "ENUM" => Kind::Enum,
        "INPUT_OBJECT" => Kind::Input,
        _ => return None,
    };
    let (fields, names) = match kind {
        Kind::Input => ("inputFields", ""),
        Kind::Enum => ("enumValues", ""),
        Kind::Union => ("", "possibleTypes"),
        _ => ("fields", "interfaces"),
    };
    let list = |name: &str| of.get(name).items().collect::<Vec<_>>();
    Some(GraphQlType {
        kind,
        name: name.to_owned(),
        fields: list(fields).into_iter().filter_map(|at| field(document, at)).collect(),
        names: list(names)
            .into_iter()
            .filter_map(|at| {
                Some((at.get("name").text()?.to_owned(), place(document, at.get("name"))))
            })
            .collect(),
        extends: false,
        at: place(document, of.get("name")),
    })
}

fn field(document: &Document, of: At<'_>) -> Option<Field> {
    let arguments = of.get("args").items().filter_map(|argument| field(document, argument));
    Some(Field {
        name: of.get("name").text()?.to_owned(),
        of: type_ref(of.get("type")),
        arguments: arguments.collect(),
        default: of.get("defaultValue").text().map(str::to_owned),
        deprecated: of.get("isDeprecated").flag() == Some(true),
        at: place(document, of.get("name")),
    })
}

fn type_ref(of: At<'_>) -> TypeRef {
    let mut out = TypeRef::default();
    let mut at = of;
    while out.wraps.len() < MOST_WRAPS {
        match at.get("kind").text() {
            Some("NON_NULL") => out.wraps.push(Wrap::NonNull),
            Some("LIST") => out.wraps.push(Wrap::List),
            _ => {
                out.name = at.get("name").text().unwrap_or_default().to_owned();
                break;
            }
        }
        at = at.get("ofType");
    }
    out
}

fn place(document: &Document, at: At<'_>) -> Span {
    at.span(document.id)
}
