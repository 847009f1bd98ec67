//! The shape of a drill: a small system of real servers, a fault, a load, what has to be seen,
//! and the remedy as a second configuration of the same system.
//!
//! A drill is data like the rest of a cause. The lab interprets it; the same data is printed as
//! a plan that can be typed by hand. Wherever a text is marked *templated*, it may hold
//! `{{name}}` (a [`Knob`]), `{{ip:host}}` and `{{public:host}}` (addresses of a host),
//! `{{members:host:port options}}` (the
//! instances of a host as the list of servers in the grammar of the part that reads it) and
//! `{{dir}}` (the part's own folder).

use crate::Text;
use crate::names::vocabulary;

/// One system to run, once with the fault and once with the remedy.
#[derive(Debug)]
pub struct Scenario {
    /// Which servers it runs on, in kebab case: unique among the drills of one cause.
    pub name: &'static str,
    /// What is set up and what goes wrong, one sentence.
    pub happens: Text,
    /// What the remedy changes, one sentence.
    pub cure: Text,
    /// The hosts, in the order in which they start.
    pub hosts: &'static [Host],
    /// What stands between the two networks; without it, all hosts share one.
    pub router: Option<Router>,
    /// The values that differ between the fault and the remedy.
    pub knobs: &'static [Knob],
    /// What happens while the load runs.
    pub steps: &'static [Step],
    /// What the client sends.
    pub load: Load,
    /// What has to be seen.
    pub expect: Expect,
    /// True if it belongs to the everyday tests; the others run on demand.
    pub everyday: bool,
}

/// A value that is one thing while the fault is in and another after the remedy.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// The name used in `{{name}}`.
    pub name: &'static str,
    /// The value that makes the failure happen.
    pub fault: &'static str,
    /// The value that ends it.
    pub remedy: &'static str,
}

vocabulary! {
    /// In which of the two runs something is there.
    pub enum When {
        /// In both.
        Always = "always",
        /// Only in the run with the fault.
        Fault = "fault",
        /// Only in the run with the remedy.
        Remedy = "remedy",
    }
}

vocabulary! {
    /// A network of the lab.
    pub enum Network {
        /// The private network, 10.50.0.0/16, where gateways and services live.
        Private = "private",
        /// The public network, 203.0.113.0/24, reached through the router where there is one.
        Public = "public",
    }
}

/// One machine: a network namespace with an address, a name and servers.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Its name, resolvable from every other host unless the drill brings its own DNS.
    pub name: &'static str,
    /// Where it is attached.
    pub network: Network,
    /// True if it has an address on the public network too: `{{public:name}}`.
    pub both: bool,
    /// How many of it there are, templated; instances are called `name-1`, `name-2`, … if there
    /// can be more than one.
    pub instances: &'static str,
    /// What runs on it, in the order in which it starts.
    pub parts: &'static [Part],
    /// Kernel settings of its namespace, values templated.
    pub sysctls: &'static [(&'static str, &'static str)],
    /// Its firewall in the grammar of `nft`, templated; empty for none.
    pub firewall: &'static str,
    /// Its `/etc/hosts`, templated; empty for the lab's own, which names every host.
    pub hosts_file: &'static str,
    /// The address of its name server, templated; empty for none.
    pub resolver: &'static str,
    /// In which run it exists.
    pub when: When,
}

impl Host {
    /// A host on the private network.
    #[must_use]
    pub const fn new(name: &'static str, parts: &'static [Part]) -> Host {
        Host {
            name,
            network: Network::Private,
            both: false,
            instances: "",
            parts,
            sysctls: &[],
            firewall: "",
            hosts_file: "",
            resolver: "",
            when: When::Always,
        }
    }

    /// Attached to the public network.
    #[must_use]
    pub const fn public(mut self) -> Host {
        self.network = Network::Public;
        self
    }

    /// Attached to both networks.
    #[must_use]
    pub const fn both(mut self) -> Host {
        self.both = true;
        self
    }

    /// So many instances (templated); the instances are numbered.
    #[must_use]
    pub const fn instances(mut self, count: &'static str) -> Host {
        self.instances = count;
        self
    }

    /// With kernel settings.
    #[must_use]
    pub const fn sysctls(mut self, values: &'static [(&'static str, &'static str)]) -> Host {
        self.sysctls = values;
        self
    }

    /// With a firewall.
    #[must_use]
    pub const fn firewall(mut self, rules: &'static str) -> Host {
        self.firewall = rules;
        self
    }

    /// With an `/etc/hosts` of its own.
    #[must_use]
    pub const fn hosts_file(mut self, text: &'static str) -> Host {
        self.hosts_file = text;
        self
    }

