//! Predictions: the relation between settings that will make a cause happen, and what a rule
//! found of it in one system.

use super::{Edit, Happened, HopId, Key, LinkId, Revisions, Setting, Span, System, Task};
use crate::names::vocabulary;
use crate::{Cause, Micros, Statement, Text};

vocabulary! {
    /// How bad it is if the prediction comes true.
    pub enum Severity {
        /// Worth knowing; fails only together with something else.
        Note = "note",
        /// Some requests will fail at times.
        Warning = "warning",
        /// Requests will fail, surely or at every release.
        Error = "error",
    }
}

vocabulary! {
    /// How sure it is that the relation holds on the real system.
    pub enum Confidence {
        /// Something it rests on was guessed: which hops belong together, an unknown version.
        Low = "low",
        /// It rests on a default, or on a link that is known by a port.
        Medium = "medium",
        /// Everything it rests on is written.
        High = "high",
    }
}

/// What predicts a cause.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// One timer has to outlast another. Solved together with all others.
    Order(&'static Order),
    /// Anything else that settings say.
    Look(fn(&System) -> Vec<Prediction>),
    /// What changed since an earlier revision.
    Change(fn(&Revisions) -> Vec<Prediction>),
}

vocabulary! {
    /// Over which pieces of the path an order of timers has to hold.
    pub enum Shape {
        /// Every link with both of its ends.
        Link = "link",
        /// Every link followed by a link from its target.
        Chain = "chain",
        /// Every hop by itself.
        Hop = "hop",
    }
}

vocabulary! {
    /// Where on such a piece a setting stands.
    pub enum Site {
        /// The hop that sends; for a hop by itself, the hop.
        From = "from",
        /// The link; in a chain, the one nearer to the client.
        Link = "link",
        /// The hop that is sent to; in a chain, the one in the middle.
        To = "to",
        /// In a chain, the link farther from the client.
        Next = "next",
        /// In a chain, the hop at its end.
        Last = "last",
    }
}

/// A timer of a piece of the path: the smallest of these that is set.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// Where it stands.
    pub site: Site,
    /// Its meanings.
    pub keys: &'static [Key],
}

/// A condition without which an order of timers does not matter.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// The flag is not known to be off.
    NotOff(Site, Key),
    /// The flag is known to be on.
    On(Site, Key),
    /// The flag is not known to be on.
    NotOn(Site, Key),
    /// The shortest of these that is a span of time is no longer than this.
    AtMost(Site, &'static [Key], Micros),
    /// The word is none of these.
    NotOneOf(Site, Key, &'static [&'static str]),
    /// Somebody wrote at least one of these settings: without it, products would be found fault
    /// with for what everyone leaves as it is.
    Written(&'static [(Site, Key)]),
    /// At least one of these is a span of time, or somebody wrote that it has no bound.
    Bounded(Site, &'static [Key]),
    /// It is not known to be no time at all.
    NotZero(Site, Key),
    /// The hop has one of these tasks.
    Is(Site, &'static [Task]),
    /// The hop has none of these tasks.
    IsNot(Site, &'static [Task]),
    /// One of these products runs there.
    Runs(Site, &'static [&'static str]),
    /// None of these products runs there.
    RunsNot(Site, &'static [&'static str]),
}

/// One timer has to outlast another by a margin.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Where it has to hold.
    pub shape: Shape,
    /// The one that has to be longer.
    pub longer: Term,
    /// The one that has to be shorter.
    pub shorter: Term,
    /// By how much at least.
    pub margin: Micros,
    /// When it matters.
    pub when: &'static [Guard],
    /// How bad it is.
    pub severity: Severity,
    /// True if the cause does not happen at a link where the order holds; false if it has other
    /// ways to happen there, so that an order that holds says nothing.
    pub decides: bool,
    /// The finding in one sentence, with `{longer}` and `{shorter}` (values), `{longer_name}` and
    /// `{shorter_name}` (the vendors' names), `{longer_hop}` and `{shorter_hop}`.
    pub says: Text,
}

/// What a place of a prediction is.
#[derive(Clone, Debug, PartialEq)]
pub enum PlaceOf {
    /// A setting, written or a default.
    Setting(Setting),
    /// A stretch of a file.
    Text(Span),
}

