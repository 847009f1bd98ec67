//! gunicorn: `app.py` with `app`, on the part's port.

use super::{Command, Launch, Reload, Source, Task, node, options};

/// Binds the part's port on every address unless the options bind something else.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let words = options::words(task.options);
    let mut launch = Launch::new(command).args(["--worker-tmp-dir", "tmp"]);
    if !options::given(&words, &["--bind", "-b"]) {
        launch = launch.args(["--bind".to_owned(), format!("0.0.0.0:{}", task.part.port)]);
    }
    launch = launch.args(words).args(["app:app"]);
    launch.folders.push("tmp".to_owned());
    launch.env = python(task);
    launch.reload = Reload::Signal("HUP");
    launch.file("app.py", task.config).log(format!("logs/{}.log", task.part.name), Source::Both)
}

/// The environment of a Python application: output as it is written, nothing left behind.
pub(super) fn python(task: &Task<'_>) -> Vec<(String, String)> {
    let mut env = node::environment(task);
    env.push(("PYTHONUNBUFFERED".into(), "1".into()));
    env.push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
    env.push(("PYTHONPATH".into(), task.dir.to_owned()));
    // Newer versions keep their control socket there.
    env.push(("XDG_RUNTIME_DIR".into(), format!("{}/tmp", task.dir)));
    env
}
