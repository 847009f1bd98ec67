//! Address translation in the manner of Google Cloud NAT, on the kernel's own tables, and what
//! else a router does to packets: drops, forgets, delays, and logs.
//!
//! The caller makes the router's network namespace with the interfaces [`PRIVATE`] and [`PUBLIC`],
//! switches forwarding on, and calls everything here from a thread that is in that namespace.

mod allocator;
mod cloud;
pub mod conntrack;
pub mod firewall;
mod kernel;
mod netlink;
mod nflog;
mod nft;
mod packet;
mod rules;
mod settings;
pub mod shape;

pub use allocator::{Allocator, GROWTH_DELAY, Usage, usage};
pub use cloud::{CloudLog, Gateway};
pub use kernel::{KernelLog, log_line, syslog_line};
pub use nflog::{DropLog, Logged};
pub use nft::{NftError, load};
pub use packet::{Packet, Transport};
pub use rules::{rules, sysctls};
pub use settings::{LogFilter, SettingError, Settings};

/// The router's interface on the private network, 10.50.0.0/16.
pub const PRIVATE: &str = "private";

/// The router's interface on the public network, 203.0.113.0/24.
pub const PUBLIC: &str = "public";

/// The kernel's log group for the NAT's own entries.
pub const NAT_GROUP: u16 = 5;

/// The kernel's log group for firewalls, of the router and of hosts.
pub const FIREWALL_GROUP: u16 = 6;
