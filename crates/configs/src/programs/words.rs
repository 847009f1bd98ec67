//! Words of a command line with their places, as a shell parts them, and as lists of JSON or YAML
//! give them.

use std::ops::Range;

/// A word and its bytes in the file, with quotation marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word without quotation marks.
    pub(crate) text: String,
    /// Its bytes in the file.
    pub(crate) at: Range<usize>,
}

/// The words of a line that begins at a byte of the file.
pub(crate) fn split(text: &str, start: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = start + at + letter.len_utf8();
        let is_gap = letter.is_whitespace() && quote.is_none();
        // A line that goes on in the next one.
        let joins =
            letter == '\\' && letters.peek().is_some_and(|(_, next)| matches!(next, '\n' | '\r'));
        if is_gap || joins {
            words.extend(word.take());
            continue;
        }
        let open = word.get_or_insert_with(|| Word { text: String::new(), at: start + at..end });
        open.at.end = end;
        match letter {
            '\'' | '"' if quote == Some(letter) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            '\\' if quote != Some('\'') => {
                if let Some((_, escaped)) = letters.next() {
                    open.text.push(escaped);
                    open.at.end += escaped.len_utf8();
                }
            }
            _ => open.text.push(letter),
        }
    }
    words.extend(word);
    words
}

/// The words of a list in brackets of JSON that begins at a byte of the file; `None` if it is none.
pub(crate) fn list(text: &str, start: usize) -> Option<Vec<Word>> {
    let tree = crate::tree::json(text);
    let root = tree.roots().next()?;
    let words = root.items().map(|item| {
        let at = item.range();
        let text = item.text()?.to_owned();
        Some(Word { text, at: start + at.start..start + at.end })
    });
    (tree.broken.is_none() && text.starts_with('[')).then(|| words.collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_places() {
        let text = "gunicorn -b '0.0.0.0:80' a\\ b \\\n  \"x y\"z";
        let words = split(text, 5);
        let found: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(found, ["gunicorn", "-b", "0.0.0.0:80", "a b", "x yz"]);
        assert_eq!(words[2].at, 5 + 12..5 + 24);
        let listed = list("[\"node\", \"server.js\"]", 10).unwrap();
        assert_eq!(listed[1].text, "server.js");
        assert_eq!(listed[1].at, 19..30);
        assert!(list("node server.js", 0).is_none());
        for odd in ["'", "\\", "\"\\", "é\\é"] {
            let _ = split(odd, 0);
        }
    }
}
