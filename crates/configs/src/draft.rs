//! What readers find, before references have met: hops by name, links to names, named sets of
//! targets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::config::{
    Check, Cidr, FileId, FilterKind, FilterRule, GraphQl, Hop, Key, Remark, Route, RouteEntry,
    Settings, Slot, Span,
};

use crate::declared::Declared;

/// A name by which one part of the configuration speaks of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Name {
    /// A host name or an address, without port, in lower case.
    Host(String),
    /// A name that means something within one tool only: the tool (and, where names repeat, the
    /// document), and the name.
    Id(&'static str, String),
}

/// The tool of names that stand for variables of the environment.
const VARIABLE: &str = "environment variable";

impl Name {
    /// A host name or address.
    pub(crate) fn host(name: &str) -> Name {
        let name = name.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']');
        Name::Host(name.to_ascii_lowercase())
    }

    /// A name within one tool.
    pub(crate) fn id(tool: &'static str, name: impl Into<String>) -> Name {
        Name::Id(tool, name.into())
    }

    /// What a variable of the environment holds the address of, until the environment is known.
    pub(crate) fn variable(name: &str) -> Name {
        Name::Id(VARIABLE, name.to_owned())
    }

    /// The address, if it is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Name::Host(host) => host.parse().ok(),
            Name::Id(..) => None,
        }
    }
}

/// Labels of Kubernetes: a namespace, and names with values.
pub(crate) type Labels = (String, Vec<(String, String)>);

/// What a reference says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Whatever has this name.
    Name(Name),
    /// Whatever carries these labels.
    Labels(Labels),
    /// The files do not say who: targets are registered elsewhere.
    Unsaid,
}

/// A hop, and how others speak of it.
#[derive(Clone, Debug)]
pub(crate) struct HopDraft {
    /// The hop.
    pub(crate) hop: Hop,
    /// Its names.
    pub(crate) names: Vec<Name>,
    /// Its labels, if it has any.
    pub(crate) labels: Option<Labels>,
    /// The folder whose program runs there (`build: ./web`); the folder itself for what describes
    /// the program.
    pub(crate) folder: Option<String>,
    /// True if this only describes the program of its folder (a Dockerfile, source code) and does
    /// not say that it runs.
    pub(crate) is_source: bool,
    /// The image it runs, as written.
    pub(crate) image: Option<String>,
    /// Files of the project that it is given as its configuration.
    pub(crate) given: Vec<String>,
    /// The file it was read from, if that is the configuration of a server such as nginx.
    pub(crate) configured_by: Option<String>,
    /// Filters that protect it.
    pub(crate) filters: Vec<Name>,
    /// Subnets it has an address in.
    pub(crate) subnets: Vec<Name>,
    /// Variables of its environment.
    pub(crate) environment: Vec<Variable>,
    /// The variable its port is read from, if it is.
    pub(crate) port_variable: Option<String>,
    /// Variables that its server reads timers from, in milliseconds.
    pub(crate) timers: Vec<(&'static str, Key)>,
    /// True if its ports are those it listens on, not those somebody declares for it.
    pub(crate) listens_known: bool,
    /// True if it runs another command of a program's image, which serves no requests.
    pub(crate) is_worker: bool,
    /// True if other containers run beside it in one instance, so that a program may be theirs.
    pub(crate) is_one_of_several: bool,
    /// The file that its command names for its settings.
    pub(crate) settings_file: Option<SettingsFile>,
}

/// A file that a command names for settings.
#[derive(Clone, Debug)]
pub(crate) struct SettingsFile {
    /// Its path in the project, if the command is run at the top of the folder it stands in.
    pub(crate) path: String,
    /// The server that reads it.
    pub(crate) product: &'static str,
    /// What it may set, with the vendor's names.
    pub(crate) keys: Vec<(model::config::Key, &'static str)>,
    /// Where it is named.
    pub(crate) at: Span,
}

/// A variable of a program's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: String,
    /// Its value as written.
    pub(crate) value: String,
    /// Where the value is written.
    pub(crate) at: Span,
    /// Whose address it is, if the value is a reference to something these files describe, and the
    /// port of it; 0 if that is not known.
    pub(crate) of: Option<(Name, u16)>,
}

impl HopDraft {
    /// A hop with a name.
    pub(crate) fn new(hop: Hop, names: Vec<Name>) -> HopDraft {
        HopDraft {
            hop,
            names,
            labels: None,
            folder: None,
            is_source: false,
            image: None,
            given: Vec::new(),
            configured_by: None,
            filters: Vec::new(),
            subnets: Vec::new(),
            environment: Vec::new(),
            port_variable: None,
            timers: Vec::new(),
            listens_known: false,
            is_worker: false,
            is_one_of_several: false,
            settings_file: None,
        }
    }
}

/// A hop among the drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DraftId(pub(crate) usize);

/// A reference from a hop to where it sends requests.
#[derive(Clone, Debug)]
pub(crate) struct LinkDraft {
    /// Who sends.
    pub(crate) from: DraftId,
    /// To whom.
    pub(crate) to: Reach,
    /// At which port; 0 if it is not said.
    pub(crate) port: u16,
    /// The address as written.
    pub(crate) address: String,
    /// Which requests.
    pub(crate) route: Route,
    /// Where it is written.
    pub(crate) at: Option<Span>,
    /// The sender's settings for it.
    pub(crate) settings: Settings,
    /// Checks the sender makes.
    pub(crate) checks: Vec<Check>,
    /// Where settings can be added.
    pub(crate) slots: Vec<Slot>,
}

impl LinkDraft {
    /// A link without settings.
    pub(crate) fn new(from: DraftId, to: Reach, address: impl Into<String>) -> LinkDraft {
        LinkDraft {
            from,
            to,
            port: 0,
            address: address.into(),
            route: Route::default(),
            at: None,
            settings: Settings::new(),
            checks: Vec::new(),
            slots: Vec::new(),
        }
    }
}

/// One of the targets of a set.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Who.
    pub(crate) to: Reach,
    /// At which port; 0 for the one the set is asked for.
    pub(crate) port: u16,
    /// The address as written.
    pub(crate) address: String,
    /// Where it is written.
    pub(crate) at: Option<Span>,
    /// Settings for this member only.
    pub(crate) settings: Settings,
}

