//! The verb `check`: gathers configuration, has it read and judged, and says so; `--fix` writes.

mod baseline;
mod content;
pub(crate) mod gather;
mod git;
mod happened;
pub(crate) mod names;
mod since;
pub(crate) mod today;
mod watch;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use check::ignore;
use model::Lang;
use model::config::{Checked, Confidence, Finding, Revisions, Severity, System};
use report::check::{CheckText, Names};

use crate::args::{self, CheckFormat, Common, FailOn, PathFormat, ShowPath, Sure};
use crate::complain;
use crate::output::Output;
use gather::Gathered;

/// Runs `check`.
///
/// # Errors
/// If a file that was named cannot be read, or an output or a file to change cannot be written.
pub(crate) fn run(
    options: &args::Check,
    common: &Common,
    outputs: &[Output<CheckFormat>],
) -> Result<ExitCode> {
    if options.watch {
        return watch::run(options, common, outputs);
    }
    let gathered = gather::gather(&options.paths)?;
    for sentence in &gathered.left_out {
        complain(sentence);
    }
    let (checked, gathered) = judge(options, gathered, common.lang())?;
    if checked.system.files.iter().all(|file| file.read_as.is_empty()) {
        for remark in &checked.system.remarks {
            let file = checked.system.file(remark.at.file);
            let (line, _) = file.position(remark.at.range().start);
            complain(&format!("{}:{line}: {}", file.name, remark.says));
        }
        complain(match common.lang() {
            Lang::En => "no file here is configuration that why502 reads: name files or folders.",
            Lang::Ja => {
                "why502 が読める設定ファイルがありません。ファイルかフォルダーを指定してください。"
            }
        });
        return Ok(ExitCode::from(2));
    }
    if options.explain_path {
        Output { format: CheckFormat::Text, file: None }.write(&checked.system.describe())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &options.write_baseline {
        baseline::write(file, &checked)?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.diff {
        let diff = write::diff(&checked, options.unsafe_fixes);
        Output { format: CheckFormat::Text, file: None }.write(&diff)?;
        return Ok(verdict(&checked, options.fail_on));
    }
    if options.fix {
        let changed = write::fix(&checked, &gathered, options.unsafe_fixes)?;
        for path in &changed {
            complain(&format!("changed {path}"));
        }
        let (checked, _) = judge(options, gather::gather(&options.paths)?, common.lang())?;
        show(&checked, common, outputs)?;
        return Ok(verdict(&checked, options.fail_on));
    }
    show(&checked, common, outputs)?;
    Ok(verdict(&checked, options.fail_on))
}

/// Runs `path`.
///
/// # Errors
/// As [`run`].
pub(crate) fn show_path(options: &ShowPath) -> Result<ExitCode> {
    let gathered = gather::gather(&options.paths)?;
    let system = gathered.read();
    let text = match options.format {
        PathFormat::Text => report::path::text(&system),
        PathFormat::Dot => report::path::dot(&system),
        PathFormat::Svg => report::path::svg(&system),
    };
    Output { format: CheckFormat::Text, file: None }.write(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn judge(options: &args::Check, gathered: Gathered, lang: Lang) -> Result<(Checked, Gathered)> {
    let today = today::today();
    let mut system = gathered.read();
    gathered.remark(&mut system);
    system.today.clone_from(&today);
    let causes: Vec<_> = catalogue::ALL.to_vec();
    let least = match options.min_confidence {
        Sure::Low => Confidence::Low,
        Sure::Medium => Confidence::Medium,
        Sure::High => Confidence::High,
    };
    let (system, mut findings) = match &options.since {
        Some(name) => {
            let before = since::gather_before(name, &gathered)?;
            let mut before = gathered.read_as_well(before);
            before.today.clone_from(&today);
            let both = Revisions::new(before, system, name);
            let findings = check::since(&both, &causes);
            (both.now, findings)
        }
        None => {
            let findings = check::check(&system, &causes);
            (system, findings)
        }
    };
    let logs: Vec<String> = options.logs.iter().map(|path| path.display().to_string()).collect();
    let mut paths: Vec<String> =
        options.paths.iter().map(|path| path.display().to_string()).collect();
    if paths.is_empty() {
        paths.push(home().display().to_string());
    }
    if !logs.is_empty() {
        happened::look(&options.logs, (&system, paths.clone()), &mut findings, lang)?;
    }
    findings.retain(|finding| finding.prediction.confidence >= least);
    let slugs: Vec<&str> = causes.iter().map(|cause| cause.slug).collect();
    let sorted = ignore::sort(&system, findings, &today, &slugs);
    let mut checked = Checked {
        system,
        findings: sorted.kept,
        ignored: sorted.ignored,
        known: 0,
        since: options.since.clone(),
        old: 0,
        logs,
        paths,
    };
    checked.system.remarks.extend(sorted.remarks);
    checked.system.remarks.sort();
    if let Some(file) = &options.baseline {
        baseline::leave_out(file, &mut checked)?;
    }
    if options.only_new {
        let all = checked.findings.len();
        checked.findings.retain(|finding| finding.is_new != Some(false));
        checked.old = all - checked.findings.len();
    }
    Ok((checked, gathered))
}

fn show(checked: &Checked, common: &Common, outputs: &[Output<CheckFormat>]) -> Result<()> {
    let lang = common.lang();
    let fingerprint = |finding: &Finding| name(&checked.system, finding);
    let names = Names { fingerprint: &fingerprint };
    for output in outputs {
        let text = match output.format {
            CheckFormat::Text => {
                let how =
                    CheckText { lang, width: output.width(), colour: output.colour(common.color) };
                report::check::text(checked, &how)
            }
            CheckFormat::Json => report::check::json(checked, &names),
            CheckFormat::Sarif => {
                report::check::sarif(checked, &names, lang, env!("CARGO_PKG_VERSION"))
            }
            CheckFormat::Junit => report::check::junit(checked, lang),
            CheckFormat::Github => report::check::github(checked, lang),
        };
        output.write(&text)?;
    }
    Ok(())
}

fn name(system: &System, finding: &Finding) -> String {
    check::fingerprint(system, finding)
}

fn verdict(checked: &Checked, fail_on: FailOn) -> ExitCode {
    let least = match fail_on {
        FailOn::Note => Severity::Note,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
        FailOn::Never => return ExitCode::SUCCESS,
    };
    let fails = checked.findings.iter().any(|finding| finding.prediction.severity >= least);
    ExitCode::from(u8::from(fails))
}

/// The folder that is checked where none is named: that of the nearest `why502.toml` above.
fn home() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    match gather::declaring(here.ancestors()) {
        Some(folder) if folder != here => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
