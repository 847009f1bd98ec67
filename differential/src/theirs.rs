//! The other parser: the functions of Vector's remap language for these logs, each called by a
//! program of one line.

use std::collections::BTreeMap;

use vrl::compiler::state::RuntimeState;
use vrl::compiler::{Context, Function, Program, TargetValue, TimeZone};
use vrl::value::{Secrets, Value};

/// A compiled call.
pub(crate) struct Theirs(Program);

/// What a call returned: values by name.
pub(crate) struct Values(BTreeMap<String, Value>);

impl Theirs {
    /// Compiles a call on the event's field `line`.
    ///
    /// # Panics
    ///
    /// If the call is not of the language: the calls are constants of this program.
    pub(crate) fn new(call: &str) -> Theirs {
        let functions: Vec<Box<dyn Function>> = vec![
            Box::new(vrl::stdlib::ParseAwsAlbLog),
            Box::new(vrl::stdlib::ParseAwsVpcFlowLog),
            Box::new(vrl::stdlib::ParseApacheLog),
            Box::new(vrl::stdlib::ParseNginxLog),
        ];
        match vrl::compiler::compile(call, &functions) {
            Ok(compiled) => Theirs(compiled.program),
            Err(errors) => panic!("{call}: {errors:?}"),
        }
    }

    /// What the call says of a line; `None` if it refuses it.
    pub(crate) fn read(&self, line: &[u8]) -> Option<Values> {
        let event = BTreeMap::from([("line".into(), Value::from(line))]);
        let mut target = TargetValue {
            value: Value::Object(event),
            metadata: Value::Object(BTreeMap::new()),
            secrets: Secrets::default(),
        };
        let mut state = RuntimeState::default();
        // Moments without a zone are UTC, as they are for us unless the user says otherwise.
        let zone = TimeZone::parse("UTC").unwrap_or_default();
        let mut context = Context::new(&mut target, &mut state, &zone);
        match self.0.resolve(&mut context) {
            Ok(Value::Object(values)) => Some(Values(
                values.into_iter().map(|(key, value)| (key.to_string(), value)).collect(),
            )),
            _ => None,
        }
    }
}

impl Values {
    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.to_string()),
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A number with decimals.
    pub(crate) fn float(&self, name: &str) -> Option<f64> {
        match self.0.get(name)? {
            Value::Float(number) => Some(number.into_inner()),
            _ => None,
        }
    }

    /// A moment in microseconds since 1970.
    pub(crate) fn moment(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Timestamp(moment) => Some(moment.timestamp_micros()),
            _ => None,
        }
    }
}
