//! The verb `drill`: which drills there are, running them, and saying what was seen.

mod config;
mod list;
mod live;
mod show;
mod story;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use lab::hold::{self, Held};
use lab::judge::{self, Check};
use lab::message::Message;
use lab::parts::Tools;
use lab::reexec::Role;
use lab::{Inside, Job, Outcome, Variant};
use model::{Cause, Drill, Lang, Scenario};

use crate::args;
use crate::output::Output;
use live::Live;

/// A scenario with the cause it is a drill of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) cause: &'static Cause,
    pub(crate) scenario: &'static Scenario,
}

impl Known {
    /// `cause/servers`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.cause.slug, self.scenario.name)
    }
}

/// Every drill of the catalogue, in its order.
pub(crate) fn known() -> Vec<Known> {
    let mut known = Vec::new();
    for cause in catalogue::ALL {
        if let Drill::Runs(scenarios) = cause.drill {
            known.extend(scenarios.iter().map(|scenario| Known { cause, scenario }));
        }
    }
    known
}

/// What became of one drill.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) known: Known,
    pub(crate) fault: Option<Outcome>,
    pub(crate) remedy: Option<Outcome>,
    pub(crate) checks: Vec<Check>,
    pub(crate) kept: Option<PathBuf>,
}

/// A drill that this machine cannot run.
#[derive(Debug)]
pub(crate) struct Skipped {
    pub(crate) known: Known,
    pub(crate) why: String,
}

