//! Certificates of load balancers: the names they carry and when they end.

use std::collections::BTreeSet;

use model::config::{Key, Value};

use super::Cloud;
use crate::draft::{HopDraft, Name};
use crate::part::Part;

/// Gives a load balancer the names of the certificates that a proxy is told to use. Several add up,
/// as the proxy picks the one that fits; one that the files do not describe may carry any name.
/// What a certificate is made for leads to the load balancer.
pub(super) fn put(cloud: &Cloud<'_>, proxy: Part<'_>, hop: &mut HopDraft) {
    let mut found: Vec<Part<'_>> = Vec::new();
    let mut missing = None;
    let listed = proxy.each(("ssl_certificates", "sslCertificates"));
    let managed = proxy.each(("certificate_manager_certificates", ""));
    for one in listed {
        match cloud.follow(one, &super::CERTIFICATES) {
            Some(certificate) => found.push(certificate),
            None => missing = Some(one),
        }
    }
    for one in managed {
        match cloud.follow(one, &super::MANAGED) {
            Some(certificate) => found.push(certificate),
            None => missing = Some(one),
        }
    }
    let map = proxy.get(("certificate_map", "certificateMap"));
    if map.there().is_some() {
        let entries = in_map(cloud, map);
        if entries.is_empty() {
            missing = Some(map);
        }
        found.extend(entries);
    }
    let mut names: BTreeSet<String> = match hop.hop.get(Key::CertificateNames).map(|s| &s.value) {
        Some(Value::Names(names)) => names.iter().cloned().collect(),
        _ => BTreeSet::new(),
    };
    let mut at = None;
    for certificate in found {
        let domains =
            certificate.get(("managed.domains", "managed.domains|subjectAlternativeNames"));
        if domains.there().is_none() {
            // A certificate that is brought along: its names are within it.
            missing = missing.or(Some(certificate.get(("name", "name"))));
        }
        for domain in
            certificate.each(("managed.domains", "managed.domains|subjectAlternativeNames"))
        {
            match domain.text() {
                Some(text) => {
                    names.insert(text.trim_end_matches('.').to_ascii_lowercase());
                    at = at.or(Some(domain));
                }
                None => missing = Some(domain),
            }
        }
        let end = certificate.get(("expire_time", "expireTime"));
        if let Some(text) = end.text() {
            let end = end.meaning(Key::CertificateNotAfter, Value::Text(text.to_owned()));
            hop.hop.settings.set(end);
        }
    }
    for name in names.iter().filter(|name| !name.starts_with('*')) {
        let name = Name::host(name);
        if !hop.names.contains(&name) {
            hop.names.push(name);
        }
    }
    if let Some(missing) = missing {
        let value = Value::Unknown(missing.written());
        hop.hop.settings.set(missing.meaning(Key::CertificateNames, value));
    } else if let Some(at) = at {
        let value = Value::Names(names.into_iter().collect());
        hop.hop.settings.set(at.meaning(Key::CertificateNames, value));
    }
}

/// The certificates of a certificate map.
fn in_map<'r>(cloud: &Cloud<'r>, map: Part<'_>) -> Vec<Part<'r>> {
    let Some(wanted) = cloud.canonical(map, &super::MAPS) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in cloud.all(&super::MAP_ENTRIES) {
        if cloud.canonical(entry.get(("map", "")), &super::MAPS).as_ref() == Some(&wanted) {
            let listed = entry.each(("certificates", "")).into_iter();
            found.extend(listed.filter_map(|one| cloud.follow(one, &super::MANAGED)));
        }
    }
    found
}
