//! Real clients as the load: the command line that comes closest to a plan, and what the client's
//! output says, as far as it goes. The caller starts the program, inside the client's namespace.

mod ab;
mod curl;
mod h2load;
mod output;
mod wrk;

use std::time::Duration;

use super::plan::{Arrivals, Ask, Plan, PlanError};
use super::report::Report;
use super::schedule::Mix;

/// A program that can send the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Apache httpd's `ab`.
    Ab,
    /// `wrk`.
    Wrk,
    /// `curl`.
    Curl,
    /// nghttp2's `h2load`.
    H2load,
}

impl Client {
    /// Every client.
    pub const ALL: &'static [Client] = &[Client::Ab, Client::Wrk, Client::Curl, Client::H2load];

    /// The name of the program.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Client::Ab => "ab",
            Client::Wrk => "wrk",
            Client::Curl => "curl",
            Client::H2load => "h2load",
        }
    }

    /// The client of this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Client> {
        Client::ALL.iter().copied().find(|client| client.as_str() == word)
    }
}

/// How to start a client.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program, to be found on the `PATH`.
    pub program: &'static str,
    /// Its arguments. Standard output and standard error have to be pipes.
    pub args: Vec<String>,
    /// Files (name and content) that have to lie in the directory it is started in.
    pub files: Vec<(String, Vec<u8>)>,
    /// Where it departs from the plan, one sentence each.
    pub notes: Vec<String>,
    /// By when it should have ended; longer means that it hangs.
    pub at_most: Duration,
}

/// Why a client cannot send a plan, or what it printed cannot be read; one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The plan has no meaning.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The client lacks what the plan asks for.
    #[error("{client} cannot send this load: {why}")]
    Unfit {
        /// The program.
        client: &'static str,
        /// What it lacks.
        why: String,
    },
    /// Its output is not a report.
    #[error("{client} left no result: {said}")]
    Unreadable {
        /// The program.
        client: &'static str,
        /// The last thing it said.
        said: String,
    },
}

/// The command line that comes closest to the plan.
///
/// # Errors
///
/// The plan has no meaning, or the client cannot speak its protocol.
pub fn command(plan: &Plan, client: Client) -> Result<Command, ClientError> {
    plan.check()?;
    let mut command = Command {
        program: client.as_str(),
        args: Vec::new(),
        files: Vec::new(),
        notes: Vec::new(),
        at_most: plan.lasts * 2 + plan.patience * 2 + Duration::from_secs(5),
    };
    match client {
        Client::Ab => ab::command(plan, &mut command)?,
        Client::Wrk => wrk::command(plan, &mut command)?,
        Client::Curl => curl::command(plan, &mut command),
        Client::H2load => h2load::command(plan, &mut command),
    }
    Ok(command)
}

/// Reads what the client printed. Latencies count from when it sent, not from a schedule.
///
/// # Errors
///
/// There is no result in it; the message ends with what the client said instead.
pub fn read(client: Client, stdout: &str, stderr: &str) -> Result<Report, ClientError> {
    let report = match client {
        Client::Ab => ab::read(stdout, stderr),
        Client::Wrk => wrk::read(stdout, stderr),
        Client::Curl => curl::read(stdout),
        Client::H2load => h2load::read(stdout),
    };
    report.ok_or_else(|| {
        let said = [stderr, stdout]
            .into_iter()
            .find_map(|text| text.lines().rev().map(str::trim).find(|line| !line.is_empty()));
        let said = said.unwrap_or("it printed nothing").chars().take(200).collect();
        ClientError::Unreadable { client: client.as_str(), said }
    })
}

fn unfit(client: Client, why: &str) -> ClientError {
    ClientError::Unfit { client: client.as_str(), why: why.to_owned() }
}

/// Requests per second, averaged over bursts.
fn mean_rate(plan: &Plan) -> f64 {
    match plan.arrivals {
        Arrivals::Constant { rate } => rate,
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        Arrivals::Bursts { .. } => plan.scheduled() as f64 / plan.lasts.as_secs_f64(),
    }
}

/// How many connections a client that waits for answers gets: a burst's requests, or those that
/// come in a tenth of a second; never more than there are requests.
fn connections(plan: &Plan) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is what is wanted"
    )]
    let wanted = match plan.arrivals {
        Arrivals::Constant { rate } => (rate / 10.0).ceil() as u64,
        Arrivals::Bursts { size, .. } => u64::from(size),
    };
    wanted.clamp(1, 256).min(plan.scheduled())
}

/// Whole seconds, at least one.
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// The kind with the greatest weight, for clients that send only one, and a note if there are more.
fn heaviest<'a>(plan: &'a Plan, command: &mut Command) -> &'a Ask {
    let mut best = &plan.requests[0];
    for ask in &plan.requests {
        if ask.weight > best.weight {
            best = ask;
        }
    }
    if plan.requests.iter().filter(|ask| ask.weight > 0).count() > 1 {
        command.notes.push(format!(
            "{} sends one kind of request only: {} {}",
            command.program, best.method, best.path
        ));
    }
    best
}

/// The kinds in turn, as long as the mix takes to come round, within bounds.
fn turn(plan: &Plan) -> Vec<usize> {
    const MOST: u64 = 1000;
    let total: u64 = plan.requests.iter().map(|ask| u64::from(ask.weight)).sum();
    let mut mix = Mix::new(&plan.requests);
    (0..total.min(MOST)).map(|_| mix.next()).collect()
}

/// The content of a request, which clients read from a file.
fn content(ask: &Ask) -> Vec<u8> {
    vec![b'x'; usize::try_from(ask.body_bytes).unwrap_or(usize::MAX).min(1 << 30)]
}
