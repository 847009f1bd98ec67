//! AWS.
mod about;
pub(crate) mod alb;
<<<<<<< HEAD
pub(crate) mod cloudtrail;
pub(crate) mod flow;
mod names;
=======
pub(crate) mod clb;
mod flat;
pub(crate) mod flow;
mod words;
>>>>>>> main
