//! What a client saw: curl's messages and transcripts, response heads and error pages, as people paste
//! them.
mod about;
mod body;
pub(crate) mod joins;
mod line;
mod reason;
pub(crate) mod transcript;
