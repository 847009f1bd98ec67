//! Source code to tokens, for several languages: enough to tell code from comments and strings, and
//! brackets from each other. Nothing is executed, and nothing here can fail.

use std::ops::Range;

/// A language, as far as its tokens differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// JavaScript and TypeScript.
    JavaScript,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// Go.
    Go,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string; the token's place is with its quotation marks.
    Text,
    /// A string with expressions in it (`` `…${x}…` ``).
    Template,
    /// One or two characters of punctuation.
    Mark,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its bytes.
    pub(crate) at: Range<usize>,
    /// True if it is the first of its line.
    pub(crate) first: bool,
}

/// Marks of two characters that mean something of their own.
const PAIRS: &[&str] =
    &["||", "??", "=>", "==", "!=", ":=", "?.", "&&", "<=", ">=", "::", "+=", "->"];

/// The tokens of a text.
pub(crate) fn lex(text: &str, language: Language) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        language,
        at: 0,
        first: true,
        out: Vec::new(),
        unclosed: [0; 3],
    };
    while lexer.at < lexer.bytes.len() {
        lexer.step();
    }
    lexer.out
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    language: Language,
    at: usize,
    first: bool,
    out: Vec<Token>,
    /// For `'`, `"` and `/`: up to where one of them is known to stay open.
    unclosed: [usize; 3],
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn starts(&self, with: &str) -> bool {
        self.bytes[self.at..].starts_with(with.as_bytes())
    }

    fn push(&mut self, kind: Kind, end: usize) {
        let end = end.clamp(self.at + 1, self.bytes.len());
        self.out.push(Token { kind, at: self.at..end, first: self.first });
        self.first = false;
        self.at = end;
    }

    fn step(&mut self) {
        let byte = self.peek(0);
        match byte {
            b'\n' => {
                self.first = true;
                self.at += 1;
            }
            _ if byte.is_ascii_whitespace() => self.at += 1,
            _ if self.is_comment() => self.skip_comment(),
            b'"' | b'\'' | b'`' => self.string(byte),
            b'/' if self.language == Language::JavaScript && self.may_be_regex() => self.regex(),
            b'0'..=b'9' => self.number(),
            _ if is_word(byte) => {
                let rest = &self.bytes[self.at..];
                let length = rest.iter().position(|b| !is_word(*b) && !b.is_ascii_digit());
                self.push(Kind::Word, self.at + length.unwrap_or(rest.len()));
            }
            _ => {
                let pair = PAIRS.iter().any(|pair| self.starts(pair));
                self.push(Kind::Mark, self.at + if pair { 2 } else { 1 });
            }
        }
    }

    fn is_comment(&self) -> bool {
        match self.language {
            Language::JavaScript | Language::Go => self.starts("//") || self.starts("/*"),
            Language::Python => self.peek(0) == b'#',
            Language::Ruby => self.peek(0) == b'#' || (self.first && self.starts("=begin")),
        }
    }

    fn skip_comment(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let end = if self.starts("/*") {
            find(&rest[2..], b"*/").map(|at| at + 4)
        } else if self.starts("=begin") {
            find(rest, b"\n=end").map(|at| at + 5)
        } else {
            rest.iter().position(|b| *b == b'\n')
        };
        self.at += end.unwrap_or(rest.len());
    }

    fn string(&mut self, quote: u8) {
        let triple = self.language == Language::Python
            && self.peek(1) == quote
            && self.peek(2) == quote
            && quote != b'`';
        if triple {
            let mark = [quote; 3];
            let end = find(&self.bytes[self.at + 3..], &mark).map(|at| self.at + at + 6);
            return self.push(Kind::Text, end.unwrap_or(self.bytes.len()));
        }
        if quote == b'`' && self.language == Language::JavaScript {
            return self.template();
        }
        // Only raw strings of Go go over several lines.
        let raw = quote == b'`';
        let kind = usize::from(quote == b'"');
        if self.at < self.unclosed[kind] {
            return self.push(Kind::Mark, self.at + 1);
        }
        let mut at = self.at + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' if !raw => at += 1,
                b'\n' if !raw => break,
                _ if byte == quote => return self.push(Kind::Text, at + 1),
                _ => {}
            }
            at += 1;
        }
        // An apostrophe in text that is no code, such as the text of JSX. The rest of the line is not
        // searched again for every one of them.
        self.unclosed[kind] = at;
        self.push(Kind::Mark, self.at + 1);
    }

    /// A template literal, over the expressions in it and the literals in those.
    fn template(&mut self) {
        // What is open: a literal, or the braces of an expression.
        let mut open = vec![b'`'];
        let mut at = self.at + 1;
        let mut holds = false;
        while let Some(&byte) = self.bytes.get(at) {
            let inside = open.last() == Some(&b'`');
            match byte {
                b'\\' => at += 1,
                b'`' if inside => {
                    open.pop();
                }
                b'`' => open.push(b'`'),
                b'$' if inside && self.bytes.get(at + 1) == Some(&b'{') => {
                    holds = true;
                    open.push(b'{');
                    at += 1;
                }
                b'\'' | b'"' if !inside => {
                    let rest = &self.bytes[at + 1..];
                    let line = rest.split(|b| *b == b'\n').next().unwrap_or(rest);
                    at += line.iter().position(|b| *b == byte).map_or(0, |end| end + 1);
                }
                b'{' if !inside => open.push(b'{'),
                b'}' if !inside => {
                    open.pop();
                }
                _ => {}
            }
            at += 1;
            if open.is_empty() {
                break;
            }
        }
        self.push(if holds { Kind::Template } else { Kind::Text }, at);
    }

    /// True if a `/` begins a regular expression: where no value stands before it.
    fn may_be_regex(&self) -> bool {
        let Some(last) = self.out.last() else { return true };
        let text = &self.text[last.at.clone()];
        match last.kind {
            Kind::Mark => !matches!(text, ")" | "]" | "}"),
            Kind::Word => matches!(text, "return" | "typeof" | "case" | "in" | "of"),
            _ => false,
        }
    }

    fn regex(&mut self) {
        if self.at < self.unclosed[2] {
            return self.push(Kind::Mark, self.at + 1);
        }
        let mut at = self.at + 1;
        let mut set = false;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' => break,
                b'[' => set = true,
                b']' => set = false,
                b'/' if !set => {
                    self.first = false;
                    self.at = at + 1;
                    return;
                }
                _ => {}
            }
            at += 1;
        }
        self.unclosed[2] = at;
        self.push(Kind::Mark, self.at + 1);
    }

    fn number(&mut self) {
        let mut at = self.at;
        while let Some(&byte) = self.bytes.get(at) {
            let next = self.bytes.get(at + 1).copied().unwrap_or(0);
            let part = byte.is_ascii_alphanumeric()
                || byte == b'_'
                || (byte == b'.' && next.is_ascii_digit());
            if !part {
                break;
            }
            at += 1;
        }
        self.push(Kind::Number, at);
    }
}

