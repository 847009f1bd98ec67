//! HAProxy: the `global` section, everything else is the drill's.

use super::{Command, Launch, Reload, Source, Task, options};

/// The configuration may open another `global` section for settings of its own. Logs are written
/// where a section says `log global`; `option httplog` is the drill's to set, as it is people's.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let Task { dir, config, .. } = *task;
    let text = format!(
        "global\n\
         \x20   log stdout format rfc3164 local0\n\
         \x20   log-send-hostname\n\
         \x20   stats socket {dir}/admin.sock mode 600 level admin expose-fd listeners\n\
         {config}\n"
    );
    let conf = format!("{dir}/haproxy.cfg");
    let program = command.program.to_string_lossy().into_owned();
    // A master with a worker takes over a changed configuration without a gap.
    let mut launch =
        Launch::new(command).args(["-W", "-db", "-f", &conf]).args(options::words(task.options));
    launch.check = Some(vec![program, "-c".into(), "-f".into(), conf]);
    launch.reload = Reload::Signal("USR2");
    // At once, as Debian's unit does; `USR1` would wait for every connection to end.
    launch.stop = "TERM";
    launch
        .file("haproxy.cfg", text)
        .log("logs/haproxy.log", Source::Stdout)
        .log("console.txt", Source::Stderr)
}
