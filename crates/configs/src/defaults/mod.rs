//! What nobody wrote: the defaults of products, by version, with their sources.
//!
//! A module per product holds a [`Table`] of [`Row`]s; [`fill`] applies them to every hop that runs
//! the product and to every link that leaves it. A default never replaces what is written, nor what
//! another row filled in before: rows are tried in order, so a row may look at what earlier rows
//! said.

pub(crate) mod apache;
pub(crate) mod caddy;
pub(crate) mod clients;
mod compose;
mod databases;
pub(crate) mod envoy;
pub(crate) mod haproxy;
pub(crate) mod jvm;
pub(crate) mod nginx;
pub(crate) mod node;
mod puma;
pub(crate) mod python;
pub(crate) mod stated;
mod traefik;
pub(crate) mod version;

use model::Micros;
use model::config::{Check, Hop, Key, KnownDefault, Link, Product, Setting, Settings, Span};
use model::config::{System, Value};

use version::{Range, Stands};

/// Every product whose defaults are known.
static ALL: &[&Table] = &[
    &apache::TABLE,
    &caddy::TABLE,
    &compose::TABLE,
    &databases::MARIADB,
    &databases::MYSQL,
    &databases::POSTGRESQL,
    &envoy::TABLE,
    &haproxy::TABLE,
    &jvm::JETTY,
    &jvm::SPRING,
    &jvm::TOMCAT,
    &nginx::TABLE,
    &node::FASTIFY,
    &node::NODE,
    &puma::TABLE,
    &python::GUNICORN,
    &python::HYPERCORN,
    &python::UVICORN,
    &traefik::TABLE,
];

/// The products whose defaults are known.
pub(crate) fn products() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|table| table.product)
}

/// The defaults of one product.
pub(crate) struct Table {
    /// The product in the vendor's spelling, as readers write it into `Product::name`.
    pub(crate) product: &'static str,
    /// Settings of the hop that runs it.
    pub(crate) hop: &'static [Row],
    /// Settings of the links that leave such a hop.
    pub(crate) link: &'static [Row],
    /// Settings of the health checks of such a hop and of the links that leave it.
    pub(crate) check: &'static [Row],
}

/// One default, for a range of versions.
#[derive(Debug)]
pub(crate) struct Row {
    key: Key,
    name: &'static str,
    value: Preset,
    range: Range,
    when: fn(&Subject<'_>) -> bool,
    gone: bool,
    upcoming: bool,
    known: KnownDefault,
}

/// A value as a table can hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(dead_code, reason = "each product uses the kinds it needs")]
pub(crate) enum Preset {
    /// Seconds.
    Seconds(i64),
    /// Milliseconds.
    Millis(i64),
    /// A number of things.
    Count(u64),
    /// A size in bytes.
    Bytes(u64),
    /// A fraction of one.
    Share(f64),
    /// On or off.
    Flag(bool),
    /// A word.
    Text(&'static str),
    /// No bound holds.
    Unlimited,
}

/// What a default would be filled into, so that a row can say when it holds.
#[allow(dead_code, reason = "each product asks for what it needs")]
pub(crate) struct Subject<'s> {
    /// The hop that runs the product.
    pub(crate) hop: &'s Hop,
    /// The link, for defaults of links and of their checks.
    pub(crate) link: Option<&'s Link>,
    /// The hop at the link's end.
    pub(crate) target: Option<&'s Hop>,
    /// The check, for defaults of checks.
    pub(crate) check: Option<&'s Check>,
    /// The settings so far, written ones and the defaults of earlier rows.
    pub(crate) settings: &'s Settings,
}

impl Subject<'_> {
    /// Whether a setting is exactly this word.
    pub(crate) fn says(&self, key: Key, word: &str) -> bool {
        self.settings.text(key) == Some(word)
    }
}

/// Whether clients are served as plain TCP.
fn serves_tcp(at: &Subject<'_>) -> bool {
    at.says(Key::ServedProtocol, "tcp")
}

/// Whether clients are served by requests.
fn serves_http(at: &Subject<'_>) -> bool {
    !serves_tcp(at)
}

/// Whether targets are sent requests, and not bytes.
fn sends_http(at: &Subject<'_>) -> bool {
    !at.says(Key::UpstreamProtocol, "tcp")
}

