//! `cargo xtask docs`: pages made from the source, so that they cannot disagree with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use model::{Cause, Drill, Predicts};

use crate::drills;

/// Writes the generated pages, or with `check` says which are stale.
pub(crate) fn run(check: bool) -> Result<()> {
    let root = root();
    let mut stale = Vec::new();
    for (path, content) in pages()? {
        let full = root.join(&path);
        if std::fs::read_to_string(&full).is_ok_and(|current| current == content) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
        } else {
            let folder = full.parent().context("a page lies in a folder")?;
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
            std::fs::write(&full, content)
                .with_context(|| format!("{} cannot be written", full.display()))?;
            eprintln!("wrote {}", path.display());
        }
    }
    let mut wrong = Vec::new();
    if !stale.is_empty() {
        wrong.push(format!("stale pages, run `cargo xtask docs`: {}", stale.join(", ")));
    }
    // What a drill shows takes running it: that is another task's, here it is only missed.
    let missing = drills::unrecorded();
    if !missing.is_empty() {
        let names = missing.join(" ");
        wrong.push(format!("drills without a row in docs/drills.md: `cargo xtask drills {names}`"));
    }
    match (wrong.is_empty(), check) {
        (true, _) => Ok(()),
        (false, true) => bail!("{}", wrong.join("\n")),
        (false, false) => {
            eprintln!("{}", wrong.join("\n"));
            Ok(())
        }
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Result<BTreeMap<PathBuf, String>> {
    let mut pages = BTreeMap::new();
    pages.insert(PathBuf::from("docs/causes/README.md"), index());
    for cause in catalogue::ALL {
        pages.insert(PathBuf::from(format!("docs/causes/{}.md", cause.slug)), page(cause));
    }
    pages.insert(PathBuf::from("docs/dialects.md"), formats());
    pages.insert(PathBuf::from("docs/cli.md"), command_line()?);
    pages.insert(PathBuf::from("README.md"), readme()?);
    Ok(pages)
}

/// The README with the screen as the program prints it today.
fn readme() -> Result<String> {
    const OPEN: &str = "<!-- screen -->\n";
    const CLOSE: &str = "<!-- /screen -->\n";
    let text =
        std::fs::read_to_string(root().join("README.md")).context("README.md cannot be read")?;
    let (before, rest) = text.split_once(OPEN).context("README.md has no place for a screen")?;
    let (_, after) = rest.split_once(CLOSE).context("the README's screen has no end")?;
    let report = why502(&["diagnose", "examples/cloud-run-release"])?;
    let screen = excerpt(&report).context("the report has another layout than the README shows")?;
    Ok(format!("{before}{OPEN}```text\n{screen}\n```\n{CLOSE}{after}"))
}

/// The first finding up to its failing requests, and the last lines.
fn excerpt(report: &str) -> Option<String> {
    let incident = &report[report.find("Incident 1 of")?..];
    let incident = &incident[..incident.find("\n     Failing requests")?];
    let closing = &report[report.find("\nIn short\n")?..];
    Some(format!("{}\n\n…\n{}", incident.trim_end(), closing.trim_end()))
}

/// What the real binary prints, at 80 columns and without colour.
fn why502(words: &[&str]) -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "why502", "--all-features", "--"])
        .args(words)
        .current_dir(root())
        .env("COLUMNS", "80")
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C")
        .output()
        .context("the why502 binary could not be started")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

const MADE: &str = "<!-- Made by `cargo xtask docs`; change the source, not this file. -->\n\n";

fn page(cause: &Cause) -> String {
    let mut page = format!("{MADE}{}", cause.page());
    write!(page, "\n---\n\n`{}` · {} · ", cause.slug, cause.place).unwrap_or_default();
    let effects: Vec<String> =
        cause.leads_to.iter().map(|slug| format!("[{slug}]({slug}.md)")).collect();
    if effects.is_empty() {
        page.push_str("leads to no other cause\n");
    } else {
        writeln!(page, "leads to {}", effects.join(", ")).unwrap_or_default();
    }
    page
}

fn index() -> String {
    let mut page = format!("{MADE}# Causes\n\n");
    page.push_str("What why502 can name. *Predicted* and *drilled* say whether `check` and `drill` know the cause yet.\n\n");
    page.push_str("| cause | what it is | place | statuses | predicted | drilled |\n|---|---|---|---|---|---|\n");
    for cause in catalogue::ALL {
        let statuses: Vec<String> = cause.statuses.iter().map(ToString::to_string).collect();
        let predicted = match cause.predicts {
            Predicts::NotYet(_) => "not yet",
            Predicts::Never(_) => "no setting tells",
            Predicts::By(_) => "yes",
        };
        let drilled = match cause.drill {
            Drill::NotYet(_) => "not yet".to_owned(),
            Drill::Runs(scenarios) => {
                scenarios.iter().map(|s| s.name).collect::<Vec<_>>().join(", ")
            }
        };
        writeln!(
            page,
            "| [{slug}]({slug}.md) | {} | {} | {} | {predicted} | {drilled} |",
            cause.title.en,
            cause.place,
            statuses.join(" "),
            slug = cause.slug,
        )
        .unwrap_or_default();
    }
    page
}

/// The log formats, a list and then a page each.
fn formats() -> String {
    let mut page = format!("{MADE}# Log formats\n\n");
    page.push_str(
        "What why502 reads, in the order in which a record is offered to them. Each page says \
         which fields are used, what the format can and cannot show, and what to switch on. \
         Prefixes of container runtimes, syslog, journald and shippers' JSON are taken off first.\n\n\
         | name | log |\n|---|---|\n",
    );
    for dialect in dialects::ALL {
        let name = dialect.name();
        writeln!(page, "| [{name}](#{name}) | {} |", dialect.about().title).unwrap_or_default();
    }
    for dialect in dialects::ALL {
        page.push('\n');
        page.push_str(&dialect.about().markdown(dialect.name()));
    }
    page
}

/// The help texts of the real binary.
fn command_line() -> Result<String> {
    let mut page = format!("{MADE}# Command line\n");
    for verb in [
        &[][..],
        &["diagnose"],
        &["check"],
        &["path"],
        &["drill"],
        &["explain"],
        &["causes"],
        &["dialects"],
    ] {
        let words: Vec<&str> = verb.iter().copied().chain(["--help"]).collect();
        let help = why502(&words)?;
        let name = ["why502"].iter().chain(verb).copied().collect::<Vec<_>>().join(" ");
        write!(page, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end()).unwrap_or_default();
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every path that ARCHITECTURE.md names in backticks exists.
    #[test]
    fn paths_in_the_architecture_exist() {
        let root = root();
        let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
        let missing: Vec<&str> = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|quoted| quoted.contains('/') && !quoted.contains([' ', '<', '*', '$']))
            .filter(|path| !root.join(path).exists())
            .collect();
        assert!(missing.is_empty(), "ARCHITECTURE.md names what does not exist: {missing:?}");
    }

    /// Small files: one idea each.
    #[test]
    fn no_source_file_is_too_long() {
        let mut lengths = Vec::new();
        for folder in ["crates", "xtask"] {
            collect(&root().join(folder), &mut lengths);
        }
        lengths.sort_unstable();
        let median = lengths[lengths.len() / 2].0;
        assert!(median < 200, "the median source file has {median} lines");
        let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > 800).collect();
        assert!(long.is_empty(), "files above 800 lines (tests not counted): {long:?}");
    }

    fn collect(folder: &Path, lengths: &mut Vec<(usize, String)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                collect(&path, lengths);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text);
                lengths.push((code.lines().count(), path.display().to_string()));
            }
        }
    }
}
