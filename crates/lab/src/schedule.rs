//! What is to happen at which moment of a run: the steps of the drill, and the later parts of a
//! roll-out that earlier parts bring about.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use model::{Rollout, Step};

use crate::error::{Error, Result};
use crate::lab::Lab;
use crate::nat::conntrack;
use crate::rollout::{self, Stage};
use crate::topology::Topology;

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// A step of the drill.
    Step(&'static Step),
    /// A part of a roll-out.
    Rollout(&'static Rollout, Stage),
}

/// What is still to happen, in order of time since the start of the load.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    due: BinaryHeap<Reverse<(Duration, usize)>>,
    tasks: Vec<Option<Task>>,
}

impl Schedule {
    /// The steps of a drill in one of its variants.
    ///
    /// # Errors
    ///
    /// If a time is not a number.
    pub(crate) fn of(topology: &Topology) -> Result<Schedule> {
        let mut schedule = Schedule::default();
        for step in topology.scenario.steps.iter().filter(|s| topology.variant.has(s.when)) {
            let at = Duration::from_millis(topology.number(step.at)?);
            schedule.push(at, Task::Step(step));
        }
        Ok(schedule)
    }

    /// Adds something to do.
    pub(crate) fn push(&mut self, at: Duration, task: Task) {
        self.due.push(Reverse((at, self.tasks.len())));
        self.tasks.push(Some(task));
    }

    /// The next thing whose time has come.
    fn pop(&mut self, now: Duration) -> Option<Task> {
        let Reverse((at, _)) = self.due.peek()?;
        if *at > now {
            return None;
        }
        let Reverse((_, index)) = self.due.pop()?;
        self.tasks[index].take()
    }

    /// Does everything whose time has come.
    ///
    /// # Errors
    ///
    /// The first step that failed.
    pub(crate) fn run_due(&mut self, lab: &mut Lab, now: Duration) -> Result<()> {
        while let Some(task) = self.pop(now) {
            match task {
                Task::Step(step) => self.step(lab, step, now)?,
                Task::Rollout(rollout, stage) => {
                    for (at, stage) in rollout::advance(lab, rollout, stage, now)? {
                        self.push(at, Task::Rollout(rollout, stage));
                    }
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, lab: &mut Lab, step: &'static Step, now: Duration) -> Result<()> {
        match &step.does {
            model::Action::Signal { part, signal } => {
                let signal = lab.topology.fill(signal)?;
                lab.note(&format!("{signal} to {part}"));
                let (_, _, process) = lab.process(part)?;
                process.signal(signal_of(&signal)?)
            }
            model::Action::Start { part } => {
                lab.note(&format!("{part} starts"));
                let (_, _, process) = lab.process(part)?;
                if process.is_running() {
                    return Ok(());
                }
                process.start()
            }
            model::Action::Firewall { host, rules } => {
                let rules = lab.topology.fill(rules)?;
                lab.note(&format!("the firewall of {host} changes"));
                lab.firewall(host, &rules)
            }
            model::Action::Rewrite { part, file, text } => {
                lab.note(&format!("{part}: {file} is rewritten"));
                lab.rewrite(part, file, text)
            }
            model::Action::FillConnectionTable { host, spare, seconds } => {
                let (spare, seconds) = (lab.topology.number(spare)?, lab.topology.number(seconds)?);
                let filled = lab
                    .space(host)?
                    .within(|| conntrack::fill(spare, seconds))
                    .map_err(|why| Error::network(*host, why))?
                    .map_err(|why| Error::network(*host, why))?;
                lab.note(&format!(
                    "the connection table of {host} holds {} of {} entries",
                    filled.entries, filled.limit
                ));
                Ok(())
            }
            model::Action::Run { host, command } => {
                let command = lab.topology.fill(command)?;
                lab.note(&format!("{host}$ {command}"));
                lab.run(host, &command)
            }
            model::Action::Rollout(rollout) => {
                for (at, stage) in rollout::advance(lab, rollout, Stage::Begin, now)? {
                    self.push(at, Task::Rollout(rollout, stage));
                }
                Ok(())
            }
        }
    }
}

/// A signal by its name without `SIG`.
///
/// # Errors
///
/// If it is none that steps use.
pub(crate) fn signal_of(name: &str) -> Result<rustix::process::Signal> {
    use rustix::process::Signal;
    Ok(match name {
        "HUP" => Signal::HUP,
        "INT" => Signal::INT,
        "QUIT" => Signal::QUIT,
        "KILL" => Signal::KILL,
        "USR1" => Signal::USR1,
        "USR2" => Signal::USR2,
        "TERM" => Signal::TERM,
        "STOP" => Signal::STOP,
        "CONT" => Signal::CONT,
        "WINCH" => Signal::WINCH,
        _ => return Err(Error::Data(format!("{name} is not a signal that steps use"))),
    })
}
