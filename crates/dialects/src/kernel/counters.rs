//! The kernel's own counters, as `nstat` and `conntrack -S` print them: sums since the
//! host was started (nstat without `-a`: since it was last called), so that none has a time.
//!
//! Sources: iproute2 `misc/nstat.c`; conntrack(8), `-S`; Linux
//! `Documentation/networking/snmp_counter.rst` (TcpExtListenOverflows: a SYN or the end of a handshake
//! was dropped because the accept queue was full).

use model::{Event, Occurrence, OccurrenceKind};

use crate::{About, Blind, Context, Dialect, Marks, Understood};

/// How the names of nstat's counters begin, the longer ones first.
const GROUPS: [&str; 14] = [
    "UdpLite6", "UdpLite", "TcpExt", "MPTcpExt", "IcmpMsg", "Icmp6", "Icmp", "IpExt", "Ip6", "Ip",
    "Udp6", "Udp", "Tcp", "Sctp",
];

/// Counters of the kernel.
pub(crate) struct Counters;

/// One line: how often a listen queue was full, how often the connection table was; both 0 where the
/// line counts something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    overflows: u64,
    table_full: u64,
}

fn read(line: &str) -> Option<Counted> {
    if line.len() > 512 {
        return None;
    }
    nstat(line).or_else(|| conntrack(line))
}

/// `TcpExtListenOverflows           12                 0.0`.
fn nstat(line: &str) -> Option<Counted> {
    let mut words = line.split_ascii_whitespace();
    let (name, value, rate) = (words.next()?, words.next()?, words.next()?);
    let group = GROUPS.iter().find_map(|group| name.strip_prefix(group))?;
    let is_name = group.starts_with(|c: char| c.is_ascii_uppercase())
        && group.bytes().all(|b| b.is_ascii_alphanumeric());
    let (whole, part) = rate.split_once('.')?;
    let is_rate = [whole, part].iter().all(|half| is_number(half));
    if words.next().is_some() || !is_name || !is_rate || !line.starts_with(name) {
        return None;
    }
    let value = number(value)?;
    let overflows = if name == "TcpExtListenOverflows" { value } else { 0 };
    Some(Counted { overflows, table_full: 0 })
}

/// `cpu=0 found=27 invalid=130 … drop=5 early_drop=0 …`. Of the drops only `early_drop` says
/// that the table was full: an entry had to go to make room. `drop` counts helpers' refusals too.
fn conntrack(line: &str) -> Option<Counted> {
    let mut words = line.split_ascii_whitespace();
    let cpu = words.next()?.strip_prefix("cpu=")?;
    let mut early = None;
    let mut fields = 0;
    for word in words {
        let (name, value) = word.split_once('=')?;
        let is_name = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if name.is_empty() || !is_name {
            return None;
        }
        let value = number(value)?;
        early = if name == "early_drop" { Some(value) } else { early };
        fields += 1;
    }
    (is_number(cpu) && fields >= 5).then_some(())?;
    Some(Counted { overflows: 0, table_full: early? })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| is_number(text))
}

static ABOUT: About = About {
    title: "Linux counters: nstat, conntrack -S",
    source: "Linux, Documentation/networking/snmp_counter.rst \
             (https://docs.kernel.org/networking/snmp_counter.html); conntrack(8)",
    from: "`nstat -az > counters.txt`, `conntrack -S`, on the host that was asked.",
    time: "none: sums since the host was started. Whether they rose during the failures two outputs \
           show, one from before and one from after.",
    fields: &[
        ("TcpExtListenOverflows", "connections dropped because a listen queue was full"),
        ("early_drop", "entries that had to go because the connection table was full"),
    ],
    shows: &[
        "That a listen queue of the host overflowed at some time (`listen-overflow`).",
        "That the host's connection table was full at some time (`conntrack-full`).",
    ],
    blind: &[
        Blind {
            what: "When, and at which port",
            how: "`nstat -n; sleep 60; nstat TcpExtListenOverflows` during the failures; `ss -ltn`: \
                  Recv-Q at or above Send-Q.",
        },
        Blind {
            what: "The same in `netstat -s`, which has sentences for counters",
            how: "`nstat -az`.",
        },
        Blind {
            what: "Why a listening socket dropped something else (ListenDrops beyond the overflows)",
            how: "`perf record -e skb:kfree_skb`, or dropwatch.",
        },
    ],
    recommended: "nstat -az TcpExtListenOverflows TcpExtListenDrops > counters.txt; conntrack -S >> \
                  counters.txt",
};

impl Dialect for Counters {
    fn name(&self) -> &'static str {
        "linux-counters"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        const MARKS: &[&[&str]] = &[&GROUPS, &["cpu="]];
        Marks::any_of(MARKS)
    }

    fn sniff(&self, record: &str) -> bool {
        read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        // The source that nstat names above its counters; nothing else can be told by it.
        if record == "#kernel" {
            return Understood::Yes;
        }
        let Some(counted) = read(record) else { return Understood::No };
        let mut tell = |kind, count: u64, what: &'static str| {
            if count > 0 {
                let host = context.hop.clone().unwrap_or_else(|| "host".to_owned());
                let mut told = Occurrence::new(kind, None, host).detail(format!("{what} {count}"));
                told.count = u32::try_from(count).unwrap_or(u32::MAX);
                out.push(Event::Occurrence(Box::new(told)));
            }
        };
        tell(OccurrenceKind::ListenOverflow, counted.overflows, "ListenOverflows");
        tell(OccurrenceKind::ConntrackFull, counted.table_full, "early_drop");
        Understood::Yes
    }
}