// Bytes of characters beyond ASCII belong to words, so that no token ends inside a character.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' || byte == b'@' || byte >= 0x80
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, language: Language) -> Vec<&str> {
        lex(text, language).into_iter().map(|token| &text[token.at]).collect()
    }

    #[test]
    fn comments_strings_and_expressions_are_told_apart() {
        let js =
            "a = 65_000 // b = 1\n/* c */ d = `x ${`y}` + '{'} z` || \"//\"; e = /[/'\"]/g; f / 2";
        assert_eq!(
            words(js, Language::JavaScript),
            [
                "a",
                "=",
                "65_000",
                "d",
                "=",
                "`x ${`y}` + '{'} z`",
                "||",
                "\"//\"",
                ";",
                "e",
                "=",
                "g",
                ";",
                "f",
                "/",
                "2"
            ]
        );
        assert_eq!(
            words("k = '''a\n# b''' # c\nbind = 'x'", Language::Python),
            ["k", "=", "'''a\n# b'''", "bind", "=", "'x'"]
        );
        assert_eq!(words("=begin\nport 1\n=end\nport 2 # x", Language::Ruby), ["port", "2"]);
        assert_eq!(words("a := `b\n` // c", Language::Go), ["a", ":=", "`b\n`"]);
    }

    #[test]
    fn broken_text_ends() {
        for text in ["`${`", "'", "\"\\", "/*", "/a", "'''", "é'é", "0x.", "`\\"] {
            for language in [Language::JavaScript, Language::Python, Language::Ruby, Language::Go] {
                for token in lex(text, language) {
                    assert!(text.get(token.at).is_some());
                }
            }
        }
    }
}
