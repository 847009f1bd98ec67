//! The lines of one format: every fifth as servers write them every day, the others with one thing
//! about them that is unusual or damaged, in turn, and some with two.

use crate::damage::{DAMAGES, Damage, Family, WHOLE};
use crate::formats::Format;
use crate::line::Line;
use crate::random::Random;

/// A line and what was done to it.
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) family: Family,
    /// Names of what is special about it; of two also both with a plus between them.
    pub(crate) classes: Vec<String>,
}

/// One thing to do to a line.
#[derive(Clone, Copy)]
enum Special {
    Unusual(usize),
    Damage(&'static Damage, &'static str),
    Whole(&'static Damage),
}

/// Makes lines in an order that follows from the seed.
pub(crate) struct Generator {
    format: &'static Format,
    random: Random,
    specials: Vec<Special>,
    turn: usize,
    made: u64,
}

impl Generator {
    /// A generator that knows every field of the format.
    pub(crate) fn new(format: &'static Format, mut random: Random) -> Generator {
        let mut specials: Vec<Special> = (0..format.unusual.len()).map(Special::Unusual).collect();
        specials.extend(WHOLE.iter().map(Special::Whole));
        // Some fields are not on every line.
        let mut names: Vec<&'static str> = Vec::new();
        for _ in 0..40 {
            for field in &(format.ordinary)(&mut random).fields {
                if names.contains(&field.name) {
                    continue;
                }
                names.push(field.name);
                let fitting = DAMAGES.iter().filter(|damage| (damage.fits)(field));
                specials.extend(fitting.map(|damage| Special::Damage(damage, field.name)));
            }
        }
        Generator { format, random, specials, turn: 0, made: 0 }
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> Made {
        self.made += 1;
        let mut line = (self.format.ordinary)(&mut self.random);
        let mut done = Vec::new();
        if !self.made.is_multiple_of(5) {
            let special = self.specials[self.turn % self.specials.len()];
            self.turn += 1;
            done.extend(self.apply(special, &mut line));
            if self.random.chance(0.1) {
                let second = *self.random.pick(&self.specials);
                done.extend(self.apply(second, &mut line));
            }
        }
        // A line of a file ends at its line feed, so none stands within it.
        let bytes: Vec<u8> = line.bytes().into_iter().filter(|byte| *byte != b'\n').collect();
        let family = match &done[..] {
            [] => Family::Ordinary,
            [(family, _)] => *family,
            _ => Family::Several,
        };
        let mut classes: Vec<String> = done.into_iter().map(|(_, class)| class).collect();
        if let [first, second] = &classes[..] {
            classes.push(format!("{first} + {second}"));
        }
        Made { bytes, family, classes }
    }

    /// Does one thing to a line; nothing where the line lacks the field.
    fn apply(&mut self, special: Special, line: &mut Line) -> Option<(Family, String)> {
        match special {
            Special::Unusual(place) => {
                let unusual = &self.format.unusual[place];
                (unusual.apply)(&mut self.random, line);
                Some((Family::Unusual, unusual.name.to_owned()))
            }
            Special::Whole(damage) => {
                (damage.apply)(&mut self.random, line, 0);
                Some((damage.family, damage.name.to_owned()))
            }
            Special::Damage(damage, name) => {
                let at = line.fields.iter().position(|field| field.name == name)?;
                (damage.apply)(&mut self.random, line, at);
                Some((damage.family, format!("{}: {name}", damage.name)))
            }
        }
    }
}
