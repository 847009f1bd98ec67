//! What the reports look like, on a diagnosis made by hand.

mod causes;
mod explain;
mod json;
mod reading;
mod sample;
mod text;
