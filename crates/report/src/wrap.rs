//! Breaks spans of text into lines of a width counted in terminal columns, where a Japanese
//! character takes two and may be followed by a break without a space.

use unicode_width::UnicodeWidthChar;

use crate::style::Span;

/// Columns a character takes.
pub(crate) fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Characters that may not begin a line (JIS X 4051: closing brackets, punctuation, small kana,
/// prolonged sound mark).
fn may_not_begin(c: char) -> bool {
    columns_of(c) == 0
        || "、。，．・：；？！）］｝〕〉》」』】’”…‥ー々ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ％,.:;?!)]}%"
            .contains(c)
}

/// Characters that may not end a line: opening brackets.
fn may_not_end(c: char) -> bool {
    "（［｛〔〈《「『【‘“([{".contains(c)
}

/// Whether a line may be broken between two characters that are not spaces.
fn breaks_between(before: char, after: char) -> bool {
    (columns_of(before) == 2 || columns_of(after) == 2)
        && !may_not_end(before)
        && !may_not_begin(after)
}

/// One line: texts with the index of the span they come from.
pub(crate) type Line = Vec<(usize, String)>;

/// Breaks the spans into lines; the first has `first` columns, the others `rest`. Spaces at a
/// break vanish, longer runs of them elsewhere stay. A word wider than a line is broken anywhere.
pub(crate) fn wrap(spans: &[Span], first: usize, rest: usize) -> Vec<Line> {
    let chars: Vec<(usize, char)> = spans
        .iter()
        .enumerate()
        .flat_map(|(i, span)| span.text.chars().map(move |c| (i, c)))
        .collect();
    let mut lines: Vec<Line> = Vec::new();
    let mut line: Vec<(usize, char)> = Vec::new();
    let mut used = 0;
    let mut at = 0;
    while at < chars.len() {
        let end = word_end(&chars, at);
        let word = &chars[at..end];
        at = end;
        let wide: usize = word.iter().map(|(_, c)| columns_of(*c)).sum();
        let room = if lines.is_empty() { first } else { rest }.max(2);
        if used + wide <= room {
            line.extend_from_slice(word);
            used += wide;
        } else if word[0].1 == ' ' {
            lines.push(finish(&mut line));
            used = 0;
        } else {
            if !line.is_empty() && wide <= rest.max(2) {
                lines.push(finish(&mut line));
                used = 0;
            }
            for (i, c) in word {
                let room = if lines.is_empty() { first } else { rest }.max(2);
                if used + columns_of(*c) > room {
                    lines.push(finish(&mut line));
                    used = 0;
                }
                line.push((*i, *c));
                used += columns_of(*c);
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(finish(&mut line));
    }
    lines
}

/// Where the unbreakable run that starts here ends.
fn word_end(chars: &[(usize, char)], start: usize) -> usize {
    let spaces = chars[start].1 == ' ';
    let mut end = start + 1;
    while end < chars.len() {
        let (before, after) = (chars[end - 1].1, chars[end].1);
        if (after == ' ') != spaces || (!spaces && breaks_between(before, after)) {
            break;
        }
        end += 1;
    }
    end
}

/// Takes the line, without spaces at its end, as runs of one span each.
fn finish(line: &mut Vec<(usize, char)>) -> Line {
    while line.last().is_some_and(|(_, c)| *c == ' ') {
        line.pop();
    }
    let mut out: Line = Vec::new();
    for (i, c) in line.drain(..) {
        match out.last_mut() {
            Some((last, text)) if *last == i => text.push(c),
            _ => out.push((i, c.to_string())),
        }
    }
    out
}

/// The text cut to a number of columns, with `…` where something was cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += columns_of(c);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// The text followed by spaces up to a number of columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The text preceded by spaces up to a number of columns.
pub(crate) fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::plain;

    fn lines(text: &str, width: usize) -> Vec<String> {
        wrap(&[plain(text)], width, width)
            .into_iter()
            .map(|line| line.into_iter().map(|(_, text)| text).collect())
            .collect()
    }

    #[test]
    fn english_breaks_at_spaces() {
        assert_eq!(lines("one two  three", 8), ["one two", "three"]);
        assert_eq!(lines("", 8), [""]);
        assert_eq!(lines("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
    }

    #[test]
    fn japanese_breaks_anywhere_but_at_punctuation() {
        assert_eq!(lines("接続を再利用した。", 8), ["接続を再", "利用し", "た。"]);
        assert_eq!(lines("値（64）です", 6), ["値", "（64）", "です"]);
        assert_eq!(lines("サーバーが", 4), ["サー", "バー", "が"]);
        assert_eq!(lines("NAT のポートは 64 個", 9), ["NAT の", "ポートは", "64 個"]);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        let text =
            "ALB は idle timeout（60 秒）の間、keep-alive で接続を保ちます。 word ".repeat(20);
        for width in 2..60 {
            for line in lines(&text, width) {
                assert!(columns(&line) <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn nothing_but_spaces_is_lost() {
        let text = "混ぜた text、と「括弧」 and a-very-long-word-that-must-be-broken 終わり。";
        let packed = |s: &str| s.replace(' ', "");
        for width in 2..40 {
            assert_eq!(packed(&lines(text, width).concat()), packed(text));
        }
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("接続タイムアウト", 7), "接続タ…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(pad("接続", 6), "接続  ");
        assert_eq!(pad_left("接続", 6), "  接続");
    }
}
