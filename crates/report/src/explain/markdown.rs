//! The part of Markdown that the catalogue's pages are written in, for a terminal: headings,
//! paragraphs, lists, quotes, tables, fenced code, code spans, strong text, links.

use crate::page::Page;
use crate::style::{Ink, Span, ink, plain};
use crate::wrap::{columns, pad};

/// Deepest indentation that is kept.
const DEEPEST: usize = 12;

/// A paragraph or list item whose lines are being collected.
struct Block {
    indent: usize,
    mark: String,
    text: String,
}

/// Writes the page's Markdown.
pub(super) fn write(page: &mut Page, markdown: &str, colour: bool) {
    let mut block: Option<Block> = None;
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let text = text.trim_end();
        if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence)) {
            flush(page, &mut block, colour);
            let code: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != fence).collect();
            for line in code {
                let spaces = line.len() - line.trim_start().len();
                let inner = line.get(indent.min(spaces)..).unwrap_or_default();
                if inner.trim().is_empty() {
                    page.blank();
                } else {
                    page.verbatim(indent.min(DEEPEST) + 4, Ink::Command, inner);
                }
            }
        } else if text.is_empty() {
            flush(page, &mut block, colour);
            page.blank();
        } else if let Some(heading) = heading(text) {
            flush(page, &mut block, colour);
            page.blank();
            page.heading(0, heading);
        } else if text.starts_with('|') {
            flush(page, &mut block, colour);
            let mut rows = vec![text];
            while let Some(row) = lines.next_if(|line| line.trim_start().starts_with('|')) {
                rows.push(row.trim());
            }
            table(page, indent.min(DEEPEST), &rows, colour);
        } else if let Some(block) =
            block.as_mut().filter(|b| b.mark == QUOTE && text.starts_with('>'))
        {
            block.text.push(' ');
            block.text.push_str(text[1..].trim_start());
        } else if let Some((mark, rest)) = item(text) {
            flush(page, &mut block, colour);
            block = Some(Block { indent: indent.min(DEEPEST), mark, text: rest.to_owned() });
        } else if let Some(block) = &mut block {
            block.text.push(' ');
            block.text.push_str(text);
        } else {
            block = Some(Block {
                indent: indent.min(DEEPEST),
                mark: String::new(),
                text: text.to_owned(),
            });
        }
    }
    flush(page, &mut block, colour);
}

/// What stands before a quotation.
const QUOTE: &str = "| ";

fn flush(page: &mut Page, block: &mut Option<Block>, colour: bool) {
    if let Some(block) = block.take() {
        page.para(block.indent, &block.mark, inline(&block.text, colour));
    }
}

fn heading(text: &str) -> Option<&str> {
    let title = text.trim_start_matches('#');
    let level = text.len() - title.len();
    ((1..=6).contains(&level) && title.starts_with(' '))
        .then(|| title.trim().trim_end_matches('#').trim_end())
}

/// The mark and the text of a list item or a quotation.
fn item(text: &str) -> Option<(String, &str)> {
    for bullet in ["- ", "* ", "+ "] {
        if let Some(rest) = text.strip_prefix(bullet) {
            return Some(("- ".to_owned(), rest));
        }
    }
    if let Some(rest) = text.strip_prefix("> ") {
        return Some((QUOTE.to_owned(), rest));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].strip_prefix(". ")?;
    ((1..=3).contains(&digits)).then(|| (format!("{}. ", &text[..digits]), rest))
}

/// A table with aligned columns where it fits, else one item a row.
fn table(page: &mut Page, indent: usize, rows: &[&str], colour: bool) {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .filter(|row| !row.bytes().all(|b| b"|-: ".contains(&b)))
        .map(|row| split_row(row))
        .collect();
    let count = cells.iter().map(Vec::len).max().unwrap_or(0);
    let shown = |text: &str| -> String {
        inline(text, colour).iter().map(|span| span.text.as_str()).collect()
    };
    let widths: Vec<usize> = (0..count)
        .map(|i| cells.iter().filter_map(|row| row.get(i)).map(|c| columns(&shown(c))).max())
        .map(Option::unwrap_or_default)
        .collect();
    let whole: usize = indent + widths.iter().map(|width| width + 2).sum::<usize>();
    for row in &cells {
        if whole <= page.width() {
            let line: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| pad(&shown(cell), *width)).collect();
            page.verbatim(indent, Ink::Plain, &line.join("  "));
        } else {
            page.para(indent, "- ", inline(&row.join("; "), colour));
        }
    }
}

