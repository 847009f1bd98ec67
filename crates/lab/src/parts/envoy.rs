//! Envoy: everything around the inside of `static_resources:`.
//!
//! Two lines of the configuration mean something to the part. `{{access_log}}` becomes the JSON
//! access log, with the fields Istio made common. `members: [ … ]` in a cluster becomes a cluster
//! whose endpoints are read from a file of their own that Envoy watches, so that the list can
//! change while it runs. Event logs of health checks and outlier detection are evidence where the
//! drill writes them to `{{dir}}/logs/health.json` and `{{dir}}/logs/outlier.json`.

use std::fmt::Write as _;

use super::{Command, Error, Launch, Reload, Source, Task, options};

/// Keys of the access log and the command operators of their values
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>).
const FIELDS: [(&str, &str); 18] = [
    ("start_time", "%START_TIME%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    ("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
];

pub(super) fn lay_out(task: &Task<'_>, command: &Command) -> Result<Launch, Error> {
    let Task { dir, config, part, .. } = *task;
    let mut lists = Vec::new();
    let mut resources = String::new();
    for line in config.lines() {
        let (indent, text) = line.split_at(line.len() - line.trim_start().len());
        if let Some(list) = text.strip_prefix("members:") {
            let list = list.trim();
            if !(list.starts_with('[') && list.ends_with(']')) {
                let what = format!("after `members:` stands a list in brackets, not `{list}`");
                return Err(Error::Config { part: part.name.to_owned(), what });
            }
            lists.push(list);
            let name = format!("members-{}", lists.len());
            let _ = writeln!(
                resources,
                "{indent}type: EDS\n\
                 {indent}eds_cluster_config: {{service_name: {name}, eds_config: \
                 {{resource_api_version: V3, path_config_source: {{path: {dir}/{name}.yaml}}}}}}"
            );
        } else {
            let _ = writeln!(resources, "{}", line.replace("{{access_log}}", &access_log(dir)));
        }
    }
    let text = format!(
        "node: {{id: {name}, cluster: lab}}\n\
         admin: {{address: {{pipe: {{path: {dir}/admin.sock, mode: 384}}}}}}\n\
         static_resources:\n\
         {resources}",
        name = part.name,
    );
    let conf = format!("{dir}/envoy.yaml");
    let program = command.program.to_string_lossy().into_owned();
    // Without the shared memory of hot restart, several can run side by side. Access logs are
    // flushed every ten seconds unless told otherwise: too late for a drill.
    let start = ["-c", &conf, "--disable-hot-restart", "--concurrency", "2"];
    let mut launch = Launch::new(command)
        .args(start)
        .args(["--file-flush-interval-msec", "100", "--log-level", "warning"])
        .args(options::words(task.options));
    launch.check = Some(
        [&program, "--mode", "validate", "-c", &conf, "--disable-hot-restart", "--log-level"]
            .into_iter()
            .chain(["error"])
            .map(str::to_owned)
            .collect(),
    );
    launch.reload = Reload::Watches;
    for (number, list) in lists.into_iter().enumerate() {
        let name = format!("members-{}", number + 1);
        let text = format!(
            "resources:\n\
             - \"@type\": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment\n\
             \x20 cluster_name: {name}\n\
             \x20 endpoints: [{{lb_endpoints: {list}}}]\n"
        );
        launch = launch.file(&format!("{name}.yaml"), text);
    }
    for log in ["logs/health.json", "logs/outlier.json"] {
        if text.contains(log) {
            launch = launch.log(log, Source::File);
        }
    }
    Ok(launch
        .file("envoy.yaml", text)
        .log("logs/access.json", Source::File)
        // What Envoy says about itself is no evidence that a dialect reads.
        .log("console.txt", Source::Both))
}

/// The JSON access log as one line of YAML, for a connection manager.
fn access_log(dir: &str) -> String {
    let fields: Vec<String> =
        FIELDS.iter().map(|(key, value)| format!("\"{key}\": \"{value}\"")).collect();
    format!(
        "access_log: [{{name: envoy.access_loggers.file, typed_config: {{\"@type\": \
         type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, \
         path: {dir}/logs/access.json, log_format: {{json_format: {{{}}}}}}}}}]",
        fields.join(", ")
    )
}
