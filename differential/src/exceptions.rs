//! What is declared to differ: `format | class of line | value | reason`, one a line.
//!
//! A class is the name of what is unusual about a line, or of a damage and the field it was done to
//! (`cut inside: host`), or both names of a line with two (`a word more + cut inside: host`). `*` stands for any text in all three; several values are separated by commas.

/// A class with at least so many lines that an exception for it which never occurred is wrong.
const ENOUGH: u64 = 20;

/// One declaration.
struct Exception {
    format: String,
    class: String,
    value: String,
    /// Lines of the class, and differences that it excused.
    seen: u64,
    used: u64,
}

/// All declarations.
pub(crate) struct Exceptions(Vec<Exception>);

impl Exceptions {
    /// Reads the declarations.
    ///
    /// # Errors
    ///
    /// A sentence naming the line that is not of the form, or gives no reason.
    pub(crate) fn read(text: &str) -> Result<Exceptions, String> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &str| {
            let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let [format, class, value, reason] = parts[..] else {
                return Err(format!("not of the form format | class | value | reason: {line}"));
            };
            if reason.len() < 20 {
                return Err(format!("no reason is given: {line}"));
            }
            let own = |text: &str| text.to_owned();
            let (format, class, value) = (own(format), own(class), own(value));
            Ok(Exception { format, class, value, seen: 0, used: 0 })
        };
        lines.map(entry).collect::<Result<_, _>>().map(Exceptions)
    }

    /// Counts a line of these classes.
    pub(crate) fn see(&mut self, format: &str, classes: &[String]) {
        for exception in self.0.iter_mut().filter(|e| e.is_for(format, classes)) {
            exception.seen += 1;
        }
    }

    /// Whether a difference in this value is declared.
    pub(crate) fn excuse(&mut self, format: &str, classes: &[String], value: &str) -> bool {
        let mut excused = false;
        for exception in self.0.iter_mut().filter(|e| e.is_for(format, classes)) {
            if exception.value.split(", ").any(|pattern| fits(pattern, value)) {
                exception.used += 1;
                excused = true;
            }
        }
        excused
    }

    /// Declarations that enough lines gave the occasion for and none needed.
    pub(crate) fn idle(&self) -> Vec<String> {
        let idle = self.0.iter().filter(|e| e.used == 0 && e.seen >= ENOUGH);
        idle.map(|e| format!("{} | {} | {} ({} lines)", e.format, e.class, e.value, e.seen))
            .collect()
    }

    /// Declarations whose class no line had: the name is wrong.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let unseen = self.0.iter().filter(|e| e.seen == 0);
        unseen.map(|e| format!("{} | {} | {}", e.format, e.class, e.value)).collect()
    }
}

impl Exception {
    fn is_for(&self, format: &str, classes: &[String]) -> bool {
        fits(&self.format, format) && classes.iter().any(|class| fits(&self.class, class))
    }
}

/// Whether a text is of a pattern, in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((beginning, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(beginning) else { return false };
    let borders = (0..=text.len()).filter(|&at| text.is_char_boundary(at));
    borders.into_iter().any(|at| fits(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(
            fits("*", "cut") && fits("cut *", "cut inside: host") && fits("*: host", "a: host")
        );
        assert!(fits("*a*", "bab") && !fits("a", "ab") && !fits("*: host", "host"));
        assert!(fits("a*: b*", "a c: bd") && !fits("a*: b", "a: bd") && fits("é*", "é漢"));
    }

    #[test]
    fn an_exception_that_nothing_needs_is_told() {
        let text = "f | gone: a | time | twenty letters of a reason";
        let mut exceptions = Exceptions::read(text).unwrap();
        let classes = ["gone: a".to_owned()];
        assert_eq!(exceptions.unseen().len(), 1);
        for _ in 0..ENOUGH {
            exceptions.see("f", &classes);
        }
        assert_eq!((exceptions.unseen().len(), exceptions.idle().len()), (0, 1));
        assert!(!exceptions.excuse("f", &classes, "status"));
        assert!(!exceptions.excuse("g", &classes, "time"));
        assert!(exceptions.excuse("f", &classes, "time"));
        assert!(exceptions.idle().is_empty());
    }

    #[test]
    fn a_reason_is_needed() {
        assert!(Exceptions::read("f | gone: a | time | so").is_err());
        assert!(Exceptions::read("f | gone: a | time").is_err());
    }
}
