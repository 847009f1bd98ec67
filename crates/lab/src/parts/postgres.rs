//! PostgreSQL: a cluster of its own, made before the first start.

use super::{Command, Launch, Reload, Source, Task, options};

/// Database `postgres`, user `app`, no password. What the drill's configuration sets goes last
/// and wins.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let Task { dir, config, part, .. } = *task;
    let data = format!("{dir}/data");
    let text = format!(
        "listen_addresses = '*'\n\
         port = {port}\n\
         unix_socket_directories = '{dir}'\n\
         # Shared memory in files of the cluster\n\
         dynamic_shared_memory_type = mmap\n\
         shared_buffers = 16MB\n\
         # The data lives no longer than the drill.\n\
         fsync = off\n\
         full_page_writes = off\n\
         synchronous_commit = off\n\
         log_timezone = 'UTC'\n\
         log_line_prefix = '%m [%p] '\n\
         {config}\n",
        port = part.port,
    );
    let access = "local all all trust\n\
                  host all all 127.0.0.0/8 trust\n\
                  host all all 10.50.0.0/16 trust\n\
                  host all all 203.0.113.0/24 trust\n";
    let initdb = command.program.with_file_name("initdb").to_string_lossy().into_owned();
    let program = command.program.to_string_lossy().into_owned();
    let start = [
        "-D".to_owned(),
        data.clone(),
        "-c".to_owned(),
        format!("config_file={dir}/postgresql.conf"),
        "-c".to_owned(),
        format!("hba_file={dir}/pg_hba.conf"),
    ];
    let mut check = vec![program];
    check.extend(start.clone());
    // Reads the whole configuration, then prints one setting instead of starting.
    check.extend(["-C", "port"].map(str::to_owned));
    let mut launch = Launch::new(command).args(start).args(options::words(task.options));
    let make = [&initdb, "-D", &data, "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8"];
    let make = make.into_iter().chain(["--locale=C", "--no-instructions"]);
    launch.prepare = vec![make.map(str::to_owned).collect()];
    launch.check = Some(check);
    // Refuses to run as root.
    launch.not_root = true;
    launch.reload = Reload::Signal("HUP");
    // "Fast" shutdown, what packages send: `TERM` would wait for every client to leave.
    launch.stop = "INT";
    launch
        .file("postgresql.conf", text)
        .file("pg_hba.conf", access)
        .log("logs/postgresql.log", Source::Both)
}
