//! Names and dates of certificates, against the name that is asked for and the day of the check.

use model::config::{Hop, Key, Link, Prediction, Severity, Span, System, Task, Value};
use model::{Statement, Text};

use super::said::{host_of, is_loopback, is_read_by, stands_in, sure};

/// True if TLS is surely spoken on the link.
fn speaks_tls(link: &Link) -> bool {
    link.settings.flag(Key::UpstreamTls) == Some(true)
        || link.settings.text(Key::UpstreamProtocol) == Some("https")
        || link.address.starts_with("https://")
}

/// A certificate that does not carry the name it is verified for.
pub(crate) fn name(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        let verified = link.settings.flag(Key::UpstreamVerify) == Some(true);
        let Some(carried) = to.get(Key::CertificateNames) else { continue };
        let Value::Names(names) = &carried.value else { continue };
        if !verified || !speaks_tls(link) || names.is_empty() {
            continue;
        }
        let Some(asked) = asked_for(link) else { continue };
        if names.iter().any(|name| covers(name, asked)) || may_take_the_host(from, link, asked) {
            continue;
        }
        let says = Statement::plain(NAME)
            .with("from", &from.name)
            .with("to", &to.name)
            .with("asked", asked)
            .with("names", names.join(", "));
        let mut one = Prediction::new(Severity::Error, sure(system, &[carried], &[id]), says)
            .rests_on(system, link.to, carried)
            .along(system, id);
        for key in [Key::UpstreamVerifyName, Key::UpstreamSni, Key::UpstreamVerify] {
            if let Some(setting) = link.get(key) {
                one = one.rests_on(system, link.from, setting);
            }
        }
        found.push(
            one.change(
                Statement::plain(NAME_CHANGE)
                    .with("from", &from.name)
                    .with("to", &to.name)
                    .with("asked", asked)
                    .with("first", &names[0]),
            ),
        );
    }
    found
}

/// True for a content delivery network that hands the client's `Host` on: it is content with a
/// certificate for that (AWS, "Requiring HTTPS for communication between CloudFront and your custom
/// origin"), and which one that is, the client decides.
fn may_take_the_host(from: &Hop, link: &Link, asked: &str) -> bool {
    from.task == Task::Cdn
        && link.get(Key::UpstreamHost).is_none_or(|set| set.text() != Some(asked))
}

/// The name that the certificate is verified for; `None` if the files do not tell.
fn asked_for(link: &Link) -> Option<&str> {
    for key in [Key::UpstreamVerifyName, Key::UpstreamSni] {
        if let Some(setting) = link.get(key) {
            match &setting.value {
                // As the name to verify, one of a single label is meant as such.
                Value::Text(name) => {
                    let says = key == Key::UpstreamVerifyName || setting.is_written();
                    let meant = says && !name.is_empty() && !name.contains('$');
                    return (meant || is_name(name)).then_some(name);
                }
                Value::Flag(_) => {}
                _ => return None,
            }
        }
    }
    let host = host_of(link);
    (is_name(host) && !is_loopback(host)).then_some(host)
}

/// True for a full host name without variables.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    text.contains('.') && text.chars().all(allowed) && text.parse::<std::net::IpAddr>().is_err()
}

/// Whether a name of a certificate covers a host: a wildcard stands for one label (RFC 9525, 6.3).
pub(super) fn covers(name: &str, host: &str) -> bool {
    let name = name.trim_end_matches('.');
    let host = host.trim_end_matches('.');
    if let Some(rest) = name.strip_prefix("*.") {
        return host
            .split_once('.')
            .is_some_and(|(label, domain)| !label.is_empty() && domain.eq_ignore_ascii_case(rest));
    }
    name.eq_ignore_ascii_case(host)
}

const NAME: Text = Text::new(
    "{from} verifies the certificate of {to} for {asked}, but it carries {names}: every handshake fails",
    "{from} は {to} の証明書を {asked} として検証しますが、証明書の名前は {names} です。ハンドシェイクはすべて失敗\
     します",
);
const NAME_CHANGE: Text = Text::new(
    "let {from} ask for {first}, or give {to} a certificate with {asked}",
    "{from} が {first} を検証するようにするか、{to} の証明書に {asked} を含めます",
);

/// Hosts that end the handshake of a client that sends no name.
const NEED_A_NAME: &[&str] = &[".cloudfront.net", ".workers.dev", ".pages.dev"];

