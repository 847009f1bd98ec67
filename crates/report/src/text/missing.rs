//! What could not be seen, and how to see it: for the products that occur in the evidence, and
//! nothing twice.

use model::{Evidence, Finding, Missing, Verdict};

use super::View;
use super::finding::{BODY, Known};
use crate::style::{Ink, ink, plain};
use crate::words;
use crate::wrap::cut;

/// Items that are shown of what is not visible.
const ITEMS: usize = 4;
/// Ways that are shown where no product of the evidence has one.
const WAYS: usize = 2;

impl View<'_> {
    /// What could not be seen. Where the cause is proved nothing depends on it: the commands are
    /// left to the verbose form.
    pub(super) fn missing(&mut self, finding: &Finding) {
        if finding.missing.is_empty() {
            return;
        }
        self.part(words::MISSING);
        if finding.verdict == Verdict::Proved && !self.options.verbose {
            let list: Vec<&str> =
                finding.missing.iter().map(|m| self.say(m.visibility.what)).collect();
            let text = list.join(self.say(words::ITEMS));
            let how = self.say(words::HOW_VERBOSE);
            self.page.para(BODY, "", vec![plain(text), ink(Ink::Quiet, how)]);
            return;
        }
        let items = self.items(&finding.missing);
        let shown = self.few(ITEMS).min(items.len());
        for (what, how) in &items[..shown] {
            self.item(what, how);
        }
        self.more(BODY, items.len() - shown);
    }

    /// What is missing, with the ways to see it; what is seen in the same ways stands together.
    fn items(&self, missing: &[Missing]) -> Vec<(Vec<&'static str>, Vec<&'static Evidence>)> {
        let mut items: Vec<(Vec<&'static str>, Vec<&'static Evidence>)> = Vec::new();
        for Missing { visibility } in missing {
            let what = self.say(visibility.what);
            let how = self.ways(visibility.how);
            let same = |other: &[&Evidence]| {
                other.len() == how.len() && other.iter().zip(&how).all(|(a, b)| is_same(a, b))
            };
            match items.iter_mut().find(|(_, other)| same(other)) {
                Some((all, _)) if all.contains(&what) => {}
                Some((all, _)) => all.push(what),
                None => items.push((vec![what], how)),
            }
        }
        items
    }

    /// The ways that the products of the evidence have; if they have none, the two nearest.
    pub(super) fn ways(&self, how: &'static [Evidence]) -> Vec<&'static Evidence> {
        if self.options.verbose {
            return how.iter().collect();
        }
        let mut ways = self.products.nearest_first(how, |way| way.product);
        let count = |of: &dyn Fn(&str) -> bool| ways.iter().filter(|way| of(way.product)).count();
        let occur = count(&|product| self.products.occurs(product));
        let may = count(&|product| self.products.may_be_there(product));
        ways.truncate(match (occur, may) {
            (0, 0) => WAYS,
            (0, may) => may.min(WAYS),
            (occur, _) => occur,
        });
        ways
    }

    fn item(&mut self, what: &[&'static str], how: &[&'static Evidence]) {
        let text = what.join(self.say(words::ITEMS));
        let is_known = what.iter().all(|what| self.known.contains(&Known::Item(what)));
        if is_known && !self.options.verbose {
            let see = self.fill(&words::SEE_ABOVE, &[("what", &text)]);
            self.page.text(BODY, "- ", &see);
            return;
        }
        self.page.text(BODY, "- ", &text);
        self.known.extend(what.iter().map(|what| Known::Item(what)));
        for way in how {
            self.way(BODY + 2, way);
        }
    }

    /// `product: command`; the command is never broken, because it is copied. A long one that has
    /// been shown is only named.
    pub(super) fn way(&mut self, indent: usize, way: &'static Evidence) {
        let command = way.command.trim();
        let first = command.lines().next().unwrap_or_default();
        let label = match way.product {
            "any" | "" => String::new(),
            product => format!("{product}: "),
        };
        if self.known.contains(&Known::Command(command)) {
            let before = self.say(words::IN_FULL_ABOVE);
            let room = self.page.width().saturating_sub(indent + label.len() + before.len());
            let begin = cut(first, room.clamp(8, 40));
            self.page.para(
                indent,
                "",
                vec![plain(label), ink(Ink::Command, begin), ink(Ink::Quiet, before)],
            );
            return;
        }
        if command.lines().count() > 1 {
            self.known.insert(Known::Command(command));
            self.page.text(indent, "", label.trim_end());
            self.page.verbatim(indent + 2, Ink::Command, command);
        } else {
            self.page.verbatim(indent, Ink::Command, &format!("{label}{command}"));
        }
    }
}

fn is_same(a: &Evidence, b: &Evidence) -> bool {
    a.product == b.product && a.command == b.command
}
