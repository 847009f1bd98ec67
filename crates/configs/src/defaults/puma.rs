//! What Puma does when nobody says otherwise. <https://github.com/puma/puma/blob/master/History.md>
//! says that 7.0.0 raised `persistent_timeout` from 20 s to 65 s and `max_keep_alive` to 999.

use model::config::Key;

use super::{Preset, Row, Table};

const DSL: &str = "https://puma.io/puma/Puma/DSL.html";
const HISTORY: &str = "https://github.com/puma/puma/blob/master/History.md";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Puma", key, name, value, source)
}

/// The defaults of Puma.
pub(crate) static TABLE: Table =
    Table {
        product: "Puma",
        hop: &[
            row(Key::ClientIdleTimeout, "persistent_timeout", Preset::Seconds(65), HISTORY)
                .versions("7.0", "", "7.0 and later"),
            row(Key::ClientIdleTimeout, "persistent_timeout", Preset::Seconds(20), HISTORY)
                .versions("", "7.0", "before 7.0"),
            row(Key::ClientHeaderTimeout, "first_data_timeout", Preset::Seconds(30), DSL),
            row(Key::Threads, "threads", Preset::Count(5), DSL),
            row(Key::Backlog, "backlog", Preset::Count(1024), DSL),
        ],
        link: &[],
        check: &[],
    };
