//! Settings as `why502.toml` writes them: their names are those of `check --explain-path`, their
//! values have units.

use model::config::{Key, Value};

use crate::programs::duration;
use crate::tree::At;

/// A setting that `why502.toml` can state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declarable {
    /// Which.
    pub key: Key,
    /// The kind of its value, in a few words.
    pub sort: &'static str,
}

/// The settings that can be stated of a link, or of a hop.
pub fn declarable(link: bool) -> impl Iterator<Item = Declarable> {
    let stated = move |key: &&Key| stands_on(**key, link);
    Key::ALL.iter().filter(stated).map(|&key| Declarable { key, sort: sort(key).words() })
}

/// What kind of value a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Time,
    Bytes,
    Flag,
    Names,
    Text,
    /// A count, or a share such as `"25%"`.
    Part,
    Count,
}

impl Sort {
    fn words(self) -> &'static str {
        match self {
            Sort::Time => "time",
            Sort::Bytes => "size",
            Sort::Flag => "on or off",
            Sort::Names => "names",
            Sort::Text => "text",
            Sort::Part => "count or share",
            Sort::Count => "count",
        }
    }
}

/// The kind of a setting's value.
pub(crate) fn sort(key: Key) -> Sort {
    use Key as K;
    match key {
        K::ClientIdleTimeout
        | K::ClientMaxLifetime
        | K::ClientHeaderTimeout
        | K::ClientBodyTimeout
        | K::LongestRequest
        | K::RequestTimeout
        | K::WorkerTimeout
        | K::ConnectTimeout
        | K::SendTimeout
        | K::ResponseTimeout
        | K::TotalTimeout
        | K::UpstreamIdleTimeout
        | K::AttemptTimeout
        | K::QueueTimeout
        | K::TunnelTimeout
        | K::FailTimeout
        | K::DeregistrationDelay
        | K::SlowStart
        | K::CheckInterval
        | K::CheckTimeout
        | K::CheckStartPeriod
        | K::PreStopDelay
        | K::TerminationGrace
        | K::ShutdownTimeout
        | K::PoolAcquireTimeout
        | K::PoolIdleTimeout
        | K::PoolMaxLifetime
        | K::StatementTimeout
        | K::NatTimeWait
        | K::FlowIdleTimeout
        | K::DnsTtl => Sort::Time,
        K::MaxRequestHeader
        | K::MaxRequestBody
        | K::MaxResponseHeader
        | K::MaxResponseBody
        | K::MemoryLimit
        | K::HeapLimit
        | K::MaxResponsePayload => Sort::Bytes,
        K::ClientKeepAlive
        | K::UpstreamKeepAlive
        | K::UpstreamTls
        | K::UpstreamVerify
        | K::ResolveOnce
        | K::RetryNonIdempotent
        | K::StopsAtOnce
        | K::PublicAddress
        | K::PrivateAddress
        | K::NatDynamicPorts
        | K::ReachedPublicly
        | K::PrefersIpv6 => Sort::Flag,
        K::ServerNames | K::CertificateNames | K::NameServers => Sort::Names,
        K::BindAddress
        | K::CertificateFile
        | K::CertificateNotAfter
        | K::ServedProtocol
        | K::UpstreamProtocol
        | K::UpstreamSni
        | K::UpstreamVerifyName
        | K::UpstreamHost
        | K::RetryOn
        | K::CheckPath
        | K::CheckProtocol
        | K::CheckHost
        | K::CheckMatcher
        | K::EgressMode
        | K::EgressVia => Sort::Text,
        K::MaxSurge | K::MaxUnavailable => Sort::Part,
        _ => Sort::Count,
    }
}

/// True if the setting is one of a hop, or of a link: the documentation of the keys says whose each
/// is.
pub(crate) fn stands_on(key: Key, link: bool) -> bool {
    let whose = key.meaning().split(':').next().unwrap_or("").to_ascii_lowercase();
    match link {
        true => whose.contains("link"),
        false => ["hop", "nat", "firewall"].iter().any(|word| whose.contains(word)),
    }
}

