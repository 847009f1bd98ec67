//! The ports of a NAT gateway with static allocation, as "Cloud NAT: ports" describes them: every
//! endpoint has its own block, a port serves one connection per destination at a time, and stays
//! unusable for that destination while the closed connection is in TIME_WAIT.

use crate::clock::{SECOND, Time};
use std::collections::HashMap;

/// Ports per endpoint, the default of `minPortsPerVm`.
pub(crate) const PORTS: usize = 64;
/// Default of `tcpTimeWaitTimeoutSec`.
pub(crate) const TIME_WAIT: i64 = 120 * SECOND;

/// Port use by endpoint and destination.
#[derive(Debug, Default)]
pub(crate) struct Nat {
    /// Until when each port of the block is taken, by (endpoint, destination).
    taken: HashMap<(usize, usize), Vec<Time>>,
}

impl Nat {
    /// Takes a port for a connection that is opened now and lives for `micros`; `None` if the
    /// block has no free port towards that destination. Calls must come in the order of time.
    pub(crate) fn open(
        &mut self,
        endpoint: usize,
        destination: usize,
        now: Time,
        micros: i64,
    ) -> Option<usize> {
        let ports =
            self.taken.entry((endpoint, destination)).or_insert_with(|| vec![Time(0); PORTS]);
        let (port, until) = ports.iter().copied().enumerate().min_by_key(|(_, until)| *until)?;
        if until > now {
            return None;
        }
        ports[port] = now.plus(micros + TIME_WAIT);
        Some(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_runs_dry_and_recovers_after_time_wait() {
        let mut nat = Nat::default();
        let start = Time(1_000 * SECOND);
        for n in 0..PORTS as i64 {
            assert!(nat.open(1, 0, start.plus(n * SECOND), SECOND).is_some(), "{n}");
        }
        let full = start.plus(64 * SECOND);
        assert_eq!(nat.open(1, 0, full, SECOND), None, "the 65th connection finds no port");
        assert!(nat.open(1, 1, full, SECOND).is_some(), "another destination is not affected");
        assert!(nat.open(2, 0, full, SECOND).is_some(), "another endpoint is not affected");
        assert_eq!(nat.open(1, 0, start.plus(SECOND + TIME_WAIT - 1), SECOND), None);
        assert!(nat.open(1, 0, start.plus(SECOND + TIME_WAIT), SECOND).is_some());
    }
}
