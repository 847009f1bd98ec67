//! The grammar of Apache httpd's configuration: a directive per line, sections in angle brackets.
//! <https://httpd.apache.org/docs/2.4/configuring.html#syntax>
//!
//! Names of directives and sections do not heed case and come out in lower case. What is broken is
//! noted once per file, and the rest is read.

use std::ops::Range;

use crate::directives::{Directive, Fault, Parsed, Word};

/// Sections nested deeper than this are read as if they stood side by side.
const MOST_DEEP: usize = 32;

/// Directives read of one file.
const MOST_DIRECTIVES: usize = 200_000;

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    base: usize,
    at: usize,
    fault: Option<Fault>,
}

/// Reads a file; `base` is where it begins in its document.
pub(super) fn parse(text: &str, file: usize, base: usize) -> Parsed {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), base, at: 0, fault: None };
    let mut open: Vec<(Directive, Vec<Directive>)> = Vec::new();
    let mut here: Vec<Directive> = Vec::new();
    let mut count = 0;
    while lexer.at < lexer.bytes.len() {
        let mut words = lexer.line();
        let Some(first) = words.first_mut() else { continue };
        first.text.make_ascii_lowercase();
        count += 1;
        if count > MOST_DIRECTIVES {
            let at = first.at.clone();
            lexer.note(at, "the file holds too many directives; the rest was not read");
            break;
        }
        let at = first.at.start..words.last().map_or(base, |word| word.at.end);
        if let Some(closed) = words[0].text.strip_prefix("</") {
            let closed = closed.trim_end_matches('>').to_owned();
            close(&closed, at, &mut open, &mut here, &mut lexer);
        } else if words[0].text.starts_with('<') && words[0].text.len() > 1 {
            let section = section(words, at.clone(), file);
            if open.len() >= MOST_DEEP {
                lexer.note(at, "sections are nested too deeply here; they were read side by side");
                here.push(section);
            } else {
                open.push((section, std::mem::take(&mut here)));
            }
        } else {
            // The quotation mark that ends the last word is part of the line.
            let end = lexer.base + lexer.at;
            let end = at.end.max(lexer.text[..end - base].trim_end().len() + base);
            here.push(Directive { file, at: at.start..end, words, opens: None, block: Vec::new() });
        }
    }
    let end = base + lexer.at;
    while let Some((mut cut, outer)) = open.pop() {
        let at = cut.words[0].at.clone();
        lexer.note(at, "this section is never closed; it was read to the end of the file");
        cut.block = std::mem::replace(&mut here, outer);
        cut.at.end = end;
        here.push(cut);
    }
    (here, lexer.fault)
}

/// The opening line of a section.
fn section(mut words: Vec<Word>, at: Range<usize>, file: usize) -> Directive {
    let opens = Some(at.end);
    if let Some(last) = words.last_mut() {
        let bare = last.text.trim_end_matches('>').len();
        let cut = last.text.len() - bare;
        last.text.truncate(bare);
        last.at.end -= cut.min(last.at.len());
    }
    if words.len() > 1
        && words.last().is_some_and(|last| last.text.is_empty() && last.at.is_empty())
    {
        words.pop();
    }
    words[0].text.remove(0);
    words[0].at.start += 1;
    Directive { file, words, at, opens, block: Vec::new() }
}

fn close(
    name: &str,
    at: Range<usize>,
    open: &mut Vec<(Directive, Vec<Directive>)>,
    here: &mut Vec<Directive>,
    lexer: &mut Lexer<'_>,
) {
    let Some(depth) = open.iter().rposition(|(section, _)| section.name() == name) else {
        lexer.note(at, "this closes no section that is open; it was skipped");
        return;
    };
    if depth + 1 < open.len() {
        let inner = open[depth + 1].0.words[0].at.clone();
        lexer.note(
            inner,
            "this section is never closed; it was read to the end of the one around it",
        );
    }
    while open.len() > depth {
        let Some((mut section, outer)) = open.pop() else { return };
        section.block = std::mem::replace(here, outer);
        section.at.end = at.end;
        here.push(section);
    }
}

