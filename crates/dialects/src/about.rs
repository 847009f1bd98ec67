//! What a dialect tells about itself: the page that `docs/dialects.md` and `why502 dialects` show.

use std::fmt::Write as _;

/// The page of a dialect.
///
/// It says what the reader really does: a field that no event carries is not listed, and every
/// blind spot names the setting, command or other log that fills it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name of the log, as its product calls it.
    pub title: &'static str,
    /// Vendor page or source file that defines the format.
    pub source: &'static str,
    /// Where to get it: the bucket, the file, the command that exports it.
    pub from: &'static str,
    /// The moment its time stamp marks, and in which zone.
    pub time: &'static str,
    /// Fields used, by the product's own names, each with what it is used for.
    pub fields: &'static [(&'static str, &'static str)],
    /// What can be told from it, in one sentence each.
    pub shows: &'static [&'static str],
    /// What cannot, each with what would show it.
    pub blind: &'static [Blind],
    /// A setting worth having, ready to be pasted; empty where the format is fixed.
    pub recommended: &'static str,
}

/// Something a dialect cannot show.
#[derive(Clone, Copy, Debug)]
pub struct Blind {
    /// What.
    pub what: &'static str,
    /// The log setting, command or other log that shows it.
    pub how: &'static str,
}

impl About {
    /// A page yet to be written; a test refuses it.
    pub const UNWRITTEN: About = About {
        title: "",
        source: "",
        from: "",
        time: "",
        fields: &[],
        shows: &[],
        blind: &[],
        recommended: "",
    };
}

impl About {
    /// The page in Markdown: the same for `docs/dialects.md` and for `why502 dialects NAME`.
    #[must_use]
    pub fn markdown(&self, name: &str) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(name, &mut page);
        page
    }

    fn write(&self, name: &str, page: &mut String) -> std::fmt::Result {
        writeln!(page, "## {name}\n\n{}.\n", self.title)?;
        writeln!(page, "- **Where it is**: {}", self.from)?;
        writeln!(page, "- **Time**: {}", self.time)?;
        writeln!(page, "- **Format**: {}", self.source)?;
        if !self.fields.is_empty() {
            writeln!(page, "\n### Fields used\n")?;
            for (field, used) in self.fields {
                writeln!(page, "- `{field}`: {used}")?;
            }
        }
        writeln!(page, "\n### What it shows\n")?;
        for shown in self.shows {
            writeln!(page, "- {}", sentence(shown))?;
        }
        if !self.blind.is_empty() {
            writeln!(page, "\n### What it cannot show\n")?;
            for blind in self.blind {
                writeln!(page, "- {} {}", sentence(blind.what), sentence(blind.how))?;
            }
        }
        if !self.recommended.is_empty() {
            writeln!(page, "\n### Recommended\n\n```text\n{}\n```", self.recommended.trim_end())?;
        }
        Ok(())
    }
}

/// The text with a full stop, unless it ends in one or in something set apart.
fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', '`', ')', '>']) { "" } else { "." };
    format!("{text}{stop}")
}

#[cfg(test)]
mod tests {
    use crate::ALL;

    #[test]
    fn every_dialect_has_a_whole_page() {
        for dialect in ALL {
            let (name, about) = (dialect.name(), dialect.about());
            let texts = [about.title, about.source, about.from, about.time];
            assert!(texts.iter().all(|text| text.len() > 3), "{name} has no page");
            assert!(!about.shows.is_empty(), "{name} does not say what it shows");
            assert!(!about.blind.is_empty(), "{name} does not say what it cannot show");
            assert!(!about.title.ends_with('.'), "{name}: a title is no sentence");
        }
    }
}
