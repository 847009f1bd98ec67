//! The last lines: the cause in one sentence, how much it explains, the first thing to do and the
//! command to go on with. A tired reader may read nothing else.

use model::{Cause, Verdict};

use super::View;
use super::finding::ink_of;
use crate::conclude::{Conclusion, conclusions, failures, is_client_side, unexplained};
use crate::figures::{count, percent, share};
use crate::style::{Ink, ink, plain};
use crate::words;

/// Conclusions that get lines of their own.
const MOST: usize = 3;
/// Ways from a cause to a symptom that are shown.
const CHAINS: usize = 2;

impl View<'_> {
    pub(super) fn closing(&mut self) {
        let d = self.diagnosis;
        let all = failures(d);
        let conclusions = conclusions(d);
        self.page.blank();
        let heading = self.say(words::CONCLUSION);
        self.page.heading(0, heading);
        if conclusions.is_empty() {
            let none = self.say(words::NO_CAUSE_FITS);
            self.page.para(2, "", vec![ink(Ink::Doubtful, none)]);
        }
        for (i, conclusion) in conclusions.iter().take(MOST).enumerate() {
            if i > 0 {
                self.page.blank();
            }
            let mark = if conclusions.len() > 1 { format!("{}. ", i + 1) } else { String::new() };
            self.conclusion(conclusion, all, &mark);
        }
        if let Some(further) = conclusions.get(MOST..).filter(|further| !further.is_empty()) {
            let list: Vec<String> = further.iter().map(|c| self.further(c)).collect();
            self.page.blank();
            let text = format!("{}{}", self.say(words::FURTHER), list.join(self.say(words::LIST)));
            self.page.text(2, "", &text);
        }
        let rest = match unexplained(d) {
            0 if conclusions.is_empty() => all.saturating_sub(d.background),
            rest => rest,
        };
        if conclusions.len() > 1 && conclusions.len() <= MOST {
            self.page.blank();
        }
        self.rest(rest, all, &words::REST_UNEXPLAINED);
        self.rest(d.background, all, &words::REST_SCATTERED);
        if let Some(first) = conclusions.first() {
            self.next(first.cause);
        }
    }

    /// A conclusion in a word.
    fn further(&self, conclusion: &Conclusion<'_>) -> String {
        let n = count(conclusion.failures);
        let verdict = self.say(words::verdict_word(conclusion.least_verdict()));
        if let Some(effect) = conclusion.effect() {
            let values = [
                ("effect", effect.cause.slug),
                ("certain", self.say(words::verdict_word(effect.verdict))),
                ("slug", conclusion.cause.slug),
                ("verdict", verdict),
                ("n", &n),
            ];
            return self.fill(&words::FURTHER_STARTED, &values);
        }
        let values = [("slug", conclusion.cause.slug), ("verdict", verdict), ("n", &n)];
        self.fill(&words::FURTHER_ONE, &values)
    }

    /// Failing requests that no conclusion speaks of.
    fn rest(&mut self, rest: u64, all: u64, words: &words::Counted) {
        if rest == 0 {
            return;
        }
        if let Some(part) = share(rest, all) {
            let (total, part) = (count(all), percent(part));
            let values = [("total", total.as_str()), ("share", part.as_str())];
            let text = self.counted(rest, words, &values);
            self.page.text(2, "", &text);
        }
    }

    /// The cause in one sentence, its share, the chain, and what comes first.
    fn conclusion(&mut self, conclusion: &Conclusion<'_>, all: u64, mark: &str) {
        let cause = conclusion.cause;
        let indent = 2 + mark.len();
        let effect = conclusion.effect();
        match &effect {
            None => {
                let (ink, verdict) =
                    (ink_of(conclusion.least_verdict()), self.verdicts(conclusion));
                self.sentence((2, mark), ink, &verdict, cause);
            }
            Some(effect) => {
                let verdict = self.say(words::verdict(effect.verdict));
                self.sentence((2, mark), ink_of(effect.verdict), verdict, effect.cause);
                let least = conclusion.least_verdict();
                let started = self.say(words::started_by(least));
                self.sentence((indent, ""), ink_of(least), started, cause);
            }
        }
        // What the clients did is no part of the failures.
        let of = if is_client_side(cause) { 0 } else { all };
        let explains = self.explains(cause, conclusion.failures, of, conclusion.least_verdict());
        let text = self.fill(&words::IT, &[("explains", &explains)]);
        self.page.text(indent, "", &text);
        if let Some(partly) = effect.as_ref().filter(|e| e.failures < conclusion.failures) {
            let text = self.counted(partly.failures, &words::PROVED_FOR, &[]);
            self.page.text(indent, "", &text);
        }
        self.chains(indent, conclusion);
        self.configuration_in_short(indent, conclusion.best);
        match conclusion.best.verdict {
            Verdict::Proved | Verdict::Supported => {
                self.first_remedy(indent, conclusion, words::FIRST);
            }
            Verdict::Consistent => {
                self.first_rival(indent, conclusion);
                let label =
                    if effect.is_some_and(|effect| self.first_is_of(conclusion, effect.cause)) {
                        words::FIRST
                    } else {
                        words::FIRST_IF
                    };
                self.first_remedy(indent, conclusion, label);
            }
            Verdict::CannotTell => self.first_missing(indent, conclusion),
        }
    }

    /// A cause in one sentence, behind what is known of it.
    fn sentence(&mut self, (indent, mark): (usize, &str), ink_of: Ink, known: &str, cause: &Cause) {
        let values = [("title", self.say(cause.title)), ("slug", cause.slug)];
        let spans = vec![
            ink(ink_of, known.to_owned()),
            ink(Ink::Strong, self.fill(&words::CAUSE_IS, &values)),
            plain(self.say(words::BETWEEN_SENTENCES)),
            plain(self.say(cause.explanation)),
        ];
        self.page.para(indent, mark, spans);
    }

    /// From the cause to the symptom, by title.
    fn chains(&mut self, indent: usize, conclusion: &Conclusion<'_>) {
        for (chain, failures) in conclusion.chains.iter().take(CHAINS) {
            if chain.len() < 2 {
                continue;
            }
            let titles: Vec<&str> = chain.iter().map(|cause| self.say(cause.title)).collect();
            let titles = titles.join(" → ");
            let text = if conclusion.chains.len() == 1 {
                self.fill(&words::CHAIN_IS, &[("chain", &titles)])
            } else {
                let n = count(*failures);
                self.fill(&words::CHAIN_OF, &[("chain", &titles), ("n", &n)])
            };
            self.page.text(indent, "", &text);
        }
    }

    /// The verdict, or the incidents of each where they differ.
    fn verdicts(&self, conclusion: &Conclusion<'_>) -> String {
        if let Some(verdict) = conclusion.one_verdict() {
            return self.say(words::verdict(verdict)).to_owned();
        }
        let list: Vec<String> = Verdict::ALL
            .iter()
            .filter_map(|verdict| {
                let of: Vec<usize> = conclusion
                    .verdicts
                    .iter()
                    .filter(|(_, v)| v == verdict)
                    .map(|(incident, _)| incident + 1)
                    .collect();
                let words = match of.len() {
                    0 => return None,
                    1 => &words::IN_INCIDENT,
                    _ => &words::IN_INCIDENTS,
                };
                let word = self.say(words::verdict_word(*verdict));
                Some(self.fill(words, &[("verdict", word), ("i", &ranges(&of))]))
            })
            .collect();
        let mut text = list.join(self.say(words::LIST));
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text
    }

    /// Whether what comes first is a remedy of this cause.
    fn first_is_of(&self, conclusion: &Conclusion<'_>, cause: &Cause) -> bool {
        let first = self.in_order(conclusion.best).first().copied();
        first.is_some_and(|first| cause.remedies.iter().any(|own| own.action == first.action))
    }

    fn first_remedy(&mut self, indent: usize, conclusion: &Conclusion<'_>, label: model::Text) {
        /// Longest snippet that is repeated here.
        const MOST_LINES: usize = 3;
        let Some(remedy) = self.in_order(conclusion.best).first().copied() else { return };
        let action = self.action(remedy, conclusion.best);
        let label = self.say(label);
        self.page.para(indent, "", vec![ink(Ink::Strong, label), plain(action)]);
        self.arithmetic(indent + 4, remedy, conclusion.best);
        if remedy.snippet.trim().lines().count() <= MOST_LINES {
            self.page.verbatim(indent + 4, Ink::Command, remedy.snippet);
        }
    }

    fn first_rival(&mut self, indent: usize, conclusion: &Conclusion<'_>) {
        let Some(rival) = conclusion.best.rivals.first() else { return };
        let values = [("title", self.say(rival.cause.title)), ("slug", rival.cause.slug)];
        let label = self.fill(&words::AGAINST, &values);
        let separates = self.statement(&rival.separates).unwrap_or_else(|| "…".to_owned());
        self.page.para(indent, "", vec![plain(label), plain(separates)]);
    }

    fn first_missing(&mut self, indent: usize, conclusion: &Conclusion<'_>) {
        let Some(missing) = conclusion.best.missing.first() else {
            return self.first_rival(indent, conclusion);
        };
        let label = self.say(words::TO_DECIDE);
        let what = self.say(missing.visibility.what);
        self.page.para(indent, "", vec![ink(Ink::Strong, label), plain(what)]);
        if let Some(way) = self.ways(missing.visibility.how).first() {
            self.way(indent + 4, way);
        }
    }

    fn next(&mut self, cause: &Cause) {
        let label = self.say(words::NEXT);
        let command = ink(Ink::Command, format!("why502 explain {}", cause.slug));
        self.page.para(2, "", vec![ink(Ink::Strong, label), command]);
    }
}

/// `1–3, 5`, from numbers in rising order.
fn ranges(numbers: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 == *number => *end = *number,
            _ => spans.push((*number, *number)),
        }
    }
    let words: Vec<String> = spans
        .into_iter()
        .map(|(start, end)| match end - start {
            0 => start.to_string(),
            1 => format!("{start}, {end}"),
            _ => format!("{start}–{end}"),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn runs_of_incidents_become_ranges() {
        assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1–3, 5, 7, 8");
        assert_eq!(ranges(&[4]), "4");
    }
}
