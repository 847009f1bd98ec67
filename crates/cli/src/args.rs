//! The command line: verbs, options, and what is said about them.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use dialects::{Dialect, LogFormat, scan};
use model::Lang;

const TEMPLATE: &str = "\
{about}

{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  why502 diagnose /var/log/nginx/
  why502 diagnose alb-logs/AWSLogs/ --timezone +09:00
  gcloud logging read 'httpRequest.status>=500' --format=json | why502 diagnose -
  why502 explain keepalive-race
  why502 causes";

const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  why502 diagnose access.log error.log
  why502 diagnose 'logs/**/*.gz'
  why502 diagnose logs/ --config deploy/
  why502 diagnose incident.zip --format json -o incident.json
  kubectl logs deploy/web --prefix | why502 diagnose -";

const DRILL_EXAMPLES: &str = "\
Examples:
  why502 drill list
  why502 drill nat-port-exhaustion
  why502 drill keepalive-race/node-nginx --keep /tmp/race
  why502 drill cloud-run-release
  why502 drill target-connect-timeout --dry-run
  why502 drill keepalive-race/node-nginx --config /tmp/race; why502 check /tmp/race/*/*/fault";

const CHECK_EXAMPLES: &str = "\
Examples:
  why502 check
  why502 check deploy/ nginx/ --fail-on warning
  why502 check --diff
  why502 check --since origin/main --only-new
  why502 check deploy/ --logs logs/
  why502 check --format github --format sarif -o why502.sarif
  aws elbv2 describe-target-groups > aws/target-groups.json; why502 check aws/";

const CHECK_EXIT_CODES: &str = "\
Exit codes: 0 nothing was found that --fail-on asks for; 1 something was; 2 wrong use, or nothing in
the input could be used.";

const DRILL_EXIT_CODES: &str = "\
Exit codes: 0 every drill did what it says; 1 one of them did not; 2 wrong use, or this machine
lacks what the drill needs.";

const EXIT_CODES: &str = "\
Exit codes: 0 the program ran; 2 wrong use, or nothing in the input could be used.";

/// Why did the gateway answer 502, 503 or 504? Reads the logs you have and names the cause, with
/// its proof.
#[derive(Debug, Parser)]
#[command(name = "why502", version, help_template = TEMPLATE, before_help = EXAMPLES,
    after_help = EXIT_CODES, infer_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Find the cause of failures in logs.
    #[command(help_template = TEMPLATE, before_help = DIAGNOSE_EXAMPLES, after_help = EXIT_CODES)]
    Diagnose(Box<Diagnose>),
    /// Find what will break in configuration, before it does.
    #[command(help_template = TEMPLATE, before_help = CHECK_EXAMPLES,
        after_help = CHECK_EXIT_CODES)]
    Check(Box<Check>),
    /// Show the path that configuration describes: hops, links, settings.
    #[command(help_template = TEMPLATE,
        before_help = "Examples:\n  why502 path deploy/\n  why502 path . --format dot | dot -Tsvg")]
    Path(ShowPath),
    /// Explain one cause: how it shows, what it is mistaken for, what to do.
    #[command(help_template = TEMPLATE, before_help = "Examples:\n  why502 explain keepalive-race")]
    Explain {
        /// The cause's name, as `why502 causes` lists it.
        slug: String,
    },
    /// Make a failure happen on this machine, diagnose it from its logs, and see it gone.
    #[command(help_template = TEMPLATE, before_help = DRILL_EXAMPLES,
        after_help = DRILL_EXIT_CODES)]
    Drill(Drill),
    /// List the causes that can be found.
    #[command(help_template = TEMPLATE, before_help = "Examples:\n  why502 causes --lang ja")]
    Causes {
        /// Format of the list
        #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
        format: Format,
    },
    /// List the log formats that can be read, or show one: its fields, its blind spots, what to
    /// switch on.
    #[command(help_template = TEMPLATE,
        before_help = "Examples:\n  why502 dialects\n  why502 dialects aws-alb")]
    Dialects {
        /// A format's name
        #[arg(value_name = "DIALECT")]
        name: Option<String>,
    },
    /// List the events that logs are read as, one a line.
    #[command(hide = true)]
    Events {
        /// Log files, directories, patterns or archives; `-` for standard input
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

/// Options of `drill`: known, and explained, in a build without the lab too.
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "drill"), allow(dead_code, reason = "only the lab looks at them"))]
pub(crate) struct Drill {
    /// A cause's name, a cause and its servers as in `keepalive-race/node-nginx`, `list` or `all`
    #[arg(value_name = "DRILL", default_value = "list")]
    pub(crate) what: String,

