//! A timer with the kernel's own resolution: tokio's rounds up to a millisecond, and a burst's
//! step may be a fraction of one.

use std::io::{self, ErrorKind};
use std::time::Instant;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

/// Wakes one waiter at a time.
pub(super) struct Alarm {
    /// A timer is read like a pipe, and tokio takes other descriptors by unsafe calls only.
    timer: Receiver,
}

impl Alarm {
    /// # Errors
    ///
    /// The process is out of file descriptors, or there is no tokio runtime with IO around.
    pub(super) fn new() -> io::Result<Alarm> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Alarm { timer: Receiver::from_owned_fd_unchecked(timer)? })
    }

    /// Returns at `at`, or at once if that has passed.
    ///
    /// # Errors
    ///
    /// The kernel's or the runtime's, none of which is expected.
    pub(super) async fn until(&self, at: Instant) -> io::Result<()> {
        loop {
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let value = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
            let once =
                Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
            self.timer.readable().await?;
            match self.timer.try_read(&mut [0; 8]) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }
}
