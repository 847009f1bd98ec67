//! A switch of revisions as a managed platform does it: the new instances start, traffic moves to
//! them, the old ones drain, are asked to stop, and are stopped.

use std::time::Duration;

use model::Rollout;
use rustix::process::Signal;

use crate::error::Result;
use crate::lab::Lab;

/// How far a roll-out is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// It has not begun.
    Begin,
    /// New instances start.
    Starting {
        /// Those that traffic goes to now.
        old: Vec<String>,
        /// Those started so far.
        new: Vec<String>,
        /// How many are still to start.
        left: usize,
    },
    /// All were started; traffic moves when they accept connections.
    Waiting {
        /// As above.
        old: Vec<String>,
        /// As above.
        new: Vec<String>,
        /// When waiting began.
        since: Duration,
    },
    /// Traffic moves now.
    Moving {
        /// As above.
        new: Vec<String>,
    },
    /// The old ones are asked to stop.
    Stopping {
        /// As above.
        old: Vec<String>,
    },
    /// Those that still run are killed.
    Killing {
        /// As above.
        old: Vec<String>,
    },
}

/// How often a waiting roll-out looks whether the new instances accept connections.
const LOOK: Duration = Duration::from_millis(50);
/// Managed platforms give up on a revision that does not come up; so does the lab, and moves
/// traffic nevertheless, because that is what a drill of a slow start is about.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Does what is due and says what follows when.
///
/// # Errors
///
/// If an instance cannot be made or a gateway not be told.
pub(crate) fn advance(
    lab: &mut Lab,
    rollout: &'static Rollout,
    stage: Stage,
    now: Duration,
) -> Result<Vec<(Duration, Stage)>> {
    let milliseconds = |lab: &Lab, text: &str| -> Result<Duration> {
        lab.topology.number(text).map(Duration::from_millis)
    };
    match stage {
        Stage::Begin => {
            let old: Vec<String> =
                lab.topology.instances(rollout.host).iter().map(|n| n.name.clone()).collect();
            lab.note(&format!("a new revision of {} is rolled out", rollout.host));
            lab.audit.deploy(rollout.host);
            let left = old.len();
            lab.topology.members.insert(rollout.host, old.clone());
            advance(lab, rollout, Stage::Starting { old, new: Vec::new(), left }, now)
        }
        Stage::Starting { old, mut new, mut left } => {
            let pace = milliseconds(lab, rollout.pace)?;
            while left > 0 {
                new.push(lab.start_instance(rollout)?);
                left -= 1;
                if !pace.is_zero() && left > 0 {
                    return Ok(vec![(now + pace, Stage::Starting { old, new, left })]);
                }
            }
            let ready = lab.topology.fill(rollout.ready)?;
            if ready.trim().is_empty() {
                return Ok(vec![(now, Stage::Waiting { old, new, since: now })]);
            }
            let ready = milliseconds(lab, rollout.ready)?;
            switch(lab, rollout, old, new, now + ready)
        }
        Stage::Waiting { old, new, since } => {
            if lab.accepting(&new)? || now.saturating_sub(since) > GIVE_UP {
                return switch(lab, rollout, old, new, now);
            }
            Ok(vec![(now + LOOK, Stage::Waiting { old, new, since })])
        }
        Stage::Moving { new } => {
            lab.note(&format!("traffic of {} moves to {}", rollout.host, new.join(", ")));
            lab.topology.members.insert(rollout.host, new);
            for gateway in rollout.gateways {
                lab.refresh(gateway)?;
            }
            Ok(Vec::new())
        }
        Stage::Stopping { old } => {
            let grace = milliseconds(lab, rollout.grace)?;
            lab.stop_all(&old)?;
            lab.note(&format!("{} are asked to stop", old.join(", ")));
            Ok(vec![(now + grace, Stage::Killing { old })])
        }
        Stage::Killing { old } => {
            lab.signal_all(&old, Signal::KILL)?;
            Ok(Vec::new())
        }
    }
}

/// The new instances are ready at `at`: when traffic moves and the old ones are asked to stop.
fn switch(
    lab: &Lab,
    rollout: &Rollout,
    old: Vec<String>,
    new: Vec<String>,
    at: Duration,
) -> Result<Vec<(Duration, Stage)>> {
    let drain: i64 = lab.topology.number(rollout.drain)?;
    let apart = Duration::from_millis(drain.unsigned_abs());
    let (move_at, stop_at) = if drain < 0 { (at + apart, at) } else { (at, at + apart) };
    Ok(vec![(move_at, Stage::Moving { new }), (stop_at, Stage::Stopping { old })])
}