    /// Keep the logs, the configuration and the report of each run in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,

    /// Write the configuration of the drill's system into this folder, as `--keep` does, and run
    /// nothing: DIR/CAUSE/SERVERS/fault/config and …/remedy/config, for `why502 check`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["keep", "dry_run", "load"])]
    pub(crate) config: Option<PathBuf>,

    /// Run only with the fault
    #[arg(long, conflicts_with = "remedy")]
    pub(crate) fault: bool,

    /// Run only with the remedy
    #[arg(long)]
    pub(crate) remedy: bool,

    /// Send the load with this program instead of the built-in generator
    #[arg(long, value_name = "CLIENT", value_parser = ["ab", "wrk", "h2load", "curl"])]
    pub(crate) load: Option<String>,

    /// Print the topology and the equivalent shell commands; run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Format of the result
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Language of the output [default: from LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, global = true, value_name = "LANG", value_enum)]
    pub(crate) lang: Option<LangName>,

    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: When,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Configuration files or folders [default: the folder of why502.toml here or above, else this
    /// one]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Logs of the same system, as for `diagnose`; may be repeated. What they show to have
    /// happened comes first
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    pub(crate) logs: Vec<PathBuf>,

    /// Format of the output; with -o, of the file named next
    #[arg(long, value_name = "FORMAT", value_enum, action = ArgAction::Append)]
    pub(crate) format: Vec<CheckFormat>,

    /// Write to a file instead of standard output; may be repeated. Without a --format before it,
    /// its extension decides
    #[arg(short, long, value_name = "FILE", action = ArgAction::Append)]
    pub(crate) output: Vec<PathBuf>,

    /// Lowest severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "warning")]
    pub(crate) fail_on: FailOn,

    /// Lowest confidence that is shown
    #[arg(long, value_name = "CONFIDENCE", value_enum, default_value = "low")]
    pub(crate) min_confidence: Sure,

    /// Change the files: the smallest set of edits that ends what was found, safe ones only
    #[arg(long)]
    pub(crate) fix: bool,

    /// Print the edits as a diff and change nothing
    #[arg(long, conflicts_with = "fix")]
    pub(crate) diff: bool,

    /// With --fix or --diff: also the edits that change how long clients wait or what runs
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,

    /// Say nothing of what this file lists
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// List everything that is found in this file, for --baseline
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,

    /// Compare with an earlier revision: a commit, a branch or a tag of the git repository, or a
    /// folder that holds the system as it was. Marks what is new, and finds updates that change a
    /// default and GraphQL schemas that break running clients. An existing folder wins over a
    /// branch of its name
    #[arg(long, value_name = "REV|DIR", conflicts_with_all = ["explain_path"])]
    pub(crate) since: Option<String>,

    /// Tell only of what is new since --since, and let only that decide the exit code
    #[arg(long, requires = "since")]
    pub(crate) only_new: bool,

    /// Show what was understood of the files and how each link is known
    #[arg(long)]
    pub(crate) explain_path: bool,

    /// Stay, and check again whenever a file changes
    #[arg(long, conflicts_with_all = ["fix", "diff", "write_baseline", "explain_path"])]
    pub(crate) watch: bool,
}

/// Options of `path`.
#[derive(Debug, Args)]
pub(crate) struct ShowPath {
    /// Configuration files or folders [default: as for `check`]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Format of the output
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(crate) format: PathFormat,
}

/// A form of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PathFormat {
    /// For people
    Text,
    /// For Graphviz
    Dot,
    /// A drawing
    Svg,
}

/// A form of what `check` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people, with the lines of the files
    Text,
    /// For programs
    Json,
    /// For code hosts (SARIF 2.1.0)
    Sarif,
    /// For CI systems (JUnit XML)
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Anything that was found
    Note,
    /// What fails at times
    Warning,
    /// What surely fails
    Error,
    /// Nothing
    Never,
}

/// How sure a finding has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sure {
    /// A version or a link may be assumed
    Low,
    /// Links may be concluded from ports
    Medium,
    /// Everything is written or documented
    High,
}

