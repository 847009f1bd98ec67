//! The verb `dialects`: which log formats can be read, and what each can and cannot show.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::{Common, Format};
use crate::explain;
use crate::output::Output;

/// Lists the formats, or shows the page of one.
pub(crate) fn run(name: Option<&str>, common: &Common) -> Result<ExitCode> {
    let out = Output { format: Format::Text, file: None };
    let Some(name) = name else {
        out.write(&list())?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(dialect) = dialects::by_name(name) else {
        let names: Vec<&str> = dialects::ALL.iter().map(|dialect| dialect.name()).collect();
        let similar = explain::similar(name, &names);
        if similar.is_empty() {
            bail!("there is no dialect {name}: `why502 dialects` lists them");
        }
        bail!("there is no dialect {name}: did you mean {}?", similar.join(" or "));
    };
    let page = dialect.about().markdown(dialect.name());
    out.write(&report::explain::markdown_page(&page, out.width(), out.colour(common.color)))?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let width = dialects::ALL.iter().map(|dialect| dialect.name().len()).max().unwrap_or(0);
    let lines = dialects::ALL.iter().map(|dialect| {
        let title = dialect.about().title;
        format!("{:width$}  {title}\n", dialect.name())
    });
    lines.collect()
}
