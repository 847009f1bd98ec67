//! Errors that applications print in languages other than JavaScript, and JSON logs of any.
mod call;
mod dotnet;
mod go_client;
mod heads;
mod java;
pub(crate) mod json;
mod json_glance;
mod json_line;
mod json_request;
pub(crate) mod languages;
mod os_error;
mod pages;
mod python;
mod ruby;

use model::{Event, Occurrence};

/// The events of a text; `None` where it is not the language's.
type Found = Option<Vec<Event<'static>>>;

fn occurrence(told: Occurrence<'static>) -> Event<'static> {
    Event::from(told)
}

pub(crate) use json::errors;
pub(crate) use languages::read_text;
