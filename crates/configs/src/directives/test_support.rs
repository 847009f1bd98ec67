//! A file's directives in one line, for the tests of the lexers.

use super::{Directive, Parsed};

/// The words of each directive with `|` between them, blocks in brackets; and what was wrong.
pub(crate) fn shape((directives, fault): Parsed) -> (String, Option<&'static str>) {
    (written(&directives), fault.map(|fault| fault.says))
}

fn written(directives: &[Directive]) -> String {
    let one = |directive: &Directive| {
        let words: Vec<&str> = directive.words.iter().map(|word| word.text.as_str()).collect();
        let block = match directive.opens {
            Some(_) => format!("({})", written(&directive.block)),
            None => String::new(),
        };
        format!("{}{block}", words.join("|"))
    };
    directives.iter().map(one).collect::<Vec<_>>().join(" ")
}
