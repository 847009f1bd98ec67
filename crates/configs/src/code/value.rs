//! What an expression of source code amounts to, if its text alone says so: numbers and their
//! arithmetic, strings, variables of the environment and what stands in for them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Code, Kind, Language, Names};

/// How deep expressions may nest.
const MOST_DEEP: u8 = 24;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    /// A number; of a duration in Go, seconds.
    Number(f64),
    /// A string.
    Text(String),
    /// The value of a variable of the environment that the files do not set, and what stands in
    /// for it.
    Variable(String, Option<Box<Known>>),
    /// Not knowable from the text.
    Unknown,
}

/// What one unit of a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl Known {
    /// The value without looking at the environment: what stands in for a variable.
    pub(crate) fn settled(&self) -> &Known {
        match self {
            Known::Variable(_, Some(known)) => known.settled(),
            known => known,
        }
    }

    /// The number, also if it is written as a string.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.settled() {
            Known::Number(number) => Some(*number),
            Known::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.settled() {
            Known::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The port, if it is one.
    pub(crate) fn port(&self) -> Option<u16> {
        let number = self.number()?;
        (number.fract() == 0.0 && (1.0..=65535.0).contains(&number)).then_some(number as u16)
    }

    /// The variable it is read from.
    pub(crate) fn variable(&self) -> Option<&str> {
        match self {
            Known::Variable(name, _) => Some(name),
            _ => None,
        }
    }
}

impl Code<'_> {
    /// What an expression amounts to.
    pub(crate) fn value(
        &self,
        tokens: Range<usize>,
        names: &Names,
        environment: &BTreeMap<String, String>,
    ) -> Known {
        let mut reader =
            Reader { code: self, at: tokens.start, end: tokens.end, names, environment };
        let known = reader.alternatives(MOST_DEEP);
        if reader.at == reader.end { known } else { Known::Unknown }
    }
}

struct Reader<'c, 't> {
    code: &'c Code<'t>,
    at: usize,
    end: usize,
    names: &'c Names,
    environment: &'c BTreeMap<String, String>,
}

impl Reader<'_, '_> {
    fn is(&self, mark: &str) -> bool {
        self.at < self.end && self.code.is(self.at, mark)
    }

    /// `a || b`, `a ?? b`, `a or b`: the second if the first is not there.
    fn alternatives(&mut self, depth: u8) -> Known {
        let mut known = self.sum(depth);
        while self.is("||") || self.is("??") || self.is("or") {
            self.at += 1;
            let other = self.sum(depth);
            known = match known {
                Known::Variable(name, None) => Known::Variable(name, Some(Box::new(other))),
                known => known,
            };
        }
        known
    }

    fn sum(&mut self, depth: u8) -> Known {
        let mut known = self.product(depth);
        while self.is("+") || self.is("-") {
            let minus = self.is("-");
            self.at += 1;
            let other = self.product(depth);
            known = combine(&known, &other, |a, b| if minus { a - b } else { a + b });
        }
        known
    }

    fn product(&mut self, depth: u8) -> Known {
        let mut known = self.primary(depth);
        while self.is("*") || self.is("/") {
            let divided = self.is("/");
            self.at += 1;
            let other = self.primary(depth);
            known = combine(&known, &other, |a, b| if divided { a / b } else { a * b });
        }
        known
    }

    fn primary(&mut self, depth: u8) -> Known {
        let Some(depth) = depth.checked_sub(1) else { return Known::Unknown };
        if self.at >= self.end {
            return Known::Unknown;
        }
        if self.is("+") || self.is("-") {
            let minus = self.is("-");
            self.at += 1;
            let known = self.primary(depth);
            return combine(&known, &Known::Number(if minus { -1.0 } else { 1.0 }), |a, b| a * b);
        }
        if self.is("(") {
            return self.within(self.at, depth);
        }
        let known = match self.code.kind(self.at) {
            Some(Kind::Number) => number(self.code.word(self.at)),
            Some(Kind::Text) => self.code.string(self.at).map(|text| Known::Text(text.to_owned())),
            Some(Kind::Word) => return self.name(depth),
            _ => None,
        };
        self.at += 1;
        known.unwrap_or(Known::Unknown)
    }

    /// What stands between brackets.
    fn within(&mut self, open: usize, depth: u8) -> Known {
        let Some(close) = self.code.close(open).filter(|&close| close < self.end) else {
            self.at = self.end;
            return Known::Unknown;
        };
        let end = std::mem::replace(&mut self.end, close);
        self.at = open + 1;
        let known = self.alternatives(depth);
        let whole = self.at == close || self.is(",");
        self.end = end;
        self.at = close + 1;
        if whole { known } else { Known::Unknown }
    }

    fn name(&mut self, depth: u8) -> Known {
        let mut last = self.at;
        while last + 2 < self.end
            && (self.code.is(last + 1, ".") || self.code.is(last + 1, "?."))
            && self.code.kind(last + 2) == Some(Kind::Word)
        {
            last += 2;
        }
        let name = self.code.source(&(self.at..last + 1)).replace('?', "");
        self.at = last + 1;
        if let Some(variable) = name.strip_prefix("process.env.") {
            return self.variable(variable);
        }
        if self.is("(") || self.is("[") {
            return self.called(&name, depth);
        }
        if self.code.language == Language::Go {
            let unit = match name.as_str() {
                "time.Nanosecond" => 1e-9,
                "time.Microsecond" => 1e-6,
                "time.Millisecond" => 1e-3,
                "time.Second" => 1.0,
                "time.Minute" => 60.0,
                "time.Hour" => 3600.0,
                _ => 0.0,
            };
            if unit > 0.0 {
                return Known::Number(unit);
            }
        }
        self.names.get(&name).cloned().unwrap_or(Known::Unknown)
    }

