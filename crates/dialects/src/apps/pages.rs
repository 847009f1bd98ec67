//! The pages of the languages' dialects.

use crate::{About, Blind};

const LOOSE: Blind = Blind {
    what: "Which request of the application's own client the failed call belonged to",
    how: "a request or trace id in the log line, written by the application's logger",
};
const SILENT: Blind = Blind {
    what: "Calls whose error the application swallowed",
    how: "log every error where it is caught, with its cause; or trace the client library with OpenTelemetry",
};
const TIME: &str = "the time stamp in front of the line, or of whatever wrapped it; without a zone --timezone applies";
const FROM: &str = "the application's standard error or log file, kubectl logs, docker logs, journalctl, CloudWatch Logs";
const TARGET: (&str, &str) = ("host and port in the message", "where the call went");

const CALLS: &str = "Calls outward that failed: refused, timed out, reset, unresolved names, TLS, answers of 500 and above.";
const CALLS_UNANSWERED: &str =
    "Calls outward that failed: refused, timed out, reset, unresolved names, TLS.";

/// What is the same for every language.
const LANGUAGE: About =
    About { from: FROM, time: TIME, blind: &[LOOSE, SILENT], ..About::UNWRITTEN };

/// Java.
pub(super) static JAVA: About = About {
    title: "Java exceptions and Spring Boot's lines about itself",
    source: "https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/net/package-summary.html and the sources of Apache HttpClient, OkHttp, Netty, Spring",
    fields: &[
        (
            "exception class and message",
            "what happened to the call; of several causes the innermost that states it",
        ),
        TARGET,
        ("after N ms, timeout of", "the timer that fired"),
        ("started on port, Commencing graceful shutdown", "start and stop"),
    ],
    shows: &[
        CALLS,
        "Starts and stops of Spring Boot applications, ports already in use, memory used up.",
        "Exceptions that nothing caught.",
    ],
    blind: &[
        LOOSE,
        SILENT,
        Blind { what: "Pauses of the garbage collector", how: "-Xlog:gc*:file=gc.log:time,uptime" },
    ],
    recommended: "logging.pattern.dateformat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    ..LANGUAGE
};

/// Python.
pub(super) static PYTHON: About = About {
    title: "Python tracebacks and errors of its HTTP and database clients",
    source: "https://docs.python.org/3/library/exceptions.html#os-exceptions and the sources of urllib3, requests, httpx, aiohttp, psycopg",
    fields: &[
        (
            "exception class and message",
            "what happened to the call; the error raised last, or what it was raised from",
        ),
        ("[Errno N]", "the system's reason"),
        TARGET,
        ("connect timeout=, read timeout=", "the timer that fired"),
    ],
    shows: &[CALLS, "A port that was already in use."],
    recommended: "logging.basicConfig(format='%(asctime)s %(levelname)s %(name)s %(message)s', datefmt='%Y-%m-%dT%H:%M:%S%z')",
    ..LANGUAGE
};

/// .NET.
pub(super) static DOTNET: About = About {
    title: ".NET exceptions and the generic host's lines about itself",
    source: "https://learn.microsoft.com/dotnet/api/system.net.http.httprequestexception and https://github.com/dotnet/runtime",
    fields: &[
        (
            "exception class and message",
            "what happened to the call; of several the innermost that states it",
        ),
        TARGET,
        ("HttpClient.Timeout of N seconds", "the timer that fired"),
        ("Now listening on, Application is shutting down", "start and stop"),
    ],
    shows: &[CALLS, "Starts, stops, and exceptions that ended the process."],
    recommended: "\"Logging\": { \"Console\": { \"FormatterName\": \"json\", \"FormatterOptions\": { \"TimestampFormat\": \"O\", \"UseUtcTimestamp\": true } } }",
    ..LANGUAGE
};

/// Go.
pub(super) static GO: About = About {
    title: "Go errors of net/http and net, and panics",
    source: "https://pkg.go.dev/net/url#Error and https://pkg.go.dev/net#OpError",
    fields: &[
        ("method and URL", "the host that was called"),
        ("dial tcp ADDRESS", "the address that was called"),
        ("the innermost error", "what happened to the call"),
    ],
    shows: &[
        CALLS_UNANSWERED,
        "Panics that ended the program, and those that net/http recovered from.",
    ],
    recommended: "slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))",
    ..LANGUAGE
};

/// Ruby.
pub(super) static RUBY: About = About {
    title: "Ruby errors of Net::HTTP, Faraday and OpenSSL",
    source: "https://docs.ruby-lang.org/en/master/Net/HTTP.html and https://docs.ruby-lang.org/en/master/Errno.html",
    fields: &[("exception class and message", "what happened to the call"), TARGET],
    shows: &[CALLS_UNANSWERED],
    recommended: "config.log_formatter = Logger::Formatter.new",
    ..LANGUAGE
};
