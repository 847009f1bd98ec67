//! Databases and the pools in front of them: their own logs, and what their clients report.
mod clients;
pub(crate) mod mysql;
mod pgbouncer;
pub(crate) mod postgresql;
mod postgresql_forms;
mod postgresql_messages;
mod zone;

pub(crate) use clients::{Complaint, complaint};
