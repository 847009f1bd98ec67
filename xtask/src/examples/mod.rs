//! `cargo xtask examples`: writes the synthetic bundles under `examples/` again, byte for byte.
//!
//! Everything in a bundle follows from a fixed seed and a small simulation, so that the evidence
//! of one incident agrees with itself across files. `examples/nginx-node` is not made here: it is
//! captured from real servers by its own script.

mod alb_mixed;
mod alb_traffic;
mod aws_502;
mod cloud_run;
mod gcp;
mod healthy;

use anyhow::{Context, Result, bail};
use clap::Args;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Arguments of `examples`.
#[derive(Args)]
pub(crate) struct Options {
    /// Change nothing; fail if a file differs from what would be written.
    #[arg(long)]
    check: bool,
}

/// One file of a bundle. A path that ends in `.gz` is compressed when written.
#[derive(Debug)]
pub(crate) struct File {
    /// Path below `examples/`.
    pub(crate) path: String,
    /// Content before compression.
    pub(crate) content: Vec<u8>,
}

/// Makes all files of a bundle.
type Build = fn() -> Vec<File>;

/// Every bundle that is made here, with the folder it owns.
const BUNDLES: &[(&str, Build)] = &[
    ("cloud-run-release", cloud_run::build),
    ("alb-mixed", alb_mixed::build),
    ("healthy", healthy::build),
    ("aws-502", aws_502::build),
];

/// Runs the subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = root();
    let mut stale = Vec::new();
    for (folder, build) in BUNDLES {
        let files = build();
        let expected: BTreeSet<PathBuf> = files.iter().map(|f| root.join(&f.path)).collect();
        for file in &files {
            let path = root.join(&file.path);
            // The same content may compress to other bytes on another processor, so it is the
            // content that is compared, and equal members are left alone.
            if read(&path).is_ok_and(|old| old == file.content) {
                continue;
            }
            stale.push(path.clone());
            if !options.check {
                write(&path, &file.content).with_context(|| path.display().to_string())?;
            }
        }
        for path in evidence(&root.join(folder))? {
            if !expected.contains(&path) {
                if !options.check {
                    fs::remove_file(&path)?;
                }
                stale.push(path);
            }
        }
    }
    for path in &stale {
        eprintln!("{}", path.display());
    }
    if options.check && !stale.is_empty() {
        bail!("{} files differ; run `cargo xtask examples`", stale.len());
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Files of a bundle except its hand-written ORIGIN.md.
fn evidence(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        if !dir.exists() {
            continue;
        }
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if entry.file_name() != "ORIGIN.md" {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "gz")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if !is_gzip(path) {
        return Ok(bytes);
    }
    let mut content = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut content)?;
    Ok(content)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    if is_gzip(path) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content)?;
        fs::write(path, encoder.finish()?)?;
    } else {
        fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_examples_are_what_would_be_written() {
        run(&Options { check: true }).expect("examples are up to date");
    }

    #[test]
    fn building_twice_gives_the_same() {
        for (folder, build) in BUNDLES {
            let (first, second) = (build(), build());
            assert!(!first.is_empty(), "{folder}");
            assert_eq!(first.len(), second.len());
            for (a, b) in first.iter().zip(&second) {
                assert!(a.path.starts_with(&format!("{folder}/")), "{}", a.path);
                assert!(a.path == b.path && a.content == b.content, "{}", a.path);
            }
        }
    }
}
