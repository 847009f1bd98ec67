//! Certificates of AWS Certificate Manager: the names they carry and when they end.

use model::config::{Hop, Key, Value};

use super::Cloud;
use crate::part::Part;

const CERTIFICATES: &[&str] = &[
    "aws_acm_certificate",
    "aws_acm_certificate_validation",
    "AWS::CertificateManager::Certificate",
];

/// Gives a hop the names of a certificate it is told to use; several certificates add up, as the
/// listener picks the one that fits. One that the files do not describe may carry any name.
pub(super) fn put(cloud: &Cloud<'_>, part: Part<'_>, hop: &mut Hop) {
    if part.there().is_none() {
        return;
    }
    let mut names = match hop.get(Key::CertificateNames).map(|setting| &setting.value) {
        Some(Value::Unknown(_)) => return,
        Some(Value::Names(names)) => names.clone(),
        _ => Vec::new(),
    };
    let unknown = |hop: &mut Hop| {
        let value = Value::Unknown(part.written());
        hop.settings.set(part.meaning(Key::CertificateNames, value));
    };
    let Some(mut found) = cloud.follow(part, CERTIFICATES) else {
        unknown(hop);
        return;
    };
    let validated = found.get(("certificate_arn", ""));
    if let Some(behind) = cloud.follow(validated, CERTIFICATES) {
        found = behind;
    }
    let domain = found.get(("domain_name", "DomainName"));
    let others = found.each(("subject_alternative_names", "SubjectAlternativeNames"));
    for name in std::iter::once(domain).chain(others) {
        match name.text() {
            Some(text) if !names.iter().any(|had| had == text) => names.push(text.to_owned()),
            Some(_) => {}
            None if name.there().is_some() => {
                unknown(hop);
                return;
            }
            None => {}
        }
    }
    if !names.is_empty() {
        hop.settings.set(domain.meaning(Key::CertificateNames, Value::Names(names)));
    }
    let end = found.get(("not_after", "NotAfter"));
    if let Some(text) = end.text() {
        hop.settings.set(end.meaning(Key::CertificateNotAfter, Value::Text(text.to_owned())));
    }
}
