//! Drills of causes that have rules, whose configuration does not make `why502 check` predict the cause,
//! or makes it do so with the remedy too; each with the reason. A test holds this list to what `check`
//! says: a drill that belongs here and is not here fails it, and so does one that has no business here.

/// Why `check` is not expected to be right about a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unforeseen {
    /// `cause/servers`.
    pub drill: &'static str,
    /// Why, one sentence.
    pub reason: &'static str,
}

const fn because(drill: &'static str, reason: &'static str) -> Unforeseen {
    Unforeseen { drill, reason }
}

const RATE: &str = "It takes as many requests as it takes: no configuration holds their rate.";
const HEAD: &str = "The application's code decides how large the head of its response is.";
const NFT: &str =
    "The rule stands in the host's own firewall (`nftables.conf`), which is not read.";
const WHILE_RUNNING: &str =
    "The rule is added by hand while the system runs, and stands in no file.";
const OUTAGE: &str =
    "Somebody else's system fails, and the code of the program decides what it does without it.";
const CODE_SAYS_UNHEALTHY: &str =
    "The check is right; the code behind it fails it because of a dependency that fails.";
const MEMORY: &str = "The application's code decides how much memory a request takes.";
const STARTING: &str =
    "How long a start takes stands in no file, and traffic moves by a step of the release.";
const EMPTY: &str = "A list without servers is also what service discovery fills while the gateway runs, \
                     so that no rule rests on it.";
const TWO_REVISIONS: &str = "A release is known by what it changes: `check --since` compares two revisions, and this \
                             change is to code or a value, not to a default or a schema.";

/// Every drill that is not predicted although its cause has rules.
pub static UNFORESEEN: &[Unforeseen] = &[
    because("bad-release/nginx-node", TWO_REVISIONS),
    because("bad-release/haproxy-gunicorn", TWO_REVISIONS),
    because("config-change-regression/nginx-node-postgresql", TWO_REVISIONS),
    because(
        "request-too-large/nginx-node",
        "How large the bodies are that clients send stands in no configuration of the path.",
    ),
    because(
        "stale-upstream-address/nginx",
        "The name stands for an address that changes only because somebody changes it.",
    ),
    because(
        "sni-host-mismatch/node-fetch",
        "What a program verifies when it calls another one is not read from its code.",
    ),
    because(
        "upstream-tls-negotiation/nginx-version",
        "The versions of TLS that the two ends offer are not among the settings that are read.",
    ),
    because("no-registered-targets/haproxy-empty", EMPTY),
    because("no-registered-targets/envoy-empty", EMPTY),
    because("no-healthy-targets/haproxy-node", CODE_SAYS_UNHEALTHY),
    because("no-healthy-targets/envoy-node", CODE_SAYS_UNHEALTHY),
    because("no-healthy-targets/apache-node", CODE_SAYS_UNHEALTHY),
    because(
        "health-check-misconfigured/haproxy-node",
        "Which paths the application answers is not read from its code.",
    ),
    because(
        "health-check-lag/haproxy-server-gone",
        "How long a dead server may stay in rotation is a choice; that one dies is an event.",
    ),
    because(
        "passive-ejection-cascade/nginx-node",
        "Ten seconds out of rotation are nginx's default: what takes all servers out at once is slow code.",
    ),
    because(
        "passive-ejection-cascade/envoy-node",
        "What is said of both runs is that requests that were reset are sent again, whatever their method; \
         that three failures take a target out is the choice that the remedy changes.",
    ),
    because("target-connect-timeout/nginx-firewall", NFT),
    because("target-connect-timeout/haproxy-firewall", NFT),
    because("target-connect-timeout/envoy-firewall", NFT),
    because("security-group-block/nginx-in", WHILE_RUNNING),
    because("nacl-return-path-block/nginx-one-way", WHILE_RUNNING),
    because("response-header-too-large/nginx-node", HEAD),
    because("response-header-too-large/apache-node", HEAD),
    because("response-header-too-large/node-fetch", HEAD),
    because("oom-kill/nginx-node", MEMORY),
    because("oom-kill/nginx-gunicorn", MEMORY),
    because("worker-pool-saturated/haproxy-gunicorn", RATE),
    because("worker-pool-saturated/nginx-apache", RATE),
    because(
        "db-connection-limit/nginx-node-postgresql",
        "The pool fits; the code opens connections beside it.",
    ),
    because("db-pool-exhausted/nginx-node-postgresql", RATE),
    because(
        "nat-port-exhaustion/node-fetch",
        "Whether the program uses its connections again is decided by its code, and the rate of calls by \
         its clients.",
    ),
    because("external-dependency-outage/nginx-node-refused", OUTAGE),
    because("external-dependency-outage/nginx-node-hangs", OUTAGE),
    because("slow-startup/nginx-node", STARTING),
    because("slow-startup/haproxy-node", STARTING),
];
