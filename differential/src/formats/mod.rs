//! The formats: for each what its lines look like, and which values of both parsers are the same.

mod alb;
mod apache;
mod apache_error;
mod flow;
mod nginx;
mod nginx_error;

use dialects::Context;

use crate::line::Line;
use crate::ours::Ours;
use crate::pairs::Pairs;
use crate::random::Random;
use crate::theirs::Values;

/// Something that servers may write but not on every line.
pub(crate) struct Unusual {
    pub(crate) name: &'static str,
    pub(crate) apply: fn(&mut Random, &mut Line),
}

/// One format as both parsers read it.
pub(crate) struct Format {
    /// Its name in results and exceptions.
    pub(crate) name: &'static str,
    /// Our dialect.
    pub(crate) dialect: &'static str,
    /// What our dialect is told from outside the line.
    pub(crate) context: fn() -> Context,
    /// Their call, on the event's field `line`.
    pub(crate) call: &'static str,
    /// An everyday line.
    pub(crate) ordinary: fn(&mut Random) -> Line,
    pub(crate) unusual: &'static [Unusual],
    /// Puts the values side by side that both state.
    pub(crate) pairs: fn(&Values, &Ours<'_>, &mut Pairs),
}

/// All of them.
pub(crate) static FORMATS: &[Format] = &[
    alb::FORMAT,
    nginx::COMBINED,
    nginx::MAIN,
    nginx::INGRESS,
    nginx_error::FORMAT,
    apache::COMMON,
    apache::COMBINED,
    apache_error::FORMAT,
    flow::DEFAULT,
    flow::VERSION_5,
    flow::VERSION_8,
    flow::FEW,
];

const fn unusual(name: &'static str, apply: fn(&mut Random, &mut Line)) -> Unusual {
    Unusual { name, apply }
}
