//! `next.config.js`: to whom Next.js passes requests on.
//! <https://nextjs.org/docs/app/api-reference/config/next-config-js/rewrites>

use model::config::{Key, Route, Value};

use super::reach::link_to;
use super::{Reading, add_product_first, runs};
use crate::code::{Language, Scale};
use crate::defaults::clients;
use crate::document::Document;
use crate::draft::Draft;

/// Rewrites that are read.
const MOST_REWRITES: usize = 100;

/// Reads the configuration of the program of a folder.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let reading = Reading::new(document, Language::JavaScript, folder, draft);
    let code = &reading.code;
    let program = draft.program_of(folder);
    program.hop.at.get_or_insert(document.span(0..0));
    runs(program, "Node.js");
    add_product_first(program, "Next.js");
    let standalone = |(name, value): &(usize, std::ops::Range<usize>)| {
        code.label(*name) == "output" && code.string(value.start) == Some("standalone")
    };
    let mut timeout = None;
    let mut rewrites = Vec::new();
    for open in (0..code.len()).filter(|&at| code.is(at, "{")) {
        let named = code.named(open);
        let of = |name: &str| {
            named.iter().find(|(label, _)| code.label(*label) == name).map(|(_, value)| value)
        };
        if named.iter().any(standalone) {
            // Its own server reads the timer from the environment; `next start` does not.
            program.timers.push(("KEEP_ALIVE_TIMEOUT", Key::ClientIdleTimeout));
        }
        if let Some(value) = of("proxyTimeout") {
            let key = (Key::ResponseTimeout, "proxyTimeout");
            let off = Some(Value::Unlimited);
            timeout = Some(reading.time(key, value, Scale::Milliseconds, off));
        }
        let is_redirect = of("permanent").or_else(|| of("statusCode")).is_some();
        if let (Some(source), Some(to), false) = (of("source"), of("destination"), is_redirect) {
            rewrites.push((source.clone(), to.clone()));
        }
    }
    let from = draft.program_id(folder);
    for (source, to) in rewrites.into_iter().take(MOST_REWRITES) {
        let Some(mut link) = link_to(&reading, &to, from) else { continue };
        let path = reading.value(&source).text().unwrap_or("").to_owned();
        // `/api/:path*` is everything below `/api/`.
        let end = path.find([':', '(', '*']).unwrap_or(path.len());
        link.route = Route { hosts: Vec::new(), path: path[..end].to_owned() };
        if let Some(timeout) = &timeout {
            link.settings.set(timeout.clone());
        }
        clients::NEXT_REWRITES.iter().for_each(|row| link.settings.set(row.stated()));
        draft.links.push(link);
    }
}