/// One thing that will go wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What will happen and why, in one sentence.
    pub says: Statement,
    /// The places it rests on, the one to change first, each with what it shows.
    pub places: Vec<(PlaceOf, Statement)>,
    /// Sums and products, step by step; empty if there are none.
    pub arithmetic: Vec<Statement>,
    /// The smallest change that ends it, in words, one sentence per setting.
    pub changes: Vec<Statement>,
    /// The same change in the syntax of the files; empty if no program could write it.
    pub edits: Vec<Edit>,
    /// Hops it is about.
    pub hops: Vec<HopId>,
    /// Links it is about.
    pub links: Vec<LinkId>,
    /// What else it is about, where hops, settings and files do not tell two predictions of a cause
    /// apart: the coordinate of a field in a schema. Empty if they do.
    pub about: String,
    /// The updates of versions that brought it about, if it was not there before them.
    pub armed_by: Vec<Statement>,
}

impl Prediction {
    /// A prediction without places yet.
    #[must_use]
    pub fn new(severity: Severity, confidence: Confidence, says: Statement) -> Prediction {
        Prediction {
            severity,
            confidence,
            says,
            places: Vec::new(),
            arithmetic: Vec::new(),
            changes: Vec::new(),
            edits: Vec::new(),
            hops: Vec::new(),
            links: Vec::new(),
            about: String::new(),
            armed_by: Vec::new(),
        }
    }

    /// Rests on this setting, too.
    #[must_use]
    pub fn on(mut self, setting: &Setting, shows: Statement) -> Prediction {
        self.places.push((PlaceOf::Setting(setting.clone()), shows));
        self
    }

    /// Rests on this stretch of a file, too.
    #[must_use]
    pub fn at(mut self, span: Span, shows: Statement) -> Prediction {
        self.places.push((PlaceOf::Text(span), shows));
        self
    }
}

const LINKS: Text =
    Text::new("{from} sends requests to {to} here", "{from} はここで {to} にリクエストを送ります");

impl Prediction {
    /// Rests on this setting of this hop, or of a link that this hop sends on.
    #[must_use]
    pub fn rests_on(mut self, system: &System, hop: HopId, setting: &Setting) -> Prediction {
        if !self.hops.contains(&hop) {
            self.hops.push(hop);
        }
        let shows = setting.stated(&system.hop(hop).name);
        self.on(setting, shows)
    }

    /// Concerns this link, which is cited where it is written.
    #[must_use]
    pub fn along(mut self, system: &System, id: LinkId) -> Prediction {
        let link = system.link(id);
        if !self.links.contains(&id) {
            self.links.push(id);
        }
        for hop in [link.from, link.to] {
            if !self.hops.contains(&hop) {
                self.hops.push(hop);
            }
        }
        let Some(at) = link.at else { return self };
        let shows = Statement::plain(LINKS)
            .with("from", &system.hop(link.from).name)
            .with("to", &system.hop(link.to).name);
        self.at(at, shows)
    }

    /// One more step of the arithmetic.
    #[must_use]
    pub fn step(mut self, says: Statement) -> Prediction {
        self.arithmetic.push(says);
        self
    }

    /// One more change, in words.
    #[must_use]
    pub fn change(mut self, says: Statement) -> Prediction {
        self.changes.push(says);
        self
    }

    /// The change in the syntax of the files, where one could be written.
    #[must_use]
    pub fn edit(mut self, edit: Option<Edit>) -> Prediction {
        self.edits.extend(edit);
        self
    }
}

/// A prediction and the cause whose it is.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The cause that will happen.
    pub cause: &'static Cause,
    /// Why, where, and what to change.
    pub prediction: Prediction,
    /// Whether it was not there in the earlier revision; `None` if none was compared.
    pub is_new: Option<bool>,
    /// Where logs show that it has come true, in the order of the incidents.
    pub happened: Vec<Happened>,
}

impl Finding {
    /// A finding in a system by itself, of which no log is known.
    #[must_use]
    pub fn new(cause: &'static Cause, prediction: Prediction) -> Finding {
        Finding { cause, prediction, is_new: None, happened: Vec::new() }
    }
}

/// A finding that somebody wants not to be told of.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// The finding.
    pub finding: Finding,
    /// Why, in the words of whoever wrote it.
    pub reason: String,
    /// Where it is written.
    pub at: Span,
}

/// What `check` has to say of one system.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was understood.
    pub system: System,
    /// What will break, the worst first.
    pub findings: Vec<Finding>,
    /// What would be said if nobody had asked for silence.
    pub ignored: Vec<Ignored>,
    /// How many findings the baseline already holds.
    pub known: usize,
    /// The earlier revision that it was compared with, as people named it.
    pub since: Option<String>,
    /// How many findings were there before and are not told of.
    pub old: usize,
    /// Logs of the same system that were read, as they were named; empty if none were.
    pub logs: Vec<String>,
    /// Files and folders of configuration that were checked, as they were named.
    pub paths: Vec<String>,
}