/// The verb.
pub(crate) fn run(options: &args::Drill, lang: Lang, color: args::When) -> Result<ExitCode> {
    let out = Output { format: options.format, file: None };
    if options.what == "list" {
        out.write(&match options.format {
            args::Format::Text => list::text(&known(), lang, out.width()),
            args::Format::Json => {
                list::json(&known(), &Tools::find(), hold::forbidden().as_deref())
            }
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(story) = story::by_name(&options.what) {
        if options.config.is_some() {
            bail!("--config writes the configuration of drills; {} is a story", options.what);
        }
        return story::run(story, options, lang, &out, out.colour(color));
    }
    let chosen = choose(&options.what)?;
    if options.dry_run {
        for known in &chosen {
            let variants: &[Variant] = match (options.fault, options.remedy) {
                (_, true) => &[Variant::Remedy],
                _ => &[Variant::Fault],
            };
            for variant in variants {
                out.write(&lab::dry_run(known.scenario, *variant)?)?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &options.config {
        for known in &chosen {
            for variant in variants(options) {
                config::write(known, variant, folder)?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut done = Vec::new();
    let mut skipped = Vec::new();
    let tools = Tools::find();
    for known in chosen {
        if let Some(why) = lab::missing(known.scenario, &tools).into_iter().next() {
            skipped.push(Skipped { known, why });
            continue;
        }
        match drill(known, options, lang) {
            Ok(one) => {
                if options.format == args::Format::Text {
                    out.write(&show::one(&one, lang, out.colour(color), options.what != "all"))?;
                }
                done.push(one);
            }
            Err(Failed::Missing(why)) => skipped.push(Skipped { known, why }),
            Err(Failed::Broken(why)) => return Err(anyhow!("{}: {why}", known.name())),
        }
    }
    match options.format {
        args::Format::Text => out.write(&show::summary(&done, &skipped, lang))?,
        args::Format::Json => out.write(&show::json(&done, &skipped))?,
    }
    Ok(if done.iter().any(|one| one.checks.iter().any(|check| !check.holds)) {
        ExitCode::from(1)
    } else if done.is_empty() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

/// The runs that are asked for.
fn variants(options: &args::Drill) -> Vec<Variant> {
    match (options.fault, options.remedy) {
        (true, _) => vec![Variant::Fault],
        (_, true) => vec![Variant::Remedy],
        _ => vec![Variant::Fault, Variant::Remedy],
    }
}

fn choose(what: &str) -> Result<Vec<Known>> {
    let all = known();
    if what == "all" {
        return Ok(all);
    }
    let chosen: Vec<Known> = all
        .iter()
        .filter(|known| known.cause.slug == what || known.name() == what)
        .copied()
        .collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let slug = what.split('/').next().unwrap_or(what);
    match catalogue::by_slug(slug).map(|cause| &cause.drill) {
        Some(Drill::Runs(scenarios)) => {
            let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name).collect();
            bail!("{slug} has no drill {what}: it has {}", names.join(", "))
        }
        Some(Drill::NotYet(why)) => bail!("{slug} has no drill: {why}"),
        None => bail!("there is no drill {what}: `why502 drill list` lists them"),
    }
}

/// Why a run has no result.
pub(crate) enum Failed {
    /// This machine lacks something.
    Missing(String),
    /// The lab does not work.
    Broken(String),
}

fn drill(known: Known, options: &args::Drill, lang: Lang) -> std::result::Result<Done, Failed> {
    let variant = |variant, wanted: bool| -> std::result::Result<Option<Outcome>, Failed> {
        if !wanted {
            return Ok(None);
        }
        let name = known.name();
        let run = Run {
            slug: known.cause.slug,
            scenario: known.scenario,
            variant,
            values: &[],
            title: &format!("{name}, {}", variant.name()),
            keep: &format!("{name}/{}", variant.name()),
        };
        run_one(&run, options, lang).map(Some)
    };
    let fault = variant(Variant::Fault, !options.remedy)?;
    let remedy = variant(Variant::Remedy, !options.fault)?;
    let mut checks = Vec::new();
    if let Some(outcome) = &fault {
        checks.extend(judge::fault(known.scenario, known.cause.slug, outcome));
    }
    if let Some(outcome) = &remedy {
        checks.extend(judge::remedy(outcome));
    }
    let kept = options.keep.as_ref().map(|folder| folder.join(known.name()));
    Ok(Done { known, fault, remedy, checks, kept })
}

/// One run: which system, and how.
pub(crate) struct Run<'a> {
    /// The cause's slug or the story's name.
    pub(crate) slug: &'a str,
    pub(crate) scenario: &'static Scenario,
    pub(crate) variant: Variant,
    /// Values that stand in for the knobs' own.
    pub(crate) values: &'a [(&'static str, &'static str)],
    /// What the live line says.
    pub(crate) title: &'a str,
    /// Folder below the one that is kept.
    pub(crate) keep: &'a str,
}

pub(crate) fn run_one(
    run: &Run<'_>,
    options: &args::Drill,
    lang: Lang,
) -> std::result::Result<Outcome, Failed> {
    let broken = |why: &dyn std::fmt::Display| Failed::Broken(why.to_string());
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let job = Job {
        slug: run.slug.to_owned(),
        scenario: run.scenario.name.to_owned(),
        variant: run.variant,
        values: run.values.iter().map(own).collect(),
        client: options.load.clone(),
        lang: lang.tag().to_owned(),
        keep: if options.keep.is_some() { run.keep.to_owned() } else { String::new() },
    };
    let text = serde_json::to_string(&job).map_err(|why| broken(&why))?;
    let mut held = Held::start(&text, options.keep.as_deref(), lab::limits_memory(run.scenario))
        .map_err(|why| broken(&why))?;
    let output = held.output().ok_or_else(|| broken(&"the lab has no output"))?;
    let mut live = Live::new(run.title);
    let mut result = None;
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|why| broken(&why))?;
        match serde_json::from_str::<Message>(&line) {
            Ok(Message::Doing { what }) => live.doing(&what),
            Ok(Message::Load { elapsed, of, sent, failed }) => live.load(elapsed, of, sent, failed),
            Ok(Message::Done { result: value }) => result = Some(Ok(value)),
            Ok(Message::Failed { why, missing }) => {
                result =
                    Some(Err(if missing { Failed::Missing(why) } else { Failed::Broken(why) }));
            }
            Err(why) => return Err(broken(&format!("the lab said what is no message: {why}"))),
        }
    }
    live.erase();
    held.wait().map_err(|why| broken(&why))?;
    let value = result.unwrap_or_else(|| Err(broken(&"the lab ended without a result")))?;
    serde_json::from_value(value).map_err(|why| broken(&why))
}

/// The program in one of the lab's roles.
pub(crate) fn serve(role: Role) -> ExitCode {
    match role {
        Role::Holder => lab::hold::hold(),
        Role::Shim => lab::shim::run(),
        Role::Lab => {
            let outcome = lab::job().and_then(|job| {
                let inside = Inside::enter()?;
                let Some(job) = job else { return lab::try_out(&inside).map(|()| None) };
                let drill = known()
                    .into_iter()
                    .find(|k| k.cause.slug == job.slug && k.scenario.name == job.scenario)
                    .map(|known| known.scenario);
                let story = || story::by_name(&job.slug).map(|story| &story.scenario);
                let scenario = drill
                    .or_else(story)
                    .ok_or_else(|| lab::Error::Data(format!("there is no drill {}", job.slug)))?;
                lab::run(inside, scenario, &job).map(Some)
            });
            lab::answer(&outcome);
            if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}
