//! The pages of Envoy's logs.

use crate::{About, Blind};

const ACCESS: &str =
    "<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>";

const BLIND: &[Blind] = &[
    Blind {
        what: "Why a connection failed, where the format leaves it out",
        how: "`%RESPONSE_CODE_DETAILS%` and `%UPSTREAM_TRANSPORT_FAILURE_REASON%`.",
    },
    Blind {
        what: "Whether the connection to the upstream was used before",
        how: "`%UPSTREAM_REQUEST_ATTEMPT_COUNT%` shows retries only; admin `/stats` has \
              `upstream_cx_destroy_with_active_rq`.",
    },
    Blind {
        what: "Health checks and ejections",
        how: "The event logs (`envoy-health`, `envoy-outlier`).",
    },
];

const FIELDS: &[(&str, &str)] = &[
    ("START_TIME, DURATION", "start and total"),
    ("RESPONSE_CODE, RESPONSE_FLAGS", "status and Envoy's reason"),
    ("RESPONSE_CODE_DETAILS, UPSTREAM_TRANSPORT_FAILURE_REASON", "the reason in detail"),
    ("UPSTREAM_HOST, UPSTREAM_CLUSTER", "target and group; inbound or outbound sidecar"),
    ("X-ENVOY-UPSTREAM-SERVICE-TIME", "how long the upstream took"),
    ("X-REQUEST-ID", "the id shared by the hops"),
    ("REQ(:METHOD), PATH, AUTHORITY", "method, path, host"),
];

const SHOWS: &[&str] = &[
    "Whether Envoy or the upstream wrote a status.",
    "The failing phase: no host, connect, TLS, reset before or after the first byte, timers.",
    "Circuit breakers, rate limits, routes that do not exist.",
];

pub(super) static TEXT: About = About {
    title: "Envoy access log as text: Envoy's default format and Istio's",
    source: ACCESS,
    from: "Standard output of the proxy; `kubectl logs POD -c istio-proxy`.",
    time: "the start of the request, UTC, milliseconds.",
    fields: FIELDS,
    shows: SHOWS,
    blind: BLIND,
    recommended: "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" \
%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \
\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER% \
%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% \
%REQUESTED_SERVER_NAME% %ROUTE_NAME%",
};

pub(super) static JSON: About = About {
    title: "Envoy access log as JSON, with the keys that Istio uses",
    source: ACCESS,
    from: "Standard output of the proxy, or the file of `path`; `meshConfig.accessLogEncoding: JSON`.",
    time: "the start of the request (`start_time`), UTC.",
    fields: FIELDS,
    shows: SHOWS,
    blind: BLIND,
    recommended: "meshConfig:\n  accessLogFile: /dev/stdout\n  accessLogEncoding: JSON",
};

pub(super) static HEALTH: About = About {
    title: "Envoy event log of active health checks",
    source: "<https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/core/v3/health_check_event.proto>",
    from: "The file of `event_log_path` or `event_logger` of a health check.",
    time: "the moment of the transition, UTC.",
    fields: &[
        ("cluster_name, host", "group and target"),
        ("eject_unhealthy_event.failure_type", "the target was marked down, and why"),
        ("add_healthy_event", "the target was marked up"),
    ],
    shows: &["Targets marked down and up, and whether the check was active or passive."],
    blind: &[Blind {
        what: "Checks that failed without a transition",
        how: "`always_log_health_check_failures: true`.",
    }],
    recommended: "health_checks:\n- event_log_path: /dev/stdout\n  always_log_health_check_failures: true",
};

pub(super) static OUTLIER: About = About {
    title: "Envoy event log of outlier detection",
    source: "<https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/cluster/v3/outlier_detection_event.proto>",
    from: "The file of `cluster_manager.outlier_detection.event_log_path`.",
    time: "the moment of the ejection, UTC.",
    fields: &[
        ("cluster_name, upstream_url", "group and target"),
        ("action, type, enforced", "ejected or back, for what, and whether it was enforced"),
    ],
    shows: &["Targets taken out because of failed requests, and back."],
    blind: &[Blind {
        what: "The requests that counted against a target",
        how: "The access log (`envoy-json`, `envoy-text`).",
    }],
    recommended: "cluster_manager:\n  outlier_detection: { event_log_path: /dev/stdout }",
};
