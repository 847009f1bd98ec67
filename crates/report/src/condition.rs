//! Conditions on signals in words, for sentences whose `{value}` has not been measured: "50 % or
//! more of the failures …".

use model::{Condition, Lang, Micros, Signal, Test, Unit};

use crate::{figures, fill, words};

/// The condition in words.
pub(crate) fn in_words(signal: Signal, condition: Condition, lang: Lang) -> String {
    let unit = signal.unit();
    let (limit, words, is_end) = match condition {
        Condition::AtLeast(least) => (least, &words::AT_LEAST, unit == Unit::Share && least >= 1.0),
        Condition::AtMost(most) => (most, &words::AT_MOST, most <= 0.0),
    };
    if limit.is_infinite() {
        return words::NEVER.get(lang).to_owned();
    }
    let value = match unit {
        Unit::Share => figures::percent(limit),
        Unit::Seconds => Micros((limit * 1e6) as i64).to_string(),
        Unit::Ratio => fill::words(&words::TIMES, lang, &[("n", &limit.to_string())]),
        Unit::Count => limit.to_string(),
    };
    if is_end {
        return value;
    }
    // Japanese is set with a space next to Latin letters and digits only.
    let space = if lang == Lang::Ja && value.ends_with(|c: char| c.is_ascii()) { " " } else { "" };
    fill::words(words, lang, &[("value", &format!("{value}{space}"))])
}

/// The sentence of a test with its condition for `{value}`; other figures read `…`.
pub(crate) fn sentence(test: &Test, lang: Lang) -> String {
    /// Stands at the end of the value until the sentence is complete.
    const END: char = '\u{2060}';
    let value = format!("{}{END}", in_words(test.signal, test.is, lang));
    let says = fill::lenient(&test.says, lang, &[("value", value)], &str::to_owned);
    let mut out = String::with_capacity(says.len());
    let mut parts = says.split(END).peekable();
    while let Some(part) = parts.next() {
        out.push_str(part);
        // The sentence has a space after a number; the words end in Japanese where they are not
        // a bare number.
        if let Some(next) = parts.peek_mut()
            && !part.ends_with(|c: char| c.is_ascii())
        {
            *next = next.strip_prefix(' ').filter(|rest| !begins_ascii(rest)).unwrap_or(next);
        }
    }
    out
}

fn begins_ascii(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_like_words() {
        let shown =
            |signal, condition| [Lang::En, Lang::Ja].map(|lang| in_words(signal, condition, lang));
        use Condition::{AtLeast, AtMost};
        assert_eq!(shown(Signal::TimerShare, AtLeast(0.5)), ["50 % or more", "50 % 以上"]);
        assert_eq!(shown(Signal::TimerShare, AtLeast(1.0)), ["100 %", "100 %"]);
        assert_eq!(shown(Signal::ReusedShare, AtMost(0.0)), ["0 %", "0 %"]);
        assert_eq!(shown(Signal::NatDrops, AtLeast(1.0)), ["1 or more", "1 以上"]);
        assert_eq!(shown(Signal::LoadRise, AtLeast(1.5)), ["1.5 times or more", "1.5 倍以上"]);
        assert_eq!(shown(Signal::DeployLead, AtMost(120.0)), ["2m00s or less", "2m00s 以下"]);
        assert_eq!(shown(Signal::DeployLead, AtLeast(f64::INFINITY)), ["never", "一度もない"]);
    }

    #[test]
    fn a_sentence_with_its_condition() {
        let says =
            model::Text::new("{value} of them, {value} in {n}.", "{value} が {value}、{value} AB");
        let test = Test::new(Signal::TimerShare, Condition::AtLeast(0.5), says);
        assert_eq!(sentence(&test, Lang::En), "50 % or more of them, 50 % or more in ….");
        assert_eq!(sentence(&test, Lang::Ja), "50 % 以上が 50 % 以上、50 % 以上 AB");
        let none = Test::new(Signal::TimerShare, Condition::AtMost(0.0), says);
        assert_eq!(sentence(&none, Lang::Ja), "0 % が 0 %、0 % AB");
    }

    /// A signal whose name says that it is a share must be written as one.
    #[test]
    fn shares_are_written_as_shares() {
        for signal in Signal::ALL.iter().filter(|signal| signal.as_str().ends_with("-share")) {
            assert_eq!(signal.unit(), Unit::Share, "{signal}");
        }
    }
}
