//! What to send and when, with every number resolved.

use std::net::SocketAddr;
use std::time::Duration;

use model::Protocol;
use serde::{Deserialize, Serialize};

/// A run of the load generator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Where connections go.
    pub target: SocketAddr,
    /// What the `Host` field (or `:authority`) says.
    pub authority: String,
    /// HTTP version of the connections.
    #[serde(with = "protocol")]
    pub protocol: Protocol,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// When requests are due.
    pub arrivals: Arrivals,
    /// For how long requests become due; at most [`Plan::LONGEST`].
    pub lasts: Duration,
    /// How long a request may take from the moment it is due to its complete response.
    pub patience: Duration,
    /// What is asked, in turn and by weight.
    pub requests: Vec<Ask>,
    /// With a name, each request carries `x-request-id: <name>-<n>`, counting from 1.
    pub request_ids: Option<String>,
    /// Most requests under way at once; what is due beyond that counts as `not-sent`. The process
    /// needs as many open files and a few more.
    pub in_flight: usize,
}

/// When requests are due.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Evenly, so many per second.
    Constant {
        /// Requests per second.
        rate: f64,
    },
    /// Many at once, then silence.
    Bursts {
        /// Requests due at once.
        size: u32,
        /// From the first burst to the second.
        gap: Duration,
        /// By how much each further gap is longer.
        step: Duration,
    },
}

/// One kind of request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Bytes of content; what they are does not matter.
    pub body_bytes: u64,
    /// Further fields. `Host` and `User-Agent` replace the generator's own; with
    /// `Transfer-Encoding: chunked` the content goes out in chunks; with `Expect: 100-continue` it
    /// waits for the interim response, a second at most.
    pub headers: Vec<(String, String)>,
    /// Its share in the mix against the others.
    pub weight: u32,
}

/// Why a plan cannot be run; one sentence.
#[derive(Debug, thiserror::Error)]
#[error("the load cannot be sent: {0}")]
pub struct PlanError(String);

impl Plan {
    /// The longest run. The series per second is kept in memory.
    pub const LONGEST: Duration = Duration::from_secs(3600);

    /// How many requests may be under way at once unless the plan says otherwise.
    pub const IN_FLIGHT: usize = 4096;

    /// Most requests of one run.
    pub(super) const MOST: u64 = 20_000_000;

    /// # Errors
    ///
    /// Something in the plan has no meaning, or would take more memory than a run may.
    pub fn check(&self) -> Result<(), PlanError> {
        let err = |message: String| Err(PlanError(message));
        if self.lasts.is_zero() || self.lasts > Plan::LONGEST {
            return err(format!("it has to last between 0 and {:?}", Plan::LONGEST));
        }
        if self.patience.is_zero() || self.patience > Plan::LONGEST {
            return err(format!("patience has to be between 0 and {:?}", Plan::LONGEST));
        }
        match self.arrivals {
            Arrivals::Constant { rate } if !rate.is_finite() || rate <= 0.0 => {
                return err(format!("{rate} requests per second is not a rate"));
            }
            Arrivals::Bursts { size: 0, .. } => return err("a burst has no request".into()),
            Arrivals::Bursts { gap, .. } if gap.is_zero() => {
                return err("the gap between bursts is zero".into());
            }
            _ => {}
        }
        if self.scheduled() > Plan::MOST {
            return err(format!("it is more than {} requests", Plan::MOST));
        }
        if self.in_flight == 0 {
            return err("no request may be in flight".into());
        }
        if self.requests.iter().all(|ask| ask.weight == 0) {
            return err("there is no request with a weight above zero".into());
        }
        if self.authority.parse::<http::uri::Authority>().is_err() {
            return err(format!("{:?} is not a host and port", self.authority));
        }
        let probe = format!("{}-1", self.request_ids.as_deref().unwrap_or_default());
        if http::HeaderValue::from_str(&probe).is_err() {
            return err("the name for request ids cannot stand in a header".into());
        }
        self.requests.iter().try_for_each(Ask::check)
    }
}

impl Ask {
    fn check(&self) -> Result<(), PlanError> {
        let err = |message: String| Err(PlanError(message));
        match http::Method::from_bytes(self.method.as_bytes()) {
            Ok(http::Method::CONNECT) | Err(_) => {
                return err(format!("{:?} is not a method it can send", self.method));
            }
            Ok(_) => {}
        }
        if !self.path.starts_with('/') || self.path.parse::<http::uri::PathAndQuery>().is_err() {
            return err(format!("{:?} is not a path", self.path));
        }
        for (name, value) in &self.headers {
            if http::HeaderName::from_bytes(name.as_bytes()).is_err()
                || http::HeaderValue::from_str(value).is_err()
            {
                return err(format!("{:?} is not a header field", format!("{name}: {value}")));
            }
            if name.eq_ignore_ascii_case("transfer-encoding")
                && !value.trim().eq_ignore_ascii_case("chunked")
            {
                return err(format!("it cannot send the transfer coding {value:?}"));
            }
        }
        Ok(())
    }

    /// The value of a field given by the plan.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the content goes out in chunks.
    pub(super) fn chunked(&self) -> bool {
        self.header("transfer-encoding").is_some()
    }
}

/// `model` knows no serde: the protocol's word goes over the wire.
mod protocol {
    use model::Protocol;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &Protocol, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Protocol, D::Error> {
        let word = String::deserialize(from)?;
        Protocol::parse(&word).ok_or_else(|| D::Error::custom(format!("no protocol `{word}`")))
    }
}
