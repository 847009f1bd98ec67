//! The pages of the application servers' dialects.

use crate::{About, Blind};

pub(super) const GUNICORN: About = About {
    title: "gunicorn error log",
    source: "https://docs.gunicorn.org/en/stable/settings.html#errorlog; gunicorn/arbiter.py, gunicorn/glogging.py",
    from: "standard error of the process, or the file of --error-logfile",
    time: "When the line was written; the stamp states its zone.",
    fields: &[
        ("[time]", "when it happened"),
        ("(pid:…)", "the worker that was killed or ended"),
        ("message", "what happened, in gunicorn's words"),
    ],
    shows: &[
        "Workers killed because they took longer than --timeout (WORKER TIMEOUT).",
        "Workers that ended by a signal or with an exit code.",
        "Starts with the address listened on, and orders to stop.",
        "Addresses that could not be bound.",
        "Errors of the application that nothing caught (Error handling request, Exception in worker process).",
    ],
    blind: &[
        Blind {
            what: "which request the killed worker was serving",
            how: "the traceback that gunicorn prints below WORKER TIMEOUT, or the access log of the proxy in front",
        },
        Blind {
            what: "whether SIGKILL came from the kernel for want of memory: Perhaps out of memory? is a guess",
            how: "journalctl -k --grep 'Out of memory|oom-kill'",
        },
        Blind {
            what: "requests: the access log's default format is the combined one, which nothing tells from nginx's",
            how: "the access log of the proxy in front, or --dialect apache-access for the file of --access-logfile",
        },
        Blind {
            what: "all workers being busy",
            how: "ss -ltn sport = :8000 (Recv-Q against Send-Q), or the statsd metrics of --statsd-host",
        },
    ],
    recommended: "gunicorn --log-level info --error-logfile /var/log/gunicorn.log app:app",
};

pub(super) const UVICORN: About = About {
    title: "uvicorn log",
    source: "https://www.uvicorn.org/settings/#logging; uvicorn/server.py, uvicorn/logging.py",
    from: "standard error and standard output of the process",
    time: "None of its own; the time of the container runtime's or journal's prefix is used. A request is logged when its response begins.",
    fields: &[
        ("client", "client, or the proxy in front"),
        ("request line", "method and path, without its query"),
        ("status", "status the application sent"),
        ("message", "what happened, in uvicorn's words"),
    ],
    shows: &[
        "Requests the application answered with a status of 500 and more.",
        "Starts with the port listened on, and orders to stop.",
        "Addresses that could not be bound, and starts that failed.",
        "Errors of the application that nothing caught (Exception in ASGI application).",
        "The limit of --limit-concurrency being reached.",
    ],
    blind: &[
        Blind { what: "how long a request took", how: "the access log of the proxy in front" },
        Blind {
            what: "when, without a prefix",
            how: "docker logs --timestamps, kubectl logs --timestamps, journalctl -o short-iso, or --log-config with %(asctime)s",
        },
        Blind {
            what: "workers that stand still: uvicorn has no timer for a request",
            how: "gunicorn -k uvicorn_worker.UvicornWorker --timeout 30",
        },
    ],
    recommended: "uvicorn app:app --log-level info --proxy-headers",
};

pub(super) const UWSGI: About = About {
    title: "uWSGI log",
    source: "https://uwsgi-docs.readthedocs.io/en/latest/Logging.html; core/logging.c, core/master.c",
    from: "standard error of the process, or the file of logto",
    time: "Requests: their start, in the host's zone, whole seconds. Events: when written, where log-date or a prefix gives a time.",
    fields: &[
        ("[time]", "when the request began"),
        ("msecs", "the whole request; micros with log-micros"),
        ("(HTTP/1.1 200)", "status the application sent"),
        ("address", "client, or the proxy in front"),
        ("request", "method and path, without its query"),
        ("worker", "the worker that was killed or died, by its pid"),
        ("socket", "the port whose listen queue was full"),
    ],
    shows: &[
        "Requests the application answered with a status of 500 and more, and slow ones.",
        "Workers killed because they took longer than harakiri, and workers that died.",
        "The listen queue being full.",
        "Answers the proxy in front no longer waited for (Broken pipe).",
        "Starts, orders to stop, addresses that could not be bound.",
    ],
    blind: &[
        Blind { what: "requests a killed worker was serving", how: "harakiri-verbose = true" },
        Blind {
            what: "how long a request waited before a worker took it",
            how: "stats = 127.0.0.1:1717 (listen_queue), or the proxy's timer",
        },
        Blind { what: "times of events", how: "log-date = true" },
        Blind {
            what: "requests under disable-logging",
            how: "disable-logging = false, log-5xx = true",
        },
    ],
    recommended: "log-date = true\nlog-micros = true\nharakiri = 30\nharakiri-verbose = true",
};

