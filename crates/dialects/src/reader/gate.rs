//! One search through a record for the words of all dialects, which tells those that cannot know it.
//!
//! Most text that lies beside gateway logs is nobody's, and each line of it would be looked at by
//! every dialect.

use std::sync::LazyLock;

use crate::{ALL, Context, Dialect};

/// A set of dialects, one bit for each place in [`ALL`].
type Set = u128;

/// Which dialects may know the records of a source.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// The bit of each dialect of the source's order; none for one that is not of [`ALL`].
    bits: Vec<Set>,
}

/// The dialects that may know one record.
#[derive(Clone, Copy)]
pub(super) struct Admitted(Set);

impl Gate {
    /// The gate in front of dialects in this order.
    pub(super) fn of(order: &[&'static dyn Dialect]) -> Gate {
        let bit = |dialect: &&'static dyn Dialect| {
            let place = ALL.iter().position(|known| known.name() == dialect.name());
            place.map_or(0, set_of)
        };
        Gate { bits: order.iter().map(bit).collect() }
    }

    /// Whether the dialect at this place of the order is to be asked.
    pub(super) fn admits(&self, admitted: Admitted, index: usize) -> bool {
        self.bits.get(index).is_none_or(|bit| *bit == 0 || admitted.0 & bit != 0)
    }
}

/// The dialects whose marks a record has.
pub(super) fn admitted(record: &str, context: &Context) -> Admitted {
    let words = &*WORDS;
    let is_told = !context.columns.is_empty() || !context.nginx_formats.is_empty();
    let mut found = words.always | if is_told { words.unless_told } else { 0 };
    words.search(record.as_bytes(), &mut found);
    if !record.trim_start().starts_with('{') {
        found &= !words.objects;
    }
    Admitted(found)
}

/// The set of one place; empty for a place that has no bit, whose dialect is always asked.
fn set_of(place: usize) -> Set {
    u32::try_from(place).ok().and_then(|place| Set::checked_shl(1, place)).unwrap_or(0)
}

static WORDS: LazyLock<Words> = LazyLock::new(Words::of_all);

/// A word, and whose it is.
struct Word {
    text: &'static [u8],
    /// Where in the word the pair of bytes stands by which it is found.
    pair: usize,
    whose: Set,
}

/// The words of all dialects, by a pair of bytes that each of them has.
struct Words {
    /// For each pair of bytes the number of its list; 0 for the pairs of no word.
    lists: Box<[u8; 1 << 16]>,
    words: Vec<Vec<Word>>,
    /// Dialects that look at every record.
    always: Set,
    /// Those that do so where columns or formats are named.
    unless_told: Set,
    /// Those whose records are JSON objects.
    objects: Set,
}

impl Words {
    fn of_all() -> Words {
        let mut all = Words {
            lists: Box::new([0; 1 << 16]),
            words: vec![Vec::new()],
            always: 0,
            unless_told: 0,
            objects: 0,
        };
        for (place, dialect) in ALL.iter().enumerate() {
            let (marks, whose) = (dialect.marks(), set_of(place));
            all.objects |= if marks.is_object { whose } else { 0 };
            all.unless_told |= if marks.unless_told { whose } else { 0 };
            for word in marks.words.iter().copied().flatten() {
                all.add(word.as_bytes(), whose);
            }
        }
        all
    }

    fn add(&mut self, text: &'static [u8], whose: Set) {
        // A word without a pair cannot be looked for.
        let Some(pair) = (0..text.len().saturating_sub(1)).min_by_key(|&at| frequency(&text[at..]))
        else {
            self.always |= whose;
            return;
        };
        let list = &mut self.lists[place(text[pair], text[pair + 1])];
        if *list == 0 {
            match u8::try_from(self.words.len()) {
                Ok(number) => {
                    *list = number;
                    self.words.push(Vec::new());
                }
                // More pairs than lists: some list takes those that are left.
                Err(_) => *list = u8::MAX,
            }
        }
        let words = &mut self.words[usize::from(*list)];
        match words.iter_mut().find(|word| word.text == text) {
            Some(word) => word.whose |= whose,
            None => words.push(Word { text, pair, whose }),
        }
    }

    /// Adds the owners of every word that the text has.
    fn search(&self, text: &[u8], found: &mut Set) {
        for (at, pair) in text.windows(2).enumerate() {
            let list = self.lists[place(pair[0], pair[1])];
            if list == 0 {
                continue;
            }
            for word in &self.words[usize::from(list)] {
                let is_new = word.whose & !*found != 0;
                if is_new
                    && let Some(from) = at.checked_sub(word.pair)
                    && text[from..].starts_with(word.text)
                {
                    *found |= word.whose;
                }
            }
        }
    }
}

fn place(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// How often the two bytes at the beginning of a text are to be expected in logs and prose: no more
/// than a guess that lets most places be passed with one look.
fn frequency(text: &[u8]) -> u32 {
    let of = |byte: &u8| match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 8,
        b'a'..=b'z' => 5,
        b'0'..=b'9' | b'"' | b':' | b',' => 4,
        b'A'..=b'Z' | b'.' | b'-' | b'/' | b'=' | b'_' => 2,
        _ => 1,
    };
    text.iter().take(2).map(of).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the dialects that are asked for a text.
    fn asked(text: &str, context: &Context) -> Vec<&'static str> {
        let (gate, admitted) = (Gate::of(ALL), admitted(text, context));
        let admitted = ALL.iter().enumerate().filter(|(at, _)| gate.admits(admitted, *at));
        admitted.map(|(_, dialect)| dialect.name()).collect()
    }

    #[test]
    fn every_word_is_found_wherever_it_stands() {
        for dialect in ALL {
            let marks = dialect.marks();
            for word in marks.words.iter().copied().flatten() {
                for text in
                    [format!("{{{word}}}"), format!("{{é {word}"), format!("{{{word}{word}")]
                {
                    let asked = asked(&text, &Context::default());
                    assert!(asked.contains(&dialect.name()), "{} for {text}", dialect.name());
                }
            }
        }
    }

    #[test]
    fn nobodys_text_is_offered_to_hardly_anybody() {
        let plain = Context::default();
        for text in ["", "x", "The customer merged the basket.", "worker-7 | rendered 12 pages"] {
            // Those whose columns have no names and no fixed words refuse at the first byte.
            assert_eq!(asked(text, &plain), ["aws-cloudfront", "aws-vpc-flow"], "{text}");
        }
        let object = "{\"httpRequest\":{\"status\":502}}";
        assert!(asked(object, &plain).contains(&"gcp-lb"));
        assert!(!asked(&format!("see {object}"), &plain).contains(&"gcp-lb"));
        let told = Context { columns: vec!["date".to_owned()], ..Context::default() };
        assert!(asked("x", &told).contains(&"nginx-access"));
    }

    #[test]
    fn there_is_a_bit_and_a_list_for_everybody() {
        assert!(ALL.len() <= Set::BITS as usize);
        assert!(WORDS.words.len() <= usize::from(u8::MAX), "{}", WORDS.words.len());
    }
}
