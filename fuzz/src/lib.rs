//! The targets: what must hold for any bytes. Each panics if it does not.

#[path = "../../crates/dialects/tests/agreement/mod.rs"]
mod agreement;
mod files;
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/cli/src/intake/mod.rs"]
mod intake;
#[path = "../../crates/cli/tests/support/pack.rs"]
mod pack;
#[allow(dead_code)]
#[path = "../../crates/cli/src/progress.rs"]
mod progress;
mod records;
#[allow(dead_code)]
#[path = "../../crates/dialects/tests/samples/mod.rs"]
mod samples;
mod seeds;
mod sources;

pub use files::intake;
pub use records::dialect;
pub use seeds::{corpus, seeds};
pub use sources::{reader, sniff};

/// A target by its name.
pub const TARGETS: [(&str, fn(&[u8])); 4] =
    [("dialect", dialect), ("sniff", sniff), ("reader", reader), ("intake", intake)];
