//! The grammar of nginx's configuration: words, `;`, blocks in braces; every word with its place.
//!
//! Follows `ngx_conf_read_token` of `src/core/ngx_conf_file.c` and goes on where nginx stops: what is
//! broken is noted once per file, and the rest is read.

use std::ops::Range;

use crate::directives::{Directive, Fault, Parsed, Word};

/// Blocks nested deeper than this are skipped.
const MOST_DEEP: usize = 32;

/// Directives read of one file.
const MOST_DIRECTIVES: usize = 200_000;

enum Token {
    Word(Word),
    Semicolon,
    Open,
    Close,
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    /// Where the file begins in its document.
    base: usize,
    at: usize,
    fault: Option<Fault>,
}

/// Reads a file; `base` is where it begins in its document.
pub(super) fn parse(text: &str, file: usize, base: usize) -> Parsed {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), base, at: 0, fault: None };
    // What is open, from the outermost in: the directive whose block it is, and what it holds.
    let mut open: Vec<(Directive, Vec<Directive>)> = Vec::new();
    let mut here: Vec<Directive> = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut count = 0;
    while let Some(token) = lexer.next() {
        let end = base + lexer.at;
        match token {
            Token::Word(word) => words.push(word),
            Token::Semicolon if words.is_empty() => {}
            Token::Semicolon => {
                count += 1;
                here.push(directive(std::mem::take(&mut words), file, end));
            }
            Token::Open => {
                if words.is_empty() {
                    lexer.note(end - 1..end, "this block has no name; it was skipped");
                    lexer.skip_block();
                    continue;
                }
                count += 1;
                let mut opened = directive(std::mem::take(&mut words), file, end);
                opened.opens = Some(end);
                if is_code(opened.name()) {
                    lexer.skip_code();
                    opened.at.end = base + lexer.at;
                    here.push(opened);
                } else if open.len() >= MOST_DEEP {
                    let at = opened.at.clone();
                    lexer
                        .note(at, "blocks are nested too deeply here; the inner ones were skipped");
                    lexer.skip_block();
                } else {
                    open.push((opened, std::mem::take(&mut here)));
                }
            }
            Token::Close => {
                if !words.is_empty() {
                    let at = words[0].at.clone();
                    lexer.note(at, "this directive ends without `;`; it was read as if it had one");
                    count += 1;
                    here.push(directive(std::mem::take(&mut words), file, end - 1));
                }
                match open.pop() {
                    Some((mut closed, outer)) => {
                        closed.block = std::mem::replace(&mut here, outer);
                        closed.at.end = end;
                        here.push(closed);
                    }
                    None => lexer.note(end - 1..end, "this `}` closes nothing; it was skipped"),
                }
            }
        }
        if count >= MOST_DIRECTIVES {
            lexer.note(end..end, "the file holds too many directives; the rest was not read");
            break;
        }
    }
    let end = base + lexer.at;
    if !words.is_empty() {
        let at = words[0].at.clone();
        lexer.note(at, "the file ends within this directive; it was read as if it ended with `;`");
        here.push(directive(words, file, end));
    }
    while let Some((mut cut, outer)) = open.pop() {
        let at = cut.words[0].at.clone();
        lexer.note(at, "the file ends within this block; it was read as if it ended with `}`");
        cut.block = std::mem::replace(&mut here, outer);
        cut.at.end = end;
        here.push(cut);
    }
    (here, lexer.fault)
}

fn directive(words: Vec<Word>, file: usize, end: usize) -> Directive {
    let start = words.first().map_or(end, |word| word.at.start);
    Directive { file, at: start..end, words, opens: None, block: Vec::new() }
}

/// True for blocks that hold a program and no directives: Lua of OpenResty.
fn is_code(name: &str) -> bool {
    name.ends_with("_lua_block")
}