/// A named set of targets that forwards nothing itself: an `upstream` of nginx, a target group, a
/// Service of Kubernetes, a backend service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    /// Its names.
    pub(crate) names: Vec<Name>,
    /// Its targets; empty if the files do not say.
    pub(crate) members: Vec<Member>,
    /// Ports at which it is asked, and the ports of the targets they lead to.
    pub(crate) ports: Vec<(u16, u16)>,
    /// Settings of every link through it.
    pub(crate) settings: Settings,
    /// Checks of its targets.
    pub(crate) checks: Vec<Check>,
    /// Where settings can be added.
    pub(crate) slots: Vec<Slot>,
    /// Where it is described.
    pub(crate) at: Option<Span>,
}

/// The other end of a filter's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerDraft {
    /// A block of addresses.
    Block(Cidr),
    /// Whatever carries the filter of this name.
    Group(Name),
    /// The filter itself.
    Itself,
    /// Not knowable from the files; as written.
    Unknown(String),
}

/// A filter, and how others speak of it.
#[derive(Clone, Debug)]
pub(crate) struct FilterDraft {
    /// Its names.
    pub(crate) names: Vec<Name>,
    /// What people call it.
    pub(crate) name: String,
    /// What kind.
    pub(crate) kind: FilterKind,
    /// Its rules, each with the peers it speaks of; `FilterRule::peers` is filled from them.
    pub(crate) rules: Vec<(FilterRule, Vec<PeerDraft>)>,
    /// True if it may have rules that the files do not show.
    pub(crate) partial: bool,
    /// Hops it protects, by their names.
    pub(crate) protects: Vec<Reach>,
    /// Subnets it protects.
    pub(crate) subnets: Vec<Name>,
    /// Where it is described.
    pub(crate) at: Option<Span>,
}

