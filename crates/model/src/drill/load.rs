//! What the clients of a drill send, and what they have to see.

use crate::names::vocabulary;

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