    /// With a name server.
    #[must_use]
    pub const fn resolver(mut self, address: &'static str) -> Host {
        self.resolver = address;
        self
    }

    /// There only in one of the runs.
    #[must_use]
    pub const fn when(mut self, when: When) -> Host {
        self.when = when;
        self
    }
}

vocabulary! {
    /// A server program the lab can run.
    pub enum Server {
        /// nginx; the configuration is the inside of `http { }`.
        Nginx = "nginx",
        /// HAProxy; the configuration is everything after `global`.
        HAProxy = "haproxy",
        /// Envoy; the configuration is the inside of `static_resources:`, indented by two.
        Envoy = "envoy",
        /// Apache httpd; the configuration is everything after the modules and the logs.
        Apache = "apache",
        /// Node.js; the configuration is the script.
        Node = "node",
        /// gunicorn; the configuration is `app.py` with `app` in it.
        Gunicorn = "gunicorn",
        /// uvicorn; the configuration is `app.py` with `app` in it.
        Uvicorn = "uvicorn",
        /// PostgreSQL; the configuration is appended to `postgresql.conf`.
        Postgres = "postgres",
        /// A DNS server (dnsmasq); the configuration is its own.
        Dns = "dns",
    }
}

/// One server on a host.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The program.
    pub server: Server,
    /// Its name on this host, and that of its folder and logs.
    pub name: &'static str,
    /// Its configuration in its own grammar, templated.
    pub config: &'static str,
    /// Further options on its command line, templated; those that come out empty are left out.
    pub options: &'static [&'static str],
    /// The TCP port that answers when it is ready; 0 if nothing is to be waited for.
    pub port: u16,
    /// Memory limit in bytes with an optional `K`, `M` or `G`, templated; empty for none.
    pub memory: &'static str,
    /// Limit of open files, templated; empty for the lab's own.
    pub files: &'static str,
    /// True if it starts only by a step.
    pub stopped: bool,
    /// True if the lab starts it again when it dies, as a supervisor does.
    pub restarts: bool,
    /// The subject names of a certificate made for it by the lab's own authority; empty for none.
    /// The files are `{{dir}}/cert.pem` and `{{dir}}/key.pem`, the authority is `{{dir}}/ca.pem`.
    pub certificate: Certificate,
    /// In which run it exists.
    pub when: When,
}

impl Part {
    /// A server that is ready when it accepts connections on `port`.
    #[must_use]
    pub const fn new(server: Server, name: &'static str, port: u16, config: &'static str) -> Part {
        Part {
            server,
            name,
            config,
            options: &[],
            port,
            memory: "",
            files: "",
            stopped: false,
            restarts: false,
            certificate: Certificate::NONE,
            when: When::Always,
        }
    }

    /// With further options.
    #[must_use]
    pub const fn options(mut self, options: &'static [&'static str]) -> Part {
        self.options = options;
        self
    }

    /// With a memory limit.
    #[must_use]
    pub const fn memory(mut self, limit: &'static str) -> Part {
        self.memory = limit;
        self
    }

    /// With a limit of open files.
    #[must_use]
    pub const fn files(mut self, limit: &'static str) -> Part {
        self.files = limit;
        self
    }

    /// Started only by a step.
    #[must_use]
    pub const fn stopped(mut self) -> Part {
        self.stopped = true;
        self
    }

    /// Started again when it dies.
    #[must_use]
    pub const fn restarts(mut self) -> Part {
        self.restarts = true;
        self
    }

    /// With a certificate.
    #[must_use]
    pub const fn certificate(mut self, certificate: Certificate) -> Part {
        self.certificate = certificate;
        self
    }

    /// There only in one of the runs.
    #[must_use]
    pub const fn when(mut self, when: When) -> Part {
        self.when = when;
        self
    }
}

/// What stands in the certificate of a part.
#[derive(Clone, Copy, Debug)]
pub struct Certificate {
    /// Its names, separated by spaces, templated; empty for no certificate.
    pub names: &'static str,
    /// Days from the run until it ends, templated; negative if it has ended.
    pub days: &'static str,
}

impl Certificate {
    /// No certificate.
    pub const NONE: Certificate = Certificate { names: "", days: "" };

    /// One for these names, good for 90 days.
    #[must_use]
    pub const fn names(names: &'static str) -> Certificate {
        Certificate { names, days: "90" }
    }

    /// Which ends after so many days.
    #[must_use]
    pub const fn days(mut self, days: &'static str) -> Certificate {
        self.days = days;
        self
    }
}

