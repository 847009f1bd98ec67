//! The suites: which files, which dialects may read them, and whose name means what.

use super::corpus::{Corpus, Sample};
use super::fields::{As, Mapping, Ours};

/// Samples that are gateway evidence.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) samples: fn(&Corpus) -> Vec<Sample>,
    /// Those that may understand a line.
    pub(crate) dialects: &'static [&'static str],
    /// Whether the combined format is httpd's here.
    pub(crate) apache: bool,
    /// Whether the samples' formats name columns.
    pub(crate) columns: bool,
    pub(crate) mappings: &'static [Mapping],
}

const fn map(theirs: &'static str, ours: Ours, how: As) -> Mapping {
    Mapping { theirs, ours, how }
}

/// httpd's `vhost_combined` stands among nginx's samples.
const NGINX: &[&str] = &["nginx-access", "nginx-error", "apache-access"];
const HTTPD: &[&str] = &["apache-access", "apache-error"];
const HAPROXY: &[&str] = &["haproxy-http", "haproxy-notice"];
const LOGSTASH: &str = "logstash-plugins+logstash-patterns-core";

const VRL_ALB: &[Mapping] = &[
    map("client_host", Ours::Client, As::Host),
    map("target_host", Ours::Target, As::Text),
    map("elb", Ours::Hop, As::Text),
    map("elb_status_code", Ours::Status, As::Number),
    map("target_status_code", Ours::UpstreamStatus, As::Number),
    map("timestamp", Ours::End, As::Moment),
    map("request_creation_time", Ours::Start, As::Moment),
    map("request_method", Ours::Method, As::Text),
    map("request_url", Ours::Path, As::Url),
    map("request_url", Ours::Host, As::Url),
    map("target_processing_time", Ours::Wait, As::Seconds),
    map("trace_id", Ours::Id, As::Root),
    map("error_reason", Ours::Token, As::TextIfAny),
];

