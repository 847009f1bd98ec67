//! Hops and links as configuration states them.

use super::{Key, Setting, Settings, Slot, Span};
use crate::names::vocabulary;

/// A hop: its position in [`System::hops`](super::System::hops).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HopId(pub u32);

/// A link: its position in [`System::links`](super::System::links).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

vocabulary! {
    /// What a hop is on the path.
    pub enum Task {
        /// Sends requests and forwards none.
        Client = "client",
        /// A content delivery network.
        Cdn = "cdn",
        /// A load balancer of a platform.
        LoadBalancer = "load-balancer",
        /// A reverse proxy, an ingress, an API gateway.
        Gateway = "gateway",
        /// A program that answers, or a container, a service, a function that runs one.
        App = "app",
        /// A database or a cache.
        Database = "database",
        /// Translates the addresses of what leaves.
        Nat = "nat",
        /// Somebody else's system.
        External = "external",
    }
}

/// What runs there, and in which version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Name in the vendor's spelling, such as `nginx`, `Node.js`, `AWS ALB`.
    pub name: &'static str,
    /// Version as written, without a leading `v`; empty if not known. May be a prefix: `20`.
    pub version: String,
    /// Where the version is written.
    pub version_at: Option<Span>,
}

/// An address and port a hop listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Address as written; empty for all.
    pub address: String,
    /// Port; 0 for a socket of the file system, whose path is the address.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Where it is written.
    pub at: Option<Span>,
}

vocabulary! {
    /// Who makes a health check, and what it decides.
    pub enum CheckKind {
        /// A gateway or load balancer decides whether to send requests.
        Balancer = "balancer",
        /// The platform decides whether the instance gets requests.
        Readiness = "readiness",
        /// The platform decides whether the instance is killed.
        Liveness = "liveness",
        /// The platform decides when the other checks begin.
        Startup = "startup",
    }
}

/// A health check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Who makes it.
    pub kind: CheckKind,
    /// Where it is written; `None` if the platform makes it unasked.
    pub at: Option<Span>,
    /// Its settings.
    pub settings: Settings,
}

/// A component that forwards or answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// What it is on the path.
    pub task: Task,
    /// Name as people call it: `web`, `aws_lb.front`, `nginx.conf server shop.example`.
    pub name: String,
    /// How it is known which program runs there: stated where nothing had to be concluded.
    pub program: Found,
    /// What runs there; several where one thing runs another (a container, a server, a framework).
    pub products: Vec<Product>,
    /// Where it is described.
    pub at: Option<Span>,
    /// Where `why502.toml` speaks of it.
    pub declared: Option<Span>,
    /// Where it listens.
    pub listens: Vec<Listen>,
    /// Settings toward its clients and of its own.
    pub settings: Settings,
    /// Health checks of it that belong to no link.
    pub checks: Vec<Check>,
    /// Where settings that nobody wrote can be added.
    pub slots: Vec<Slot>,
}

impl Hop {
    /// A hop of which nothing more is known.
    #[must_use]
    pub fn new(task: Task, name: impl Into<String>) -> Hop {
        Hop {
            task,
            name: name.into(),
            program: Found::Stated,
            products: Vec::new(),
            at: None,
            declared: None,
            listens: Vec::new(),
            settings: Settings::new(),
            checks: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The setting with this meaning.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// True if this product runs there.
    #[must_use]
    pub fn runs(&self, product: &str) -> bool {
        self.products.iter().any(|p| p.name == product)
    }
}

/// Which requests take a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Host names, as written; empty for any.
    pub hosts: Vec<String>,
    /// Path or prefix, as written; empty for any.
    pub path: String,
}

/// How a link is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A reference says so: by name, by address, by selector.
    Stated,
    /// Both ends speak of the same port, and no other pair does.
    ByPort(u16),
    /// They are the only two that can belong together.
    ByElimination,
    /// `why502.toml` says so.
    Declared,
}

/// That a hop sends requests to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Who sends.
    pub from: HopId,
    /// Who is sent to.
    pub to: HopId,
    /// Which requests.
    pub route: Route,
    /// The address it is reached by, as written: host and port.
    pub address: String,
    /// Port it is reached by; 0 if not known.
    pub port: u16,
    /// Where the reference is written.
    pub at: Option<Span>,
    /// How it is known.
    pub found: Found,
    /// Settings of the sender for this link.
    pub settings: Settings,
    /// Checks the sender makes of the targets.
    pub checks: Vec<Check>,
    /// Where settings that nobody wrote can be added.
    pub slots: Vec<Slot>,
}

impl Link {
    /// The setting with this meaning.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Setting> {
        self.settings.get(key)
    }
}
