//! What configuration tells beforehand: the rules by which causes are predicted, one idea per file.
//!
//! A rule says nothing unless everything it needs is known: a setting that the files do not hold, or
//! hold as an expression, makes it silent, not suspicious. What every system of a product has because
//! nobody changes it is no finding either; somebody has to have written one of the values.

pub(crate) mod addresses;
pub(crate) mod attempts;
pub(crate) mod certificates;
pub(crate) mod check_timers;
pub(crate) mod checked_port;
pub(crate) mod database_budget;
pub(crate) mod drain;
pub(crate) mod egress;
pub(crate) mod ejection;
pub(crate) mod filters;
pub(crate) mod functions;
pub(crate) mod graphql;
pub(crate) mod idle_flows;
pub(crate) mod inside_only;
pub(crate) mod instances;
pub(crate) mod ladder;
pub(crate) mod listening;
pub(crate) mod longest;
pub(crate) mod memory;
pub(crate) mod names;
pub(crate) mod nat_budget;
pub(crate) mod node_timers;
pub(crate) mod protocols;
pub(crate) mod readiness;
pub(crate) mod routes;
mod said;
pub(crate) mod served_certificate;
pub(crate) mod sizes;
pub(crate) mod subnet_budget;
pub(crate) mod updates;
pub(crate) mod workers;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod ordered;
#[cfg(test)]
mod test_support;
