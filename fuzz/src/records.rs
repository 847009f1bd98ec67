//! The target of single records: one dialect and one record of any text.

use std::sync::OnceLock;

use dialects::{Context, Dialect};
use model::Event;

use crate::{agreement, samples};

/// The dialect that `WHY502_DIALECT` names: a run may be about one alone.
pub(crate) fn chosen() -> Option<&'static dyn Dialect> {
    static CHOSEN: OnceLock<Option<&'static dyn Dialect>> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let name = std::env::var("WHY502_DIALECT").ok()?;
        Some(dialects::by_name(&name).unwrap_or_else(|| panic!("no dialect {name}")))
    })
}

/// The contexts of the samples' directives, all that one source can have.
pub(crate) fn context() -> &'static Context {
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let mut context = Context { year: Some(2026), ..Context::default() };
        for (_, samples) in samples::all() {
            let own = samples.context();
            context.nginx_formats.extend(own.nginx_formats);
            if context.columns.is_empty() {
                context.columns = own.columns;
            }
        }
        context
    })
}

/// A record for one dialect, which the first line names. Any other first line stands for one of
/// them, too, so that altering it costs nothing.
fn addressed(bytes: &[u8]) -> (&'static dyn Dialect, &[u8]) {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let (line, rest) = (&bytes[..end], bytes.get(end + 1..).unwrap_or(b""));
    let named = || dialects::by_name(std::str::from_utf8(line).ok()?);
    let any = || {
        let sum = line.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
        dialects::ALL[sum % dialects::ALL.len()]
    };
    (chosen().or_else(named).unwrap_or_else(any), rest)
}

/// One dialect with a text as its record: the quick look says what the full parse says, the same is
/// said each time, and no more than the record is worth.
pub fn dialect(bytes: &[u8]) {
    let (dialect, record) = addressed(bytes);
    let record = String::from_utf8_lossy(record);
    for context in [context(), &Context::default()] {
        if let Err(what) = agreement::offer(dialect, &record, context) {
            panic!("{}: {what}", dialect.name());
        }
        let (first, again) = (said(dialect, &record, context), said(dialect, &record, context));
        assert_eq!(first, again, "{}: another answer the second time", dialect.name());
        assert!(
            first.len() <= 16 + record.len(),
            "{}: {} events of {} bytes",
            dialect.name(),
            first.len(),
            record.len()
        );
        let longest = first.iter().map(String::len).max().unwrap_or(0);
        let bound = 4096 + 16 * record.len();
        assert!(longest <= bound, "{}: an event of {longest} bytes", dialect.name());
    }
}

fn said(dialect: &dyn Dialect, record: &str, context: &Context) -> Vec<String> {
    let mut events: Vec<Event<'_>> = Vec::new();
    dialect.parse(record, context, &mut events);
    events.iter().map(ToString::to_string).collect()
}
