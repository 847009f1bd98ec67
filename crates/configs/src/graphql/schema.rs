//! The definitions of a schema: types, their extensions, and the types of the operations.

use apollo_parser::cst::{self, CstNode as _, Definition};
use model::config::{Field, GraphQl, GraphQlType, GraphQlTypeKind as Kind, Span, TypeRef, Wrap};

use super::{Reading, written};

/// Directives of Apollo Federation that change whose field is whose.
const FEDERATION: &[&str] =
    &["key", "shareable", "external", "extends", "override", "provides", "requires", "link"];

/// The parts of a definition that matter.
struct Parts {
    kind: Kind,
    name: Option<cst::Name>,
    directives: Option<cst::Directives>,
    fields: Option<cst::FieldsDefinition>,
    implements: Option<cst::ImplementsInterfaces>,
    extends: bool,
}

impl Reading<'_> {
    /// A definition of a schema.
    pub(super) fn define(self, definition: &Definition, out: &mut GraphQl) {
        let parts = |kind, name, directives, extends| Parts {
            kind,
            name,
            directives,
            fields: None,
            implements: None,
            extends,
        };
        let mut input = Vec::new();
        let mut names = Vec::new();
        let parts = match definition {
            Definition::SchemaDefinition(schema) => {
                self.roots(schema.root_operation_type_definitions(), out);
                return federated(schema.directives(), out);
            }
            Definition::SchemaExtension(schema) => {
                self.roots(schema.root_operation_type_definitions(), out);
                return federated(schema.directives(), out);
            }
            Definition::ScalarTypeDefinition(d) => {
                parts(Kind::Scalar, d.name(), d.directives(), false)
            }
            Definition::ScalarTypeExtension(d) => {
                parts(Kind::Scalar, d.name(), d.directives(), true)
            }
            Definition::ObjectTypeDefinition(d) => Parts {
                fields: d.fields_definition(),
                implements: d.implements_interfaces(),
                ..parts(Kind::Object, d.name(), d.directives(), false)
            },
            Definition::ObjectTypeExtension(d) => Parts {
                fields: d.fields_definition(),
                implements: d.implements_interfaces(),
                ..parts(Kind::Object, d.name(), d.directives(), true)
            },
            Definition::InterfaceTypeDefinition(d) => Parts {
                fields: d.fields_definition(),
                implements: d.implements_interfaces(),
                ..parts(Kind::Interface, d.name(), d.directives(), false)
            },
            Definition::InterfaceTypeExtension(d) => Parts {
                fields: d.fields_definition(),
                implements: d.implements_interfaces(),
                ..parts(Kind::Interface, d.name(), d.directives(), true)
            },
            Definition::UnionTypeDefinition(d) => {
                names = self.named(d.union_member_types().map(|all| all.named_types()));
                parts(Kind::Union, d.name(), d.directives(), false)
            }
            Definition::UnionTypeExtension(d) => {
                names = self.named(d.union_member_types().map(|all| all.named_types()));
                parts(Kind::Union, d.name(), d.directives(), true)
            }
            Definition::EnumTypeDefinition(d) => {
                input = self.values(d.enum_values_definition());
                parts(Kind::Enum, d.name(), d.directives(), false)
            }
            Definition::EnumTypeExtension(d) => {
                input = self.values(d.enum_values_definition());
                parts(Kind::Enum, d.name(), d.directives(), true)
            }
            Definition::InputObjectTypeDefinition(d) => {
                let fields = d.input_fields_definition();
                input = self.inputs(fields.map(|all| all.input_value_definitions()));
                parts(Kind::Input, d.name(), d.directives(), false)
            }
            Definition::InputObjectTypeExtension(d) => {
                let fields = d.input_fields_definition();
                input = self.inputs(fields.map(|all| all.input_value_definitions()));
                parts(Kind::Input, d.name(), d.directives(), true)
            }
            _ => return,
        };
        let Some((name, at)) = self.name(parts.name) else { return };
        federated(parts.directives, out);
        if let Some(implements) = parts.implements {
            names = self.named(Some(implements.named_types()));
        }
        if let Some(fields) = parts.fields {
            for field in fields.field_definitions() {
                federated(field.directives(), out);
                input.extend(self.field(&field));
            }
        }
        out.types.push(GraphQlType {
            kind: parts.kind,
            name,
            fields: input,
            names,
            extends: parts.extends,
            at,
        });
    }

    fn roots(self, roots: cst::CstChildren<cst::RootOperationTypeDefinition>, out: &mut GraphQl) {
        for root in roots {
            let Some(operation) = root.operation_type() else { continue };
            let name = self.name(root.named_type().and_then(|of| of.name()));
            if let Some((name, _)) = name {
                out.roots.push((operation.syntax().text().to_string().trim().to_owned(), name));
            }
        }
    }

    fn named(self, types: Option<cst::CstChildren<cst::NamedType>>) -> Vec<(String, Span)> {
        types.into_iter().flatten().filter_map(|of| self.name(of.name())).collect()
    }

    fn field(self, field: &cst::FieldDefinition) -> Option<Field> {
        let (name, at) = self.name(field.name())?;
        let arguments = field.arguments_definition();
        Some(Field {
            name,
            of: field.ty().map(|of| type_ref(&of)).unwrap_or_default(),
            arguments: self.inputs(arguments.map(|all| all.input_value_definitions())),
            default: None,
            deprecated: is_deprecated(field.directives()),
            at,
        })
    }

    fn inputs(self, inputs: Option<cst::CstChildren<cst::InputValueDefinition>>) -> Vec<Field> {
        let input = |input: cst::InputValueDefinition| {
            let (name, at) = self.name(input.name())?;
            let default = input.default_value().and_then(|default| default.value());
            Some(Field {
                name,
                of: input.ty().map(|of| type_ref(&of)).unwrap_or_default(),
                arguments: Vec::new(),
                default: default.map(|value| written(&value)),
                deprecated: is_deprecated(input.directives()),
                at,
            })
        };
        inputs.into_iter().flatten().filter_map(input).collect()
    }

    fn values(self, values: Option<cst::EnumValuesDefinition>) -> Vec<Field> {
        let value = |value: cst::EnumValueDefinition| {
            let (name, at) = self.name(value.enum_value()?.name())?;
            Some(Field {
                name,
                of: TypeRef::default(),
                arguments: Vec::new(),
                default: None,
                deprecated: is_deprecated(value.directives()),
                at,
            })
        };
        let values = values.map(|all| all.enum_value_definitions());
        values.into_iter().flatten().filter_map(value).collect()
    }
}

