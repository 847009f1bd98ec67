//! What the platform writes about roll-outs: the audit log of Cloud Run, in its own format.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::clock::rfc3339;

/// The entries so far.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    entries: Vec<Value>,
    revisions: BTreeMap<&'static str, u32>,
}

impl Audit {
    /// A new revision of a service is deployed and gets all traffic.
    pub(crate) fn deploy(&mut self, service: &'static str) {
        let number = self.revisions.entry(service).or_insert(1);
        *number += 1;
        let revision = format!("{service}-{number:05}-lab");
        let resource = format!("namespaces/lab/services/{service}");
        self.entries.push(json!({
            "insertId": format!("lab{}", self.entries.len()),
            "logName": "projects/lab/logs/cloudaudit.googleapis.com%2Factivity",
            "protoPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "serviceName": "run.googleapis.com",
                "methodName": "google.cloud.run.v1.Services.ReplaceService",
                "resourceName": resource,
                "status": {},
                "request": { "name": resource, "service": { "spec": {
                    "template": { "metadata": { "name": revision } },
                    "traffic": [ { "latestRevision": true, "percent": 100 } ],
                } } },
            },
            "resource": { "type": "cloud_run_revision", "labels": {
                "project_id": "lab", "service_name": service, "revision_name": "",
            } },
            "severity": "NOTICE",
            "timestamp": rfc3339(SystemTime::now()),
        }));
    }

    /// The log as `gcloud logging read --format=json` prints it; `None` if nothing happened.
    pub(crate) fn text(&self) -> Option<String> {
        if self.entries.is_empty() {
            return None;
        }
        serde_json::to_string_pretty(&self.entries).ok()
    }
}
