//! Systems made by hand, for the tests of the rules.

use model::Micros;
use model::config::{
    Check, CheckKind, Cidr, Direction, FileId, Filter, FilterId, FilterKind, FilterRule, Found,
    Hop, HopId, Key, KnownDefault, Link, LinkId, Listen, Notation, Peer, Prediction, Product,
    Route, RouteEntry, Setting, Source, Span, Subnet, SubnetId, System, Task, Value, Via,
};
use model::{Lang, Statement};

pub(super) fn secs(n: i64) -> Value {
    Value::Time(Micros::from_secs(n))
}

pub(super) fn count(n: u64) -> Value {
    Value::Count(n)
}

pub(super) fn text(word: &str) -> Value {
    Value::Text(word.to_owned())
}

pub(super) fn names(names: &[&str]) -> Value {
    Value::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(super) fn unknown() -> Value {
    Value::Unknown("var.x".to_owned())
}

static KNOWN: KnownDefault =
    KnownDefault { product: "a product", versions: "all", source: "its manual", fixed: false };

/// A system under construction. Everything that is added is written in one file, each thing at a
/// place of its own.
pub(super) struct Made {
    pub(super) system: System,
    next: usize,
}

impl Made {
    pub(super) fn new() -> Made {
        let file = Source {
            name: "made.conf".to_owned(),
            text: "x\n".repeat(500).into(),
            read_as: "made",
            revision: String::new(),
        };
        Made { system: System { files: vec![file], ..System::default() }, next: 0 }
    }

    /// The same, read by this reader.
    pub(super) fn read_as(mut self, reader: &'static str) -> Made {
        self.system.files[0].read_as = reader;
        self
    }

    fn span(&mut self) -> Span {
        self.next += 2;
        Span::new(FileId(0), self.next..self.next + 1)
    }

    pub(super) fn hop(&mut self, task: Task, name: &str) -> HopId {
        let at = self.span();
        let id = u32::try_from(self.system.hops.len()).unwrap();
        self.system.hops.push(Hop { at: Some(at), ..Hop::new(task, name) });
        HopId(id)
    }

    pub(super) fn runs(&mut self, hop: HopId, name: &'static str, version: &str) {
        let version_at = Some(self.span());
        let product = Product { name, version: version.to_owned(), version_at };
        self.system.hops[hop.0 as usize].products.push(product);
    }

    pub(super) fn listens(&mut self, hop: HopId, address: &str, port: u16, tls: bool) {
        let at = Some(self.span());
        let listen = Listen { address: address.to_owned(), port, tls, at };
        self.system.hops[hop.0 as usize].listens.push(listen);
    }

    /// A link by an address such as `app:3000`.
    pub(super) fn link(&mut self, from: HopId, to: HopId, address: &str) -> LinkId {
        let at = Some(self.span());
        let (_, port) = super::said::host_and_port(address);
        let id = u32::try_from(self.system.links.len()).unwrap();
        self.system.links.push(Link {
            from,
            to,
            route: Route::default(),
            address: address.to_owned(),
            port,
            at,
            found: Found::Stated,
            settings: model::config::Settings::new(),
            checks: Vec::new(),
            slots: Vec::new(),
        });
        LinkId(id)
    }

    pub(super) fn set(&mut self, hop: HopId, key: Key, value: Value) {
        let at = self.span();
        let setting = Setting::written(key, value, key.as_str(), at);
        self.system.hops[hop.0 as usize].settings.set(setting.as_written_in(Notation::Count));
    }

    pub(super) fn default(&mut self, hop: HopId, key: Key, value: Value) {
        let setting = Setting::default(key, value, key.as_str(), &KNOWN, None);
        self.system.hops[hop.0 as usize].settings.set(setting);
    }

    pub(super) fn set_link(&mut self, link: LinkId, key: Key, value: Value) {
        let at = self.span();
        let setting = Setting::written(key, value, key.as_str(), at);
        self.system.links[link.0 as usize].settings.set(setting.as_written_in(Notation::Count));
    }

    pub(super) fn default_link(&mut self, link: LinkId, key: Key, value: Value) {
        let setting = Setting::default(key, value, key.as_str(), &KNOWN, None);
        self.system.links[link.0 as usize].settings.set(setting);
    }

    fn check(&mut self, kind: CheckKind, settings: &[(Key, Value)]) -> Check {
        let at = Some(self.span());
        let mut check = Check { kind, at, settings: model::config::Settings::new() };
        for (key, value) in settings {
            let at = self.span();
            check.settings.set(Setting::written(*key, value.clone(), key.as_str(), at));
        }
        check
    }

    pub(super) fn check_of(&mut self, hop: HopId, kind: CheckKind, settings: &[(Key, Value)]) {
        let check = self.check(kind, settings);
        self.system.hops[hop.0 as usize].checks.push(check);
    }

    pub(super) fn check_by(&mut self, link: LinkId, settings: &[(Key, Value)]) {
        let check = self.check(CheckKind::Balancer, settings);
        self.system.links[link.0 as usize].checks.push(check);
    }

    pub(super) fn subnet(&mut self, block: &str, hops: &[HopId]) -> SubnetId {
        let at = Some(self.span());
        let id = u32::try_from(self.system.subnets.len()).unwrap();
        self.system.subnets.push(Subnet {
            name: format!("subnet {id}"),
            block: Cidr::parse(block),
            routes: Vec::new(),
            hops: hops.to_vec(),
            at,
        });
        SubnetId(id)
    }

    pub(super) fn route(&mut self, subnet: SubnetId, to: &str, via: Via) {
        let at = Some(self.span());
        let entry = RouteEntry { to: Cidr::parse(to).unwrap(), via, at };
        self.system.subnets[subnet.0 as usize].routes.push(entry);
    }

    pub(super) fn filter(&mut self, kind: FilterKind, hops: &[HopId]) -> FilterId {
        let at = Some(self.span());
        let id = u32::try_from(self.system.filters.len()).unwrap();
        self.system.filters.push(Filter {
            kind,
            name: format!("filter {id}"),
            at,
            rules: Vec::new(),
            partial: false,
            hops: hops.to_vec(),
            subnets: Vec::new(),
        });
        FilterId(id)
    }

    pub(super) fn acl(&mut self, subnet: SubnetId) -> FilterId {
        let id = self.filter(FilterKind::NetworkAcl, &[]);
        self.system.filters[id.0 as usize].subnets.push(subnet);
        id
    }

    /// A rule of TCP; rules are in order.
    pub(super) fn rule(
        &mut self,
        filter: FilterId,
        (direction, allow): (Direction, bool),
        ports: std::ops::RangeInclusive<u16>,
        peers: Vec<Peer>,
    ) {
        let at = Some(self.span());
        let rules = &mut self.system.filters[filter.0 as usize].rules;
        let priority = u32::try_from(rules.len()).unwrap() * 100 + 100;
        rules.push(FilterRule {
            direction,
            allow,
            protocol: "tcp".to_owned(),
            from_port: *ports.start(),
            to_port: *ports.end(),
            peers,
            priority,
            at,
        });
    }
}

pub(super) fn block(text: &str) -> Peer {
    Peer::Block(Cidr::parse(text).unwrap())
}

/// The one prediction, which must be complete: no gap in any sentence of either language, a place,
/// and a change.
pub(super) fn only(found: Vec<Prediction>) -> Prediction {
    assert_eq!(found.len(), 1, "{:#?}", said(&found));
    let one = found.into_iter().next().unwrap();
    assert_complete(&one);
    one
}

/// Fails on a sentence with a gap, on a prediction without a place, and on one without a change.
pub(super) fn assert_complete(one: &Prediction) {
    let places = one.places.iter().map(|(_, shows)| shows);
    let sentences: Vec<&Statement> =
        [&one.says].into_iter().chain(places).chain(&one.arithmetic).chain(&one.changes).collect();
    for sentence in sentences {
        assert!(!sentence.has_gaps(), "{sentence:?}");
        assert!(!sentence.text.ja.is_empty() && sentence.text.ja != sentence.text.en);
    }
    assert!(!one.places.is_empty(), "{}", one.says.render(Lang::En));
    assert!(!one.changes.is_empty(), "{}", one.says.render(Lang::En));
    assert!(!one.hops.is_empty(), "{}", one.says.render(Lang::En));
}

/// The sentences in English.
pub(super) fn said(found: &[Prediction]) -> Vec<String> {
    found.iter().map(|one| one.says.render(Lang::En)).collect()
}

/// A gateway in front of an application, and what `set` says of the application.
pub(super) fn served(set: impl FnOnce(&mut Made, HopId)) -> System {
    let mut made = Made::new();
    let front = made.hop(Task::Gateway, "front");
    let app = made.hop(Task::App, "app");
    made.link(front, app, "app:3000");
    set(&mut made, app);
    made.system
}
