//! The lab: hosts as network namespaces, real servers, the kernel's own NAT, load, and the drills
//! that run on them.

pub mod load;
pub mod nat;
pub mod parts;