/// A type as it stands. The parser bounds how deep lists are.
pub(super) fn type_ref(of: &cst::Type) -> TypeRef {
    let mut out = TypeRef::default();
    let mut at = Some(of.clone());
    while let Some(of) = at.take() {
        match of {
            cst::Type::NamedType(named) => out.name = named_type(Some(named)),
            cst::Type::ListType(list) => {
                out.wraps.push(Wrap::List);
                at = list.ty();
            }
            cst::Type::NonNullType(of) => {
                out.wraps.push(Wrap::NonNull);
                match of.list_type() {
                    Some(list) => at = Some(cst::Type::ListType(list)),
                    None => out.name = named_type(of.named_type()),
                }
            }
        }
    }
    out
}

fn named_type(named: Option<cst::NamedType>) -> String {
    let token = named.and_then(|named| named.name()?.ident_token());
    token.map(|token| token.text().to_owned()).unwrap_or_default()
}

fn names(directives: Option<cst::Directives>) -> impl Iterator<Item = String> {
    directives
        .into_iter()
        .flat_map(|all| all.directives())
        .filter_map(|directive| Some(directive.name()?.ident_token()?.text().to_owned()))
}

fn is_deprecated(directives: Option<cst::Directives>) -> bool {
    names(directives).any(|name| name == "deprecated")
}

fn federated(directives: Option<cst::Directives>, out: &mut GraphQl) {
    out.federated |= names(directives).any(|name| FEDERATION.contains(&&*name));
}
