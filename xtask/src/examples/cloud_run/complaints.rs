//! What the two applications write to stderr. Cloud Run turns every line of text into an entry of
//! its own; a line of JSON becomes a structured entry, which alone can carry the trace.
//!
//! The stack traces are those of Node.js 20 (`fetch` is undici's) for these very failures.

use super::simulate::{Afternoon, Complaint, Service, What};
use super::{DESTINATIONS, with_revision};
use crate::clock::Time;
use crate::examples::gcp::{Entry, Revision, received_entry, trace};
use crate::random::Random;
use serde_json::json;

const LOG: &str = "run.googleapis.com%2Fstderr";

/// Entries of the API's error stream, and of the front end's.
pub(super) fn entries(afternoon: &Afternoon, random: &mut Random) -> [Vec<Entry>; 2] {
    let (mut api, mut front) = (Vec::new(), Vec::new());
    for complaint in &afternoon.complaints {
        let instance = &afternoon.instances[complaint.instance];
        let out = match instance.service {
            Service::Api => &mut api,
            Service::Front => &mut front,
        };
        with_revision(instance, |revision| {
            let received = complaint.at.plus(random.between(60_000, 900_000) as i64);
            out.push(structured(complaint, revision, &instance.id, received, random));
            for (n, line) in text(complaint).lines().enumerate() {
                let value = json!({
                    "labels": { "instanceId": instance.id },
                    "resource": revision.resource(),
                    "textPayload": line,
                });
                let at = complaint.at.plus(400 + n as i64 * 23);
                out.push(received_entry(random, LOG, at, received, value));
            }
        });
    }
    [api, front]
}

/// The application's own log line.
fn structured(
    complaint: &Complaint,
    revision: Revision<'_>,
    instance: &str,
    received: Time,
    random: &mut Random,
) -> Entry {
    let message = match complaint.what {
        What::FetchFailed => format!("GET {}: offers: fetch failed", complaint.path),
        What::DatabaseTimeout { attempt } => {
            format!("POST /graphql: database connect attempt {attempt} of 2 failed")
        }
        What::UpstreamStatus(status) => {
            format!("GET {}: Upstream returned {status}", complaint.path)
        }
        What::Bug => format!("GET {}: unhandled error while rendering", complaint.path),
    };
    let mut value = json!({
        "jsonPayload": { "logger": "app", "message": message },
        "labels": { "instanceId": instance },
        "resource": revision.resource(),
        "severity": "ERROR",
    });
    if let Some(id) = &complaint.trace {
        value["trace"] = trace(id).into();
    }
    received_entry(random, LOG, complaint.at, received, value)
}

/// What `console.error(error)` prints.
fn text(complaint: &Complaint) -> String {
    let [(partner, partner_port), (database, database_port)] = DESTINATIONS;
    match complaint.what {
        What::FetchFailed => format!(
            "\
TypeError: fetch failed
    at node:internal/deps/undici/undici:14976:13
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async loadOffers (/app/.next/server/chunks/318.js:1:8411)
    at async ProductPage (/app/.next/server/app/products/[id]/page.js:2:3107) {{
  [cause]: ConnectTimeoutError: Connect Timeout Error (attempted address: {partner}:{partner_port}, timeout: 10000ms)
      at onConnectTimeout (node:internal/deps/undici/undici:2746:28)
      at Immediate._onImmediate (node:internal/deps/undici/undici:2727:11)
      at process.processImmediate (node:internal/timers:483:21) {{
    code: 'UND_ERR_CONNECT_TIMEOUT'
  }}
}}"
        ),
        What::DatabaseTimeout { .. } => format!(
            "\
Error: connect ETIMEDOUT {database}:{database_port}
    at Timeout.onConnectTimeout (/app/dist/db/connect.js:41:21)
    at listOnTimeout (node:internal/timers:581:17)
    at process.processTimers (node:internal/timers:519:7) {{
  errno: -110,
  code: 'ETIMEDOUT',
  syscall: 'connect',
  address: '{database}',
  port: {database_port}
}}"
        ),
        What::UpstreamStatus(status) => format!(
            "\
Error: Upstream returned {status}
    at queryGraph (/app/.next/server/chunks/318.js:1:6120)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async ProductPage (/app/.next/server/app/products/[id]/page.js:2:2894)"
        ),
        What::Bug => "\
TypeError: Cannot read properties of undefined (reading 'amount')
    at formatPrice (/app/.next/server/chunks/318.js:1:2210)
    at ProductPage (/app/.next/server/app/products/[id]/page.js:2:4417)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"
            .to_owned(),
    }
}
