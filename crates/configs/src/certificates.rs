//! Certificates that lie among the files: what the servers that name them serve, until when, and
//! whether the authority's own certificate comes with them. Private keys are not looked at.
//!
//! Public authorities sign servers' certificates with an intermediate one only (CA/Browser Forum,
//! Baseline Requirements, 6.1.7) and log them, so that a certificate with timestamps of logs
//! (RFC 6962, 3.3) needs the intermediate one beside it; of any other it cannot be told.

use std::collections::BTreeMap;

use model::Timestamp;
use model::config::{FileId, Hop, Key, Setting, Span, System, Value};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Certificates of one file that are looked at: a server's and its authorities'.
const MOST: usize = 8;

/// Signed timestamps of the logs in which a public authority entered the certificate.
const LOGGED: &str = "1.3.6.1.4.1.11129.2.4.2";

/// Names of files that every server has one of: they say too little without their folder.
const COMMON: &[&str] = &[
    "cert.pem",
    "certificate.pem",
    "chain.pem",
    "fullchain.pem",
    "server.crt",
    "server.pem",
    "tls.crt",
];

/// Takes the files; what is in them is asked for once it is known who serves them.
pub(crate) struct Certificates;

impl Reader for Certificates {
    fn name(&self) -> &'static str {
        "certificate"
    }

    fn takes(&self, document: &Document) -> bool {
        document.text.contains(BEGIN)
            && matches!(document.extension().as_str(), "pem" | "crt" | "cer")
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for document in documents {
            if read(&document.text).is_none() {
                let at = document.text.find(BEGIN).unwrap_or(0);
                draft.remark(
                    document.span(at..at),
                    "this is no certificate that can be read: see whether it is whole",
                );
            }
        }
    }
}

/// What a file's first certificate says.
#[derive(Debug, PartialEq)]
struct Served {
    at: std::ops::Range<usize>,
    names: Vec<String>,
    not_after: String,
    /// Whether its issuer's certificate comes next; `None` where it may not have to.
    chain: Option<bool>,
}

fn read(text: &str) -> Option<Served> {
    let mut blocks = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).filter(|_| blocks.len() < MOST) {
        let start = from + start;
        let end = start + text[start..].find(END)? + END.len();
        blocks.push(start..end);
        from = end;
    }
    let pems: Vec<_> = blocks
        .iter()
        .filter_map(|block| Some(parse_x509_pem(text[block.clone()].as_bytes()).ok()?.1))
        .collect();
    let first = blocks.first()?;
    let certificate = pems.first()?.parse_x509().ok()?;
    let mut names = Vec::new();
    if let Ok(Some(others)) = certificate.subject_alternative_name() {
        for name in &others.value.general_names {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => names.extend(ip(bytes)),
                _ => {}
            }
        }
    }
    let end = Timestamp::from_unix_seconds(certificate.validity().not_after.timestamp());
    let logged = certificate.extensions().iter().any(|one| one.oid.to_id_string() == LOGGED);
    let issuer = certificate.issuer().as_raw();
    let next = pems.get(1).and_then(|pem| pem.parse_x509().ok());
    let follows = next.is_some_and(|next| next.subject().as_raw() == issuer);
    let chain = match (logged, follows) {
        (_, true) => Some(true),
        (true, false) => Some(false),
        (false, false) => None,
    };
    let at = first.start..first.start + BEGIN.len();
    Some(Served { at, names, not_after: end.to_string(), chain })
}

fn ip(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

/// Gives hops that name a file of a certificate what it says.
pub(crate) fn fill(system: &mut System) {
    let known: Vec<(FileId, &str, &str)> = (0..)
        .map(FileId)
        .zip(&system.files)
        .filter(|(_, file)| file.read_as == Certificates.name())
        .map(|(id, file)| (id, file.name.as_str(), &*file.text))
        .collect();
    if known.is_empty() {
        return;
    }
    let mut read_once: BTreeMap<FileId, Option<Served>> = BTreeMap::new();
    let mut found: Vec<(usize, FileId)> = Vec::new();
    for (number, hop) in system.hops.iter().enumerate() {
        let Some(written) = hop.settings.text(Key::CertificateFile) else { continue };
        let Some(id) = meant(&known, written) else { continue };
        if let Some((_, _, text)) = known.iter().find(|(own, ..)| *own == id) {
            read_once.entry(id).or_insert_with(|| read(text));
            found.push((number, id));
        }
    }
    for (number, id) in found {
        if let Some(Some(served)) = read_once.get(&id) {
            put(&mut system.hops[number], id, served);
        }
    }
}

/// The file that a path of the server means: the one whose path ends like it. A name that every
/// server has needs its folder, too.
fn meant(known: &[(FileId, &str, &str)], written: &str) -> Option<FileId> {
    if written.contains(['$', '{', '*']) {
        return None;
    }
    let alike = |path: &str| {
        let pairs = path.rsplit('/').zip(written.rsplit('/'));
        pairs.take_while(|(own, other)| own == other && !own.is_empty()).count()
    };
    let best = known.iter().map(|(_, path, _)| alike(path)).max().filter(|best| *best > 0)?;
    let mut fitting = known.iter().filter(|(_, path, _)| alike(path) == best);
    let (id, path, _) = fitting.next()?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let too_common = best == 1 && COMMON.contains(&name) && written.contains('/');
    (fitting.next().is_none() && !too_common).then_some(*id)
}

fn put(hop: &mut Hop, file: FileId, served: &Served) {
    let at = Span::new(file, served.at.clone());
    let mut set = |key: Key, value: Value, name: &'static str| {
        if hop.get(key).is_none() {
            hop.settings.set(Setting::written(key, value, name, at));
        }
    };
    if !served.names.is_empty() {
        set(Key::CertificateNames, Value::Names(served.names.clone()), "subjectAltName");
    }
    set(Key::CertificateNotAfter, Value::Text(served.not_after.clone()), "notAfter");
    if let Some(chain) = served.chain {
        set(Key::CertificateChain, Value::Flag(chain), "issuer's certificate");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_servers_mean_files_of_the_project() {
        let files = |paths: &[&'static str]| -> Vec<(FileId, &'static str, &'static str)> {
            (0..).map(FileId).zip(paths).map(|(id, path)| (id, *path, "")).collect()
        };
        let two = files(&["certs/shop.pem", "other/shop.pem"]);
        assert_eq!(meant(&two, "/etc/nginx/certs/shop.pem"), Some(FileId(0)));
        assert_eq!(meant(&two, "/etc/ssl/shop.pem"), None);
        let common = files(&["certs/tls.crt"]);
        assert_eq!(meant(&common, "/etc/ssl/tls.crt"), None);
        assert_eq!(meant(&common, "/etc/certs/tls.crt"), Some(FileId(0)));
        assert_eq!(meant(&files(&["a/shop.pem"]), "/etc/ssl/shop.pem"), Some(FileId(0)));
        assert_eq!(meant(&files(&["a/shop.pem"]), "/etc/ssl/$name/shop.pem"), None);
    }

    #[test]
    fn what_is_no_certificate_says_nothing() {
        assert_eq!(read(""), None);
        assert_eq!(read(BEGIN), None);
        assert_eq!(read(&format!("{BEGIN}\nAAAA\n{END}\n")), None);
        assert_eq!(read(&format!("{BEGIN}\n!!\n{END}\n").repeat(1000)), None);
    }
}
