//! The machine between the networks: its translation, its firewall and its drop log.

use model::Network;

use crate::error::{Error, Result};
use crate::lab::{Lab, nft, sysctl};
use crate::namespace::NetSpace;
use crate::nat::{self, NAT_GROUP, Settings};
use crate::topology::{PLATFORM_PUBLIC, ROUTER, prefix};
use crate::wire;

/// Puts the router's rules in force.
///
/// # Errors
///
/// If a value is wrong or the kernel refuses a rule.
pub(crate) fn start(lab: &mut Lab) -> Result<()> {
    let (Some(router), Some(space)) = (&lab.topology.scenario.router, &lab.router) else {
        return Ok(());
    };
    let space = space.try_clone().map_err(|why| Error::network(ROUTER, why))?;
    if let Some(translation) = &router.nat
        && past_the_nat(&lab.topology.fill(translation.egress)?)?
    {
        wire::address(&space, "public", PLATFORM_PUBLIC, prefix(Network::Public))?;
        nft(&space, ROUTER, &platform_egress())?;
    } else if let Some(translation) = &router.nat {
        let fill = |text| lab.topology.fill(text);
        let settings = Settings::read(
            &fill(translation.ports)?,
            &fill(translation.time_wait)?,
            &fill(translation.max_ports)?,
            &fill(translation.idle)?,
        )
        .map_err(|why| Error::Data(why.to_string()))?;
        for (name, value) in nat::sysctls(&settings) {
            sysctl(&space, name, &value)?;
        }
        lab.taps.listen(ROUTER, &space, NAT_GROUP)?;
        for rules in nat::rules(&settings) {
            nft(&space, ROUTER, &rules)?;
        }
        if !translation.max_ports.is_empty() {
            lab.taps.allocate(&space, settings)?;
        }
    }
    let rules = lab.topology.fill(router.firewall)?;
    if rules.is_empty() { Ok(()) } else { firewall(lab, &space, &rules) }
}

/// Whether public destinations are reached past the NAT.
///
/// # Errors
///
/// If the word is none of Cloud Run's `vpc-egress`.
pub(crate) fn past_the_nat(egress: &str) -> Result<bool> {
    match egress {
        "all-traffic" => Ok(false),
        "private-ranges-only" => Ok(true),
        other => Err(Error::Data(format!("`{other}` is not a way of vpc-egress"))),
    }
}

/// The platform's own way out: its own address, and no limit that a drill could reach.
pub(crate) fn platform_egress() -> String {
    format!(
        "table ip platform_egress {{\n\
         \tchain translate {{\n\
         \t\ttype nat hook postrouting priority srcnat; policy accept;\n\
         \t\tiifname \"private\" oifname \"public\" snat to {PLATFORM_PUBLIC}\n\
         \t}}\n\
         }}\n"
    )
}

/// Puts the drill's own rules in force on the router, in place of those it has; the translation
/// stays. The rules are one table `inet firewall`.
///
/// # Errors
///
/// If the kernel or `nft` refuses them.
pub(crate) fn firewall(lab: &mut Lab, space: &NetSpace, rules: &str) -> Result<()> {
    lab.taps.firewall(ROUTER, space, rules)?;
    nft(space, ROUTER, &format!("table inet firewall\nflush table inet firewall\n{rules}"))
}