/// The cells of a row; `\|` and a bar inside a code span are part of a cell.
fn split_row(row: &str) -> Vec<String> {
    let inner = row.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let mut cells = vec![String::new()];
    let mut in_code = false;
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'|') => {
                chars.next();
                push(&mut cells, '|');
            }
            '|' if !in_code => cells.push(String::new()),
            c => {
                in_code ^= c == '`';
                push(&mut cells, c);
            }
        }
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

fn push(cells: &mut [String], c: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(c);
    }
}

/// Spans of a paragraph. Without colour, code keeps its backticks, which then are its only sign.
fn inline(text: &str, colour: bool) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let mut rest = text;
    let mut words = String::new();
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '`' => between(rest, "`", "`").map(|(code, after)| {
                let shown = if colour { code.to_owned() } else { format!("`{code}`") };
                (ink(Ink::Command, shown), after)
            }),
            '*' if rest.starts_with("**") => {
                between(rest, "**", "**").map(|(strong, after)| (ink(Ink::Strong, strong), after))
            }
            '*' => between(rest, "*", "*")
                .filter(|(text, _)| !text.starts_with(' ') && !text.ends_with(' '))
                .map(|(text, after)| (plain(text), after)),
            '[' => link(rest),
            '<' => between(rest, "<", ">")
                .filter(|(uri, _)| uri.contains("://") && !uri.contains(' '))
                .map(|(uri, after)| (ink(Ink::Path, uri), after)),
            _ => None,
        };
        match taken {
            Some((span, after)) => {
                if !words.is_empty() {
                    out.push(plain(std::mem::take(&mut words)));
                }
                out.push(span);
                rest = after;
            }
            None => {
                words.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !words.is_empty() {
        out.push(plain(words));
    }
    out
}

/// The text between two marks, and what follows the second.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let (inner, after) = text.strip_prefix(open)?.split_once(close)?;
    (!inner.is_empty()).then_some((inner, after))
}

/// `[text](target)` as `text (target)`.
fn link(text: &str) -> Option<(Span, &str)> {
    let (label, after) = between(text, "[", "]")?;
    let (target, after) = between(after, "(", ")")?;
    Some((plain(format!("{label} ({target})")), after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::Style;

    fn shown(markdown: &str, width: usize) -> String {
        let mut page = Page::new(width, Style { colour: false, hyperlinks: false });
        write(&mut page, markdown, false);
        page.finish()
    }

    #[test]
    fn blocks() {
        let text = "# T\n\nOne\ntwo.\n- a\n  b\n  - c\n\n1. x\n\n   ```sh\n   run \\\n     it\n   ```\n> q\n> r\n";
        assert_eq!(
            shown(text, 80),
            "T\n\nOne two.\n- a b\n  - c\n\n1. x\n\n       run \\\n         it\n| q r\n"
        );
    }

    #[test]
    fn tables_fit_or_become_lists() {
        let text = "| a | b |\n|---|---|\n| `x|y` | long cell |\n";
        assert_eq!(shown(text, 80), "a      b\n`x|y`  long cell\n");
        let wide = format!("| a | {} |\n", "word ".repeat(12));
        assert!(shown(&wide, 40).starts_with("- a; word"));
    }

    #[test]
    fn what_is_no_markup_stays() {
        let text = "2 * 3 * 4, a[0], `open, **open, <b>, 5 < 6";
        assert_eq!(shown(text, 80), format!("{text}\n"));
        assert_eq!(
            shown("see [the *manual*](https://e.x/a) now", 80),
            "see the *manual* (https://e.x/a) now\n"
        );
        assert_eq!(shown("```\nunclosed\n", 80), "    unclosed\n");
    }
}