    /// A call that only changes the type, or one that reads the environment.
    fn called(&mut self, name: &str, depth: u8) -> Known {
        let open = self.at;
        let parts = self.code.parts(open);
        let reads = matches!(
            name,
            "os.environ.get"
                | "os.getenv"
                | "os.Getenv"
                | "ENV.fetch"
                | "os.environ"
                | "ENV"
                | "process.env"
                | "env"
                | "config"
        );
        if !reads {
            let changes = matches!(
                name,
                "Number"
                    | "parseInt"
                    | "parseFloat"
                    | "int"
                    | "float"
                    | "str"
                    | "String"
                    | "Integer"
                    | "time.Duration"
            );
            let known = self.within(open, depth);
            return if changes { as_number(known) } else { Known::Unknown };
        }
        let variable = parts.first().and_then(|part| self.code.string(part.start));
        let stand_in = parts.get(1).map(|part| {
            let start = if self.code.is(part.start + 1, "=") { part.start + 2 } else { part.start };
            self.code.value(start..part.end, self.names, self.environment)
        });
        let Some(close) = self.code.close(open).filter(|&close| close < self.end) else {
            self.at = self.end;
            return Known::Unknown;
        };
        self.at = close + 1;
        let mut known = variable.map_or(Known::Unknown, |name| self.variable(name));
        if let (Known::Variable(_, stands @ None), Some(stand_in)) = (&mut known, stand_in) {
            *stands = Some(Box::new(stand_in));
        }
        // Ruby: ENV.fetch("PORT") { 3000 }
        if self.code.language == Language::Ruby && self.is("{") {
            let block = self.within(self.at, depth);
            if let Known::Variable(_, stands @ None) = &mut known {
                *stands = Some(Box::new(block));
            }
        }
        if self.code.language == Language::Ruby && self.is(".") {
            // A conversion such as `.to_i`.
            self.at = (self.at + 2).min(self.end);
        }
        known
    }

    fn variable(&self, name: &str) -> Known {
        let set = self.environment.get(name).filter(|value| !value.contains('$'));
        Known::Variable(name.to_owned(), set.map(|value| Box::new(Known::Text(value.clone()))))
    }
}

/// A string that is a number, as one.
fn as_number(known: Known) -> Known {
    match known {
        Known::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Known::Number(number),
            _ => Known::Text(text),
        },
        Known::Variable(name, stands) => {
            Known::Variable(name, stands.map(|known| Box::new(as_number(*known))))
        }
        known => known,
    }
}

fn combine(a: &Known, b: &Known, with: impl Fn(f64, f64) -> f64) -> Known {
    match (a.settled(), b.settled()) {
        (Known::Number(a), Known::Number(b)) => {
            let result = with(*a, *b);
            if result.is_finite() { Known::Number(result) } else { Known::Unknown }
        }
        _ => Known::Unknown,
    }
}

fn number(text: &str) -> Option<Known> {
    let digits = text.replace('_', "");
    let digits = digits.trim_end_matches(['n', 'L']);
    let number: f64 = match digits.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?.into(),
        None => digits.parse().ok()?,
    };
    number.is_finite().then_some(Known::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, language: Language, set: &[(&str, &str)]) -> Known {
        let code = Code::new(text, language);
        let environment = set.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        code.value(0..code.len(), &Names::new(), &environment)
    }

    #[test]
    fn arithmetic_and_the_environment() {
        let js = |text: &str| value(text, Language::JavaScript, &[]).number();
        assert_eq!(js("65 * 1000"), Some(65_000.0));
        assert_eq!(js("(60 + 5) * 1_000"), Some(65_000.0));
        assert_eq!(js("6.5e4"), Some(65_000.0));
        assert_eq!(js("process.env.PORT || 3000"), Some(3000.0));
        assert_eq!(js("parseInt(process.env.PORT ?? '3000', 10)"), Some(3000.0));
        assert_eq!(js("Number(process.env.PORT) || 3000"), Some(3000.0));
        assert_eq!(js("parseInt(process.env.T || '30000', 10) + 5000"), Some(35_000.0));
        assert_eq!(js("config.port"), None);
        assert_eq!(js("65 * x"), None);
        assert_eq!(js("1 / 0"), None);
        let set = value("process.env.PORT || 3000", Language::JavaScript, &[("PORT", "8080")]);
        assert_eq!(set.number(), Some(8080.0));
        assert_eq!(set.variable(), Some("PORT"));
        let py = value("int(os.environ.get('PORT', 8000))", Language::Python, &[]);
        assert_eq!(py.port(), Some(8000));
        let ruby = value("ENV.fetch('PORT') { 3000 }", Language::Ruby, &[]);
        assert_eq!(ruby.port(), Some(3000));
        assert_eq!(value("90 * time.Second", Language::Go, &[]).number(), Some(90.0));
        let deep = "(".repeat(9999);
        assert_eq!(value(&deep, Language::Go, &[]), Known::Unknown);
    }
}
