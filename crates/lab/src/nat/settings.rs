//! The settings of the NAT, under Cloud NAT's names, checked.

use std::net::Ipv4Addr;

/// Most ports a block can have: `maxPortsPerVm` ends there. Source: Google Cloud documentation,
/// "IP addresses and ports".
const MOST_PORTS: u32 = 65_536;

/// Pairs of instance and destination kept apart, if their tables stay small.
const PAIRS: u32 = 128;

/// Ports in all tables together; each costs the kernel about 16 bytes before it is used.
const ALL_PORTS: u32 = 1 << 21;

/// What Cloud NAT writes to its log (`logConfig.filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFilter {
    /// Dropped packets only (`ERRORS_ONLY`).
    ErrorsOnly,
    /// Dropped packets and each new connection (`ALL`).
    All,
}

/// How the NAT behaves. Made by [`Settings::new`] or [`Settings::read`], which check the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub(super) ports: u32,
    pub(super) time_wait: u32,
    pub(super) max_ports: Option<u32>,
    pub(super) idle: u32,
    most_pairs: u32,
    /// The public address everything leaves with.
    pub address: Ipv4Addr,
    /// What is logged.
    pub log: LogFilter,
}

/// A value the NAT cannot work with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Not a whole number, or outside its range.
    #[error("{setting} of the NAT is {value:?}: write a whole number from {least} to {most}")]
    Range {
        /// Cloud NAT's name of the setting.
        setting: &'static str,
        /// What was written.
        value: String,
        /// The least that works.
        least: u32,
        /// The most that works.
        most: u32,
    },
    /// Blocks grow by doubling.
    #[error(
        "maxPortsPerVm of the NAT is {most}: it must be minPortsPerVm ({least}) doubled one or \
         more times"
    )]
    NoDoubling {
        /// `minPortsPerVm`.
        least: u32,
        /// `maxPortsPerVm`.
        most: u32,
    },
}

impl Settings {
    /// The settings of a drill (`model::Nat`) with its templates filled in.
    ///
    /// # Errors
    ///
    /// A value that is no number or out of range.
    pub fn read(
        ports: &str,
        time_wait: &str,
        max_ports: &str,
        idle: &str,
    ) -> Result<Settings, SettingError> {
        let ports = number("minPortsPerVm", ports, 1, MOST_PORTS)?;
        let time_wait = number("tcpTimeWaitTimeoutSec", time_wait, 1, 86_400)?;
        let idle = number("tcpEstablishedIdleTimeoutSec", idle, 1, 86_400)?;
        let max_ports = match max_ports.trim() {
            "" => None,
            text => Some(number("maxPortsPerVm", text, 1, MOST_PORTS)?),
        };
        Settings::new(ports, time_wait, max_ports, idle)
    }

    /// Ports towards one destination, seconds a closed connection keeps its port, the most ports
    /// with dynamic allocation, and seconds until an idle connection is forgotten.
    ///
    /// # Errors
    ///
    /// A number of ports of 0 or above 65536, and a `max_ports` that is not `ports` doubled.
    pub fn new(
        ports: u32,
        time_wait: u32,
        max_ports: Option<u32>,
        idle: u32,
    ) -> Result<Settings, SettingError> {
        let ports = within("minPortsPerVm", ports, 1, MOST_PORTS)?;
        let time_wait = within("tcpTimeWaitTimeoutSec", time_wait, 1, 86_400)?;
        let idle = within("tcpEstablishedIdleTimeoutSec", idle, 1, 86_400)?;
        if let Some(most) = max_ports {
            let most = within("maxPortsPerVm", most, 1, MOST_PORTS)?;
            let doubled = most > ports && most % ports == 0 && (most / ports).is_power_of_two();
            if !doubled {
                return Err(SettingError::NoDoubling { least: ports, most });
            }
        }
        let address = Ipv4Addr::new(203, 0, 113, 1);
        Ok(Settings {
            ports,
            time_wait,
            max_ports,
            idle,
            most_pairs: PAIRS,
            address,
            log: LogFilter::ErrorsOnly,
        })
    }

    /// How often the block of an instance can double, plus one for the first.
    pub(super) fn tiers(&self) -> u32 {
        self.max_ports.map_or(1, |most| (most / self.ports).ilog2() + 1)
    }

    /// Ports that a tier adds to those below it.
    pub(super) fn ports_of_tier(&self, tier: u32) -> u32 {
        if tier == 0 { self.ports } else { self.ports << (tier - 1) }
    }

    /// Ports of an instance that has come to this tier.
    pub(super) fn ports_up_to(&self, tier: u32) -> u32 {
        self.ports << tier
    }

    /// For a system in which no more pairs of instance and destination can occur: the rules are
    /// as many times shorter.
    #[must_use]
    pub fn for_pairs(mut self, most: u32) -> Settings {
        self.most_pairs = most.max(1);
        self
    }

    /// How many pairs of instance and destination get a table of their own; further pairs share.
    pub(super) fn pairs(&self) -> u32 {
        (ALL_PORTS / self.max_ports.unwrap_or(self.ports)).clamp(16, PAIRS).min(self.most_pairs)
    }
}

fn number(setting: &'static str, text: &str, least: u32, most: u32) -> Result<u32, SettingError> {
    match text.trim().parse() {
        Ok(value) => within(setting, value, least, most),
        Err(_) => Err(SettingError::Range { setting, value: text.to_owned(), least, most }),
    }
}

fn within(setting: &'static str, value: u32, least: u32, most: u32) -> Result<u32, SettingError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(SettingError::Range { setting, value: value.to_string(), least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_cloud_nat_are_read() {
        let nat = model::Nat::STATIC;
        let read = Settings::read(nat.ports, nat.time_wait, nat.max_ports, nat.idle).unwrap();
        assert_eq!((read.ports, read.time_wait, read.max_ports, read.idle), (64, 120, None, 1200));
        assert_eq!((read.tiers(), read.pairs()), (1, 128));
    }

    #[test]
    fn blocks_double_up_to_the_most() {
        let settings = Settings::new(64, 120, Some(1024), 1200).unwrap();
        let adds: Vec<u32> = (0..settings.tiers()).map(|t| settings.ports_of_tier(t)).collect();
        assert_eq!(adds, [64, 64, 128, 256, 512]);
        assert_eq!(adds.iter().sum::<u32>(), 1024);
        assert_eq!(settings.ports_up_to(4), 1024);
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_setting_named() {
        let error = Settings::read("many", "120", "", "1200").unwrap_err();
        assert!(error.to_string().contains("minPortsPerVm of the NAT is \"many\""), "{error}");
        assert!(Settings::read("0", "120", "", "1200").is_err());
        assert!(Settings::read("64", "120", "100", "1200").is_err());
        assert!(Settings::read("64", "120", "64", "1200").is_err());
        assert!(Settings::read("64", "120", "65537", "1200").is_err());
    }
}