impl Row {
    /// A default that holds in every version. `source` is the vendor's page or source file.
    pub(crate) const fn new(
        product: &'static str,
        key: Key,
        name: &'static str,
        value: Preset,
        source: &'static str,
    ) -> Row {
        let known = KnownDefault { product, versions: "all", source, fixed: false };
        Row {
            key,
            name,
            value,
            range: Range::ALL,
            when: always,
            gone: false,
            upcoming: false,
            known,
        }
    }

    /// The same, for the versions from the first one to before the second one only; an empty text is
    /// no bound. `readable` is how people are told: `1.29.7 and later`.
    pub(crate) const fn versions(
        mut self,
        from: &'static str,
        before: &'static str,
        readable: &'static str,
    ) -> Row {
        self.range = Range { from, before };
        self.known.versions = readable;
        self
    }

    /// The same, only where this holds.
    pub(crate) const fn when(mut self, holds: fn(&Subject<'_>) -> bool) -> Row {
        self.when = holds;
        self
    }

    /// The same, of versions out of use for years: an unknown version is not thought to be one of
    /// them.
    pub(crate) const fn out_of_use(mut self) -> Row {
        self.gone = true;
        self
    }

    /// The same, of versions that are not released yet: an unknown version is not thought to be one
    /// of them, but of those before, and for such a version the default is only assumed.
    pub(crate) const fn upcoming(mut self) -> Row {
        self.upcoming = true;
        self
    }

    /// The same as a constant of the platform that no setting changes.
    #[allow(dead_code, reason = "only platforms have such constants")]
    pub(crate) const fn fixed(mut self) -> Row {
        self.known.fixed = true;
        self
    }

    /// The default as a setting, for readers that know better than a version where it holds.
    pub(crate) fn stated(&'static self) -> Setting {
        self.setting(None, false)
    }

    /// The same, with the place that decides that it holds.
    pub(crate) fn stated_at(&'static self, at: Span) -> Setting {
        self.setting(Some(at), false)
    }

    /// Whether it holds in a version, among the other rows of its table.
    fn stands(&self, version: &str, rows: &[Row]) -> Stands {
        if version::parts(version).is_some() {
            return self.range.holds(version);
        }
        let ends_with_upcoming = |other: &Row| {
            other.upcoming && other.key == self.key && other.range.from == self.range.before
        };
        if self.upcoming {
            Stands::Never
        } else if rows.iter().any(ends_with_upcoming) {
            Range { before: "", ..self.range }.holds(version)
        } else {
            self.range.holds(version)
        }
    }

    fn setting(&'static self, version_at: Option<Span>, assumed: bool) -> Setting {
        let value = self.value.value();
        let setting = Setting::default(self.key, value, self.name, &self.known, version_at);
        if assumed { setting.assumed() } else { setting }
    }
}

fn always(_: &Subject<'_>) -> bool {
    true
}

impl Preset {
    fn value(self) -> Value {
        match self {
            Preset::Seconds(seconds) => Value::Time(Micros::from_secs(seconds)),
            Preset::Millis(millis) => Value::Time(Micros::from_millis(millis)),
            Preset::Count(n) => Value::Count(n),
            Preset::Bytes(n) => Value::Bytes(n),
            Preset::Share(share) => Value::Share(share),
            Preset::Flag(on) => Value::Flag(on),
            Preset::Text(text) => Value::Text(text.to_owned()),
            Preset::Unlimited => Value::Unlimited,
        }
    }
}

/// What a product does in a version when nobody says otherwise: for the question what changes when an
/// image is updated. Of defaults that also depend on other settings, the first one of the version
/// counts. `None` if no default is known.
#[must_use]
pub fn default_at(
    product: &str,
    key: Key,
    version: &str,
) -> Option<(Value, &'static KnownDefault)> {
    let table = ALL.iter().find(|table| table.product == product)?;
    let rows = [table.hop, table.link, table.check];
    rows.into_iter().find_map(|rows| {
        let row =
            rows.iter().find(|row| row.key == key && row.stands(version, rows) != Stands::Never)?;
        Some((row.value.value(), &row.known))
    })
}

/// Fills in the defaults of every hop, link and check whose product is known.
pub(crate) fn fill(system: &mut System) {
    let hops: Vec<(Settings, Vec<Settings>)> = system
        .hops
        .iter()
        .map(|hop| {
            let at = Place { hop, link: None, target: None };
            (at.filled(None, &hop.settings), at.checks(&hop.checks))
        })
        .collect();
    let links: Vec<(Settings, Vec<Settings>)> = system
        .links
        .iter()
        .map(|link| {
            let target = Some(system.hop(link.to));
            let at = Place { hop: system.hop(link.from), link: Some(link), target };
            (at.filled(None, &link.settings), at.checks(&link.checks))
        })
        .collect();
    for (hop, (settings, checks)) in system.hops.iter_mut().zip(hops) {
        hop.settings = settings;
        hop.checks.iter_mut().zip(checks).for_each(|(check, filled)| check.settings = filled);
    }
    for (link, (settings, checks)) in system.links.iter_mut().zip(links) {
        link.settings = settings;
        link.checks.iter_mut().zip(checks).for_each(|(check, filled)| check.settings = filled);
    }
    clients::heed(system);
}

/// A hop, or a link that leaves it.
struct Place<'s> {
    hop: &'s Hop,
    link: Option<&'s Link>,
    target: Option<&'s Hop>,
}

