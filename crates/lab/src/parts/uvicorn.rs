//! uvicorn: `app.py` with `app`, on the part's port.

use super::{Command, Launch, Reload, Source, Task, gunicorn, options};

/// Binds the part's port on every address unless the options bind something else.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let words = options::words(task.options);
    let mut launch = Launch::new(command).args(["app:app"]);
    if !options::given(&words, &["--uds", "--fd", "--host"]) {
        launch = launch.args(["--host", "0.0.0.0"]);
    }
    if !options::given(&words, &["--uds", "--fd", "--port"]) {
        launch = launch.args(["--port".to_owned(), task.part.port.to_string()]);
    }
    launch = launch.args(words);
    launch.folders.push("tmp".to_owned());
    launch.env = gunicorn::python(task);
    launch.reload = Reload::Restart;
    launch.file("app.py", task.config).log(format!("logs/{}.log", task.part.name), Source::Both)
}