/// No name in the handshake with a host that cannot do without.
pub(crate) fn no_name(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let Some(sni) = link.get(Key::UpstreamSni) else { continue };
        let host = host_of(link).to_ascii_lowercase();
        let needed = NEED_A_NAME.iter().any(|suffix| host.ends_with(suffix));
        if sni.value != Value::Flag(false) || !needed || !speaks_tls(link) {
            continue;
        }
        let from = &system.hop(link.from).name;
        let says = Statement::plain(NO_NAME).with("from", from).with("host", &host);
        found.push(
            Prediction::new(Severity::Error, sure(system, &[sni], &[id]), says)
                .rests_on(system, link.from, sni)
                .along(system, id)
                .change(Statement::plain(NO_NAME_CHANGE).with("from", from).with("name", sni.name)),
        );
    }
    found
}

const NO_NAME: Text = Text::new(
    "{from} sends no name in the TLS handshake with {host}, which serves many names by it: every handshake \
     fails",
    "{from} は {host} との TLS ハンドシェイクで名前を送りませんが、{host} は名前で証明書を選びます。ハンドシェイク\
     はすべて失敗します",
);
const NO_NAME_CHANGE: Text =
    Text::new("switch {name} of {from} on", "{from} の {name} を有効にします");

/// Days before the end of a certificate from which on it is time to renew it: certificates that are
/// renewed by themselves are so a month before.
const SOON: i64 = 14;

/// A certificate behind a gateway that has ended, or is about to.
pub(crate) fn expiry_behind(system: &System) -> Vec<Prediction> {
    expiry(system, true)
}

/// The same for a certificate that clients look at.
pub(crate) fn expiry_at_the_edge(system: &System) -> Vec<Prediction> {
    expiry(system, false)
}

fn expiry(system: &System, behind: bool) -> Vec<Prediction> {
    let Some(today) = days(&system.today) else { return Vec::new() };
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let Some(end) = hop.get(Key::CertificateNotAfter) else { continue };
        let Some(date) = end.text().and_then(|text| text.get(..10)) else { continue };
        let Some(last) = days(date) else { continue };
        let left = last - today;
        if left > SOON {
            continue;
        }
        let (severity, text) = match left {
            ..0 => (Severity::Error, ENDED),
            _ => (Severity::Warning, ENDS),
        };
        let says = Statement::plain(text).with("hop", &hop.name).with("date", date);
        let unverified = |link: &Link| {
            speaks_tls(link) && link.settings.flag(Key::UpstreamVerify) == Some(false)
        };
        let mut links = system.links_to(id).peekable();
        if links.peek().is_some() != behind {
            continue;
        }
        // Where every caller is known not to look at it, its end breaks nothing.
        if behind && links.all(|(_, link)| unverified(link)) {
            continue;
        }
        found.push(
            Prediction::new(severity, sure(system, &[end], &[]), says)
                .rests_on(system, id, end)
                .change(Statement::plain(RENEW).with("hop", &hop.name)),
        );
    }
    found
}

const ENDED: Text = Text::new(
    "the certificate of {hop} ended on {date}: whoever verifies it refuses the connection",
    "{hop} の証明書は {date} に期限が切れました。検証するクライアントは接続を拒否します",
);
const ENDS: Text = Text::new(
    "the certificate of {hop} ends on {date}: from then on, whoever verifies it refuses the connection",
    "{hop} の証明書は {date} に期限が切れます。以後、検証するクライアントは接続を拒否します",
);
const RENEW: Text = Text::new(
    "renew the certificate of {hop} and let the server load it",
    "{hop} の証明書を更新し、サーバーに読み込ませます",
);

/// Days of a date `2026-11-22` since an arbitrary one, so that differences are right; `None` if it is
/// no date.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let mut part = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day)
}

