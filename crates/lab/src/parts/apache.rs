//! Apache httpd: modules, folders and logs; listeners and hosts are the drill's.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Command, Launch, Reload, Source, Task, options};

/// What gateways in front of HTTP services load. Those built into the program have no file and
/// are left out, and so are those that this version does not have yet.
const MODULES: [&str; 26] = [
    "mpm_event",
    "unixd",
    "authz_core",
    "authz_host",
    "log_config",
    "setenvif",
    "env",
    "mime",
    "dir",
    "alias",
    "headers",
    "rewrite",
    "reqtimeout",
    "socache_shmcb",
    "ssl",
    "http2",
    "slotmem_shm",
    "watchdog",
    "proxy",
    "proxy_http",
    "proxy_http2",
    "proxy_balancer",
    "proxy_hcheck",
    "lbmethod_byrequests",
    "lbmethod_bybusyness",
    "unique_id",
];

/// The logs lie in `logs/apache2/`, as on Debian: the combined format is other servers' too, and
/// the name says whose it is.
pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Launch {
    let Task { dir, config, .. } = *task;
    let mut modules = String::new();
    if let Some(folder) = module_folder(&command.program) {
        for module in MODULES {
            let file = folder.join(format!("mod_{module}.so"));
            if file.exists() {
                let _ = writeln!(modules, "LoadModule {module}_module {}", file.display());
            }
        }
    }
    let text = format!(
        "{modules}\
         ServerRoot {dir}\n\
         ServerName localhost\n\
         DefaultRuntimeDir {dir}/run\n\
         PidFile {dir}/run/httpd.pid\n\
         Mutex file:{dir}/run default\n\
         DocumentRoot {dir}/htdocs\n\
         TypesConfig /dev/null\n\
         ErrorLog {dir}/logs/apache2/error.log\n\
         LogLevel warn\n\
         LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{{Referer}}i\\\" \\\"%{{User-Agent}}i\\\" \
         %T/%D\" timed\n\
         CustomLog {dir}/logs/apache2/access.log timed\n\
         {config}\n",
    );
    let conf = format!("{dir}/httpd.conf");
    let program = command.program.to_string_lossy().into_owned();
    let mut launch = Launch::new(command)
        .args(["-d", dir, "-f", &conf, "-D", "FOREGROUND"])
        .args(options::words(task.options));
    launch.check =
        Some([&program, "-t", "-d", dir, "-f", &conf].into_iter().map(str::to_owned).collect());
    launch.folders.extend(["logs/apache2", "run", "htdocs"].map(str::to_owned));
    // As root it would become another user, which a namespace of one user has not.
    launch.not_root = true;
    // Graceful: requests at hand end with the old configuration.
    launch.reload = Reload::Signal("USR1");
    launch
        .file("httpd.conf", text)
        .log("logs/apache2/access.log", Source::File)
        .log("logs/apache2/error.log", Source::File)
        .log("console.txt", Source::Both)
}

/// Where the modules lie: beside the program (`/usr/sbin` and `/usr/lib/apache2/modules`), in the
/// places of other distributions, or below the root the program was built with.
fn module_folder(program: &Path) -> Option<PathBuf> {
    const KNOWN: [&str; 4] = [
        "/usr/lib/apache2/modules",
        "/usr/lib64/httpd/modules",
        "/usr/lib/httpd/modules",
        "/usr/local/apache2/modules",
    ];
    let holds = |folder: &PathBuf| folder.join("mod_proxy_http.so").exists();
    KNOWN.iter().map(PathBuf::from).find(holds).or_else(|| {
        let output = std::process::Command::new(program).arg("-V").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let root = text.split_once("HTTPD_ROOT=\"")?.1.split('"').next()?.to_owned();
        Some(Path::new(&root).join("modules")).filter(holds)
    })
}