impl Lexer<'_> {
    fn note(&mut self, at: Range<usize>, says: &'static str) {
        self.fault.get_or_insert(Fault { at, says });
    }

    /// The words of a line, with the lines that a `\` at its end joins to it.
    fn line(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.bytes.get(self.at) {
                None => return words,
                Some(b'\n') => {
                    self.at += 1;
                    return words;
                }
                Some(b'#') if words.is_empty() => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                Some(&quote @ (b'"' | b'\'')) => words.push(self.quoted(quote)),
                Some(_) => words.push(self.word()),
            }
        }
    }

    /// True if a line is joined to the next one here.
    fn joins(&self) -> bool {
        let rest = &self.bytes[self.at..];
        rest.starts_with(b"\\\n") || rest.starts_with(b"\\\r\n")
    }

    fn skip_blanks(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if self.joins() {
                self.at += self.bytes[self.at..].iter().take_while(|b| **b != b'\n').count() + 1;
            } else if matches!(byte, b' ' | b'\t' | b'\r' | 0) {
                self.at += 1;
            } else if self.at == 0 && self.text.starts_with('\u{feff}') {
                self.at = '\u{feff}'.len_utf8();
            } else {
                return;
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Word {
        self.at += 1;
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' if self.bytes.get(self.at + 1) == Some(&quote) => self.at += 1,
                b'\n' => break,
                _ if byte == quote => break,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at;
        if self.bytes.get(end) == Some(&quote) {
            self.at += 1;
        } else {
            let at = self.base + start - 1..self.base + end;
            self.note(at, "this quotation mark is never closed; the rest of the line is its text");
        }
        let raw = self.text.get(start..end).unwrap_or_default();
        let text = raw.replace(
            if quote == b'"' { "\\\"" } else { "\\'" },
            match quote {
                b'"' => "\"",
                _ => "'",
            },
        );
        Word { text, at: self.base + start..self.base + end }
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') || self.joins() {
                break;
            }
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or_default().to_owned();
        Word { text, at: self.base + start..self.base + self.at }
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
    fn lines_sections_quotes_and_joined_lines() {
        let (shape, fault) = read(
            "# c\nListen 80\n<VirtualHost *:80>\n  ServerName \"a b\" # no comment\n  ProxyPass / \\\n \
             http://x/ \\\r\n  retry=0\n</virtualhost>\n<Proxy \"balancer://p\">\n</Proxy>\n<If x >\n</If>",
        );
        let expected = "listen|80 virtualhost|*:80(servername|a b|#|no|comment \
                        proxypass|/|http://x/|retry=0) proxy|balancer://p() if|x()";
        assert_eq!(shape, expected);
        assert_eq!(fault, None);
    }

    #[test]
    fn places_are_those_of_the_words() {
        let text = "<Proxy \"balancer://p\">\n  A \"b c\"\n</Proxy>";
        let (directives, _) = parse(text, 0, 0);
        let section = &directives[0];
        assert_eq!(&text[section.words[0].at.clone()], "Proxy");
        assert_eq!(&text[section.words[1].at.clone()], "balancer://p");
        assert_eq!(&text[..section.opens.unwrap()], "<Proxy \"balancer://p\">");
        assert_eq!(&text[section.block[0].at.clone()], "A \"b c\"");
    }

    #[test]
    fn broken_files_are_read_on() {
        assert_eq!(read("<A x>\n b c\n").0, "a|x(b|c)");
        assert_eq!(read("<A x>\n<B y>\n c\n</A>\nd").0, "a|x(b|y(c)) d");
        assert_eq!(read("</A>\nb").0, "b");
        assert_eq!(read("a \"b\nc").0, "a|b c");
        assert_eq!(read("<\n>\n<>\n").0, "< > ()");
        assert!(read("</A>").1.is_some() && read("<A>").1.is_some() && read("a 'b").1.is_some());
        assert_eq!(parse(&"<A>\n".repeat(100_000), 0, 0).0.len(), 1);
    }
}
