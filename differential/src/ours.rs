//! What our dialect makes of a line: the quick look and the full parse.

use dialects::{Context, Dialect, Quick, Understood};
use model::Event;

/// Both readings of one line.
pub(crate) struct Ours<'a> {
    pub(crate) understood: bool,
    pub(crate) events: Vec<Event<'a>>,
    pub(crate) quick: Quick<'a>,
}

/// Reads a line, as bytes for the quick look and as text for the parse.
pub(crate) fn read<'a>(
    dialect: &dyn Dialect,
    context: &'a Context,
    bytes: &'a [u8],
    text: &'a str,
) -> Ours<'a> {
    let mut events = Vec::new();
    let understood = dialect.parse(text, context, &mut events) == Understood::Yes;
    Ours { understood, events, quick: dialect.quick(bytes, context) }
}
