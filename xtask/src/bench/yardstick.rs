//! What why502 is measured against, as processes of their own so that the kernel's accounts of
//! both compare: the least work that touches every byte.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use flate2::bufread::MultiGzDecoder;

/// The least that can be done with a log.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Work {
    /// Count the newlines of plain files.
    Newlines,
    /// Decompress gzip files and drop the text.
    Decompress,
}

/// Arguments of the hidden subcommand `yardstick`.
#[derive(Args)]
pub(crate) struct Yardstick {
    work: Work,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    files: Vec<PathBuf>,
}

/// Runs the subcommand: one file at a time for each thread, the largest first.
pub(crate) fn measure(yardstick: &Yardstick) -> Result<()> {
    let mut files = Vec::with_capacity(yardstick.files.len());
    for file in &yardstick.files {
        files.push((std::fs::metadata(file)?.len(), file));
    }
    files.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let (next, total) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let worker = || -> Result<()> {
            while let Some((_, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                let count = match yardstick.work {
                    Work::Newlines => newlines(file),
                    Work::Decompress => decompress(file),
                };
                total.fetch_add(
                    count.with_context(|| file.display().to_string())?,
                    Ordering::Relaxed,
                );
            }
            Ok(())
        };
        let workers: Vec<_> = (0..yardstick.threads.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    println!("{}", total.into_inner());
    Ok(())
}

/// Counts in blocks of 1 MiB, as `wc -l` does with smaller ones.
fn newlines(file: &Path) -> Result<u64> {
    let mut file = File::open(file)?;
    let mut block = vec![0; 1 << 20];
    let mut count = 0;
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(count);
        }
        count += memchr::memchr_iter(b'\n', &block[..read]).count() as u64;
    }
}

/// Bytes of the text, which is written to the same 64 KiB over and over.
fn decompress(file: &Path) -> Result<u64> {
    let file = BufReader::with_capacity(64 << 10, File::open(file)?);
    let mut text = MultiGzDecoder::new(file);
    let mut block = vec![0; 64 << 10];
    let mut count = 0;
    loop {
        let read = text.read(&mut block)?;
        if read == 0 {
            return Ok(count);
        }
        count += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn yardsticks_touch_every_byte() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = b"one\ntwo\nthree".repeat(300_000);
        let plain = dir.path().join("plain");
        std::fs::write(&plain, &text).expect("written");
        assert_eq!(newlines(&plain).expect("read"), 600_000);
        let packed = dir.path().join("packed");
        let file = File::create(&packed).expect("created");
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(&text).expect("written");
        encoder.finish().expect("finished");
        assert_eq!(decompress(&packed).expect("read"), text.len() as u64);
    }
}
