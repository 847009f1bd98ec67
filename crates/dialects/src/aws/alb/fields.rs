//! The fields of one line, cut by position; quoted fields are closed by what must follow them,
//! because AWS does not say how a quote inside them is written.

use model::{Micros, Timestamp};

use crate::scan;

/// The fields that say something about a failure, as logged; absent ones are `-`.
pub(super) struct Fields<'a> {
    /// When the response was generated (field 2).
    pub(super) time: Timestamp,
    /// The load balancer, `app/NAME/ID` (field 3).
    pub(super) elb: &'a str,
    /// Client address and port (field 4).
    pub(super) client: &'a str,
    /// Target address and port, `-` if none was chosen or it is a Lambda function (field 5).
    pub(super) target: &'a str,
    /// Request, target and response processing time; `None` where logged as -1 (fields 6 to 8).
    pub(super) times: [Option<Micros>; 3],
    /// Status sent to the client; `None` for `-` (field 9).
    pub(super) status: Option<u16>,
    /// Status received from the target (field 10).
    pub(super) target_status: &'a str,
    /// The request line with an absolute target (field 13).
    pub(super) request: &'a str,
    /// Target group ARN (field 17).
    arn: &'a str,
    /// X-Amzn-Trace-Id (field 18).
    trace: &'a str,
    /// Server name of the TLS handshake (field 19).
    pub(super) domain: &'a str,
    /// When the load balancer received the request (field 22).
    pub(super) created: &'a str,
    /// Actions of the matched rule, comma-separated (field 23).
    actions: &'a str,
    /// Reason code for a failed rule action or Lambda function (field 25).
    pub(super) error_reason: &'a str,
}

impl<'a> Fields<'a> {
    /// Cuts a line that has at least the 15 fields up to the cipher; `None` for any other text.
    pub(super) fn split(record: &'a str) -> Option<Fields<'a>> {
        let mut rest = Rest(record);
        if !matches!(rest.word()?, "http" | "https" | "h2" | "grpcs" | "ws" | "wss") {
            return None;
        }
        let time = scan::iso(rest.word()?.as_bytes(), 0)?;
        let elb = rest.word().filter(|elb| elb.contains('/'))?;
        let (client, target) = (rest.word()?, rest.word()?);
        let times = [rest.time()?, rest.time()?, rest.time()?];
        let status = match rest.word()? {
            "-" => None,
            code => Some(scan::status(code.as_bytes())?),
        };
        let target_status = rest.word()?;
        if target_status != "-" {
            scan::status(target_status.as_bytes())?;
        }
        rest.size()?;
        rest.size()?;
        let request = rest.closed_by("\" \"", ends_like_a_request)?;
        let _user_agent = rest.closed_by("\" ", |_, after| tls_follows(after))?;
        let _cipher = rest.word()?;
        let _protocol = rest.word();
        let arn = rest.word().unwrap_or("-");
        let trace = rest.quoted().unwrap_or("-");
        let domain = rest.quoted().unwrap_or("-");
        rest.certificate();
        let _priority = rest.word();
        Some(Fields {
            time,
            elb,
            client,
            target,
            times,
            status,
            target_status,
            request,
            arn,
            trace,
            domain,
            created: rest.word().unwrap_or("-"),
            actions: rest.quoted().unwrap_or("-"),
            error_reason: rest.quoted().and_then(|_redirect| rest.quoted()).unwrap_or("-"),
        })
    }

    /// Name of the target group, out of its ARN.
    pub(super) fn target_group(&self) -> Option<&'a str> {
        let (_, name) = self.arn.split_once(":targetgroup/")?;
        scan::present(name.split('/').next()?)
    }

    /// The id that all hops of the request share, `1-58337262-36d228ad5d99923122bbe354`. A `Self`
    /// beside it is this hop's own.
    pub(super) fn root_trace_id(&self) -> Option<&'a str> {
        let (_, root) = self.trace.split_once("Root=")?;
        scan::present(root.split(';').next()?)
    }

    /// Whether a rule of the listener answered instead of a target.
    pub(super) fn fixed_response(&self) -> bool {
        self.actions.split(',').any(|action| action == "fixed-response")
    }
}

/// A request field ends with a protocol, or with the placeholder of a request without one.
fn ends_like_a_request(field: &str, _after: &str) -> bool {
    field.ends_with([' ', '-']) || field.rsplit(' ').next().is_some_and(|p| p.starts_with("HTTP/"))
}

/// Behind the user agent stand cipher and protocol, unquoted.
fn tls_follows(after: &str) -> bool {
    let (cipher, rest) = scan::word(after);
    let (protocol, _) = scan::word(rest);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !cipher.is_empty()
        && cipher.bytes().all(plain)
        && (matches!(protocol, "" | "-") || protocol.starts_with("TLS"))
}

/// What is left of the line.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn word(&mut self) -> Option<&'a str> {
        let (word, rest) = scan::word(self.0);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Seconds with decimals, or -1.
    fn time(&mut self) -> Option<Option<Micros>> {
        match self.word()? {
            "-1" => Some(None),
            text => scan::seconds(text.as_bytes()).map(Some),
        }
    }

    fn size(&mut self) -> Option<()> {
        self.word()?.bytes().all(|b| b.is_ascii_digit()).then_some(())
    }

    /// A quoted field that ends where `close` stands and `fits(field, after)` holds, or at the
    /// first `close` if it holds nowhere.
    fn closed_by(&mut self, close: &str, fits: impl Fn(&str, &str) -> bool) -> Option<&'a str> {
        let text = self.0.strip_prefix('"')?;
        let cut = |at: usize| Some((text.get(..at)?, text.get(at + 2..)?));
        let (field, after) = text
            .match_indices(close)
            .filter_map(|(at, _)| cut(at))
            .find(|(field, after)| fits(field, after))
            .or_else(|| cut(text.find(close)?))?;
        self.0 = after;
        Some(field)
    }

    /// A quoted field that holds no quote followed by a space; a bare word is taken as it is.
    fn quoted(&mut self) -> Option<&'a str> {
        let Some(text) = self.0.strip_prefix('"') else { return self.word() };
        if let Some((field, after)) = text.split_once("\" ") {
            self.0 = after;
            return Some(field);
        }
        self.0 = "";
        text.strip_suffix('"')
    }

    /// The certificate's ARN holds no quote, and the field behind it sometimes follows without a
    /// space (a sample line in AWS's own guide does).
    fn certificate(&mut self) {
        match self.0.strip_prefix('"').and_then(|text| text.split_once('"')) {
            Some((_, after)) => self.0 = after.strip_prefix(' ').unwrap_or(after),
            None => drop(self.word()),
        }
    }
}