/// `https` spoken to a plain port, or plain HTTP to one of TLS.
pub(crate) fn spoken(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        let Some(tls) = link.settings.flag(Key::UpstreamTls) else { continue };
        let forwards = matches!(to.task, Task::App | Task::Gateway | Task::LoadBalancer);
        let mut on_port = to.listens.iter().filter(|listen| listen.port == link.port).peekable();
        let Some(first) = on_port.peek().copied() else { continue };
        let (Some(at), Some(setting)) = (first.at, link.get(Key::UpstreamTls)) else { continue };
        // What a container or a service declares is a port, not what is spoken on it.
        let says = says_what_it_speaks(system, to) || (tls && only_plain_http(system, at));
        if link.port == 0 || !forwards || !says {
            continue;
        }
        if on_port.any(|listen| listen.tls == tls) {
            continue;
        }
        let (text, change) =
            if tls { (TO_PLAIN, TO_PLAIN_CHANGE) } else { (TO_TLS, TO_TLS_CHANGE) };
        let fill = |text| {
            Statement::plain(text)
                .with("from", &from.name)
                .with("to", &to.name)
                .with("port", link.port)
        };
        let confidence = sure(system, &[setting], &[id]);
        found.push(
            Prediction::new(Severity::Error, confidence, fill(text))
                .rests_on(system, link.from, setting)
                .at(at, fill(if tls { PLAIN } else { SPEAKS_TLS }))
                .along(system, id)
                .change(fill(change)),
        );
    }
    found
}

/// True for servers whose configuration says of each port whether it speaks TLS.
fn says_what_it_speaks(system: &System, hop: &Hop) -> bool {
    const SAYING: &[&str] = &["nginx", "apache", "haproxy", "envoy", "caddy", "traefik", "aws"];
    SAYING.iter().any(|reader| stands_in(system, hop, reader))
}

/// True if the place is in code for Node.js that makes a server of plain HTTP, and knows of nothing that
/// could speak TLS.
fn only_plain_http(system: &System, at: Span) -> bool {
    let text = &system.file(at.file).text;
    let imports = |module: &str| {
        ["'", "\"", "'node:", "\"node:"]
            .iter()
            .any(|quote| text.contains(&format!("{quote}{module}{}", &quote[..1])))
    };
    is_read_by(system, at, "javascript")
        && text.contains("createServer(")
        && imports("http")
        && !["https", "http2", "tls", "spdy"].into_iter().any(imports)
}

const TO_PLAIN: Text = Text::new(
    "{from} speaks TLS to port {port} of {to}, where plain HTTP is spoken: every handshake fails",
    "{from} は {to} のポート {port} に TLS で接続しますが、そこは平文の HTTP です。ハンドシェイクはすべて失敗します",
);
const PLAIN: Text =
    Text::new("{to} speaks plain HTTP on {port}", "{to} の {port} は平文の HTTP です");
