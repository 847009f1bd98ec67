//! Node.js: the script, and a PostgreSQL client next to it.

use std::path::Path;

use super::{Command, Launch, Reload, Source, Task, options};

/// A small PostgreSQL client for drills (`require('./pg.js')`): connections by trust, simple
/// queries, errors with their SQLSTATE, a pool with `max` and `idleTimeoutMillis`.
pub const POSTGRES_CLIENT_JS: &str = include_str!("postgres_client.js");

/// Options stand before the script; `PORT` and `HOSTNAME` are in the environment.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let mut launch = Launch::new(command).args(options::words(task.options)).args(["server.js"]);
    launch.env = environment(task);
    launch.check = Some(vec![
        command.program.to_string_lossy().into_owned(),
        "--check".into(),
        "server.js".into(),
    ]);
    launch.reload = Reload::Restart;
    if task.config.contains("./pg.js") {
        launch = launch.file("pg.js", POSTGRES_CLIENT_JS);
    }
    launch.file("server.js", task.config).log(format!("logs/{}.log", task.part.name), Source::Both)
}

/// What an application finds in its environment: the port to listen on, and the name of the
/// instance it is, which is that of its host.
pub(super) fn environment(task: &Task<'_>) -> Vec<(String, String)> {
    let host = Path::new(task.dir).parent().and_then(Path::file_name);
    let host = host.map_or_else(|| "localhost".into(), |host| host.to_string_lossy().into_owned());
    vec![("PORT".into(), task.part.port.to_string()), ("HOSTNAME".into(), host)]
}
