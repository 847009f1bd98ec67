//! The certificate that a server shows its clients: whether it carries the names the server answers
//! for, and comes with the authority's own.

use model::config::{Hop, HopId, Key, Prediction, Severity, System, Value};
use model::{Statement, Text};

use super::certificates::{covers, is_name};
use super::said::sure;

fn speaks_tls(hop: &Hop) -> bool {
    hop.listens.iter().any(|listen| listen.tls)
}

/// A server that answers for names its certificate does not carry.
pub(crate) fn names(system: &System) -> Vec<Prediction> {
    system.hops().filter_map(|(id, hop)| not_carried(system, id, hop)).collect()
}

fn not_carried(system: &System, id: HopId, hop: &Hop) -> Option<Prediction> {
    let (served, carried) = (hop.get(Key::ServerNames)?, hop.get(Key::CertificateNames)?);
    let (Value::Names(asked), Value::Names(names)) = (&served.value, &carried.value) else {
        return None;
    };
    let full: Vec<&str> = asked.iter().map(String::as_str).filter(|name| is_name(name)).collect();
    let mut missing = full.clone();
    missing.retain(|host| !names.iter().any(|name| covers(name, host)));
    if missing.is_empty() || names.is_empty() || !speaks_tls(hop) {
        return None;
    }
    // A further name may be one that nobody asks for any more.
    let all = missing.len() == full.len();
    let severity = if all { Severity::Error } else { Severity::Warning };
    let says = Statement::plain(NOT_CARRIED)
        .with("hop", &hop.name)
        .with("missing", missing.join(", "))
        .with("names", names.join(", "));
    let change = Statement::plain(NOT_CARRIED_CHANGE)
        .with("hop", &hop.name)
        .with("missing", missing.join(", "));
    Some(
        Prediction::new(severity, sure(system, &[served, carried], &[]), says)
            .rests_on(system, id, served)
            .rests_on(system, id, carried)
            .change(change),
    )
}

const NOT_CARRIED: Text = Text::new(
    "{hop} answers for {missing}, but its certificate carries {names}: clients that verify it end the \
     handshake",
    "{hop} は {missing} に応答しますが、証明書の名前は {names} です。検証するクライアントはハンドシェイクを中断します",
);
const NOT_CARRIED_CHANGE: Text = Text::new(
    "give {hop} a certificate with {missing}",
    "{hop} に {missing} を含む証明書を設定します",
);

/// A public certificate without the one of the authority that signed it.
pub(crate) fn chain(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let Some(chain) = hop.get(Key::CertificateChain) else { continue };
        // Other servers may be given the chain in a file of its own.
        if chain.value != Value::Flag(false) || !hop.runs("nginx") || !speaks_tls(hop) {
            continue;
        }
        let says = Statement::plain(NO_CHAIN).with("hop", &hop.name);
        let mut one = Prediction::new(Severity::Error, sure(system, &[chain], &[]), says)
            .rests_on(system, id, chain);
        if let Some(file) = hop.get(Key::CertificateFile) {
            one = one.rests_on(system, id, file);
        }
        found.push(one.change(Statement::plain(NO_CHAIN_CHANGE).with("hop", &hop.name)));
    }
    found
}

const NO_CHAIN: Text = Text::new(
    "the certificate of {hop} comes without the intermediate one that signed it: clients that do not fetch it \
     themselves, as browsers do, end the handshake",
    "{hop} の証明書には署名した中間証明書が付いていません。ブラウザーのように自分で取得しないクライアントはハンドシェ\
     イクを中断します",
);
const NO_CHAIN_CHANGE: Text = Text::new(
    "append the authority's intermediate certificate to the file (fullchain.pem)",
    "認証局の中間証明書をファイルに追加します（fullchain.pem）",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, names as list, only, text, unknown};

    fn server(asked: Value, carried: Value, tls: bool) -> Vec<Prediction> {
        let mut made = Made::new();
        let hop = made.hop(Task::Gateway, "shop");
        made.listens(hop, "", 443, tls);
        made.set(hop, Key::ServerNames, asked);
        made.set(hop, Key::CertificateNames, carried);
        names(&made.system)
    }

    #[test]
    fn a_certificate_carries_what_is_answered_for() {
        let carried = || list(&["shop.example", "*.shop.example"]);
        let one = only(server(list(&["shop.test.example"]), carried(), true));
        assert_eq!(one.severity, Severity::Error);
        let one = only(server(list(&["www.shop.example", "old.example"]), carried(), true));
        assert_eq!(one.severity, Severity::Warning);
        assert!(server(list(&["shop.example", "www.shop.example"]), carried(), true).is_empty());
        assert!(server(list(&["_", "~^www", "*.other.example"]), carried(), true).is_empty());
        assert!(server(list(&["old.example"]), carried(), false).is_empty());
        assert!(server(list(&["old.example"]), unknown(), true).is_empty());
        assert!(server(unknown(), carried(), true).is_empty());
    }

    #[test]
    fn a_public_certificate_comes_with_its_authoritys() {
        let with = |product, value| {
            let mut made = Made::new();
            let hop = made.hop(Task::Gateway, "shop");
            made.runs(hop, product, "");
            made.listens(hop, "", 443, true);
            made.set(hop, Key::CertificateFile, text("shop.pem"));
            made.set(hop, Key::CertificateChain, value);
            chain(&made.system)
        };
        only(with("nginx", Value::Flag(false)));
        assert!(with("nginx", Value::Flag(true)).is_empty());
        assert!(with("Apache httpd", Value::Flag(false)).is_empty());
        assert!(with("nginx", unknown()).is_empty());
    }
}
