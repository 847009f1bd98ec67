//! Databases of Amazon RDS.

use model::config::{Key, Listen, Product, Task};

use super::{Cloud, defaults as known, hop_of};
use crate::draft::{Draft, Name};
use crate::part::{Names, Part, put};

pub(super) const DATABASES: &[&str] =
    &["aws_db_instance", "AWS::RDS::DBInstance", "aws_rds_cluster", "AWS::RDS::DBCluster"];
const INSTANCES: &[&str] = &["aws_db_instance", "AWS::RDS::DBInstance"];
const CLUSTERS: &[&str] = &["aws_rds_cluster", "AWS::RDS::DBCluster"];
const SUBNETS: &[&str] = &["aws_db_subnet_group", "AWS::RDS::DBSubnetGroup"];
const PARAMETERS: &[&str] = &[
    "aws_db_parameter_group",
    "aws_rds_cluster_parameter_group",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBClusterParameterGroup",
];

const ENGINE: Names = ("engine", "Engine");
const PORT: Names = ("port", "Port|Endpoint.Port|DbInstancePort");

/// What an engine is, and its usual port.
fn product(engine: Part<'_>) -> (&'static str, u16) {
    match engine.word().as_str() {
        "postgres" | "aurora-postgresql" => ("PostgreSQL", 5432),
        "mysql" | "aurora-mysql" | "aurora" => ("MySQL", 3306),
        "mariadb" => ("MariaDB", 3306),
        word if word.starts_with("sqlserver") => ("SQL Server", 1433),
        word if word.starts_with("oracle") => ("Oracle Database", 1521),
        _ => ("", 0),
    }
}

/// The port of a database; 0 if it is not known.
pub(super) fn port(database: Part<'_>) -> u16 {
    let said = database.get(PORT);
    if said.there().is_some() { said.port() } else { product(database.get(ENGINE)).1 }
}

/// Reads databases.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    for part in cloud.all(INSTANCES).into_iter().chain(cloud.all(CLUSTERS)) {
        let groups = (
            "vpc_security_group_ids",
            "VPCSecurityGroups.VpcSecurityGroupId|VPCSecurityGroups|VpcSecurityGroupIds",
        );
        let own = ("", "DBSubnetGroup.Subnets.SubnetIdentifier");
        let mut hop = hop_of(cloud, part, Task::Database, "", (groups, own));
        let engine = part.get(ENGINE);
        let version = part.get(("engine_version", "EngineVersion"));
        let (product, port) = product(engine);
        if !product.is_empty() {
            hop.hop.products.push(Product {
                name: product,
                version: version.text().unwrap_or_default().to_owned(),
                version_at: version.there().map(Part::span),
            });
            hop.hop.products.push(Product { name: "Amazon RDS", ..Product::default() });
        }
        let said = part.get(PORT);
        let (port, at) = match said.port() {
            0 => (port, engine),
            written => (written, said),
        };
        if port != 0 {
            let at = Some(at.span());
            hop.hop.listens.push(Listen { address: String::new(), port, tls: false, at });
        }
        let address = part.get(("address|endpoint", "Endpoint.Address")).text();
        let address = address.map(|text| text.split(':').next().unwrap_or(text));
        hop.names.extend(address.map(Name::host));
        let set = &mut hop.hop.settings;
        let public = part.get(("publicly_accessible", "PubliclyAccessible"));
        put(set, public.switch(Key::PublicAddress));
        if part.resource.kind == "aws_db_instance" {
            let name = "publicly_accessible";
            set.set(known::flag(Key::PublicAddress, false, name, &known::TERRAFORM_RDS));
        }
        let group = part.get((
            "parameter_group_name|db_cluster_parameter_group_name",
            "DBParameterGroupName|DBClusterParameterGroupName",
        ));
        if let Some(group) = cloud.follow(group, PARAMETERS) {
            parameters(group, &mut hop);
        }
        let subnets = part.get(("db_subnet_group_name", "DBSubnetGroupName"));
        if let Some(group) = cloud.follow(subnets, SUBNETS) {
            hop.subnets.extend(group.all_named(("subnet_ids", "SubnetIds")));
        }
        draft.add_hop(hop);
    }
}

fn parameters(group: Part<'_>, hop: &mut crate::draft::HopDraft) {
    let set = &mut hop.hop.settings;
    for (name, path, key) in [
        ("max_connections", "Parameters.max_connections", Key::MaxConnections),
        (
            "superuser_reserved_connections",
            "Parameters.superuser_reserved_connections",
            Key::ReservedConnections,
        ),
        ("statement_timeout", "Parameters.statement_timeout", Key::StatementTimeout),
    ] {
        let listed = group.each(("parameter", "")).into_iter();
        let listed = listed.filter(|parameter| parameter.get(("name", "")).text() == Some(name));
        let values = listed.map(|parameter| parameter.get(("value", "")));
        let value =
            values.reduce(|_, last| last).unwrap_or_else(|| group.get(("", path))).called(name);
        put(
            set,
            match key {
                Key::StatementTimeout => value.time(key, crate::part::Unit::Milliseconds),
                _ => value.count(key),
            },
        );
    }
}
