//! The page of the kernel's messages and systemd's lines about services.

use crate::{About, Blind};

pub(super) static KERNEL: About = About {
    title: "Linux kernel messages, netfilter log lines and systemd's lines about services",
    source: "Linux `mm/oom_kill.c`, `net/netfilter/nf_conntrack_core.c`, `net/netfilter/nf_log_syslog.c`, \
             `net/ipv4/tcp_input.c`; systemd `src/core/service.c`",
    from: "`journalctl -k`, `dmesg -T`, `/var/log/kern.log`, `/var/log/syslog`, `journalctl -u UNIT`.",
    time: "of the syslog or journal line; plain `dmesg` has seconds since boot, which are no date.",
    fields: &[
        ("Killed process N (NAME)", "a process killed for its memory"),
        ("nf_conntrack: table full, dropping packet", "the connection table is full"),
        ("possible SYN flooding on port N", "a listen queue overflowed"),
        ("IN= OUT= SRC= DST= PROTO= SPT= DPT= SYN …", "packets a firewall rule logged"),
        ("segfault at …, traps: …", "a process crashed"),
        ("UNIT: Main process exited, code=, status=", "a service ended and how"),
    ],
    shows: &[
        "Processes killed for memory, crashes, ends and restarts of services.",
        "Full connection tables, overflowing listen queues, packets dropped by logged rules.",
    ],
    blind: &[
        Blind {
            what: "Drops of rules that do not log",
            how: "`nft add rule … log prefix \"drop \" drop`, or `conntrack -S`.",
        },
        Blind {
            what: "Dates of plain `dmesg` lines",
            how: "`dmesg --time-format iso` or `journalctl -k -o short-iso`.",
        },
        Blind {
            what: "A listen queue that overflows while SYN cookies are off",
            how: "`nstat -az TcpExtListenOverflows TcpExtListenDrops`.",
        },
    ],
    recommended: "journalctl -k -o short-iso --since '2 hours ago' > kernel.log",
};
