//! What Docker Compose does when nobody says otherwise.

use model::config::Key;

use super::{Preset, Row, Table};

const SERVICES: &str = "https://docs.docker.com/reference/compose-file/services/";

/// The defaults of Docker Compose.
pub(crate) static TABLE: Table = Table {
    product: "Docker Compose",
    hop: &[
        Row::new(
            "Docker Compose",
            Key::TerminationGrace,
            "stop_grace_period",
            Preset::Seconds(10),
            SERVICES,
        ),
        Row::new(
            "Docker Compose",
            Key::MinInstances,
            "deploy.replicas",
            Preset::Count(1),
            SERVICES,
        ),
        Row::new(
            "Docker Compose",
            Key::MaxInstances,
            "deploy.replicas",
            Preset::Count(1),
            SERVICES,
        ),
    ],
    link: &[],
    check: &[
        Row::new("Docker Compose", Key::CheckInterval, "interval", Preset::Seconds(30), SERVICES),
        Row::new("Docker Compose", Key::CheckTimeout, "timeout", Preset::Seconds(30), SERVICES),
        Row::new(
            "Docker Compose",
            Key::CheckUnhealthyThreshold,
            "retries",
            Preset::Count(3),
            SERVICES,
        ),
    ],
};
