//! Which function a record is of: nothing in it says so, the log group and stream around it do.

use crate::Context;

/// Name of the hop where neither group nor stream is known.
const UNNAMED: &str = "Lambda function";

/// Where a record comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Function<'c> {
    pub(super) name: &'c str,
    /// The version that ran, `$LATEST` or a number.
    pub(super) version: Option<&'c str>,
    /// The execution environment: one at a time handles one request.
    pub(super) environment: Option<&'c str>,
}

impl<'c> Function<'c> {
    /// Reads the names around a record. Groups are `/aws/lambda/NAME` unless the user chose
    /// another; streams `2026/11/02/[VERSION]ID`, or `2026/11/02/NAME[VERSION]ID` in a group of
    /// the user's (AWS Lambda developer guide, "Configuring CloudWatch log groups").
    pub(super) fn of(context: &'c Context) -> Function<'c> {
        let hop = context.hop.as_deref();
        let group = context.around("logGroup").or(hop.filter(|hop| hop.starts_with("/aws/")));
        let stream = context.around("logStream").or(hop).and_then(stream);
        let (in_stream, version, environment) = match stream {
            Some((name, version, id)) => (name, Some(version), Some(id)),
            None => (None, None, None),
        };
        let own = group.and_then(|group| group.strip_prefix("/aws/lambda/"));
        // A name that is no stream is the user's, or that of a shipper.
        let given = hop.filter(|hop| self::stream(hop).is_none());
        let name = in_stream.or(own).or(given).or(group).unwrap_or(UNNAMED);
        Function { name, version, environment }
    }
}

/// Function (if named), version and id of a stream's name.
fn stream(name: &str) -> Option<(Option<&str>, &str, &str)> {
    let (date, rest) = name.split_at_checked(11)?;
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 | 10 => byte == b'/',
        _ => byte.is_ascii_digit(),
    });
    let (function, rest) = rest.split_once('[')?;
    let (version, id) = rest.split_once(']')?;
    (is_date && !id.is_empty()).then_some(((!function.is_empty()).then_some(function), version, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_group_and_stream() {
        let context = |hop: Option<&str>, around: &[(&str, &str)]| Context {
            hop: hop.map(str::to_owned),
            around: around.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ..Context::default()
        };
        let named = |hop, around: &[(&str, &str)]| {
            let context = context(hop, around);
            let function = Function::of(&context);
            format!("{} {:?} {:?}", function.name, function.version, function.environment)
        };
        let stream = "2026/11/02/[$LATEST]0123abcd";
        let of_stream = "Some(\"$LATEST\") Some(\"0123abcd\")";
        assert_eq!(
            named(
                Some("/aws/lambda/orders"),
                &[("logGroup", "/aws/lambda/orders"), ("logStream", stream)]
            ),
            format!("orders {of_stream}")
        );
        assert_eq!(named(Some(stream), &[]), format!("Lambda function {of_stream}"));
        assert_eq!(
            named(Some("2026/11/02/orders[7]0123abcd"), &[]),
            "orders Some(\"7\") Some(\"0123abcd\")"
        );
        assert_eq!(named(Some("orders"), &[]), "orders None None");
        assert_eq!(named(None, &[("logGroup", "mine")]), "mine None None");
        assert_eq!(named(None, &[]), "Lambda function None None");
    }
}
