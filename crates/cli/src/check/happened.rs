//! What logs show to have happened of what configuration predicts.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Result, bail};
use engine::Digest;
use model::config::{Finding, System};
use model::{Diagnosis, Lang};

use crate::intake::{self, Reading, Settings};
use crate::{complain, diagnose, evidence};

/// Diagnoses the logs, lets the findings refer to the incidents, and puts what has happened first.
///
/// # Errors
/// If no line of the logs could be read.
pub(crate) fn look(
    logs: &[PathBuf],
    configured: (&System, Vec<String>),
    findings: &mut [Finding],
    lang: Lang,
) -> Result<Diagnosis> {
    let (system, paths) = configured;
    let apart: HashSet<PathBuf> = evidence::beside(logs, &[], true)?.apart;
    let reading: Reading<Digest> = intake::read(logs, &apart, &Settings::usual());
    for complaint in reading.complaints.iter().filter(|complaint| !complaint.note) {
        complain(&complaint.says.render(lang));
    }
    if reading.sources.iter().all(|source| source.dialects.is_empty()) {
        bail!(match lang {
            Lang::En => "--logs: no line was understood as a record of a gateway or an application",
            Lang::Ja =>
                "--logs: ゲートウェイやアプリケーションの記録として読める行がありませんでした",
        });
    }
    let mut diagnosis = diagnose::diagnosis(reading, None);
    evidence::introduce(system, findings, paths, &mut diagnosis);
    ::check::evidence::sort(findings);
    Ok(diagnosis)
}
