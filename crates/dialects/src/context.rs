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
    /// Names the hop where the record does not (a host name from a syslog prefix, a container).
    pub hop: Option<String>,
    /// Time stamp taken from a stripped prefix (container runtime, syslog), for records that have
    /// none of their own.
    pub prefix_time: Option<model::Timestamp>,
}