/// The value; the sentence says how such a value is written.
pub(crate) fn value(key: Key, at: At<'_>) -> Result<Value, &'static str> {
    let sort = sort(key);
    let bounded = matches!(sort, Sort::Time | Sort::Bytes | Sort::Count);
    if bounded && at.text() == Some("unlimited") {
        return Ok(Value::Unlimited);
    }
    let found = match sort {
        Sort::Time => at.text().filter(|_| at.is_quoted()).and_then(duration).map(Value::Time),
        Sort::Bytes => at.text().and_then(bytes).map(Value::Bytes),
        Sort::Flag => at.flag().filter(|_| !at.is_quoted()).map(Value::Flag),
        Sort::Names => names(at).map(Value::Names),
        Sort::Text => at.text().filter(|_| at.is_quoted()).map(|text| Value::Text(text.to_owned())),
        Sort::Part => share(at).or_else(|| whole(at)),
        Sort::Count => whole(at),
    };
    found.ok_or(match sort {
        Sort::Time => "a time with its unit, such as \"90s\", \"500ms\" or \"2m\"",
        Sort::Bytes => "a number of bytes, or a size such as \"512MiB\" or \"8k\"",
        Sort::Flag => "true or false",
        Sort::Names => "a list of names, such as [\"shop.example\"]",
        Sort::Text => "a text in quotation marks",
        Sort::Part => "a whole number, or a share such as \"25%\"",
        Sort::Count => "a whole number",
    })
}

fn whole(at: At<'_>) -> Option<Value> {
    at.number().filter(|_| !at.is_quoted()).map(Value::Count)
}

fn share(at: At<'_>) -> Option<Value> {
    let percent: f64 = at.text()?.strip_suffix('%')?.trim().parse().ok()?;
    (0.0..=10_000.0).contains(&percent).then_some(Value::Share(percent / 100.0))
}

fn names(at: At<'_>) -> Option<Vec<String>> {
    let all: Option<Vec<String>> = at.each().map(|one| one.text().map(str::to_owned)).collect();
    all.filter(|names| !names.is_empty())
}

/// A size: `k`, `KiB`, `M`, `MiB`, `G`, `GiB` are powers of 1024, as servers and Kubernetes' `Mi`
/// count them.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let unit: u64 = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" | "ki" => 1 << 10,
        "m" | "mib" | "mi" => 1 << 20,
        "g" | "gib" | "gi" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::toml;

    fn read(key: Key, written: &str) -> Result<String, &'static str> {
        let tree = toml(&format!("x = {written}\n"));
        let root = tree.roots().next().unwrap();
        value(key, root.get("x")).map(|value| value.to_string())
    }

    #[test]
    fn values_have_units_and_bounds() {
        assert_eq!(read(Key::LongestRequest, "\"1m30s\""), Ok("90 s".to_owned()));
        assert!(read(Key::LongestRequest, "90").is_err());
        assert_eq!(read(Key::ClientIdleTimeout, "\"unlimited\""), Ok("unlimited".to_owned()));
        assert_eq!(read(Key::MemoryLimit, "\"512MiB\""), Ok("512 MiB".to_owned()));
        assert!(read(Key::MemoryLimit, "\"99999999999g\"").is_err());
        assert_eq!(read(Key::MaxSurge, "\"25%\""), Ok("25%".to_owned()));
        assert_eq!(read(Key::MaxSurge, "2"), Ok("2".to_owned()));
        assert_eq!(read(Key::MaxInstances, "0x10"), Ok("16".to_owned()));
        assert!(
            read(Key::MaxInstances, "-1").is_err() && read(Key::MaxInstances, "\"4\"").is_err()
        );
        assert_eq!(read(Key::UpstreamKeepAlive, "false"), Ok("off".to_owned()));
        assert_eq!(read(Key::ServerNames, "[\"a\", \"b\"]"), Ok("a, b".to_owned()));
        assert!(read(Key::ServerNames, "[1979-05-27, {}]").is_err());
    }

    #[test]
    fn every_setting_stands_somewhere() {
        for key in Key::ALL {
            let check = key.as_str().starts_with("check-");
            let anywhere = stands_on(*key, true) || stands_on(*key, false);
            assert_eq!(anywhere, !check, "{key}");
        }
    }
}
