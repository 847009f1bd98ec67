//! A child process and what it took: processor time, wall time, peak memory.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

/// What a process took. Times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) wall: f64,
    user: f64,
    system: f64,
    /// Largest resident set in bytes.
    pub(crate) peak: u64,
}

impl Usage {
    /// Processor time on all cores.
    pub(crate) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// Runs a command to its end and asks the kernel what it took (`wait4`).
pub(crate) fn run(command: &mut Command) -> Result<Usage> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let child = command.spawn().with_context(|| format!("{command:?} does not start"))?;
    let ended = child.wait4()?;
    let wall = begun.elapsed().as_secs_f64();
    ensure!(ended.status.success(), "{command:?} ended with {}", ended.status);
    Ok(Usage {
        wall,
        user: ended.rusage.utime.as_secs_f64(),
        system: ended.rusage.stime.as_secs_f64(),
        peak: ended.rusage.maxrss,
    })
}

/// The middle value, or the mean of the two in the middle; NaN of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        all if all.len() % 2 == 1 => all[middle],
        all => f64::midpoint(all[middle - 1], all[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 100.0].into_iter()), 3.0);
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn a_process_is_measured() {
        let usage = run(
            Command::new("sh").args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])
        );
        let usage = usage.expect("a shell");
        assert!(usage.cpu() > 0.0 && usage.wall > 0.0 && usage.peak > 100_000, "{usage:?}");
        assert!(run(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
