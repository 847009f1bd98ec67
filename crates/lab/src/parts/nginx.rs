//! nginx: everything around the inside of `http { }`.

use super::{Command, Launch, Reload, Source, Task};

/// Directives that belong into `events { }`
/// (<https://nginx.org/en/docs/ngx_core_module.html>).
const EVENTS: [&str; 7] = [
    "accept_mutex",
    "accept_mutex_delay",
    "debug_connection",
    "multi_accept",
    "use",
    "worker_aio_requests",
    "worker_connections",
];

/// Options ending in a semicolon are directives of the main or the `events` context and replace
/// the part's own; the rest goes to the command line.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let Task { dir, config, .. } = *task;
    let (directives, options): (Vec<&String>, Vec<&String>) =
        task.options.iter().partition(|option| option.ends_with(';'));
    let name = |directive: &str| directive.split([' ', ';']).next().unwrap_or("").to_owned();
    let given: Vec<String> = directives.iter().map(|directive| name(directive)).collect();
    let defaults = [
        "worker_processes 2;".to_owned(),
        format!("error_log {dir}/logs/error.log error;"),
        "worker_connections 1024;".to_owned(),
    ];
    let own = defaults.into_iter().filter(|directive| !given.contains(&name(directive)));
    let all: Vec<String> = own.chain(directives.into_iter().cloned()).collect();
    let context = |events: bool| {
        let fits = |d: &&String| EVENTS.contains(&name(d).as_str()) == events;
        all.iter().filter(fits).map(|d| format!("{d}\n")).collect::<String>()
    };
    let text = format!(
        "daemon off;\n\
         pid {dir}/nginx.pid;\n\
         {main}\
         events {{\n{events}}}\n\
         http {{\n\
         client_body_temp_path {dir}/tmp/body;\n\
         proxy_temp_path {dir}/tmp/proxy;\n\
         fastcgi_temp_path {dir}/tmp/fastcgi;\n\
         uwsgi_temp_path {dir}/tmp/uwsgi;\n\
         scgi_temp_path {dir}/tmp/scgi;\n\
         {LOG_FORMAT}\
         access_log {dir}/logs/access.log timed;\n\
         {config}\n\
         }}\n",
        main = context(false),
        events = context(true),
    );
    let conf = format!("{dir}/nginx.conf");
    let error_log = format!("{dir}/logs/error.log");
    // `-e` is where errors go until the configuration is read; nginx has it since 1.19.5.
    let start = ["-p", dir, "-e", &error_log, "-c", &conf].map(str::to_owned);
    let program = command.program.to_string_lossy().into_owned();
    let mut check = vec![program, "-t".into(), "-q".into()];
    check.extend(["-p", dir, "-e", "stderr", "-c", &conf].map(str::to_owned));
    let mut launch = Launch::new(command).args(start).args(options.into_iter().cloned());
    launch.folders.push("tmp".to_owned());
    launch.check = Some(check);
    // As root the workers would become another user, which a namespace of one user has not.
    launch.not_root = true;
    launch.reload = Reload::Signal("HUP");
    // Ends after the requests at hand, as the units of Debian and nginx.org do.
    launch.stop = "QUIT";
    launch
        .file("nginx.conf", text)
        .log("logs/access.log", Source::File)
        .log("logs/error.log", Source::File)
        .log("console.txt", Source::Both)
}

/// `combined` with the timings of each try, in the keys in common use.
const LOG_FORMAT: &str = "log_format timed '$remote_addr - $remote_user [$time_local] \
    \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" \
    rt=$request_time uct=\"$upstream_connect_time\" uht=\"$upstream_header_time\" \
    urt=\"$upstream_response_time\" ua=\"$upstream_addr\" us=\"$upstream_status\" \
    rid=$request_id host=\"$host\"';\n";