/// Options of `diagnose`.
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// Log files, directories, patterns or archives (gzip, zstd, zip); `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Configuration files or folders of the system the logs are from; may be repeated.
    /// Configuration among the logs is found by itself
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,

    /// Format of the output; with -o, of the file named next
    #[arg(long, value_name = "FORMAT", value_enum, action = ArgAction::Append)]
    pub(crate) format: Vec<Format>,

    /// Write to a file instead of standard output; may be repeated. Without a --format before it,
    /// its extension decides
    #[arg(short, long, value_name = "FILE", action = ArgAction::Append)]
    pub(crate) output: Vec<PathBuf>,

    /// Read everything as this format instead of finding out
    #[arg(long, value_name = "NAME", value_parser = dialect)]
    pub(crate) dialect: Option<Forced>,

    /// Zone of time stamps that state none, as an offset from UTC: +09:00, -0500, UTC
    #[arg(long, value_name = "OFFSET", value_parser = timezone, allow_hyphen_values = true)]
    pub(crate) timezone: Option<i32>,

    /// The nginx log_format in use, if it is not a usual one; may be repeated
    #[arg(long, value_name = "FORMAT", value_parser = log_format, action = ArgAction::Append)]
    pub(crate) nginx_log_format: Vec<LogFormat>,

    /// Fields of VPC flow log records that no line of names precedes, as AWS shows the format
    #[arg(long, value_name = "FORMAT", value_parser = flow_format)]
    pub(crate) vpc_flow_format: Option<FlowFormat>,

    /// Workers [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// Show query strings, cookies and other values that are masked otherwise
    #[arg(long)]
    pub(crate) show_values: bool,

    /// Show what was ruled out and all inputs in full
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Show no progress line
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A language of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LangName {
    /// English
    En,
    /// 日本語
    Ja,
}

impl Common {
    /// The language asked for, or that of the locale.
    pub(crate) fn lang(&self) -> Lang {
        match self.lang {
            Some(LangName::En) => Lang::En,
            Some(LangName::Ja) => Lang::Ja,
            None => {
                // POSIX: the first of these that is set and not empty.
                let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                    .into_iter()
                    .filter_map(|name| std::env::var(name).ok())
                    .find(|value| !value.is_empty());
                Lang::from_locale(locale.as_deref().unwrap_or(""))
            }
        }
    }
}

/// The dialect given with `--dialect`.
#[derive(Clone, Copy)]
pub(crate) struct Forced(pub(crate) &'static dyn Dialect);

impl std::fmt::Debug for Forced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

fn dialect(name: &str) -> Result<Forced, String> {
    dialects::by_name(name).map(Forced).ok_or_else(|| {
        let names: Vec<&str> = dialects::ALL.iter().map(|dialect| dialect.name()).collect();
        format!("no such format; there are {}", names.join(", "))
    })
}

/// Names of the columns given with `--vpc-flow-format`.
#[derive(Clone, Debug)]
pub(crate) struct FlowFormat(pub(crate) Vec<String>);

fn flow_format(format: &str) -> Result<FlowFormat, String> {
    dialects::flow_columns(format).map(FlowFormat)
}

fn log_format(source: &str) -> Result<LogFormat, String> {
    LogFormat::compile(source)
}

/// Zones that have one offset all year round, by their names.
const FIXED_ZONES: &[(&str, &str)] = &[
    ("Asia/Tokyo", "+09:00"),
    ("Japan", "+09:00"),
    ("JST", "+09:00"),
    ("Asia/Seoul", "+09:00"),
    ("KST", "+09:00"),
    ("Asia/Shanghai", "+08:00"),
    ("Asia/Singapore", "+08:00"),
    ("Asia/Kolkata", "+05:30"),
    ("IST", "+05:30"),
    ("GMT", "UTC"),
    ("Etc/UTC", "UTC"),
    ("Etc/GMT", "UTC"),
];

fn timezone(text: &str) -> Result<i32, String> {
    if let Some(offset) = scan::offset(text.to_ascii_uppercase().as_bytes()) {
        return Ok(offset);
    }
    let known = FIXED_ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    Err(match known {
        Some((_, offset)) => format!("zone names are not read; write --timezone {offset}"),
        None => "write the offset from UTC that was in force, such as --timezone +09:00, \
                 --timezone -05:00 or --timezone UTC"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn zones() {
        assert_eq!(timezone("+09:00"), Ok(32_400));
        assert_eq!(timezone("-0500"), Ok(-18_000));
        assert_eq!(timezone("utc"), Ok(0));
        assert!(timezone("asia/tokyo").unwrap_err().contains("--timezone +09:00"));
        assert!(timezone("America/New_York").unwrap_err().contains("-05:00"));
    }
}
