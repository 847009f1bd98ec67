//! Dynamic allocation: an instance that has nearly used its ports gets twice as many, after a
//! while, up to `maxPortsPerVm`. Until then what does not fit is dropped.
//!
//! Source: Google Cloud documentation, "IP addresses and ports", dynamic port allocation. How
//! near is near and how long it takes is not documented: see [`GROWTH_DELAY`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::Settings;
use super::netlink::{DONE, DUMP, ERROR, Request, Socket, attributes, error_of, messages};
use super::rules::{TABLE, set_name};

/// How long an instance waits for its ports to double (an assumption: Cloud NAT does not say).
pub const GROWTH_DELAY: Duration = Duration::from_secs(3);

/// The share of its ports from which on an instance asks for more, in percent (an assumption).
const NEARLY: u32 = 80;

/// Ports in use by each instance towards its busiest destination.
pub type Usage = BTreeMap<Ipv4Addr, u32>;

/// Decides when instances get more ports.
#[derive(Debug)]
pub struct Allocator {
    settings: Settings,
    delay: Duration,
    instances: BTreeMap<Ipv4Addr, Block>,
}

#[derive(Debug, Default)]
struct Block {
    tier: u32,
    due: Option<Instant>,
}

impl Allocator {
    /// For a NAT with these settings; each doubling takes `delay`.
    #[must_use]
    pub fn new(settings: Settings, delay: Duration) -> Allocator {
        Allocator { settings, delay, instances: BTreeMap::new() }
    }

    /// What has to be given to [`super::load`] now, if anything. Call it several times a second
    /// with what [`usage`] tells.
    pub fn step(&mut self, now: Instant, usage: &Usage) -> Option<String> {
        let last = self.settings.tiers() - 1;
        let mut grants = String::new();
        for (&address, &used) in usage {
            let block = self.instances.entry(address).or_default();
            if block.tier == last {
                continue;
            }
            let ports = self.settings.ports_up_to(block.tier);
            let nearly = u64::from(used) * 100 >= u64::from(ports) * u64::from(NEARLY);
            // An instance that once asked gets its ports, even if the rush is over by then.
            if nearly && block.due.is_none() {
                block.due = Some(now + self.delay);
            }
            if block.due.is_some_and(|due| now >= due) {
                block.due = None;
                block.tier += 1;
                let tier = block.tier;
                let _ = writeln!(grants, "add element ip {TABLE} granted_{tier} {{ {address} }}");
            }
        }
        (!grants.is_empty()).then_some(grants)
    }

    /// Ports an instance has now.
    #[must_use]
    pub fn ports(&self, instance: Ipv4Addr) -> u32 {
        let tier = self.instances.get(&instance).map_or(0, |block| block.tier);
        self.settings.ports_up_to(tier)
    }
}

/// Ports in use, read from the tables of the calling thread's network namespace.
///
/// # Errors
///
/// The rules are not loaded, or the caller is not an administrator of the namespace.
pub fn usage(settings: &Settings) -> io::Result<Usage> {
    read_usage(settings).map_err(|error| {
        let text = format!("the NAT's tables could not be read ({error}): are its rules loaded?");
        io::Error::new(error.kind(), text)
    })
}

fn read_usage(settings: &Settings) -> io::Result<Usage> {
    let socket = Socket::open()?;
    let mut used = Usage::new();
    for (address, pair) in pairs(&socket)? {
        let mut ports = 0;
        for tier in 0..settings.tiers() {
            dump(&socket, &set_name(pair, tier), |_| ports += 1)?;
        }
        let most = used.entry(address).or_default();
        *most = ports.max(*most);
    }
    Ok(used)
}

/// The instance and the number of each pair that has been seen.
fn pairs(socket: &Socket) -> io::Result<Vec<(Ipv4Addr, u32)>> {
    let mut found = Vec::new();
    dump(socket, "pairs", |element| found.extend(pair(element)))?;
    Ok(found)
}