pub(super) const PHP_FPM: About = About {
    title: "PHP-FPM error log and slow log",
    source: "https://www.php.net/manual/en/install.fpm.configuration.php; sapi/fpm/fpm/",
    from: "error_log of php-fpm.conf (/var/log/php8.3-fpm.log), standard error in containers; slowlog of the pool",
    time: "When the line was written, in the host's zone, whole seconds.",
    fields: &[
        ("[time]", "when it happened"),
        ("[pool …]", "the pool"),
        ("child", "the child that was killed or ended, by its pid"),
        ("message", "what happened, in PHP-FPM's words"),
    ],
    shows: &[
        "All children being busy (server reached pm.max_children setting).",
        "Children killed after request_terminate_timeout.",
        "Children that ended by a signal or with an exit code.",
        "Starts, orders to stop, addresses that could not be bound.",
        "Fatal errors of PHP, where they are logged here.",
    ],
    blind: &[
        Blind {
            what: "the second and later times the limit was reached: each pool says so once per episode",
            how: "pm.status_path = /fpm-status (max children reached, listen queue)",
        },
        Blind {
            what: "requests and how long they took",
            how: "access.log with access.format = \"%R - %u %t \\\"%m %r%Q%q\\\" %s %f %{milliseconds}d %{kilobytes}M %C%%\"",
        },
        Blind {
            what: "why a child was killed by signal 9",
            how: "journalctl -k --grep 'Out of memory|oom-kill'",
        },
    ],
    recommended: "error_log = /var/log/php-fpm.log\nlog_level = notice\nrequest_terminate_timeout = 60s\nslowlog = /var/log/php-fpm.slow.log\nrequest_slowlog_timeout = 5s",
};

pub(super) const PHP_FPM_ACCESS: About = About {
    title: "PHP-FPM access log",
    source: "https://www.php.net/manual/en/install.fpm.configuration.php#access-format; sapi/fpm/fpm/fpm_log.c",
    from: "access.log of the pool; standard error in the official container image",
    time: "When the request was received; the stamp states its zone.",
    fields: &[
        ("%R", "client: the web server in front"),
        ("%t", "when the request was received"),
        ("%m %r", "method and path, without its query"),
        ("%s", "status the script sent"),
        ("%{milliseconds}d", "the whole request, in the recommended format"),
    ],
    shows: &[
        "Requests the application answered with a status of 500 and more.",
        "How long requests took, in the recommended format.",
    ],
    blind: &[
        Blind {
            what: "how long a request took, in the default format",
            how: "access.format = \"%R - %u %t \\\"%m %r%Q%q\\\" %s %f %{milliseconds}d %{kilobytes}M %C%%\"",
        },
        Blind {
            what: "requests that were never taken up, or whose child was killed",
            how: "the error log of PHP-FPM and that of the web server in front",
        },
    ],
    recommended: "access.log = /var/log/php-fpm.access.log\naccess.format = \"%R - %u %t \\\"%m %r%Q%q\\\" %s %f %{milliseconds}d %{kilobytes}M %C%%\"",
};

pub(super) const PUMA: About = About {
    title: "Puma log",
    source: "https://github.com/puma/puma/blob/master/docs/deployment.md; lib/puma/cluster.rb, lib/puma/launcher.rb",
    from: "standard output of the process, or the file of stdout_redirect",
    time: "None of its own; the time of the container runtime's or journal's prefix is used.",
    fields: &[
        ("[pid]", "the process that writes, in cluster mode"),
        ("message", "what happened, in Puma's words"),
    ],
    shows: &[
        "Workers killed because they did not check in within worker_timeout.",
        "Workers that could not start.",
        "Starts with the port listened on, and orders to stop.",
        "Addresses that could not be bound.",
    ],
    blind: &[
        Blind {
            what: "requests and how long they took",
            how: "log_requests true, or config.log_tags = [:request_id] in Rails",
        },
        Blind {
            what: "all threads being busy",
            how: "pumactl stats (backlog, pool_capacity), or activate_control_app",
        },
        Blind {
            what: "when, without a prefix",
            how: "docker logs --timestamps, kubectl logs --timestamps, journalctl -o short-iso, or log_formatter { |s| \"#{Time.now.utc.iso8601(3)} #{s}\" }",
        },
        Blind {
            what: "which request the killed worker was serving",
            how: "rack-timeout with service_timeout below worker_timeout",
        },
    ],
    recommended: "log_formatter { |str| \"#{Time.now.utc.iso8601(3)} #{str}\" }\nworker_timeout 60",
};