const CROWDSEC_ALB: &[Mapping] = &[
    map("remote_addr", Ours::Client, As::Text),
    map("target_addr", Ours::Target, As::Address),
    map("elb", Ours::Hop, As::Text),
    map("elb_status_code", Ours::Status, As::Number),
    map("target_status_code", Ours::UpstreamStatus, As::Number),
    map("time", Ours::End, As::Moment),
    map("request_creation_time", Ours::Start, As::Moment),
    map("http_method", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("host", Ours::Host, As::Host),
    map("target_processing_time", Ours::Wait, As::Seconds),
    map("trace_id", Ours::Id, As::Root),
    map("error_reason", Ours::Token, As::TextIfAny),
];

const VRL_NGINX: &[Mapping] = &[
    map("client", Ours::Client, As::Text),
    map("remote_addr", Ours::Client, As::Text),
    map("timestamp", Ours::Logged, As::Moment),
    map("request", Ours::Method, As::RequestLine),
    map("request", Ours::Path, As::RequestLine),
    map("status", Ours::Status, As::Number),
    map("request_time", Ours::Total, As::Seconds),
    map("upstream_addr", Ours::Target, As::Text),
    map("upstream", Ours::Target, As::Authority),
    map("upstream_status", Ours::UpstreamStatus, As::Number),
    map("proxy_upstream_name", Ours::Upstream, As::Text),
    map("req_id", Ours::Id, As::Text),
    map("host", Ours::Host, As::Host),
];

const CROWDSEC_NGINX: &[Mapping] = &[
    map("remote_addr", Ours::Client, As::Text),
    map("time_local", Ours::Logged, As::Moment),
    map("time", Ours::Logged, As::Moment),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("status", Ours::Status, As::Number),
    map("target_fqdn", Ours::Host, As::Host),
    map("upstream_status", Ours::UpstreamStatus, As::Number),
];

const VRL_HTTPD: &[Mapping] = &[
    map("host", Ours::Client, As::Text),
    map("client", Ours::Client, As::Text),
    map("timestamp", Ours::Logged, As::Moment),
    map("method", Ours::Method, As::Text),
    map("path", Ours::Path, As::Url),
    map("status", Ours::Status, As::Number),
];

const CROWDSEC_HTTPD: &[Mapping] = &[
    map("clientip", Ours::Client, As::Text),
    map("client", Ours::Client, As::Text),
    map("timestamp", Ours::Logged, As::Moment),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("response", Ours::Status, As::Number),
    map("target_fqdn", Ours::Host, As::Host),
];

const LOGSTASH_HTTPD: &[Mapping] = &[
    map("timestamp", Ours::Logged, As::Moment),
    map("address", Ours::Client, As::Text),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
];

const CROWDSEC_HAPROXY: &[Mapping] = &[
    map("client_ip", Ours::Client, As::Text),
    map("accept_date", Ours::Start, As::Moment),
    map("frontend_name", Ours::Hop, As::Frontend),
    map("backend_name", Ours::Upstream, As::Text),
    map("server_name", Ours::Target, As::Server),
    map("http_status_code", Ours::Status, As::Number),
    map("http_verb", Ours::Method, As::Text),
    map("http_request", Ours::Path, As::Url),
    map("time_duration", Ours::Total, As::Millis),
    map("time_queue", Ours::Queue, As::Millis),
    map("time_backend_connect", Ours::Connect, As::Millis),
    map("time_backend_response", Ours::Wait, As::Millis),
    map("termination_state", Ours::Token, As::TextIfAny),
];

const LOGSTASH_HAPROXY: &[Mapping] = &[
    map("client_ip", Ours::Client, As::Text),
    map("address", Ours::Client, As::Text),
    map("request_date", Ours::Start, As::Moment),
    map("frontend_name", Ours::Hop, As::Frontend),
    map("backend_name", Ours::Upstream, As::Text),
    map("server_name", Ours::Target, As::Server),
    map("status_code", Ours::Status, As::Number),
    map("http_status_code", Ours::Status, As::Number),
    map("method", Ours::Method, As::Text),
    map("http_verb", Ours::Method, As::Text),
    map("http_request", Ours::Path, As::Url),
    map("total_time_ms", Ours::Total, As::Millis),
    map("time_queue", Ours::Queue, As::Millis),
    map("time_backend_connect", Ours::Connect, As::Millis),
    map("time_backend_response", Ours::Wait, As::Millis),
];

const CROWDSEC_ENVOY: &[Mapping] = &[
    map("time", Ours::Start, As::Moment),
    map("status", Ours::Status, As::Number),
    map("duration", Ours::Total, As::Millis),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("target_fqdn", Ours::Host, As::Host),
    map("upstream_host", Ours::Target, As::Authority),
    map("upstream_service_time", Ours::Wait, As::Millis),
    map("request_id", Ours::Id, As::Text),
    map("remote_addr", Ours::Client, As::Text),
];

const LOGSTASH_CLB: &[Mapping] = &[
    map("timestamp", Ours::Start, As::Moment),
    map("elb", Ours::Hop, As::Text),
    map("clientip", Ours::Client, As::Text),
    map("backendip", Ours::Target, As::Address),
    map("response", Ours::Status, As::Number),
    map("backend_response", Ours::UpstreamStatus, As::Number),
    map("backend_processing_time", Ours::Wait, As::Seconds),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("request", Ours::Host, As::Url),
];

const CLOUDFRONT: &[Mapping] = &[
    map("timestamp", Ours::End, As::Moment),
    map("clientip", Ours::Client, As::Text),
    map("c_ip", Ours::Client, As::Text),
    map("cs_method", Ours::Method, As::Text),
    map("cs_uri_stem", Ours::Path, As::Url),
    map("sc_status", Ours::Status, As::Number),
    map("time_taken", Ours::Total, As::Seconds),
    map("x_edge_request_id", Ours::Id, As::Text),
    map("x_host_header", Ours::Host, As::Host),
];

const CROWDSEC_CADDY: &[Mapping] = &[
    map("remote_ip", Ours::Client, As::Text),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("http_status", Ours::Status, As::GoStatus),
];

const CROWDSEC_TRAEFIK: &[Mapping] = &[
    map("remote_addr", Ours::Client, As::Text),
    map("status", Ours::Status, As::Number),
    map("verb", Ours::Method, As::Text),
    map("request", Ours::Path, As::Url),
    map("request_addr", Ours::Host, As::Host),
    map("traefik_server_url", Ours::Target, As::Authority),
    map("service_addr", Ours::Target, As::Address),
];

const NOTHING: &[Mapping] = &[];

/// A suite of one format, without columns, whose combined format is nginx's.
const fn suite(
    name: &'static str,
    dialects: &'static [&'static str],
    mappings: &'static [Mapping],
    samples: fn(&Corpus) -> Vec<Sample>,
) -> Suite {
    Suite { name, samples, dialects, apache: false, columns: false, mappings }
}

/// The same for httpd.
const fn httpd(
    name: &'static str,
    mappings: &'static [Mapping],
    samples: fn(&Corpus) -> Vec<Sample>,
) -> Suite {
    Suite { name, samples, dialects: HTTPD, apache: true, columns: false, mappings }
}

