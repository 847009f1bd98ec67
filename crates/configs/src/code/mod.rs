//! Source code as text with structure: tokens, brackets that belong together, calls and their
//! arguments, names and what is assigned to them.

mod lex;
mod value;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) use lex::{Kind, Language, Token};
pub(crate) use value::{Known, Scale};

/// Names with what is known of their values.
pub(crate) type Names = BTreeMap<String, Known>;

/// Tokens and brackets of an expression that is read at most.
const MOST_STEPS: usize = 120;

/// Longest dotted name that is read.
const MOST_PARTS: usize = 8;

/// A file of source code.
#[derive(Debug)]
pub(crate) struct Code<'t> {
    /// The text.
    pub(crate) text: &'t str,
    /// The language.
    pub(crate) language: Language,
    tokens: Vec<Token>,
    /// For an opening bracket the closing one, and the other way round; itself if there is none.
    partner: Vec<usize>,
    /// The innermost bracket that is open at a token.
    around: Vec<Option<usize>>,
    assigned: OnceCell<Vec<(usize, Range<usize>)>>,
}

impl<'t> Code<'t> {
    /// Reads a text.
    pub(crate) fn new(text: &'t str, language: Language) -> Code<'t> {
        let tokens = lex::lex(text, language);
        let mut partner: Vec<usize> = (0..tokens.len()).collect();
        let mut around = vec![None; tokens.len()];
        let mut open: Vec<usize> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let mark = if token.kind == Kind::Mark { &text[token.at.clone()] } else { "" };
            if let ")" | "]" | "}" = mark {
                let matching = |&&at: &&usize| {
                    matches!(
                        (&text[tokens[at].at.clone()], mark),
                        ("(", ")") | ("[", "]") | ("{", "}")
                    )
                };
                // A bracket that fits nothing is left out; one too many inside closes with the outer.
                if open.last().as_ref().is_some_and(matching)
                    && let Some(opened) = open.pop()
                {
                    partner[opened] = at;
                    partner[at] = opened;
                }
            }
            around[at] = open.last().copied();
            if let "(" | "[" | "{" = mark {
                open.push(at);
            }
        }
        Code { text, language, tokens, partner, around, assigned: OnceCell::new() }
    }

