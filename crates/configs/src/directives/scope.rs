//! Which directive holds where: blocks inherit from the blocks around them.

use std::collections::BTreeMap;

use super::Directive;

/// The directives of one block, and those of the blocks around it.
#[derive(Debug)]
pub(crate) struct Scope<'d> {
    own: BTreeMap<&'d str, Vec<&'d Directive>>,
    outer: Option<&'d Scope<'d>>,
}

impl<'d> Scope<'d> {
    /// The scope of a block.
    pub(crate) fn new(directives: &'d [Directive], outer: Option<&'d Scope<'d>>) -> Scope<'d> {
        let mut own: BTreeMap<&str, Vec<&Directive>> = BTreeMap::new();
        for directive in directives {
            own.entry(directive.name()).or_default().push(directive);
        }
        Scope { own, outer }
    }

    /// The directive of this name that holds here: the innermost one.
    pub(crate) fn get(&self, name: &str) -> Option<&'d Directive> {
        self.all(name).last().copied()
    }

    /// All directives of this name that hold here. Directives that may be repeated, such as
    /// `proxy_set_header`, are inherited only if the inner block has none of them.
    pub(crate) fn all(&self, name: &str) -> &[&'d Directive] {
        let mut scope = self;
        loop {
            if let Some(found) = scope.own.get(name) {
                return found;
            }
            match scope.outer {
                Some(outer) => scope = outer,
                None => return &[],
            }
        }
    }

    /// All directives of this name in the block itself.
    pub(crate) fn own(&self, name: &str) -> &[&'d Directive] {
        self.own.get(name).map_or(&[], Vec::as_slice)
    }

    /// The value that `set` gives a variable here or around.
    pub(crate) fn variable(&self, name: &str) -> Option<&'d str> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            let set = here.own("set").iter().rev().find(|set| set.text(0) == name);
            if let Some(value) = set.and_then(|set| set.arg(1)) {
                return Some(&value.text);
            }
            scope = here.outer;
        }
        None
    }

    /// A text with the variables that `set` gives a value put in; what remains has a `$`.
    pub(crate) fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // A variable may be set from another one; circles end here.
        for _ in 0..4 {
            let Some((range, name)) = first_variable(&text, |name| self.variable(name).is_some())
            else {
                break;
            };
            let value = self.variable(&name).unwrap_or_default();
            if text.len() + value.len() > 1_000 {
                break;
            }
            text.replace_range(range, value);
        }
        text
    }
}

/// The first variable of a text of which this holds: its place, and its name with the `$`.
fn first_variable(
    text: &str,
    wanted: impl Fn(&str) -> bool,
) -> Option<(std::ops::Range<usize>, String)> {
    for (at, _) in text.match_indices('$') {
        let rest = &text[at + 1..];
        let (name, length) = match rest.strip_prefix('{') {
            Some(braced) => {
                let Some(end) = braced.find('}') else { continue };
                (&braced[..end], end + 3)
            }
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let name = &rest[..end.unwrap_or(rest.len())];
                (name, name.len() + 1)
            }
        };
        let name = format!("${name}");
        if wanted(&name) {
            return Some((at..at + length, name));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx::parse;

    #[test]
    fn repeated_directives_of_an_inner_block_replace_the_outer_ones() {
        let text =
            "h A 1; h B 2; t 5; server { location / { h C 3; set $a b:80; set $c ${a}/x; } }";
        let tree = parse(text);
        let http = Scope::new(&tree, None);
        let server = Scope::new(&http.own("server")[0].block, Some(&http));
        let location = Scope::new(&server.own("location")[0].block, Some(&server));
        assert_eq!(server.all("h").len(), 2);
        assert_eq!(location.all("h").len(), 1);
        assert_eq!(location.get("t").unwrap().text(0), "5");
        assert_eq!(location.filled("http://$c"), "http://b:80/x");
        assert_eq!(location.filled("http://$host/${nobody}$"), "http://$host/${nobody}$");
    }
}