impl Lexer<'_> {
    /// Notes what is wrong; only the first fault of a file, as the others follow from it.
    fn note(&mut self, at: Range<usize>, says: &'static str) {
        self.fault.get_or_insert(Fault { at, says });
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_space();
        let byte = *self.bytes.get(self.at)?;
        match byte {
            b';' => {
                self.at += 1;
                Some(Token::Semicolon)
            }
            // Templates of Ansible and the like: `{{ name }}`.
            b'{' if self.peek(1) == b'{' => Some(Token::Word(self.word())),
            b'{' => {
                self.at += 1;
                Some(Token::Open)
            }
            b'}' => {
                self.at += 1;
                Some(Token::Close)
            }
            b'"' | b'\'' => Some(Token::Word(self.quoted(byte))),
            _ => Some(Token::Word(self.word())),
        }
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte.is_ascii_whitespace() || byte == 0 {
                self.at += 1;
            } else if byte == b'#' {
                self.skip_past("\n");
            } else if self.text[self.at..].starts_with("{%") {
                self.skip_past("%}");
            } else if self.text[self.at..].starts_with('\u{feff}') {
                self.at += '\u{feff}'.len_utf8();
            } else {
                return;
            }
        }
    }

    fn skip_past(&mut self, end: &str) {
        let rest = &self.text[self.at..];
        self.at += rest.find(end).map_or(rest.len(), |found| found + end.len());
    }

    fn quoted(&mut self, quote: u8) -> Word {
        self.at += 1;
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                _ if byte == quote => break,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at.min(self.bytes.len());
        if end == self.bytes.len() {
            let at = self.base + start - 1..self.base + end;
            self.note(at, "this quotation mark is never closed; the rest of the file is its text");
        }
        self.at = (end + 1).min(self.bytes.len());
        self.cut(start, end)
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'$' if self.peek(1) == b'{' => self.at += 1,
                b'{' if self.peek(1) == b'{' => {
                    self.skip_past("}}");
                    continue;
                }
                b';' | b'{' => break,
                _ if byte.is_ascii_whitespace() => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        self.cut(start, self.at)
    }

    /// The word between two places, its escapes taken out.
    fn cut(&self, start: usize, end: usize) -> Word {
        // A backslash before a character of several bytes may have moved a place into it.
        let raw = self.text.get(start..end).unwrap_or_default();
        let mut text = String::with_capacity(raw.len());
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = match (c, chars.peek()) {
                ('\\', Some('"')) => '"',
                ('\\', Some('\'')) => '\'',
                ('\\', Some('\\')) => '\\',
                ('\\', Some('t')) => '\t',
                ('\\', Some('r')) => '\r',
                ('\\', Some('n')) => '\n',
                _ => {
                    text.push(c);
                    continue;
                }
            };
            chars.next();
            text.push(escaped);
        }
        Word { text, at: self.base + start..self.base + end }
    }

    /// Skips to the `}` that closes the block just opened.
    fn skip_block(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next() {
                Some(Token::Open) => depth += 1,
                Some(Token::Close) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Skips a block of Lua: braces in its strings and comments do not count.
    fn skip_code(&mut self) {
        let mut depth = 1_usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'-' if self.text[self.at..].starts_with("--[[") => {
                    self.skip_past("]]");
                    continue;
                }
                b'-' if self.peek(1) == b'-' => {
                    self.skip_past("\n");
                    continue;
                }
                b'[' if self.peek(1) == b'[' => {
                    self.skip_past("]]");
                    continue;
                }
                b'"' | b'\'' => self.skip_lua_string(byte),
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// Moves to the quotation mark that ends a string, or to the end of its line.
    fn skip_lua_string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'\n' => return,
                _ if byte == quote => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directives::test_support::shape;

    fn read(text: &str) -> (String, Option<&'static str>) {
        shape(parse(text, 0, 0))
    }

    #[test]
    fn words_quotes_comments_and_variables() {
        let (shape, fault) = read(
            "# first\na b 'c d' \"e\\\"f\"; # rest { ;\nserver { listen ${PORT}; \
             set $x \"\"; if ($a = b){ return 301 https://h$uri; } } path \\.php$;",
        );
        let expected = "a|b|c d|e\"f server(listen|${PORT} set|$x| \
                        if|($a|=|b)(return|301|https://h$uri)) path|\\.php$";
        assert_eq!(shape, expected);
        assert_eq!(fault, None);
    }

    #[test]
    fn a_word_knows_its_place_without_its_quotes() {
        let text = "x { read \"60s\"; }";
        let (directives, _) = parse(text, 0, 100);
        let word = directives[0].block[0].arg(0).unwrap();
        assert_eq!(&text[word.at.start - 100..word.at.end - 100], "60s");
        let whole = &directives[0].block[0].at;
        assert_eq!(&text[whole.start - 100..whole.end - 100], "read \"60s\";");
    }

    #[test]
    fn lua_is_skipped_with_its_braces() {
        let (shape, fault) = read(
            "content_by_lua_block { local t = { a = \"}\" } -- }\n ngx.say('é}') } listen 80;",
        );
        assert_eq!(shape, "content_by_lua_block() listen|80");
        assert_eq!(fault, None);
    }

    #[test]
    fn templates_do_not_open_blocks() {
        let (shape, fault) = read("{% if tls %}\nlisten {{ port }} ssl;\n{% endif %}");
        assert_eq!(shape, "listen|{{ port }}|ssl");
        assert_eq!(fault, None);
    }

    #[test]
    fn broken_files_are_read_on() {
        assert_eq!(read("a b }  c d;").0, "a|b c|d");
        assert_eq!(read("s { a b }").0, "s(a|b)");
        assert_eq!(read("s { a b").0, "s(a|b)");
        assert_eq!(read("s { a 'b; }").0, "s(a|b; })");
        assert!(read("s {").1.is_some() && read("a 'b").1.is_some() && read("}").1.is_some());
        assert_eq!(read("a \\").0, "a|\\");
        assert_eq!(read("a '\\é").0, "a|\\é");
    }

    #[test]
    fn depth_is_bounded() {
        let (directives, fault) = parse(&"a {".repeat(100_000), 0, 0);
        assert_eq!(directives.len(), 1);
        assert!(fault.is_some());
    }
}
