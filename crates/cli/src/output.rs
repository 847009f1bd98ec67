//! Where the output goes: standard output, files, or several of them at once.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use crate::args::{CheckFormat, Format, When};

/// A form of output that files' extensions can name.
pub(crate) trait Form: Copy + Send + Sync + 'static {
    /// The form where nobody asks for one.
    const USUAL: Self;

    /// The form that such files have; `None` for the usual one.
    fn of_extension(extension: &str) -> Option<Self>;
}

impl Form for Format {
    const USUAL: Format = Format::Text;

    fn of_extension(extension: &str) -> Option<Format> {
        (extension == "json").then_some(Format::Json)
    }
}

impl Form for CheckFormat {
    const USUAL: CheckFormat = CheckFormat::Text;

    fn of_extension(extension: &str) -> Option<CheckFormat> {
        match extension {
            "json" => Some(CheckFormat::Json),
            "sarif" => Some(CheckFormat::Sarif),
            "xml" => Some(CheckFormat::Junit),
            _ => None,
        }
    }
}

/// One output to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output<F = Format> {
    pub(crate) format: F,
    /// Standard output if `None`.
    pub(crate) file: Option<PathBuf>,
}

/// Pairs formats with files: a file takes the format named right before it, or that of its
/// extension; a format without a file goes to standard output.
///
/// # Errors
/// If two formats would go to standard output.
pub(crate) fn outputs<F: Form>(matches: &ArgMatches) -> Result<Vec<Output<F>>> {
    enum Word<F> {
        Format(F),
        File(PathBuf),
    }
    let mut words: Vec<(usize, Word<F>)> = Vec::new();
    if let (Some(indices), Some(formats)) =
        (matches.indices_of("format"), matches.get_many::<F>("format"))
    {
        words.extend(indices.zip(formats.copied().map(Word::Format)));
    }
    if let (Some(indices), Some(files)) =
        (matches.indices_of("output"), matches.get_many::<PathBuf>("output"))
    {
        words.extend(indices.zip(files.cloned().map(Word::File)));
    }
    words.sort_by_key(|(index, _)| *index);

    let mut outputs = Vec::new();
    let mut waiting = None;
    for (_, word) in words {
        match word {
            Word::Format(format) => {
                if let Some(format) = waiting.replace(format) {
                    outputs.push(Output { format, file: None });
                }
            }
            Word::File(file) => {
                let format = waiting.take().unwrap_or_else(|| by_extension(&file));
                let file = (file.as_os_str() != "-").then_some(file);
                outputs.push(Output { format, file });
            }
        }
    }
    if let Some(format) = waiting {
        outputs.push(Output { format, file: None });
    }
    if outputs.is_empty() {
        outputs.push(Output { format: F::USUAL, file: None });
    }
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        bail!("two formats would go to standard output: name a file for one of them with -o FILE");
    }
    Ok(outputs)
}

fn by_extension<F: Form>(file: &std::path::Path) -> F {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let extension = extension.map(str::to_ascii_lowercase);
    extension.and_then(|extension| F::of_extension(&extension)).unwrap_or(F::USUAL)
}

impl<F> Output<F> {
    /// Writes the text, with a line end behind it.
    ///
    /// # Errors
    /// Those of writing; a reader of standard output that went away is none.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        if let Some(file) = &self.file {
            return fs::write(file, format!("{text}{end}"))
                .with_context(|| format!("{} cannot be written", file.display()));
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.and_then(|()| match out.flush() {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                flushed => flushed,
            }),
        }
        .context("standard output cannot be written")
    }

    /// Whether this output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.file.is_none() && io::stdout().is_terminal()
    }

    /// Columns of the terminal; 100 where there is none.
    pub(crate) fn width(&self) -> usize {
        let columns = self.is_terminal().then(terminal_size::terminal_size).flatten();
        columns.map_or(100, |(width, _)| usize::from(width.0))
    }

    /// Whether to colour it. <https://no-color.org>: NO_COLOR counts if it is not empty.
    pub(crate) fn colour(&self, when: When) -> bool {
        match when {
            When::Always => self.file.is_none(),
            When::Never => false,
            When::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                self.is_terminal() && !refused && !dumb
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::CommandFactory;

    fn of(arguments: &[&str]) -> Option<Vec<(Format, Option<String>)>> {
        let words = ["why502", "diagnose", "x"].iter().chain(arguments);
        let matches = Cli::command().try_get_matches_from(words).unwrap();
        let outputs = outputs(matches.subcommand_matches("diagnose").unwrap()).ok()?;
        Some(
            outputs
                .into_iter()
                .map(|output| (output.format, output.file.map(|file| file.display().to_string())))
                .collect(),
        )
    }

    #[test]
    fn formats_and_files_pair_up() {
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(of(&[]), Some(vec![(Format::Text, None)]));
        assert_eq!(of(&["--format", "json"]), Some(vec![(Format::Json, None)]));
        assert_eq!(of(&["-o", "a.json"]), Some(vec![(Format::Json, file("a.json"))]));
        assert_eq!(
            of(&["--format", "text", "-o", "a.json", "-o", "b.JSON", "--format", "text"]),
            Some(vec![
                (Format::Text, file("a.json")),
                (Format::Json, file("b.JSON")),
                (Format::Text, None)
            ])
        );
        assert_eq!(of(&["--format", "text", "--format", "json"]), None);
    }
}
