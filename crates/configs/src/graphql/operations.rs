//! What clients ask for: operations and fragments.

use apollo_parser::cst::{self, CstNode as _};
use model::config::{Argument, Field, GraphQlValue, Operation, Selection};

use super::schema::type_ref;
use super::{Reading, written};

impl Reading<'_> {
    /// A query, a mutation or a subscription.
    pub(super) fn operation(self, operation: &cst::OperationDefinition) -> Operation {
        let kind = operation.operation_type();
        let on = kind.map_or_else(
            // A selection set by itself is a query.
            || "query".to_owned(),
            |kind| kind.syntax().text().to_string().trim().to_owned(),
        );
        let name = self.name(operation.name());
        let at = name.as_ref().map_or_else(|| self.start(operation.syntax()), |(_, at)| *at);
        let variables = operation.variable_definitions();
        let variables = variables.into_iter().flat_map(|all| all.variable_definitions());
        Operation {
            name: name.map(|(name, _)| name).unwrap_or_default(),
            on,
            is_fragment: false,
            variables: variables.filter_map(|variable| self.variable(&variable)).collect(),
            of: self.selections(operation.selection_set()),
            at,
        }
    }

    /// A fragment.
    pub(super) fn fragment(self, fragment: &cst::FragmentDefinition) -> Option<Operation> {
        let (name, at) = self.name(fragment.fragment_name()?.name())?;
        let on = fragment.type_condition().and_then(|on| on.named_type()?.name());
        Some(Operation {
            name,
            on: self.name(on)?.0,
            is_fragment: true,
            variables: Vec::new(),
            of: self.selections(fragment.selection_set()),
            at,
        })
    }

    fn variable(self, variable: &cst::VariableDefinition) -> Option<Field> {
        let (name, at) = self.name(variable.variable()?.name())?;
        let default = variable.default_value().and_then(|default| default.value());
        Some(Field {
            name,
            of: variable.ty().map(|of| type_ref(&of)).unwrap_or_default(),
            arguments: Vec::new(),
            default: default.map(|value| written(&value)),
            deprecated: false,
            at,
        })
    }

    /// The parser bounds how deep they are.
    fn selections(self, set: Option<cst::SelectionSet>) -> Vec<Selection> {
        let selections = set.into_iter().flat_map(|set| set.selections());
        selections.filter_map(|selection| self.selection(selection)).collect()
    }

    fn selection(self, selection: cst::Selection) -> Option<Selection> {
        Some(match selection {
            cst::Selection::Field(field) => {
                let (name, at) = self.name(field.name())?;
                let arguments = field.arguments();
                let arguments = arguments.into_iter().flat_map(|all| all.arguments());
                Selection::Field {
                    name,
                    arguments: arguments
                        .filter_map(|one| self.argument(one.name(), one.value()))
                        .collect(),
                    of: self.selections(field.selection_set()),
                    at,
                }
            }
            cst::Selection::FragmentSpread(spread) => {
                let (name, at) = self.name(spread.fragment_name()?.name())?;
                Selection::Spread { name, at }
            }
            cst::Selection::InlineFragment(inline) => Selection::Inline {
                on: inline.type_condition().and_then(|on| self.name(on.named_type()?.name())),
                of: self.selections(inline.selection_set()),
            },
        })
    }

    fn argument(self, name: Option<cst::Name>, value: Option<cst::Value>) -> Option<Argument> {
        let (name, at) = self.name(name)?;
        Some(Argument { name, value: self.value(value?), at })
    }

    fn value(self, value: cst::Value) -> GraphQlValue {
        match value {
            cst::Value::Variable(variable) => match self.name(variable.name()) {
                Some((name, _)) => GraphQlValue::Variable(name),
                None => GraphQlValue::Other,
            },
            cst::Value::EnumValue(value) => match self.name(value.name()) {
                Some((name, _)) => GraphQlValue::Enum(name),
                None => GraphQlValue::Other,
            },
            cst::Value::ListValue(list) => {
                GraphQlValue::List(list.values().map(|value| self.value(value)).collect())
            }
            cst::Value::ObjectValue(object) => {
                let fields = object.object_fields();
                let field = |field: cst::ObjectField| self.argument(field.name(), field.value());
                GraphQlValue::Object(fields.filter_map(field).collect())
            }
            cst::Value::NullValue(_) => GraphQlValue::Null,
            _ => GraphQlValue::Other,
        }
    }
}
