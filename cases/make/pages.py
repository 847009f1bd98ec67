"""The vendors' pages and sources the log lines were made after, by dialect."""

PAGES = {
    "aws-alb": "AWS, “Access logs for your Application Load Balancer” (docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html); meaning of the times and statuses from “Troubleshoot your Application Load Balancers”",
    "nginx-access": "nginx, “Module ngx_http_log_module” and the variables of “Module ngx_http_upstream_module” (nginx.org/en/docs/http/)",
    "nginx-ingress": "ingress-nginx, “Log format” (kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/)",
    "nginx-error": "nginx source, src/core/ngx_log.c, src/http/ngx_http_upstream.c and src/http/ngx_http_request.c, whose messages these are",
    "apache-access": "Apache HTTP Server, “Log Files” (httpd.apache.org/docs/2.4/logs.html)",
    "apache-error": "Apache HTTP Server, “ErrorLogFormat” in “Apache Core Features”, and the messages of modules/proxy and server/mpm in its source",
    "haproxy-http": "HAProxy Configuration Manual, sections 8.2.3 “HTTP log format” and 8.5 “Session state at disconnection”",
    "haproxy-notice": "HAProxy source, src/server.c and src/check.c, whose messages these are",
    "envoy-text": "Envoy, “Access logging” and “Response code details” (envoyproxy.io/docs); field order of Istio's default text format",
    "envoy-json": "Envoy, “Access logging” (envoyproxy.io/docs); keys of Istio's default JSON format",
    "gcp-lb": "Google Cloud, “Global external Application Load Balancer logging and monitoring” and the LogEntry reference",
    "gcp-run": "Google Cloud, “Logging and viewing logs in Cloud Run” and “Troubleshoot Cloud Run issues”",
    "gcp-nat": "Google Cloud, “Cloud NAT logs and metrics”",
    "gcp-audit": "Google Cloud, “Cloud Run audit logging information” and the AuditLog reference",
    "node": "Node.js, “Errors”, and undici's documentation of its error codes",
    "kernel": "Linux source, mm/oom_kill.c, whose messages these are, behind a syslog time stamp of RFC 5424 form",
    "systemd": "systemd source, src/core/service.c and src/core/unit.c, whose messages these are, behind a syslog time stamp of RFC 5424 form",
    "php-fpm": "PHP source, sapi/fpm/fpm/fpm_process_ctl.c and zlog.c, whose messages these are",
    "gunicorn": "gunicorn source, gunicorn/arbiter.py and gunicorn/glogging.py, whose messages these are",
    "app": "made up: an application's own line about its start or stop",
}
