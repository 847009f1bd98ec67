//! A cause's page made from its data: what there is in every language.

use model::{Cause, Lang, Remedy, Test, Text};

use crate::page::Page;
use crate::style::{Ink, ink, plain};
use crate::{condition, fill, words};

/// Where a cause sits and how it surfaces, in short.
pub(super) fn card(page: &mut Page, cause: &Cause, lang: Lang) {
    page.para(0, "", vec![ink(Ink::Command, cause.slug)]);
    let place = words::place(cause.place).get(lang);
    page.text(2, "", &fill::words(&words::PLACE_OF, lang, &[("place", place)]));
    if !cause.statuses.is_empty() {
        let statuses = super::list::statuses(cause, words::LIST.get(lang));
        page.text(2, "", &fill::words(&words::STATUSES_OF, lang, &[("statuses", &statuses)]));
    }
    if !cause.leads_to.is_empty() {
        let leads_to = cause.leads_to.join(words::LIST.get(lang));
        page.text(2, "", &format!("{}: {leads_to}", words::LEADS_TO.get(lang)));
    }
}

/// The whole page.
pub(super) fn write(page: &mut Page, cause: &Cause, lang: Lang) {
    page.heading(0, cause.title.get(lang));
    page.blank();
    card(page, cause, lang);
    page.blank();
    page.text(0, "", cause.explanation.get(lang));
    let shows = &cause.shows;
    if !(shows.needs.is_empty() && shows.supports.is_empty() && shows.rules_out.is_empty()) {
        heading(page, words::HOW_IT_SHOWS, lang);
        tests(page, words::NEEDS, shows.needs, lang);
        tests(page, words::SUPPORTS, shows.supports, lang);
        tests(page, words::RULES_OUT, shows.rules_out, lang);
    }
    if !shows.rivals.is_empty() {
        heading(page, words::MISTAKEN, lang);
        for rival in shows.rivals {
            let separates = fill::lenient(&rival.separates, lang, &[], &str::to_owned);
            page.para(
                2,
                "- ",
                vec![ink(Ink::Command, rival.slug), plain(format!(": {separates}"))],
            );
        }
    }
    if !shows.visible.is_empty() {
        heading(page, words::VISIBLE, lang);
        for visibility in shows.visible {
            page.text(2, "- ", visibility.what.get(lang));
            for how in visibility.how {
                page.text(4, "", &format!("{}:", how.product));
                page.verbatim(6, Ink::Command, how.command);
            }
        }
    }
    if !cause.remedies.is_empty() {
        heading(page, words::REMEDIES, lang);
        for (i, remedy) in cause.remedies.iter().enumerate() {
            write_remedy(page, i + 1, remedy, lang);
        }
    }
}

fn heading(page: &mut Page, text: Text, lang: Lang) {
    page.blank();
    page.heading(0, text.get(lang));
}

fn tests(page: &mut Page, label: Text, tests: &[Test], lang: Lang) {
    if tests.is_empty() {
        return;
    }
    page.label(2, label.get(lang));
    for test in tests {
        let mut spans = vec![plain(condition::sentence(test, lang))];
        if test.proves {
            spans.push(ink(Ink::Certain, words::PROVES.get(lang)));
        } else if test.independent {
            spans.push(ink(Ink::Certain, words::INDEPENDENT.get(lang)));
        }
        page.para(4, "- ", spans);
    }
}

fn write_remedy(page: &mut Page, number: usize, remedy: &Remedy, lang: Lang) {
    let mark = format!("{number}. ");
    let indent = 2 + mark.len();
    let action = fill::lenient(&remedy.action, lang, &[], &str::to_owned);
    let product = match remedy.product {
        "any" | "" => String::new(),
        product => format!("[{product}] "),
    };
    page.text(2, &mark, &format!("{product}{action}"));
    if !remedy.setting.is_empty() {
        let setting = ink(Ink::Command, remedy.setting);
        page.para(indent, "", vec![plain(words::SETTING.get(lang)), setting]);
    }
    page.verbatim(indent + 2, Ink::Command, remedy.snippet);
    let verify = fill::lenient(&remedy.verify, lang, &[], &str::to_owned);
    if !verify.is_empty() {
        page.text(indent, "", &format!("{}{verify}", words::WORKED.get(lang)));
    }
}
