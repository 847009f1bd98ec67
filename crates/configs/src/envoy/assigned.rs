//! Endpoints that stand in files of their own, which Envoy watches
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/examples#dynamic>).

use super::field::Field;
use crate::document::Document;

/// Assignments read of one file.
const MOST: usize = 2_000;

/// The endpoints of one cluster, from a file of their own.
pub(super) struct Assigned<'t> {
    document: &'t Document,
    cluster: &'t str,
    load: Field<'t>,
}

/// True if the file holds endpoints and nothing that refers to them.
pub(super) fn holds(document: &Document) -> bool {
    document.is_tree()
        && document.text.contains("ClusterLoadAssignment")
        && document.text.contains("resources")
}

/// The endpoints that these files hold.
pub(super) fn read<'t>(documents: &[&'t Document]) -> Vec<Assigned<'t>> {
    let mut found = Vec::new();
    for &document in documents.iter().filter(|document| holds(document)) {
        for root in document.tree().roots() {
            for load in Field::new(document, root).get("resources").items().take(MOST) {
                if let Some(cluster) = load.get("cluster_name").text() {
                    found.push(Assigned { document, cluster, load });
                }
            }
        }
    }
    found
}

/// Where the endpoints of a cluster stand: in it, or in the file that it names.
pub(super) fn of<'t>(
    cluster: Field<'t>,
    bootstrap: &Document,
    assigned: &[Assigned<'t>],
) -> Field<'t> {
    let own = cluster.get("load_assignment");
    let eds = cluster.get("eds_cluster_config");
    if own.there() || !eds.there() {
        return own;
    }
    let path = eds.get("eds_config.path_config_source.path").text();
    let Some(path) = path.or(eds.get("eds_config.path").text()) else { return own };
    let name = eds.get("service_name").text().or(cluster.get("name").text()).unwrap_or("");
    let file = path.rsplit('/').next().unwrap_or(path);
    let of_file = |one: &&Assigned<'_>| one.cluster == name && one.document.name() == file;
    // Files of one name lie in several folders: the one beside the bootstrap is its own.
    let beside = |one: &&Assigned<'_>| one.document.folder() == bootstrap.folder();
    let mut fitting = assigned.iter().filter(of_file);
    let found = assigned.iter().filter(of_file).find(beside).or_else(|| {
        let first = fitting.next();
        first.filter(|_| fitting.next().is_none())
    });
    found.map_or(own, |one| one.load)
}