impl Place<'_> {
    fn checks(&self, checks: &[Check]) -> Vec<Settings> {
        checks.iter().map(|check| self.filled(Some(check), &check.settings)).collect()
    }

    /// The settings with what nobody wrote.
    fn filled(&self, check: Option<&Check>, written: &Settings) -> Settings {
        let mut settings = written.clone();
        for product in &self.hop.products {
            for table in ALL.iter().filter(|table| table.product == product.name) {
                let rows = match (check, self.link) {
                    (Some(_), _) => table.check,
                    (None, Some(_)) => table.link,
                    (None, None) => table.hop,
                };
                self.apply(rows, product, check, &mut settings);
            }
        }
        settings
    }

    fn apply(
        &self,
        rows: &'static [Row],
        product: &Product,
        check: Option<&Check>,
        settings: &mut Settings,
    ) {
        for row in rows {
            if settings.get(row.key).is_some() {
                continue;
            }
            let subject =
                Subject { hop: self.hop, link: self.link, target: self.target, check, settings };
            if !(row.when)(&subject) {
                continue;
            }
            let assumed = match row.stands(&product.version, rows) {
                Stands::Surely => row.upcoming,
                Stands::Never => continue,
                // Which version runs matters only if another one has another default.
                Stands::Assumed => rows.iter().any(|other| {
                    let differs = other.key == row.key && other.value != row.value;
                    differs && !other.gone && !other.upcoming && (other.when)(&subject)
                }),
            };
            settings.set(row.setting(product.version_at, assumed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_can_be_asked_what_it_changes() {
        let idle = |product, version| {
            default_at(product, Key::ClientIdleTimeout, version).map(|(value, _)| value.to_string())
        };
        assert_eq!(idle("Puma", "6.4.2").as_deref(), Some("20 s"));
        assert_eq!(idle("Puma", "7.1").as_deref(), Some("65 s"));
        assert_eq!(idle("Fastify", "3.29").as_deref(), Some("5 s"));
        assert_eq!(idle("Fastify", "5.0").as_deref(), Some("72 s"));
        assert_eq!(idle("MySQL", "").as_deref(), Some("28800 s"));
        assert_eq!(idle("Node.js", "20").as_deref(), Some("5 s"));
        assert_eq!(idle("Node.js", "").as_deref(), Some("5 s"));
        assert_eq!(idle("Node.js", "27.0.0").as_deref(), Some("65 s"));
        assert_eq!(idle("nobody's", "1"), None);
    }

    #[test]
    fn rows_say_where_they_are_from_and_bounds_are_versions() {
        for table in ALL {
            for row in table.hop.iter().chain(table.link).chain(table.check) {
                assert_eq!(row.known.product, table.product, "{}", row.name);
                assert!(!row.known.source.is_empty(), "{} of {}", row.name, table.product);
                assert!(row.range.is_written_well(), "{} of {}", row.name, table.product);
                let everywhere = row.range == Range::ALL;
                assert_eq!(everywhere, row.known.versions == "all", "{}", row.name);
            }
        }
    }
}
