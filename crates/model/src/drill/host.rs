//! The hosts of a drill and the servers on them.

use super::When;
use crate::names::vocabulary;

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
    /// What those who run it know of it and no file says: settings with their values, both as in
    /// `why502.toml`, values templated.
    pub known: &'static [(&'static str, &'static str)],
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
            known: &[],
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

    /// Of which its team knows more than its files say.
    #[must_use]
    pub const fn known(mut self, settings: &'static [(&'static str, &'static str)]) -> Host {
        self.known = settings;
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