    /// How many tokens it has.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The token, if there is one.
    pub(crate) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// The text of a token; empty beyond the end.
    pub(crate) fn word(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| &self.text[token.at.clone()])
    }

    /// True if the token is this word or mark, and no string.
    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Mark))
            && self.word(at) == word
    }

    /// What kind of token it is.
    pub(crate) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The content of a string without expressions in it.
    pub(crate) fn string(&self, at: usize) -> Option<&'t str> {
        let token = self.tokens.get(at).filter(|token| token.kind == Kind::Text)?;
        let text = &self.text[token.at.clone()];
        let quotes = if text.len() >= 6 && (text.starts_with("'''") || text.starts_with("\"\"\"")) {
            3
        } else {
            1
        };
        text.get(quotes..text.len().checked_sub(quotes)?)
    }

    /// The closing bracket of an opening one.
    pub(crate) fn close(&self, open: usize) -> Option<usize> {
        self.partner.get(open).copied().filter(|&close| close > open)
    }

    /// The innermost open bracket around a token.
    pub(crate) fn around(&self, at: usize) -> Option<usize> {
        self.around.get(at).copied().flatten()
    }

    /// The dotted name that ends at a token: `http.createServer` at its last word.
    pub(crate) fn name_ending(&self, last: usize) -> String {
        let first = self.name_start(last);
        (first..=last).map(|at| self.word(at).trim_start_matches('?')).collect()
    }

    /// Where the dotted name begins that ends at a token.
    pub(crate) fn name_start(&self, last: usize) -> usize {
        let mut first = last;
        for _ in 0..MOST_PARTS {
            let dotted = first >= 2
                && (self.is(first - 1, ".") || self.is(first - 1, "?."))
                && self.kind(first - 2) == Some(Kind::Word);
            if !dotted {
                break;
            }
            first -= 2;
        }
        first
    }

    /// The dotted name that is called by these brackets; empty if none is.
    pub(crate) fn callee(&self, open: usize) -> String {
        match open.checked_sub(1) {
            Some(last) if self.is(open, "(") && self.kind(last) == Some(Kind::Word) => {
                self.name_ending(last)
            }
            _ => String::new(),
        }
    }

    /// The parts between brackets, parted by commas.
    pub(crate) fn parts(&self, open: usize) -> Vec<Range<usize>> {
        let Some(close) = self.close(open) else { return Vec::new() };
        let mut parts = Vec::new();
        let (mut start, mut at) = (open + 1, open + 1);
        while at < close {
            if self.is(at, ",") {
                parts.push(start..at);
                start = at + 1;
            }
            at = self.close(at).unwrap_or(at) + 1;
        }
        if start < close {
            parts.push(start..close);
        }
        parts
    }

    /// The named parts between brackets: `name: value`, `name=value`; with the name's token.
    pub(crate) fn named(&self, open: usize) -> Vec<(usize, Range<usize>)> {
        let named = |part: Range<usize>| {
            let sign = part.start + 1;
            let is_named = part.len() > 2 && (self.is(sign, ":") || self.is(sign, "="));
            is_named.then_some((part.start, sign + 1..part.end))
        };
        self.parts(open).into_iter().filter_map(named).collect()
    }

    /// The name of a named part.
    pub(crate) fn label(&self, at: usize) -> &'t str {
        self.string(at).unwrap_or_else(|| self.word(at))
    }

    /// The expression that begins at a token: to the end of the statement or the part. Empty if it
    /// is too long to be a setting.
    pub(crate) fn expression(&self, start: usize) -> Range<usize> {
        let mut at = start;
        let mut steps = 0;
        while let Some(token) = self.tokens.get(at) {
            steps += 1;
            if steps > MOST_STEPS {
                return start..start;
            }
            let ends =
                token.kind == Kind::Mark && matches!(self.word(at), ";" | "," | ")" | "]" | "}");
            let new_line = at > start && token.first && !self.goes_on(at);
            if ends || new_line {
                break;
            }
            at = self.close(at).unwrap_or(at) + 1;
        }
        start..at
    }

    /// True if a token at the beginning of a line goes on with the line before.
    fn goes_on(&self, at: usize) -> bool {
        let operator = |at: usize| {
            self.kind(at) == Some(Kind::Mark)
                && matches!(
                    self.word(at),
                    "+" | "*" | "/" | "||" | "??" | "&&" | "." | "?." | "?" | ":" | "="
                )
        };
        operator(at) || at.checked_sub(1).is_some_and(operator)
    }

    /// The bytes of a stretch of tokens.
    pub(crate) fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        let first = self.tokens.get(tokens.start).map_or(self.text.len(), |token| token.at.start);
        let last = tokens.end.checked_sub(1).and_then(|last| self.tokens.get(last));
        first..last.map_or(first, |token| token.at.end).max(first)
    }

    /// The text of a stretch of tokens.
    pub(crate) fn source(&self, tokens: &Range<usize>) -> &'t str {
        self.text.get(self.bytes(tokens)).unwrap_or("")
    }

    /// Every `name = expression`, with the token of the name's last word and the expression.
    pub(crate) fn assignments(&self) -> Vec<(usize, Range<usize>)> {
        self.assigned.get_or_init(|| self.find_assignments()).clone()
    }

    fn find_assignments(&self) -> Vec<(usize, Range<usize>)> {
        let sign =
            |at: usize| self.is(at, "=") || (self.language == Language::Go && self.is(at, ":="));
        (1..self.len())
            .filter(|&at| sign(at))
            .filter_map(|at| {
                let last = self.assigned(at)?;
                Some((last, self.expression(at + 1)))
            })
            .filter(|(_, expression)| !expression.is_empty())
            .collect()
    }

    /// The name that stands before a `=`, over a type (`server: Server =`).
    fn assigned(&self, sign: usize) -> Option<usize> {
        let before = sign.checked_sub(1)?;
        if self.kind(before) != Some(Kind::Word) {
            return None;
        }
        let typed = self.language == Language::JavaScript || self.language == Language::Python;
        let start = self.name_start(before);
        if typed
            && start >= 2
            && self.is(start - 1, ":")
            && self.kind(start - 2) == Some(Kind::Word)
        {
            return Some(start - 2);
        }
        Some(before)
    }

    /// What is known of the names that are assigned once.
    pub(crate) fn names(&self, environment: &BTreeMap<String, String>) -> Names {
        let mut names = Names::new();
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        let assignments = self.assignments();
        for (name, _) in &assignments {
            *counted.entry(self.word(*name)).or_default() += 1;
        }
        for (name, expression) in assignments {
            let word = self.word(name);
            let plain = self.name_start(name) == name;
            if plain && counted.get(word) == Some(&1) {
                let known = self.value(expression, &names, environment);
                names.insert(word.to_owned(), known);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_parts_and_assignments() {
        let text = "const server: http.Server = http.createServer({ keepAliveTimeout: 65 * 1000, b: [1, 2] }, app)\nx.y.z = 1";
        let code = Code::new(text, Language::JavaScript);
        let assigned: Vec<(String, &str)> = code
            .assignments()
            .into_iter()
            .map(|(name, expression)| (code.name_ending(name), code.source(&expression)))
            .collect();
        assert_eq!(assigned[0].0, "server");
        assert!(assigned[0].1.starts_with("http.createServer(") && assigned[0].1.ends_with("app)"));
        assert_eq!(assigned[1], ("x.y.z".to_owned(), "1"));
        let open = (0..code.len()).find(|&at| code.is(at, "(")).unwrap();
        assert_eq!(code.callee(open), "http.createServer");
        assert_eq!(code.parts(open).len(), 2);
        let named = code.named(open + 1);
        assert_eq!(code.label(named[0].0), "keepAliveTimeout");
        assert_eq!(code.source(&named[0].1), "65 * 1000");
        assert_eq!(named.len(), 2);
    }

    #[test]
    fn brackets_that_fit_nothing_hurt_nobody() {
        for text in ["f(]", "((((", "))))", "f({)}", "x =", "= 1", "a: = 2"] {
            let code = Code::new(text, Language::JavaScript);
            for at in 0..code.len() {
                let _ = (code.callee(at), code.parts(at), code.named(at), code.expression(at));
            }
            let _ = code.names(&BTreeMap::new());
        }
    }
}
