//! Databases of Cloud SQL.

use model::config::{Key, Listen, Product, Setting, Task, Value};

use super::{Cloud, defaults as known, hop_of};
use crate::draft::{Draft, Name};
use crate::part::{Part, Unit, put};

/// The port at which the Cloud SQL Auth Proxy and the connectors reach an instance.
/// <https://docs.cloud.google.com/sql/docs/postgres/sql-proxy>
pub(super) const PROXY_PORT: u16 = 3307;

/// The name of an instance by its connection name: `project:region:instance`.
pub(super) fn connection(text: &str) -> Name {
    let last = text.trim().rsplit([':', '/']).next().unwrap_or(text);
    super::own_name(&super::DATABASES, last)
}

/// Reads databases.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    for part in cloud.all(&super::DATABASES) {
        let version = part.get(("database_version", "databaseVersion"));
        let word = version.word();
        let (product, number, port) = match word.split_once('_') {
            Some(("postgres", number)) => ("PostgreSQL", number, 5432),
            Some(("mysql", number)) => ("MySQL", number, 3306),
            Some(("sqlserver", number)) => ("SQL Server", number, 1433),
            _ => ("", "", 0),
        };
        let mut hop = hop_of(cloud, part, Task::Database, "");
        if !product.is_empty() {
            let digits: Vec<&str> =
                number.split('_').take_while(|n| n.parse::<u32>().is_ok()).collect();
            hop.hop.products.push(Product {
                name: product,
                version: digits.join("."),
                version_at: Some(version.span()),
            });
            hop.hop.products.push(Product { name: "Cloud SQL", ..Product::default() });
            for port in [port, PROXY_PORT] {
                let at = Some(version.span());
                hop.hop.listens.push(Listen { address: String::new(), port, tls: false, at });
            }
        }
        for address in part.each(("", "ipAddresses")) {
            // Addresses that only lead outward reach nobody.
            if address.get(("", "type")).word() != "outgoing" {
                hop.names.extend(address.get(("", "ipAddress")).text().map(Name::host));
            }
        }
        for address in [("public_ip_address", ""), ("private_ip_address", "")] {
            hop.names.extend(part.get(address).text().map(Name::host));
        }
        let set = &mut hop.hop.settings;
        let public = part.get((
            "settings.ip_configuration.ipv4_enabled",
            "settings.ipConfiguration.ipv4Enabled",
        ));
        put(set, public.switch(Key::PublicAddress));
        let data = part.resource.kind.starts_with("data.");
        if !data {
            let name = "ipv4_enabled";
            set.set(known::flag(Key::PublicAddress, true, name, &known::SQL_ADDRESS));
        }
        let private = part.get((
            "settings.ip_configuration.private_network",
            "settings.ipConfiguration.privateNetwork",
        ));
        if private.there().is_some() {
            set.set(private.meaning(Key::PrivateAddress, Value::Flag(true)));
        } else if !data {
            let name = "private_network";
            set.set(known::flag(Key::PrivateAddress, false, name, &known::SQL_ADDRESS));
        }
        for one in part.each(("settings.database_flags", "settings.databaseFlags")) {
            let value = one.get(("value", "value"));
            match one.get(("name", "name")).text() {
                Some("max_connections") => {
                    put(set, value.called("max_connections").count(Key::MaxConnections));
                }
                Some("superuser_reserved_connections") => {
                    let value = value.called("superuser_reserved_connections");
                    put(set, value.count(Key::ReservedConnections));
                }
                Some("statement_timeout") => {
                    let value = value.called("statement_timeout");
                    put(set, value.time(Key::StatementTimeout, Unit::Milliseconds));
                }
                _ => {}
            }
        }
        let tier = part.get(("settings.tier", "settings.tier"));
        if let Some(default) = connections(product, tier) {
            set.set(default);
        }
        draft.add_hop(hop);
    }
}

/// How many connections an instance accepts unless the flag says otherwise, by its machine type.
fn connections(product: &str, tier: Part<'_>) -> Option<Setting> {
    let (most, from) = most(product, tier.text()?)?;
    let value = Value::Count(most);
    let at = Some(tier.span());
    Some(Setting::default(Key::MaxConnections, value, "max_connections", from, at).assumed())
}

fn most(product: &str, tier: &str) -> Option<(u64, &'static model::config::KnownDefault)> {
    match (product, tier) {
        ("MySQL", "db-f1-micro") => Some((250, &known::SQL_MYSQL)),
        ("MySQL", "db-g1-small") => Some((1000, &known::SQL_MYSQL)),
        ("MySQL", _) => Some((4000, &known::SQL_MYSQL)),
        ("PostgreSQL", "db-f1-micro") => Some((25, &known::SQL_POSTGRES)),
        ("PostgreSQL", "db-g1-small") => Some((50, &known::SQL_POSTGRES)),
        ("PostgreSQL", tier) => {
            // db-custom-PROCESSORS-MEGABYTES
            let megabytes: u64 =
                tier.strip_prefix("db-custom-")?.split('-').nth(1)?.parse().ok()?;
            let most = match megabytes {
                0..6144 => 100,
                6144..7680 => 200,
                7680..15360 => 400,
                15360..30720 => 500,
                30720..61440 => 600,
                61440..122_880 => 800,
                _ => 1000,
            };
            Some((most, &known::SQL_POSTGRES))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::most;

    #[test]
    fn connections_follow_the_machine_type() {
        let of = |product, tier| most(product, tier).map(|(most, _)| most);
        assert_eq!(of("PostgreSQL", "db-custom-2-7680"), Some(400));
        assert_eq!(of("PostgreSQL", "db-custom-1-3840"), Some(100));
        assert_eq!(of("PostgreSQL", "db-perf-optimized-N-8"), None);
        assert_eq!(of("MySQL", "db-n1-standard-1"), Some(4000));
        assert_eq!(of("SQL Server", "db-custom-2-7680"), None);
    }
}