/// `NFTA_SET_ELEM_KEY` and `NFTA_SET_ELEM_DATA` of an element of `pairs`.
fn pair(element: &[u8]) -> Option<(Ipv4Addr, u32)> {
    let data = |kind| {
        let (_, value) = attributes(element).find(|(found, _)| *found == kind)?;
        attributes(value).find(|(found, _)| *found == 1).map(|(_, value)| value)
    };
    let address: [u8; 4] = *data(1)?.first_chunk()?;
    let number = u32::from_ne_bytes(*data(2)?.first_chunk()?);
    Some((Ipv4Addr::from(address), number))
}

/// Hands each element of a set to `each`.
///
/// Source: Linux `include/uapi/linux/netfilter/nf_tables.h`.
fn dump(socket: &Socket, set: &str, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    // NFNL_SUBSYS_NFTABLES and NFT_MSG_GETSETELEM; family NFPROTO_IPV4.
    let request = Request::new(10 << 8 | 13, DUMP, 2, 0)
        .attribute(1, format!("{TABLE}\0").as_bytes())
        .attribute(2, format!("{set}\0").as_bytes());
    socket.send(&request.finish())?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let Some(answer) = socket.receive(&mut buffer, Duration::from_secs(5))? else {
            let text = "the kernel did not list its tables within 5 seconds";
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        };
        for message in messages(answer) {
            match message.kind {
                DONE => return Ok(()),
                ERROR => return error_of(message.body).map_or(Ok(()), Err),
                _ => message
                    .attributes()
                    .filter(|(kind, _)| *kind == 3)
                    .flat_map(|(_, list)| attributes(list))
                    .for_each(|(_, element)| each(element)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 11);
    const API: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 12);

    fn allocator() -> Allocator {
        let settings = Settings::new(32, 120, Some(128), 1200).unwrap();
        Allocator::new(settings, Duration::from_secs(3))
    }

    fn used(address: Ipv4Addr, ports: u32) -> Usage {
        Usage::from([(address, ports)])
    }

    #[test]
    fn ports_double_after_the_delay_and_no_earlier() {
        let (mut allocator, start) = (allocator(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(allocator.step(at(0), &used(FRONT, 25)), None, "25 of 32 are not nearly all");
        assert_eq!(allocator.step(at(100), &used(FRONT, 26)), None);
        assert_eq!(allocator.step(at(3000), &used(FRONT, 32)), None);
        let grant = allocator.step(at(3100), &used(FRONT, 32)).unwrap();
        assert_eq!(grant, "add element ip why502_nat granted_1 { 10.50.0.11 }\n");
        assert_eq!((allocator.ports(FRONT), allocator.ports(API)), (64, 32));
        assert_eq!(allocator.step(at(3200), &used(FRONT, 40)), None, "40 of 64 are enough");
    }

    #[test]
    fn each_instance_grows_on_its_own_and_not_beyond_the_most() {
        let (mut allocator, mut now) = (allocator(), Instant::now());
        let mut grants = String::new();
        for _ in 0..40 {
            now += Duration::from_millis(500);
            let usage = Usage::from([(FRONT, 128), (API, 3)]);
            grants.extend(allocator.step(now, &usage));
        }
        assert_eq!(grants.lines().count(), 2, "{grants}");
        assert_eq!((allocator.ports(FRONT), allocator.ports(API)), (128, 32));
    }

    #[test]
    fn ports_once_asked_for_come_and_stay() {
        let (mut allocator, start) = (allocator(), Instant::now());
        assert_eq!(allocator.step(start, &used(FRONT, 32)), None);
        assert!(allocator.step(start + Duration::from_secs(3), &used(FRONT, 0)).is_some());
        assert_eq!(allocator.step(start + Duration::from_secs(60), &used(FRONT, 0)), None);
        assert_eq!(allocator.ports(FRONT), 64);
    }

    #[test]
    fn static_allocation_never_grows() {
        let settings = Settings::new(64, 120, None, 1200).unwrap();
        let mut allocator = Allocator::new(settings, Duration::ZERO);
        assert_eq!(allocator.step(Instant::now(), &used(FRONT, 64)), None);
    }
}
