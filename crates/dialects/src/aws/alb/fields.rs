//! The fields of one record: cut by position out of a line, or taken by name out of the JSON
//! objects that a delivery through CloudWatch Logs or Firehose writes.

use std::borrow::Cow;

use memchr::memmem;
use model::{Micros, Timestamp};

use super::super::words::{self, Rest};
use crate::json::Json;
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
    /// Status received from the target, `-` if none was (field 10).
    pub(super) target_status: Cow<'a, str>,
    /// The request line with an absolute target (field 13).
    pub(super) request: Cow<'a, str>,
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
    /// The fields of a record in either form; `None` for any other text.
    pub(super) fn read(record: &'a str) -> Option<Fields<'a>> {
        if !record.trim_start().starts_with('{') {
            return Fields::split(record);
        }
        memmem::find(record.as_bytes(), b"\"elb_status_code\"")?;
        Fields::named(&Json::object(record)?)
    }

    /// Cuts a line that has at least the 15 fields up to the cipher; `None` for any other text.
    fn split(record: &'a str) -> Option<Fields<'a>> {
        let mut rest = Rest(record);
        if !is_type(rest.word()?) {
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
        let request = Cow::Borrowed(rest.request_line()?);
        let _user_agent = rest.user_agent()?;
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
            target_status: Cow::Borrowed(target_status),
            request,
            arn,
            trace,
            domain,
            created: rest.word().unwrap_or("-"),
            actions: rest.quoted().unwrap_or("-"),
            error_reason: rest.quoted().and_then(|_redirect| rest.quoted()).unwrap_or("-"),
        })
    }

    /// Takes an object whose keys are the fields' names. Two of those names cannot be told for
    /// certain from what AWS publishes (the constants of its CDK, `CLIENT_PORT` and
    /// `REQUEST_LINE`), so the documented forms are taken as well.
    fn named(object: &Json<'a>) -> Option<Fields<'a>> {
        let any = |keys: &[&str]| keys.iter().find_map(|key| object.get(key)).and_then(Json::text);
        let plain = |keys: &[&str]| match any(keys) {
            Some(Cow::Borrowed(text)) => *text,
            _ => "-",
        };
        let word = |key: &str| plain(&[key]);
        let number = |key: &str| match object.get(key)? {
            Json::Text(Cow::Borrowed(text)) => Some(Cow::Borrowed(*text)),
            Json::Int(number) => Some(Cow::Owned(number.to_string())),
            Json::Float(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        };
        let elb = word("elb");
        if !is_type(word("type")) || !elb.contains('/') {
            return None;
        }
        let time = |key| words::time(&number(key)?);
        Some(Fields {
            time: scan::iso(word("time").as_bytes(), 0)?,
            elb,
            client: plain(&["client:port", "client_port"]),
            target: plain(&["target:port", "target_port"]),
            times: [
                time("request_processing_time")?,
                time("target_processing_time")?,
                time("response_processing_time")?,
            ],
            status: match &*number("elb_status_code")? {
                "-" => None,
                code => Some(scan::status(code.as_bytes())?),
            },
            target_status: match object.get("target_status_code") {
                Some(Json::Int(code)) => Cow::Owned(code.to_string()),
                _ => Cow::Borrowed(word("target_status_code")),
            },
            request: any(&["request_line", "request"]).cloned().unwrap_or(Cow::Borrowed("-")),
            arn: word("target_group_arn"),
            trace: word("trace_id"),
            domain: word("domain_name"),
            created: word("request_creation_time"),
            actions: word("actions_executed"),
            error_reason: word("error_reason"),
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

/// The connection types of the log.
fn is_type(word: &str) -> bool {
    matches!(word, "http" | "https" | "h2" | "grpcs" | "ws" | "wss")
}
