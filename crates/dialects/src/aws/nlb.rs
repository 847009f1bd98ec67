//! AWS Network Load Balancer access log, version 2.0: one line per connection to a TLS listener.
//!
//! It knows connections and no requests; what it tells of is a client's handshake that failed. The
//! time stamp is when the connection ended, UTC without saying so. Format: "Access logs for your
//! Network Load Balancer", AWS Elastic Load Balancing user guide.

mod about;

use model::{Event, Failure, HopKind, Mechanism, Request, Role, Timestamp};

use super::words::client;
use crate::{About, Context, Dialect, Marks, Quick, Understood, scan};

/// AWS Network Load Balancer access log.
pub(crate) struct Nlb;

impl Dialect for Nlb {
    fn name(&self) -> &'static str {
        "aws-nlb"
    }

    fn about(&self) -> &'static About {
        &about::PAGE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[" net/"]])
    }

    fn sniff(&self, record: &str) -> bool {
        Connection::split(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        let connection = std::str::from_utf8(line).ok().and_then(Connection::split);
        match connection {
            Some(connection) if !connection.failed() => Quick::Nothing,
            _ => Quick::Full,
        }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(connection) = Connection::split(record) else { return Understood::No };
        if connection.failed() {
            out.push(connection.request().into());
        }
        Understood::Yes
    }
}

/// One connection.
struct Connection<'a> {
    end: Timestamp,
    /// When it was opened, in lines that go on so far.
    start: Option<Timestamp>,
    /// The load balancer, `net/NAME/ID`.
    elb: &'a str,
    client: &'a str,
    /// Milliseconds the handshake took, `-` if it did not succeed.
    handshake: &'a str,
    /// Number of the TLS alert that the client sent, `-` if it sent none.
    alert: &'a str,
    /// Server name the client asked for.
    domain: &'a str,
}

impl<'a> Connection<'a> {
    /// Cuts a line that has at least the 16 fields up to the protocol; `None` for any other text.
    fn split(record: &'a str) -> Option<Connection<'a>> {
        let mut words = record.trim_end().split(' ');
        let mut next = || words.next().filter(|word| !word.is_empty());
        if next()? != "tls" || !next()?.starts_with("2.") {
            return None;
        }
        let end = scan::iso(next()?.as_bytes(), 0)?;
        let elb = next().filter(|elb| elb.starts_with("net/"))?;
        let _listener = next()?;
        // The destination is the listener, or an endpoint in front of it: targets are not named.
        let (client, _destination) = (next()?, next()?);
        number(next()?)?;
        let handshake = next()?;
        number(handshake)?;
        for _bytes in 0..2 {
            number(next()?)?;
        }
        let alert = next()?;
        number(alert)?;
        let (_certificate, _serial) = (next()?, next()?);
        let (_cipher, protocol) = (next()?, next()?);
        if protocol != "-" && !protocol.starts_with("tls") {
            return None;
        }
        let _group = next();
        let domain = next().unwrap_or("-");
        // Behind the three fields of ALPN stands when the connection was opened.
        let start = (0..4).filter_map(|_| next()).last();
        let start = start.and_then(|start| scan::iso(start.as_bytes(), 0));
        let start = start.filter(|start| *start <= end);
        Some(Connection { end, start, elb, client, handshake, alert, domain })
    }

    /// Whether the handshake with the client was not completed.
    fn failed(&self) -> bool {
        self.handshake == "-"
    }

    fn request(self) -> Request<'a> {
        let mut request = Request::new(self.elb, HopKind::Edge, Role::Explanation);
        request.start = self.start;
        request.end = Some(self.end);
        request.client = scan::present(self.client).map(|address| client(address).into());
        request.host = scan::present(self.domain).map(Into::into);
        request.failure = Some(Failure::of(Mechanism::ClientTlsFailed));
        request.token = Some(match scan::present(self.alert) {
            Some(alert) => format!("alert {alert}").into(),
            None => "handshake".into(),
        });
        request.complete_times();
        request
    }
}

/// A whole number, or `-`.
fn number(word: &str) -> Option<()> {
    (word == "-" || word.bytes().all(|b| b.is_ascii_digit())).then_some(())
}
