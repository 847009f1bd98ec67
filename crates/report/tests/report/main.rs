//! What the reports look like, on a diagnosis made by hand.

mod causes;
mod sample;
mod text;
