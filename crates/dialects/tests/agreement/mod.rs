//! What has to hold for any bytes given to a dialect, whatever they are: for the suites that damage
//! records and for the fuzzer.

use dialects::{Context, Dialect, Quick, Understood};
use model::{Event, Tally};

/// Offers a record to a dialect; what does not hold, if anything.
///
/// # Errors
/// If a refused record left events, if what sniffs as the dialect's own is refused, or if the quick
/// look says other than the full parse.
pub(crate) fn offer(dialect: &dyn Dialect, record: &str, context: &Context) -> Result<(), String> {
    let mut events = Vec::new();
    let quick = dialect.quick(record.as_bytes(), context);
    let understood = dialect.parse(record, context, &mut events);
    if understood == Understood::No {
        if !events.is_empty() {
            return Err("refused, but told".to_owned());
        }
        // Whose a combined log is, only its source tells.
        let elsewhere =
            Context { combined_is_apache: !context.combined_is_apache, ..context.clone() };
        let refused = dialect.parse(record, &elsewhere, &mut Vec::new()) == Understood::No;
        if refused && dialect.sniff_in(record, context) {
            return Err("sniffed and refused".to_owned());
        }
        // A quick look need not go to the end of a line, which may be cut there.
        return Ok(());
    }
    match quick {
        Quick::Full => Ok(()),
        Quick::Nothing if events.is_empty() => Ok(()),
        Quick::Nothing => Err("passed over, but told".to_owned()),
        Quick::Tally(tally) => {
            // The glance finds a label by its name wherever it stands in the entry, also below a
            // member that Google does not write: it need not take such an entry apart.
            let by_name = ["gcp-lb", "gcp-run"].contains(&dialect.name());
            same(&tally, &events).or_else(|what| {
                if by_name && what.starts_with("tallied with another hop") {
                    Ok(())
                } else {
                    Err(what)
                }
            })
        }
    }
}

/// Whether events are the one healthy request of a tally.
fn same(tally: &Tally<'_>, events: &[Event<'_>]) -> Result<(), String> {
    let [Event::Request(request)] = events else {
        return Err("tallied, but no single request".to_owned());
    };
    let (hop, target) = (String::from_utf8_lossy(tally.hop), String::from_utf8_lossy(tally.target));
    let differing = [
        ("failure", request.failure.is_some()),
        ("status", request.status != Some(tally.status)),
        ("elapsed", request.timers.total != tally.elapsed),
        ("kind", request.kind != tally.kind),
        ("hop", request.hop != hop),
        ("target", request.target.as_deref().unwrap_or("") != target),
        ("time", ![request.start, request.end].contains(&Some(tally.at))),
    ];
    match differing.iter().find(|(_, differs)| *differs) {
        Some((what, _)) => Err(format!("tallied with another {what}: {tally:?}")),
        None => Ok(()),
    }
}