/// The machine between the private and the public network.
#[derive(Clone, Copy, Debug)]
pub struct Router {
    /// Address translation for everything that leaves the private network; without it, plain
    /// forwarding.
    pub nat: Option<Nat>,
    /// Further rules in the grammar of `nft`, templated; empty for none.
    pub firewall: &'static str,
    /// Kernel settings of its namespace, values templated.
    pub sysctls: &'static [(&'static str, &'static str)],
}

/// Address translation in the manner of Google Cloud NAT. All values templated.
#[derive(Clone, Copy, Debug)]
pub struct Nat {
    /// Ports each instance may use towards one destination (`minPortsPerVm`; 64 by default).
    pub ports: &'static str,
    /// Seconds for which the port of a closed connection stays taken
    /// (`tcpTimeWaitTimeoutSec`; 120 by default).
    pub time_wait: &'static str,
    /// Dynamic allocation: the most ports an instance can come to (`maxPortsPerVm`); empty for
    /// static allocation.
    pub max_ports: &'static str,
    /// Seconds after which the mapping of an idle connection is forgotten
    /// (`tcpEstablishedIdleTimeoutSec`; 1200 by default).
    pub idle: &'static str,
    /// What uses it, in the words of Cloud Run's `vpc-egress`: `all-traffic`, or
    /// `private-ranges-only`, with which public destinations are reached past it, from an address
    /// of the platform's own and without a limit of ports.
    pub egress: &'static str,
}

impl Nat {
    /// Static allocation with the defaults of Cloud NAT.
    pub const STATIC: Nat =
        Nat { ports: "64", time_wait: "120", max_ports: "", idle: "1200", egress: "all-traffic" };
}

/// Something that happens while the load runs.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Milliseconds from the start of the load, templated.
    pub at: &'static str,
    /// What.
    pub does: Action,
    /// In which run.
    pub when: When,
}

impl Step {
    /// A step of both runs.
    #[must_use]
    pub const fn at(milliseconds: &'static str, does: Action) -> Step {
        Step { at: milliseconds, does, when: When::Always }
    }

    /// In one of the runs only.
    #[must_use]
    pub const fn when(mut self, when: When) -> Step {
        self.when = when;
        self
    }
}

/// What a step does. `part` is `host/part`, or `host-2/part` for one instance.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Sends a signal (`TERM`, `KILL`, `HUP`, `STOP`, `CONT`, …) to a part; a part stopped by it
    /// counts as ended on purpose.
    Signal {
        /// The part.
        part: &'static str,
        /// The signal's name without `SIG`, templated.
        signal: &'static str,
    },
    /// Starts a part that is not running.
    Start {
        /// The part.
        part: &'static str,
    },
    /// Replaces a host's firewall.
    Firewall {
        /// The host.
        host: &'static str,
        /// The rules in the grammar of `nft`, templated; empty to remove them.
        rules: &'static str,
    },
    /// Writes a file into a part's folder and sends the part `HUP`.
    Rewrite {
        /// The part.
        part: &'static str,
        /// Path below its folder.
        file: &'static str,
        /// The text, templated.
        text: &'static str,
    },
    /// Fills the connection tracking table of a host or the router to the kernel's own limit, but
    /// for a few entries, with connections nobody has.
    FillConnectionTable {
        /// The host, or `router`.
        host: &'static str,
        /// Entries left free, templated.
        spare: &'static str,
        /// Seconds for which the entries last, templated.
        seconds: &'static str,
    },
    /// Runs a shell command on a host; its output goes to the run's journal, not to the evidence.
    Run {
        /// The host.
        host: &'static str,
        /// The command, templated.
        command: &'static str,
    },
    /// Switches a host's instances to a new revision, as a managed platform does.
    Rollout(Rollout),
}

/// A switch of revisions: new instances start, traffic moves, old ones drain and stop. Numbers
/// templated.
#[derive(Clone, Copy, Debug)]
pub struct Rollout {
    /// The host whose instances are replaced.
    pub host: &'static str,
    /// The gateways (`host/part`) whose lists of members are rewritten.
    pub gateways: &'static [&'static str],
    /// Milliseconds between the starts of two new instances; 0 starts them together.
    pub pace: &'static str,
    /// Milliseconds from the last new instance's start until traffic moves to them; empty to wait
    /// until they accept connections.
    pub ready: &'static str,
    /// Milliseconds from the moving of traffic until the old instances get `TERM`; negative if
    /// they get it before traffic moves.
    pub drain: &'static str,
    /// Milliseconds from `TERM` until `KILL`.
    pub grace: &'static str,
    /// Environment of the new revision, `NAME=value`, templated.
    pub environment: &'static [&'static str],
}

