//! The stories: whole systems that fail and are mended step by step.

pub mod cloud_run_release;

use model::Story;

/// Every story, in the order of the list.
pub const ALL: &[&Story] = &[&cloud_run_release::STORY];
