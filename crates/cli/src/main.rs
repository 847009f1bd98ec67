//! why502: reads the logs of an incident and says why the gateway answered 502, 503 or 504.

#![forbid(unsafe_code)]

mod args;
mod check;
mod diagnose;
#[cfg(feature = "drill")]
mod drill;
mod events;
mod evidence;
mod explain;
mod formats;
mod intake;
mod output;
mod progress;
#[cfg(test)]
mod splits;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use dialects::Context;
use dialects::reader::Options;
use engine::Digest;
use model::Lang;

use args::{Cli, Common, Diagnose, Format, Verb};
use diagnose::View;
use intake::{MOST_THREADS, Reading, Settings};
use output::Output;

fn main() -> ExitCode {
    // Before anything else: these roles need a process with one thread.
    #[cfg(feature = "drill")]
    if let Some(role) = lab::reexec::role() {
        return drill::serve(role);
    }
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match run(&cli, &matches) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli, matches: &ArgMatches) -> Result<ExitCode> {
    match &cli.verb {
        Verb::Diagnose(options) => {
            let Some(("diagnose", matches)) = matches.subcommand() else {
                bail!("no verb was given");
            };
            diagnose(options, &cli.common, &output::outputs(matches)?)
        }
        Verb::Check(options) => {
            let Some(("check", matches)) = matches.subcommand() else {
                bail!("no verb was given");
            };
            check::run(options, &cli.common, &output::outputs(matches)?)
        }
        Verb::Path(options) => check::show_path(options),
        Verb::Explain { slug } => explain(slug, &cli.common),
        #[cfg(feature = "drill")]
        Verb::Drill(options) => drill::run(options, cli.common.lang(), cli.common.color),
        #[cfg(not(feature = "drill"))]
        Verb::Drill(_) => bail!(
            "this why502 was built without its lab: run `cargo drill …` in a checkout, or build it \
             with `cargo build --release --features drill`"
        ),
        Verb::Causes { format } => {
            let out = Output { format: *format, file: None };
            out.write(&match format {
                Format::Text => {
                    report::explain::list(catalogue::ALL, cli.common.lang(), out.width())
                }
                Format::Json => report::explain::list_json(catalogue::ALL),
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Dialects { name } => formats::run(name.as_deref(), &cli.common),
        Verb::Events { paths } => {
            let settings = Settings { threads: 1, ..Settings::usual() };
            let out = Output { format: Format::Text, file: None };
            out.write(&events::list(paths, &settings))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn diagnose(options: &Diagnose, common: &Common, outputs: &[Output]) -> Result<ExitCode> {
    let lang = common.lang();
    let usual = Settings::usual();
    let settings = Settings {
        options: Options {
            forced: options.dialect.map(|forced| forced.0),
            context: Context {
                offset_east: options.timezone.unwrap_or(0),
                nginx_formats: options.nginx_log_format.clone(),
                columns: options.vpc_flow_format.clone().map_or_else(Vec::new, |format| format.0),
                ..Context::default()
            },
            zone_is_given: options.timezone.is_some(),
            ..Options::default()
        },
        threads: options.threads.map_or(usual.threads, usize::from).min(MOST_THREADS),
        progress: !options.no_progress && io::stderr().is_terminal(),
        ..usual
    };
    let look = options.dialect.is_none();
    let beside = evidence::beside(&options.paths, &options.config, look)?;
    if !options.config.is_empty() && !beside.is_there() {
        complain(match lang {
            Lang::En => "--config: no file there is configuration that why502 reads.",
            Lang::Ja => "--config: why502 が読める設定ファイルがありません。",
        });
    }
    let reading: Reading<Digest> = intake::read(&options.paths, &beside.apart, &settings);
    if reading.sources.iter().all(|source| source.lines == 0) {
        for complaint in &reading.complaints {
            complain(&complaint.says.render(lang));
        }
        if !beside.apart.is_empty() {
            complain(match lang {
                Lang::En => {
                    "there is configuration here, but no log: `why502 check` reads it alone."
                }
                Lang::Ja => {
                    "設定ファイルはありますがログがありません。設定だけなら `why502 check` で読めます。"
                }
            });
        } else if reading.complaints.is_empty() {
            complain(match lang {
                Lang::En => "there was nothing to read: name log files, a directory or -.",
                Lang::Ja => {
                    "読むものがありません。ログファイル、ディレクトリー、または - を指定してください。"
                }
            });
        }
        return Ok(ExitCode::from(2));
    }
    let understood = reading.sources.iter().any(|source| !source.dialects.is_empty());
    let mut diagnosis = diagnose::diagnosis(reading, options.timezone);
    if beside.is_there() {
        let mut predicted = ::check::check(&beside.system, catalogue::ALL);
        evidence::introduce(&beside.system, &mut predicted, beside.paths, &mut diagnosis);
    }
    for output in outputs {
        let view = View {
            lang,
            width: output.width(),
            colour: output.colour(common.color),
            hyperlinks: output.is_terminal(),
            show_values: options.show_values,
            verbose: options.verbose,
        };
        output.write(&diagnose::render(&diagnosis, output.format, &view))?;
    }
    if !understood {
        complain(match lang {
            Lang::En => "no line was understood as a record of a gateway or an application.",
            Lang::Ja => "ゲートウェイやアプリケーションの記録として読める行がありませんでした。",
        });
        return Ok(ExitCode::from(2));
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(slug: &str, common: &Common) -> Result<ExitCode> {
    let Some(cause) = catalogue::by_slug(slug) else {
        let slugs: Vec<&str> = catalogue::ALL.iter().map(|cause| cause.slug).collect();
        let similar = explain::similar(slug, &slugs);
        if similar.is_empty() {
            bail!("there is no cause {slug}: `why502 causes` lists them");
        }
        bail!("there is no cause {slug}: did you mean {}?", similar.join(" or "));
    };
    let out = Output { format: Format::Text, file: None };
    let colour = out.colour(common.color);
    out.write(&report::explain::page(cause, common.lang(), out.width(), colour))?;
    Ok(ExitCode::SUCCESS)
}

/// Says something on standard error; if nobody listens, nothing is lost.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "why502: {text}");
}