/// Rules that stand apart from their filter (`aws_security_group_rule`).
#[derive(Clone, Debug)]
pub(crate) struct LooseRule {
    /// The filter they belong to.
    pub(crate) of: Name,
    /// The rule.
    pub(crate) rule: FilterRule,
    /// The peers it speaks of.
    pub(crate) peers: Vec<PeerDraft>,
}

/// A subnet, and how others speak of it.
#[derive(Clone, Debug)]
pub(crate) struct SubnetDraft {
    /// Its names.
    pub(crate) names: Vec<Name>,
    /// What people call it.
    pub(crate) name: String,
    /// Its block, if known.
    pub(crate) block: Option<Cidr>,
    /// Its routes as far as the files tell.
    pub(crate) routes: Vec<RouteEntry>,
    /// Where it is described.
    pub(crate) at: Option<Span>,
}

/// Everything that readers found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// Hops.
    pub(crate) hops: Vec<HopDraft>,
    /// References.
    pub(crate) links: Vec<LinkDraft>,
    /// Sets of targets.
    pub(crate) pools: Vec<Pool>,
    /// Filters.
    pub(crate) filters: Vec<FilterDraft>,
    /// Rules apart from their filters.
    pub(crate) rules: Vec<LooseRule>,
    /// Subnets.
    pub(crate) subnets: Vec<SubnetDraft>,
    /// GraphQL schemas and operations.
    pub(crate) graphql: Vec<GraphQl>,
    /// What was not understood.
    pub(crate) remarks: Vec<Remark>,
    /// What `why502.toml` declares.
    pub(crate) declared: Declared,
    read: Vec<(FileId, &'static str)>,
    /// Hops that stand for the program of a folder.
    programs: BTreeMap<String, usize>,
}

impl Draft {
    /// Adds a hop.
    pub(crate) fn add_hop(&mut self, hop: HopDraft) -> DraftId {
        self.hops.push(hop);
        DraftId(self.hops.len() - 1)
    }

    /// A hop that was added.
    pub(crate) fn hop_mut(&mut self, id: DraftId) -> &mut HopDraft {
        &mut self.hops[id.0]
    }

    /// The hop that stands for the program of a folder, made at the first call: a Dockerfile, a
    /// lock file and the source code all describe the same program.
    pub(crate) fn program_of(&mut self, folder: &str) -> &mut HopDraft {
        let at = self.program_id(folder).0;
        &mut self.hops[at]
    }

    /// The number of the program of a folder, made at the first call.
    pub(crate) fn program_id(&mut self, folder: &str) -> DraftId {
        if let Some(known) = self.known_program(folder) {
            return known;
        }
        let name = match folder.rsplit('/').next().unwrap_or("") {
            "" => "the program",
            last => last,
        };
        let mut draft = HopDraft::new(Hop::new(model::config::Task::App, name), Vec::new());
        draft.folder = Some(folder.to_owned());
        draft.is_source = true;
        let made = self.add_hop(draft);
        self.programs.insert(folder.to_owned(), made.0);
        made
    }

    /// The number of the program of a folder, if there is one.
    pub(crate) fn known_program(&self, folder: &str) -> Option<DraftId> {
        let known = self.programs.get(folder).copied();
        known.filter(|&at| self.hops[at].is_source).map(DraftId)
    }

    /// Notes which reader understood a file.
    pub(crate) fn note_read(&mut self, file: FileId, reader: &'static str) {
        self.read.push((file, reader));
    }

    /// Which reader understood a file; empty for none.
    pub(crate) fn read_as(&self, file: FileId) -> &'static str {
        self.read.iter().find(|(id, _)| *id == file).map_or("", |(_, name)| name)
    }

    /// Notes something that was not understood.
    pub(crate) fn remark(&mut self, at: Span, says: impl Into<String>) {
        self.remarks.push(Remark { at, says: says.into() });
    }
}