/// What the client sends: arrivals by the clock, whatever the answers.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// `host:port` that is asked, templated.
    pub target: &'static str,
    /// HTTP version of the client's connections.
    pub protocol: Protocol,
    /// Whether the client uses its connections again.
    pub keep_alive: bool,
    /// When requests are sent.
    pub arrivals: Arrivals,
    /// How long the load runs, in milliseconds, templated.
    pub lasts: &'static str,
    /// How long the client waits for a whole response, in milliseconds, templated.
    pub patience: &'static str,
    /// What is asked, in turn and by weight.
    pub requests: &'static [Ask],
}

vocabulary! {
    /// HTTP version of a client.
    pub enum Protocol {
        /// HTTP/1.1.
        Http1 = "http/1.1",
        /// HTTP/2 with prior knowledge, without TLS.
        Http2 = "h2c",
    }
}

/// When requests are sent. Numbers templated.
#[derive(Clone, Copy, Debug)]
pub enum Arrivals {
    /// So many per second, evenly.
    Constant {
        /// Requests per second; may have decimals.
        rate: &'static str,
    },
    /// Many at once, then silence: what finds races between idle timers.
    Bursts {
        /// Requests sent at once.
        size: &'static str,
        /// Milliseconds from the first burst to the second.
        gap: &'static str,
        /// Milliseconds by which each further gap is longer; may have decimals.
        step: &'static str,
    },
}

/// One kind of request in the mix.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// The method.
    pub method: &'static str,
    /// Path and query, templated.
    pub path: &'static str,
    /// Bytes of body, templated; empty for none.
    pub body: &'static str,
    /// Header lines without line ends, templated.
    pub headers: &'static [&'static str],
    /// Its share in the mix against the others.
    pub weight: u32,
}

impl Ask {
    /// A request without a body.
    #[must_use]
    pub const fn new(method: &'static str, path: &'static str) -> Ask {
        Ask { method, path, body: "", headers: &[], weight: 1 }
    }

    /// With a body of so many bytes.
    #[must_use]
    pub const fn body(mut self, bytes: &'static str) -> Ask {
        self.body = bytes;
        self
    }

    /// With header lines.
    #[must_use]
    pub const fn headers(mut self, lines: &'static [&'static str]) -> Ask {
        self.headers = lines;
        self
    }

    /// With another share than one.
    #[must_use]
    pub const fn weight(mut self, weight: u32) -> Ask {
        self.weight = weight;
        self
    }
}

/// What has to be seen, beyond that the diagnosis names the cause first and that with the remedy
/// there is nothing to diagnose.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// Least and greatest share of requests that fail with the fault, 0 to 1.
    pub failing: (f64, f64),
    /// The statuses failing clients get, any of these; 0 stands for "no response".
    pub statuses: &'static [u16],
    /// Exactly so many requests succeed with the fault (templated), where arithmetic says so;
    /// empty otherwise.
    pub passes: &'static str,
    /// True if requests that the remedy does not reach may still be seen by the client as failed:
    /// never for a status of 500 or above.
    pub client_errors_stay: bool,
}

impl Expect {
    /// At least this share fails, with one of these statuses.
    #[must_use]
    pub const fn failing(least: f64, statuses: &'static [u16]) -> Expect {
        Expect { failing: (least, 1.0), statuses, passes: "", client_errors_stay: false }
    }

    /// At most this share fails.
    #[must_use]
    pub const fn at_most(mut self, share: f64) -> Expect {
        self.failing.1 = share;
        self
    }

    /// Exactly so many succeed with the fault.
    #[must_use]
    pub const fn passes(mut self, requests: &'static str) -> Expect {
        self.passes = requests;
        self
    }
}

/// A system of several services and the ways to mend it, run one after the other: what a single
/// cause's drill is too small for.
#[derive(Debug)]
pub struct Story {
    /// Its name on the command line, in kebab case.
    pub name: &'static str,
    /// What is set up and what goes wrong, a few sentences.
    pub tells: Text,
    /// The system. The knobs' values for the fault are those of the first chapter.
    pub scenario: Scenario,
    /// When the release begins, in milliseconds from the start of the load: what is counted as
    /// before and after.
    pub release: u64,
    /// What is changed, one chapter after the other; the first changes nothing.
    pub chapters: &'static [Chapter],
}

/// One way to run a story's system.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// A few words for the table.
    pub title: Text,
    /// What follows from it, one sentence.
    pub says: Text,
    /// Knobs with their values in this chapter; the others have that of the fault.
    pub set: &'static [(&'static str, &'static str)],
    /// The cause the logs have to name first; empty if there must be nothing to diagnose, and
    /// `None` if either may be.
    pub names: Option<&'static str>,
    /// Least and greatest share of requests that fail once the release has begun.
    pub failing: (f64, f64),
}
