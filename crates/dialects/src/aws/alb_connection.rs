//! AWS Application Load Balancer connection log: one line per connection of a client; or one JSON
//! object, as a delivery through CloudWatch Logs or Firehose may write it.
//!
//! The load balancer is not named in a line. Format: "Connection logs", AWS Elastic Load Balancing
//! user guide.

mod about;

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memmem;
use model::{Event, Failure, HopKind, Mechanism, Request, Role, Timestamp};

use super::words::Rest;
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Quick, Understood, scan};

/// AWS Application Load Balancer connection log.
pub(crate) struct AlbConnection;

impl Dialect for AlbConnection {
    fn name(&self) -> &'static str {
        "aws-alb-connection"
    }

    fn about(&self) -> &'static About {
        &about::PAGE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["Z ", "\"tls_verify_status\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        Connection::read(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        let connection = std::str::from_utf8(line).ok().and_then(Connection::split);
        match connection {
            Some(connection) if connection.failed().is_none() => Quick::Nothing,
            _ => Quick::Full,
        }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(Connection::read(record).map(|connection| connection.request(context)), out)
    }
}

/// One connection.
struct Connection<'a> {
    /// When it was established, or not.
    time: Timestamp,
    /// The load balancer, where the record names it.
    elb: Option<Cow<'a, str>>,
    client: Cow<'a, str>,
    /// TLS version, `-` if none was spoken.
    protocol: Cow<'a, str>,
    /// Seconds the handshake took, `-` if it did not succeed.
    latency: Cow<'a, str>,
    /// `Success`, `Failed:CODE` or `-`.
    verify: Cow<'a, str>,
    /// The connection's id, which the access log repeats.
    id: Option<Cow<'a, str>>,
}

impl<'a> Connection<'a> {
    fn read(record: &'a str) -> Option<Connection<'a>> {
        if !record.trim_start().starts_with('{') {
            return Connection::split(record);
        }
        memmem::find(record.as_bytes(), b"\"tls_verify_status\"")?;
        let object = Json::object(record)?;
        let word = |key: &str| object.get(key)?.written().filter(|text| !text.is_empty());
        let or_none = |key| word(key).unwrap_or(Cow::Borrowed("-"));
        Connection {
            time: scan::iso(word("time").or_else(|| word("timestamp"))?.as_bytes(), 0)?,
            elb: word("elb"),
            client: word("client_ip")?,
            protocol: or_none("tls_protocol"),
            latency: or_none("tls_handshake_latency"),
            verify: word("tls_verify_status")?,
            id: word("conn_trace_id"),
        }
        .checked()
    }

    /// Fields that were added behind the known ones are passed over.
    fn split(record: &'a str) -> Option<Connection<'a>> {
        let mut rest = Rest(record.trim_end());
        let time = rest.word().filter(|time| time.ends_with('Z'))?;
        let time = scan::iso(time.as_bytes(), 0)?;
        let client = rest.word()?;
        // The ports of the client and of the listener.
        for _ in 0..2 {
            rest.word()?.parse::<u16>().ok()?;
        }
        let protocol = rest.word()?;
        let _cipher = rest.word()?;
        let latency = rest.word()?;
        let _subject = rest.quoted()?;
        let validity = rest.word()?;
        let _serial = rest.word()?;
        let verify = rest.word()?;
        let dated = validity == "-" || validity.starts_with("NotBefore=");
        if !dated {
            return None;
        }
        Connection {
            time,
            elb: None,
            client: client.into(),
            protocol: protocol.into(),
            latency: latency.into(),
            verify: verify.into(),
            id: rest.word().map(Cow::from),
        }
        .checked()
    }

    /// The connection, if its values are what they have to be.
    fn checked(self) -> Option<Connection<'a>> {
        let spoken = self.protocol == "-" || self.protocol.starts_with("TLS");
        let timed = self.latency == "-" || scan::seconds(self.latency.as_bytes()).is_some();
        let verified =
            matches!(&*self.verify, "-" | "Success") || self.verify.starts_with("Failed:");
        let addressed = self.client.parse::<IpAddr>().is_ok();
        (spoken && timed && verified && addressed).then_some(self)
    }

    /// Why the connection was not established, if the record says that it was not.
    fn failed(&self) -> Option<&str> {
        match self.verify.strip_prefix("Failed:") {
            Some(code) => Some(code),
            None if self.protocol != "-" && self.latency == "-" => Some("handshake"),
            None => None,
        }
    }

    fn request(self, context: &Context) -> Option<Request<'a>> {
        let token = self.failed()?.to_owned();
        let hop = self.elb.or_else(|| context.hop.clone().map(Cow::Owned));
        let hop = hop.unwrap_or(Cow::Borrowed("load balancer"));
        let mut request = Request::new(hop, HopKind::Edge, Role::Explanation);
        request.end = Some(self.time);
        request.client = Some(self.client);
        request.id = self.id.filter(|id| id.starts_with("TID_"));
        request.token = Some(Cow::Owned(token));
        request.failure = Some(Failure::of(Mechanism::ClientTlsFailed));
        Some(request)
    }
}
