//! dnsmasq: a DNS server that knows what the drill tells it and asks nobody else.

use super::{Command, Launch, Reload, Source, Task, options};

/// Lines of the form `address name…` are its hosts, which it reads again on `HUP`; all other
/// lines are its configuration, which it does not.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let Task { dir, config, part, .. } = *task;
    let is_host = |line: &&str| {
        let first = line.split_ascii_whitespace().next().unwrap_or("");
        first.parse::<std::net::IpAddr>().is_ok()
    };
    let (hosts, settings): (Vec<&str>, Vec<&str>) = config.lines().partition(is_host);
    let text = format!(
        "port={port}\n\
         no-resolv\n\
         no-hosts\n\
         addn-hosts={dir}/hosts\n\
         pid-file={dir}/dnsmasq.pid\n\
         log-facility={dir}/logs/dnsmasq.log\n\
         {settings}\n",
        port = if part.port == 0 { 53 } else { part.port },
        settings = settings.join("\n"),
    );
    let conf = format!("{dir}/dnsmasq.conf");
    let program = command.program.to_string_lossy().into_owned();
    let keep = ["--keep-in-foreground".to_owned(), format!("--conf-file={conf}")];
    let mut launch = Launch::new(command).args(keep).args(options::words(task.options));
    launch.check = Some(vec![program, "--test".into(), format!("--conf-file={conf}")]);
    // As root it would become another user, which a namespace of one user has not.
    launch.not_root = true;
    launch.reload = Reload::Signal("HUP");
    launch
        .file("dnsmasq.conf", text)
        .file("hosts", hosts.iter().map(|line| format!("{line}\n")).collect::<String>())
        .log("logs/dnsmasq.log", Source::File)
        .log("console.txt", Source::Both)
}
