//! Log text to events: one file per dialect, and the reader that finds out which is which.
//!
//! Nothing here does IO or reads a clock. A dialect never fails: a record it does not understand
//! is somebody else's, and a record nobody understands is counted and shown, not dropped.

#![forbid(unsafe_code)]

mod about;
mod apache;
mod apps;
mod appserver;
mod aws;
mod caddy;
mod context;
mod curl;
mod database;
mod envoy;
mod gcp;
mod go;
mod haproxy;
mod json;
mod k8s;
mod kernel;
mod marks;
mod metric;
mod nginx;
mod node;
mod probe;
mod raw;
pub mod reader;
pub mod scan;
mod traefik;

pub use about::{About, Blind};
pub use aws::flow::flow_columns;
pub use context::{Context, LogFormat};
pub use marks::Marks;
pub use nginx::conf::{formats_in_conf as nginx_formats_in_conf, looks_like_nginx_conf};
pub use node::continues as continues_error;

use model::{Event, Tally};

/// The grammar of one kind of evidence.
pub trait Dialect: Sync {
    /// Name on the command line and in reports, such as `aws-alb`.
    fn name(&self) -> &'static str;

    /// Its page.
    fn about(&self) -> &'static About {
        &About::UNWRITTEN
    }

    /// What every record has that [`Dialect::sniff_in`] accepts: without it the dialect is not asked.
    fn marks(&self) -> Marks {
        Marks::UNKNOWN
    }

    /// Whether the record is unmistakably of this dialect. Must be cheap and strict: text that is
    /// no gateway log at all has to be refused by every dialect.
    fn sniff(&self, record: &str) -> bool;

    /// The same with what is known of the source, for dialects whose records only a header or the
    /// user explains.
    fn sniff_in(&self, record: &str, context: &Context) -> bool {
        let _ = context;
        self.sniff(record)
    }

    /// Whether its records are an application's own words, which the entries of other dialects may
    /// carry: whoever knows the entry knows more of it and is asked before.
    fn is_carried(&self) -> bool {
        false
    }

    /// Looks at a raw line (without its line end) only as far as is needed to tell that the
    /// request was healthy and unremarkable. The default sends every line to [`Dialect::parse`].
    fn quick<'a>(&self, line: &'a [u8], context: &'a Context) -> Quick<'a> {
        let _ = (line, context);
        Quick::Full
    }

    /// Parses a whole record (one line, or several that belong together) and appends what it
    /// says. Also understands healthy requests, and then says the same as `quick`.
    fn parse<'a>(&self, record: &'a str, context: &Context, out: &mut Vec<Event<'a>>)
    -> Understood;
}

/// What a quick look at a line found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick<'a> {
    /// A healthy request: count it.
    Tally(Tally<'a>),
    /// A record of this dialect in which nothing of interest happened.
    Nothing,
    /// Worth a full parse, or not decidable quickly.
    Full,
}

/// Whether a record was of the dialect that looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Understood {
    /// Yes, even if it had nothing to tell.
    Yes,
    /// No: another dialect may try.
    No,
}

/// The answer of a dialect to a record that it could read or not; what it read may tell of any number
/// of events.
pub(crate) fn tell<'a, E: Into<Event<'a>>>(
    read: Option<impl IntoIterator<Item = E>>,
    out: &mut Vec<Event<'a>>,
) -> Understood {
    let Some(events) = read else { return Understood::No };
    out.extend(events.into_iter().map(Into::into));
    Understood::Yes
}

/// Requests longer than this are kept for joining even if they were healthy: they may be what an
/// outer hop gave up on. Below it no common timer of a gateway sits.
pub const SLOW: model::Micros = model::Micros::from_secs(5);

/// Every dialect, most specific grammar first: the order in which a record is offered to them.
pub static ALL: &[&dyn Dialect] = &[
    &aws::alb::Alb,
    &aws::alb_health::AlbHealth,
    &aws::alb_connection::AlbConnection,
    &aws::nlb::Nlb,
    &aws::cloudfront::CloudFront,
    &aws::clb::Clb,
    &aws::flow::VpcFlow,
    &aws::cloudtrail::CloudTrail,
    &aws::api_gateway::ApiGateway,
    &aws::api_gateway_execution::ApiGatewayExecution,
    &aws::lambda::Lambda,
    &aws::ecs::Ecs,
    &aws::metrics::CloudWatchMetrics,
    &aws::target_health::TargetHealth,
    &gcp::lb::LoadBalancer,
    &gcp::run::CloudRun,
    &gcp::nat::CloudNat,
    &gcp::audit::CloudAudit,
    &gcp::firewall::CloudFirewall,
    &gcp::flow::CloudFlow,
    &gcp::metrics::CloudMonitoring,
    &k8s::Kubernetes,
    &database::postgresql::PostgreSql,
    &database::mysql::MySql,
    &envoy::events::EnvoyHealth,
    &envoy::events::EnvoyOutlier,
    &envoy::log::EnvoyLog,
    &envoy::json::EnvoyJson,
    &envoy::text::EnvoyText,
    &haproxy::http::HaproxyHttp,
    &haproxy::notice::HaproxyNotice,
    &caddy::log::Caddy,
    &traefik::log::Traefik,
    &nginx::error::NginxError,
    &apache::error::ApacheError,
    &nginx::access::NginxAccess,
    &apache::access::ApacheAccess,
    &probe::HealthProbe,
    &kernel::audit::Audit,
    &aws::cloudfront::page::ErrorPage,
    &kernel::oom::Kernel,
    &kernel::counters::Counters,
    &appserver::UWSGI,
    &appserver::GUNICORN,
    &appserver::UVICORN,
    &appserver::PHP_FPM,
    &appserver::php_fpm_access::PhpFpmAccess,
    &appserver::PUMA,
    &apps::json::AppJson,
    &apps::languages::DOTNET,
    &apps::languages::JAVA,
    &apps::languages::RUBY,
    &apps::languages::PYTHON,
    &apps::languages::GO,
    &node::fetch::NodeErrors,
    &curl::transcript::Curl,
];

/// The dialect of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Dialect> {
    ALL.iter().copied().find(|dialect| dialect.name() == name)
}
