//! `{{name}}` in the texts of a drill: knobs, addresses, folders.

use crate::error::{Error, Result};

/// Replaces every `{{…}}` by what `value` gives for it.
///
/// # Errors
///
/// If a name is unknown or a brace is not closed.
pub(crate) fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let Some(end) = after.find("}}") else {
            return Err(Error::Data(format!("`{{{{` without `}}}}` in: {}", first_line(after))));
        };
        let name = &after[..end];
        let Some(value) = value(name) else {
            return Err(Error::Data(format!("`{{{{{name}}}}}` is not known")));
        };
        out.push_str(&value);
        rest = &after[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        (name == "idle").then(|| "5s".to_owned())
    }

    #[test]
    fn names_become_values_and_single_braces_stay() {
        let text = "location / { keepalive_timeout {{idle}}; }";
        assert_eq!(fill(text, &known).unwrap(), "location / { keepalive_timeout 5s; }");
    }

    #[test]
    fn an_unknown_name_is_named() {
        let error = fill("{{idel}}", &known).unwrap_err().to_string();
        assert!(error.contains("{{idel}}"), "{error}");
    }

    #[test]
    fn an_open_brace_is_an_error() {
        assert!(fill("a {{idle b", &known).is_err());
    }
}
