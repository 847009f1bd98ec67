//! One search through a record for the words of all dialects, which tells those that cannot know it.
//!
//! Most text that lies beside gateway logs is nobody's, and each line of it would be looked at by
//! every dialect.

use std::sync::LazyLock;

use crate::{ALL, Context, Dialect};

/// A set of dialects, one bit for each place in [`ALL`].
type Set = u128;

/// Which dialects may know the records of a source.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// For each place in [`ALL`] the dialect's place in the source's order.
    order: Vec<Option<usize>>,
    /// Places in that order which are asked whatever a record has.
    always: Set,
}

/// Places in the order of the dialects that may know one record, the first to be asked first.
#[derive(Clone, Copy)]
pub(super) struct Admitted(Set);

impl Iterator for Admitted {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (place < Set::BITS).then_some(place as usize)
    }
}

impl Gate {
    /// The gate in front of dialects in this order, of which some need no words to be asked.
    pub(super) fn of(order: &[&'static dyn Dialect], likely: &[usize]) -> Gate {
        let place = |name| order.iter().position(|dialect| dialect.name() == name);
        let unknown = |name| !ALL.iter().any(|known| known.name() == name);
        let always = (0..order.len())
            .filter(|at| likely.contains(at) || unknown(order[*at].name()))
            .fold(0, |all, at| all | set_of(at));
        Gate { order: ALL.iter().map(|dialect| place(dialect.name())).collect(), always }
    }

    /// The dialects whose marks a record has.
    pub(super) fn admits(&self, record: &str, context: &Context) -> Admitted {
        let words = &*WORDS;
        let is_told = !context.columns.is_empty() || !context.nginx_formats.is_empty();
        let mut found = words.always | if is_told { words.unless_told } else { 0 };
        words.search(record.as_bytes(), &mut found);
        if !record.trim_start().starts_with('{') {
            found &= !words.objects;
        }
        let places = Admitted(found).filter_map(|place| *self.order.get(place)?);
        Admitted(places.fold(self.always, |all, at| all | set_of(at)))
    }
}

/// The set of one place. There are fewer dialects than bits: a test holds that.
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
    lists: Box<[u16; 1 << 16]>,
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
            let Ok(number) = u16::try_from(self.words.len()) else {
                self.always |= whose;
                return;
            };
            *list = number;
            self.words.push(Vec::new());
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
        Gate::of(ALL, &[]).admits(text, context).map(|at| ALL[at].name()).collect()
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
    fn the_order_is_the_sources_own() {
        let order: Vec<&'static dyn Dialect> = ALL.iter().rev().copied().collect();
        let record = "{\"httpRequest\":{},\"allocation_status\":\"OK\"}";
        let names = |likely: &[usize]| -> Vec<&str> {
            let admitted = Gate::of(&order, likely).admits(record, &Context::default());
            admitted.map(|at| order[at].name()).collect()
        };
        let last = ALL.len() - 1;
        assert_eq!(names(&[])[..1], ["app-json"]);
        assert!(names(&[]).ends_with(&["aws-vpc-flow", "aws-cloudfront"]));
        assert!(names(&[]).contains(&"gcp-nat") && names(&[]).contains(&"gcp-lb"));
        assert_eq!(names(&[last]).last(), Some(&ALL[0].name()));
    }

    #[test]
    fn there_is_a_bit_for_everybody() {
        assert!(ALL.len() <= Set::BITS as usize);
    }
}
