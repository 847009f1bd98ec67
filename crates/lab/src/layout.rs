//! A part with everything filled in: its files, its command line, its limits. Pure; nothing is
//! written yet.

use model::{Part, Server};

use crate::error::{Error, Result};
use crate::parts::{self, Launch, Member, Tools};
use crate::topology::{Node, Topology};

/// What has to be done to run a part on a host.
///
/// # Errors
///
/// If a name in its texts is not known or its program is missing.
pub(crate) fn launch(
    topology: &Topology,
    tools: &Tools,
    node: &Node,
    part: &Part,
) -> Result<Launch> {
    let mut options = Vec::new();
    for option in part.options {
        let option = fill(topology, option, &node.name, part)?;
        if !option.is_empty() {
            options.push(option);
        }
    }
    let config = fill(topology, part.config, &node.name, part)?;
    let dir = topology.dir(&node.name, part.name);
    parts::lay_out(part, &config, &options, &dir, tools).map_err(|why| match why {
        parts::Error::Missing(why) => Error::Missing(why),
        why => Error::Data(format!("{}/{}: {why}", node.name, part.name)),
    })
}

/// A text of a part with everything filled in.
///
/// # Errors
///
/// If a name is not known.
pub(crate) fn fill(topology: &Topology, text: &str, node: &str, part: &Part) -> Result<String> {
    topology.fill_part(
        text,
        node,
        part,
        &|list, nodes| members(part.server, list, nodes),
        // Left for the part itself, which knows its own log formats.
        &|name| (name == "access_log").then(|| "{{access_log}}".to_owned()),
    )
}

/// The list of members for `host:port options` in the grammar of a server.
fn members(server: Server, list: &str, nodes: &[&Node]) -> Option<String> {
    let (_, rest) = list.split_once(':')?;
    let (port, options) = rest.split_once(' ').unwrap_or((rest, ""));
    let port: u16 = port.parse().ok()?;
    let members: Vec<Member<'_>> =
        nodes.iter().map(|node| Member { name: &node.name, address: node.address, port }).collect();
    Some(parts::members(server, &members, options))
}

/// A number of bytes with an optional `K`, `M` or `G`.
///
/// # Errors
///
/// If it is not one.
pub(crate) fn bytes(text: &str) -> Result<u64> {
    let text = text.trim();
    let (number, unit) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(unit))
        .ok_or_else(|| Error::Data(format!("`{text}` is not an amount of memory")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_memory() {
        assert_eq!(bytes("64M").unwrap(), 64 << 20);
        assert_eq!(bytes("4096").unwrap(), 4096);
        assert!(bytes("much").is_err());
    }
}
