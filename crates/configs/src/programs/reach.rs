//! Whom a program calls: links from what code says of addresses.

use std::ops::Range;

use model::config::{Key, Setting, Span, Value};

use super::Reading;
use crate::assemble::environment;
use crate::code::Known;
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};

/// A link to where an expression points: an address, a variable that holds one, or a template that
/// begins with one of them. `None` if it says neither.
pub(crate) fn link_to(
    reading: &Reading<'_>,
    expression: &Range<usize>,
    from: DraftId,
) -> Option<LinkDraft> {
    let at = reading.span(expression);
    let by_variable = |name: &str| {
        let mut link = LinkDraft::new(from, Reach::Name(Name::variable(name)), name);
        link.at = Some(at);
        link
    };
    let by_address = |address: &str| {
        let (host, port) = environment::target(address)?;
        Some(environment::link(from, &host, port, at))
    };
    let word = reading.code.word(expression.start);
    match reading.value(expression) {
        Known::Variable(name, None) => Some(by_variable(&name)),
        known => known
            .text()
            .and_then(by_address)
            .or_else(|| by_address(literal(reading, expression)?))
            .or_else(|| leading_variable(word).map(|name| by_variable(&name)))
            .or_else(|| match first_of_sum(reading, expression)? {
                Known::Variable(name, None) => Some(by_variable(&name)),
                known => known.text().and_then(by_address),
            }),
    }
}

/// The address that a template begins with, if something literal ends its host.
fn literal<'t>(reading: &Reading<'t>, expression: &Range<usize>) -> Option<&'t str> {
    let word = reading.code.word(expression.start);
    let (text, open) = match word.strip_prefix('`') {
        Some(text) => (text, "${"),
        None => (word.strip_prefix("f\"").or_else(|| word.strip_prefix("f'"))?, "{"),
    };
    let literal = text.split(open).next()?;
    literal.split_once("://")?.1.contains('/').then_some(literal)
}

/// What `"http://orders:4000" + path` begins with.
fn first_of_sum(reading: &Reading<'_>, expression: &Range<usize>) -> Option<Known> {
    let code = &reading.code;
    let sign = (expression.start..expression.end).find(|&at| code.is(at, "+"))?;
    Some(reading.value(&(expression.start..sign)))
}

/// The variable of the environment that a template begins with.
fn leading_variable(word: &str) -> Option<String> {
    let name = word.strip_prefix("`${process.env.")?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    name[end..].starts_with('}').then(|| name[..end].to_owned())
}

/// Adds a link unless the program has one to the same place; what another call of the same client
/// says is added to that one.
pub(crate) fn add(draft: &mut Draft, link: LinkDraft) {
    let same =
        |had: &&mut LinkDraft| had.from == link.from && had.to == link.to && had.port == link.port;
    match draft.links.iter_mut().find(same) {
        None => draft.links.push(link),
        Some(had) => {
            let client =
                |link: &LinkDraft| link.settings.text(Key::UpstreamClient).map(str::to_owned);
            if client(had).is_some() && client(had) == client(&link) {
                had.settings.inherit(&link.settings);
            }
        }
    }
}

/// A setting that says what sends the requests of a link.
pub(crate) fn sent_by(client: &str, at: Span) -> Setting {
    Setting::written(Key::UpstreamClient, Value::Text(client.to_owned()), "client", at)
}