const TO_PLAIN_CHANGE: Text = Text::new(
    "let {from} speak http to {to}, or let {to} speak TLS on {port}",
    "{from} から {to} へは http にするか、{to} の {port} で TLS を有効にします",
);
const TO_TLS: Text = Text::new(
    "{from} speaks plain HTTP to port {port} of {to}, where TLS is spoken: requests are answered with 400 or \
     not at all",
    "{from} は {to} のポート {port} に平文の HTTP で接続しますが、そこは TLS です。リクエストは 400 になるか、応答\
     がありません",
);
const SPEAKS_TLS: Text = Text::new("{to} speaks TLS on {port}", "{to} の {port} は TLS です");
const TO_TLS_CHANGE: Text = Text::new(
    "let {from} speak https to port {port} of {to}",
    "{from} から {to} のポート {port} へは https にします",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, names, only, text, unknown};

    fn made(reader: &'static str) -> (Made, model::config::HopId, model::config::LinkId) {
        let mut made = Made::new().read_as(reader);
        let front = made.hop(Task::Gateway, "front");
        let origin = made.hop(Task::Gateway, "origin");
        let link = made.link(front, origin, "https://origin.example.com:443");
        (made, origin, link)
    }

    #[test]
    fn the_name_asked_for_is_carried() {
        let with = |carried, verify: bool, asked: Option<Value>| {
            let (mut made, origin, link) = made("made");
            made.set(origin, Key::CertificateNames, carried);
            made.set_link(link, Key::UpstreamVerify, Value::Flag(verify));
            if let Some(asked) = asked {
                made.set_link(link, Key::UpstreamSni, asked);
            }
            name(&made.system)
        };
        only(with(names(&["www.example.com"]), true, None));
        only(with(names(&["*.example.com"]), true, Some(text("a.b.example.com"))));
        assert!(with(names(&["*.example.com"]), true, None).is_empty());
        assert!(with(names(&["origin.example.com"]), true, None).is_empty());
        assert!(with(names(&["www.example.com"]), false, None).is_empty());
        assert!(with(names(&["www.example.com"]), true, Some(text("$host"))).is_empty());
        assert!(with(names(&["www.example.com"]), true, Some(unknown())).is_empty());
        assert!(with(unknown(), true, None).is_empty());
    }

    #[test]
    fn an_edge_that_hands_the_host_on_may_take_a_certificate_for_it() {
        let with = |host: Option<&str>| {
            let (mut made, origin, link) = made("made");
            made.system.hops[0].task = Task::Cdn;
            made.set(origin, Key::CertificateNames, names(&["www.example.com"]));
            made.set_link(link, Key::UpstreamVerify, Value::Flag(true));
            if let Some(host) = host {
                made.set_link(link, Key::UpstreamHost, text(host));
            }
            name(&made.system)
        };
        only(with(Some("origin.example.com")));
        assert!(with(Some("viewer")).is_empty());
        assert!(with(None).is_empty());
    }

    #[test]
    fn a_shared_host_needs_a_name() {
        let with = |sni, address| {
            let mut made = Made::new();
            let front = made.hop(Task::Gateway, "front");
            let origin = made.hop(Task::External, "origin");
            let link = made.link(front, origin, address);
            made.default_link(link, Key::UpstreamSni, sni);
            no_name(&made.system)
        };
        only(with(Value::Flag(false), "https://d1.cloudfront.net"));
        assert!(with(Value::Flag(true), "https://d1.cloudfront.net").is_empty());
        assert!(with(Value::Flag(false), "http://d1.cloudfront.net").is_empty());
        assert!(with(Value::Flag(false), "https://origin.example.com").is_empty());
        assert!(with(unknown(), "https://d1.cloudfront.net").is_empty());
    }

    #[test]
    fn a_certificate_outlasts_the_next_weeks() {
        let with = |end: &str, today: &str| {
            let (mut made, origin, _) = made("made");
            made.set(origin, Key::CertificateNotAfter, text(end));
            made.system.today = today.to_owned();
            assert!(expiry_at_the_edge(&made.system).is_empty());
            let found = expiry_behind(&made.system);
            made.system.links.clear();
            assert_eq!(expiry_at_the_edge(&made.system).len(), found.len());
            found
        };
        let one = only(with("2026-11-21T23:59:59Z", "2026-11-22"));
        assert_eq!(one.severity, Severity::Error);
        let one = only(with("2026-12-06T00:00:00Z", "2026-11-22"));
        assert_eq!(one.severity, Severity::Warning);
        assert!(with("2026-12-07T00:00:00Z", "2026-11-22").is_empty());
        assert!(with("soon", "2026-11-22").is_empty());
        assert!(with("2026-11-21T23:59:59Z", "").is_empty());
    }

    #[test]
    fn days_follow_the_calendar() {
        let between = |a, b| days(b).unwrap() - days(a).unwrap();
        assert_eq!(between("2026-02-28", "2026-03-01"), 1);
        assert_eq!(between("2028-02-28", "2028-03-01"), 2);
        assert_eq!(between("2025-12-31", "2026-01-01"), 1);
        assert_eq!(between("2026-11-22", "2027-11-22"), 365);
        assert_eq!(days("2026-13-01"), None);
    }

    #[test]
    fn both_ends_speak_the_same() {
        let with = |reader, spoken, tls| {
            let (mut made, origin, link) = made(reader);
            made.listens(origin, "", 443, tls);
            made.set_link(link, Key::UpstreamTls, spoken);
            super::spoken(&made.system)
        };
        only(with("nginx", Value::Flag(true), false));
        only(with("nginx", Value::Flag(false), true));
        assert!(with("nginx", Value::Flag(true), true).is_empty());
        assert!(with("kubernetes", Value::Flag(true), false).is_empty());
        assert!(with("nginx", unknown(), false).is_empty());
        let code = |text: &str| {
            let (mut made, origin, link) = made("javascript");
            made.listens(origin, "", 443, false);
            made.set_link(link, Key::UpstreamTls, Value::Flag(true));
            made.system.files[0].text = format!("{text}\n{}", "x\n".repeat(500)).into();
            super::spoken(&made.system)
        };
        only(code("require('http').createServer(answer).listen(443);"));
        assert!(code("import https from \"node:https\"; https.createServer(answer)").is_empty());
        assert!(code("require('http'); require('https'); createServer(answer)").is_empty());
    }
}
