//! What a dialect must be told because the record does not say it: zone, year, log formats.

pub use crate::nginx::format::LogFormat;

/// Knowledge from outside the record, fixed for one source.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Zone of time stamps that state none, in seconds east of UTC.
    pub offset_east: i32,
    /// Year of time stamps that state none.
    pub year: Option<i32>,
    /// nginx `log_format`s given by the user or found in the evidence, tried in this order before
    /// the built-in ones.
    pub nginx_formats: Vec<LogFormat>,
    /// Whether a plain combined access log is to be read as Apache httpd's rather than nginx's;
    /// the two are the same to the letter.
    pub combined_is_apache: bool,
    /// Names of the columns, where a line at the head of the source names them (`#Fields:` of the
    /// W3C format, the first line of a VPC flow log or a CSV export), or the user did.
    pub columns: Vec<String>,
    /// Members of the JSON document around a record that are no list: what `aws` and `gcloud`
    /// print beside the list of records (`Label`, `logGroup`).
    pub around: Vec<(String, String)>,
    /// Names the hop where the record does not (a host name from a syslog prefix, a container).
    pub hop: Option<String>,
    /// Time stamp taken from a stripped prefix (container runtime, syslog), for records that have
    /// none of their own.
    pub prefix_time: Option<model::Timestamp>,
}

impl Context {
    /// A member of the JSON document around a record.
    pub(crate) fn around(&self, key: &str) -> Option<&str> {
        self.around.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}