/// Every suite.
pub(crate) const SUITES: &[Suite] = &[
    suite("vrl parse_aws_alb_log", &["aws-alb"], VRL_ALB, |c| {
        c.cases("vectordotdev+vrl/parse_aws_alb_log.jsonl", "")
    }),
    suite("crowdsec aws-alb-logs", &["aws-alb"], CROWDSEC_ALB, |c| c.asserted("aws-alb-logs")),
    Suite {
        columns: true,
        ..suite("vrl parse_aws_vpc_flow_log", &["aws-vpc-flow"], NOTHING, |c| {
            c.cases("vectordotdev+vrl/parse_aws_vpc_flow_log.jsonl", "")
        })
    },
    suite("logstash ELB_ACCESS_LOG", &["aws-clb", "aws-alb"], LOGSTASH_CLB, |c| {
        c.cases(&format!("{LOGSTASH}/aws.jsonl"), "ELB_")
    }),
    suite("logstash CLOUDFRONT_ACCESS_LOG", &["aws-cloudfront"], CLOUDFRONT, |c| {
        c.cases(&format!("{LOGSTASH}/aws.jsonl"), "CLOUDFRONT_")
    }),
    suite("crowdsec aws-cloudfront-logs", &["aws-cloudfront"], CLOUDFRONT, |c| {
        c.asserted("aws-cloudfront-logs")
    }),
    suite("vrl parse_nginx_log", NGINX, VRL_NGINX, |c| {
        c.cases("vectordotdev+vrl/parse_nginx_log.jsonl", "")
    }),
    suite("crowdsec nginx_http-logs", NGINX, CROWDSEC_NGINX, |c| c.asserted("nginx_http-logs")),
    suite("crowdsec nginx-http-malformed", NGINX, CROWDSEC_NGINX, |c| {
        c.asserted("nginx-http-malformed")
    }),
    suite("crowdsec nginx_req_limit_exceeded", NGINX, CROWDSEC_NGINX, |c| {
        c.asserted("nginx_req_limit_exceeded")
    }),
    suite("crowdsec nginx-proxy-manager-logs", NGINX, CROWDSEC_NGINX, |c| {
        c.asserted("nginx-proxy-manager-logs")
    }),
    httpd("vrl parse_apache_log", VRL_HTTPD, |c| {
        c.cases("vectordotdev+vrl/parse_apache_log.jsonl", "")
    }),
    httpd("vrl parse_common_log", VRL_HTTPD, |c| {
        c.cases("vectordotdev+vrl/parse_common_log.jsonl", "")
    }),
    httpd("crowdsec apache2-logs", CROWDSEC_HTTPD, |c| c.asserted("apache2-logs")),
    httpd("crowdsec apache2-malformed", CROWDSEC_HTTPD, |c| c.asserted("apache2-malformed")),
    httpd("logstash HTTPD", LOGSTASH_HTTPD, |c| {
        c.cases(&format!("{LOGSTASH}/httpd.jsonl"), "HTTPD_")
    }),
    suite("crowdsec haproxy-logs", HAPROXY, CROWDSEC_HAPROXY, |c| c.asserted("haproxy-logs")),
    suite("logstash HAPROXY", HAPROXY, LOGSTASH_HAPROXY, |c| {
        c.cases(&format!("{LOGSTASH}/haproxy.jsonl"), "HAPROXY")
    }),
    suite("HAProxy manual", HAPROXY, NOTHING, |c| c.lines("haproxy+haproxy/doc-examples.log")),
    suite("lnav haproxy", HAPROXY, NOTHING, |c| c.lines("tstack+lnav/test/logfile_haproxy.0")),
    suite("crowdsec envoy-logs", &["envoy-json", "envoy-text"], CROWDSEC_ENVOY, |c| {
        c.asserted("envoy-logs")
    }),
    suite("crowdsec caddy-logs", &["caddy"], CROWDSEC_CADDY, |c| c.asserted("caddy-logs")),
    suite("crowdsec traefik_clf", &["traefik"], CROWDSEC_TRAEFIK, |c| c.asserted("traefik_clf")),
    suite("crowdsec traefik_json", &["traefik"], CROWDSEC_TRAEFIK, |c| c.asserted("traefik_json")),
    suite("lnav caddy", &["caddy"], NOTHING, |c| c.lines("tstack+lnav/test/logfile_caddy_log.0")),
    suite("lnav access logs", NGINX, NOTHING, |c| {
        let files = ["access_log.0", "access_log.1", "access_log_dupe.0", "shop_access_log.0"];
        let lines = |file: &str| c.lines(&format!("tstack+lnav/test/logfile_{file}"));
        files.into_iter().flat_map(lines).collect()
    }),
];

/// Samples that are no gateway evidence, by file.
pub(crate) fn foreign(corpus: &Corpus) -> Vec<(String, Vec<Sample>)> {
    let mut files = corpus.files("tstack+lnav/test/log-samples");
    let others = ["syslog.0", "syslog.1", "syslog.2", "syslog.3", "rollover.0", "rollover.1"];
    files.extend(others.map(|file| format!("tstack+lnav/test/logfile_{file}")));
    let more = ["multiline.0", "filter.0", "epoch.0", "dst.0", "muxed_syslog.0", "block.1"];
    files.extend(more.map(|file| format!("tstack+lnav/test/logfile_{file}")));
    files.extend(
        ["datafile_syslog.0", "datafile_syslog.1"].map(|f| format!("tstack+lnav/test/{f}")),
    );
    let mut foreign: Vec<_> = files
        .into_iter()
        .map(|file| {
            let samples = corpus.lines(&file);
            (file, samples)
        })
        .collect();
    for file in ["parse_glog", "parse_klog", "parse_syslog"] {
        let samples = corpus.cases(&format!("vectordotdev+vrl/{file}.jsonl"), "");
        foreign.push((file.to_owned(), samples));
    }
    for file in ["syslog", "core"] {
        let samples = corpus.cases(&format!("{LOGSTASH}/{file}.jsonl"), "");
        foreign.push((file.to_owned(), samples));
    }
    foreign
}
