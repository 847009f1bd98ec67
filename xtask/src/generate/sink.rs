//! Where a generated log goes: one plain file, standard output, or a directory of gzip members.

use super::{Format, Options, Progress};
use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// An open output.
pub(crate) struct Sink {
    to: Output,
    written: u64,
}

enum Output {
    Plain(Box<dyn Write>),
    Members { dir: PathBuf, names: Vec<String>, open: OpenMember },
}

impl Sink {
    /// Opens the output; creates the directory for gzip members.
    pub(crate) fn open(path: &Path, members: Option<u32>, options: &Options) -> Result<Sink> {
        let to = if let Some(count) = members {
            fs::create_dir_all(path).with_context(|| path.display().to_string())?;
            let names = (0..count).map(|n| member_name(options, n, count)).collect();
            Output::Members { dir: path.to_owned(), names, open: None }
        } else if path == Path::new("-") {
            Output::Plain(Box::new(io::stdout()))
        } else {
            let file = File::create(path).with_context(|| path.display().to_string())?;
            Output::Plain(Box::new(file))
        };
        Ok(Sink { to, written: 0 })
    }

    /// Writes a chunk of whole lines to the member it belongs to.
    pub(crate) fn write(&mut self, chunk: &[u8], progress: Progress) -> Result<()> {
        self.written += chunk.len() as u64;
        match &mut self.to {
            Output::Plain(file) => file.write_all(chunk)?,
            Output::Members { dir, names, open } => {
                // Members are cut at the line that crosses their share of the bytes.
                let count = names.len() as u128;
                let mut rest = chunk;
                let mut done = u128::from(progress.done);
                while !rest.is_empty() {
                    let total = u128::from(progress.total);
                    let index = (done * count / total).min(count - 1);
                    let border = (total * (index + 1)).div_ceil(count);
                    let room = usize::try_from(border - done.min(border)).unwrap_or(usize::MAX);
                    let cut = if index + 1 == count || room >= rest.len() {
                        rest.len()
                    } else {
                        let line = rest[room..].iter().position(|b| *b == b'\n');
                        line.map_or(rest.len(), |end| room + end + 1)
                    };
                    let index = usize::try_from(index).unwrap_or(usize::MAX);
                    member(dir, names, open, index)?.write_all(&rest[..cut])?;
                    done += cut as u128;
                    rest = &rest[cut..];
                }
            }
        }
        Ok(())
    }

    /// Completes the output; returns the bytes before compression.
    pub(crate) fn finish(self) -> Result<u64> {
        match self.to {
            Output::Plain(mut file) => file.flush()?,
            Output::Members { open, .. } => close(open)?,
        }
        Ok(self.written)
    }
}

/// Index and encoder of the member that is being written.
type OpenMember = Option<Box<(usize, GzEncoder<BufWriter<File>>)>>;

fn member<'a>(
    dir: &Path,
    names: &[String],
    open: &'a mut OpenMember,
    index: usize,
) -> Result<&'a mut GzEncoder<BufWriter<File>>> {
    if open.as_ref().is_none_or(|member| member.0 != index) {
        close(open.take())?;
        let name = names.get(index).context("no such member")?;
        let file = File::create(dir.join(name))?;
        *open = Some(Box::new((index, GzEncoder::new(BufWriter::new(file), Compression::fast()))));
    }
    Ok(&mut open.as_mut().context("member not open")?.1)
}

fn close(open: OpenMember) -> Result<()> {
    if let Some(member) = open {
        member.1.finish()?.flush()?;
    }
    Ok(())
}

/// A member's name: for ALB the key of the user guide, "Access log files", whose time is the end
/// of the interval.
fn member_name(options: &Options, n: u32, count: u32) -> String {
    let end = options.start.plus(options.duration * i64::from(n + 1) / i64::from(count));
    let c = end.civil();
    let day = format!("{:04}{:02}{:02}", c.year, c.month, c.day);
    match options.format {
        Format::Alb => format!(
            "123456789012_elasticloadbalancing_eu-central-1_app.shop.50dc6c495c0c9188_{day}T{:02}{:02}Z_192.0.2.{}_{:08x}.log.gz",
            c.hour,
            c.minute,
            10 + n % 4,
            0x5eed_0000 + n
        ),
        Format::Nginx => format!("access.log.{}.gz", count - n),
        Format::GcpLb => format!("requests-{day}-{:02}{:02}-S{n}.json.gz", c.hour, c.minute),
    }
}
