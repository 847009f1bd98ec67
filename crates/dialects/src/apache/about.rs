//! The pages of Apache httpd's logs.

use crate::{About, Blind};

pub(super) static ACCESS: About = About {
    title: "Apache httpd access log: common, combined, vhost_combined",
    source: "<https://httpd.apache.org/docs/2.4/mod/mod_log_config.html>",
    from: "`/var/log/apache2/access.log`, `/var/log/httpd/access_log`.",
    time: "the start of the request (`%t`), with zone, seconds.",
    fields: &[
        ("%t", "the start"),
        ("%>s", "the status"),
        ("%r, %v", "method, path, host"),
        ("%h", "the client"),
        ("%D or %T behind the combined fields", "the total, where logged"),
    ],
    shows: &["Statuses, and how long requests took where `%D` is logged."],
    blind: &[
        Blind { what: "Who wrote a status, and why", how: "The error log (`apache-error`)." },
        Blind {
            what: "The target",
            how: "`%{BALANCER_WORKER_NAME}e` is not read; the error log names the target.",
        },
    ],
    recommended: "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\" %D\" why502\n\
                  CustomLog ${APACHE_LOG_DIR}/access.log why502",
};

pub(super) static ERROR: About = About {
    title: "Apache httpd error log, 2.4 and 2.2",
    source: "httpd `server/log.c`, `modules/proxy/`; AH codes: `docs/log-message-tags`",
    from: "`/var/log/apache2/error.log`, `/var/log/httpd/error_log`.",
    time: "the moment of the error, local time without a zone.",
    fields: &[
        ("AHnnnnn", "what happened"),
        ("(errno)text", "refused, timed out, reset, forbidden, no port"),
        ("[module:level] [pid]", "which part says it; joins the two lines of one failure"),
        ("[client …], the worker's URL", "client and target"),
    ],
    shows: &[
        "Failed connections, reads that timed out or ended, TLS errors towards the backend.",
        "Workers put into error state, and MaxRequestWorkers reached.",
        "Restarts and reloads.",
    ],
    blind: &[
        Blind { what: "Requests that went well", how: "The access log (`apache-access`)." },
        Blind { what: "How long a request took", how: "`%D` in the access log's format." },
    ],
    recommended: "LogLevel warn proxy:info",
};
