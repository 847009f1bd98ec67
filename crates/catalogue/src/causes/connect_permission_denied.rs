//! # Operating system forbids the proxy to connect
//!
//! ## What happens
//!
//! The proxy asks its kernel to open a TCP connection and the kernel says no before any packet is
//! sent: `EACCES`, errno 13, `Permission denied`. On TCP that has one kind of reason: a policy of
//! the operating system (SELinux, AppArmor, a seccomp or BPF filter of a container platform, a local
//! firewall rule that rejects its own host's packets with *administratively prohibited*). Every
//! connection to that address or port fails at once, while the same connection opened by hand, from
//! a shell that the policy does not confine, works.
//!
//! ## How it shows
//!
//! - nginx: `connect() to 127.0.0.1:8081 failed (13: Permission denied) while connecting to
//!   upstream`, level `crit`, `502` after 0 ms. Apache httpd: `(13)Permission denied: AH00957`, `503`.
//! - Envoy: `delayed connect error: 13`. Node.js: `connect EACCES`.
//! - Linux audit: `type=AVC … avc: denied { name_connect } for … comm="nginx" dest=8081 …
//!   tclass=tcp_socket`. AppArmor, in the kernel's log: `apparmor="DENIED" operation="connect"`.
//!
//! ## What it is mistaken for
//!
//! - `unix-socket-upstream`: the same errno on a unix socket is about the owner and the mode of a
//!   file. Here the target is an address and a port.
//! - `target-connect-refused`: that is the target's answer, errno 111; here nothing was sent.
//! - `security-group-block`: packets are dropped on the way and the connect timer fires.
//!
//! ## Before it happens
//!
//! - SELinux is enforcing and `httpd_can_network_connect` is off, its default on RHEL, Fedora and
//!   their relatives; a back end on a port outside the types that httpd may connect to.
//! - A new base image or host that enforces where the old one did not.
//!
//! ## Reproduce it
//!
//! Not in the lab: a policy of the kernel's security modules is the machine's own and cannot be
//! loaded inside a namespace. On a host with SELinux: `setsebool httpd_can_network_connect off`, and
//! one request through nginx.
//!
//! ## Remedy
//!
//! 1. Look whether a policy said no: `ausearch -m AVC -ts recent`, `journalctl -k -g apparmor`. The
//!    record names the process and the port.
//! 2. Allow the connection: `setsebool -P httpd_can_network_connect on`, or give the port a type that
//!    the proxy may connect to. The next request connects, and no further denial is logged.
//! 3. Do not switch the policy off: every other program of the host loses it too.
//!
//! ## Sources
//!
//! - `connect(2)`, errors `EACCES` and `EPERM`:
//!   <https://man7.org/linux/man-pages/man2/connect.2.html>
//! - SELinux, `httpd_selinux(8)`, the boolean `httpd_can_network_connect`.
//! - nginx `src/event/ngx_event_connect.c`; Linux `security/selinux/hooks.c` (`name_connect`).

use model::Condition::AtLeast;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Shows, Signal as S,
    Test, Text,
};

use crate::visibility;

/// Operating system forbids the proxy to connect: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "connect-permission-denied",
    title: Text::new(
        "Operating system forbids the proxy to connect",
        "OS のポリシーによる接続の拒否",
    ),
    explanation: Text::new(
        "A policy of the proxy's own operating system, such as SELinux, forbade it to open the \
        connection; no packet was sent.",
        "プロキシ自身の OS のポリシー(SELinux など)が接続を許可しませんでした。パケットは送られて\
        いません。",
    ),
    place: Place::Connect,
    statuses: &[502, 503],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("connect_permission_denied.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::ConnectForbidden]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "The operating system forbade {value} connections.",
                "OS が {value} 件の接続を許可しませんでした。",
            ),
        )],
        supports: &[
            Test::new(
                S::AccessDenials,
                AtLeast(1.0),
                Text::new(
                    "The security policy logged {value} denials at that time.",
                    "同じころ、セキュリティポリシーが {value} 件の拒否を記録しました。",
                ),
            )
            .independent(),
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests ended within 50 ms: nothing was waited for.",
                    "これらのリクエストの {value} が 50 ms 以内に終了しました。何も待っていません。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::DENIALS, visibility::DURATIONS],
    },
    predicts: Predicts::Never(
        "No setting tells: whether a policy of the kernel is enforced, and what it allows the \
        proxy, is a state of the machine.",
    ),
    drill: Drill::NotYet(
        "SELinux and AppArmor policies belong to the whole machine and cannot be loaded inside the \
        lab's namespaces; on a host that enforces, setsebool httpd_can_network_connect off.",
    ),
    remedies: &[
        Remedy {
            product: "SELinux",
            action: Text::new(
                "Allow web servers to open connections.",
                "Web サーバーからの接続を許可します。",
            ),
            setting: "httpd_can_network_connect",
            direction: Direction::Set,
            snippet: "ausearch -m AVC -ts recent\nsetsebool -P httpd_can_network_connect on",
            verify: Text::new(
                "The next request connects, and ausearch shows no new denial.",
                "次のリクエストが接続でき、ausearch に新しい拒否が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "SELinux",
            action: Text::new(
                "Or give only the back end's port a type that web servers may connect to.",
                "または、バックエンドのポートだけに接続可能なタイプを付けます。",
            ),
            setting: "http_port_t",
            direction: Direction::Set,
            snippet: "semanage port -a -t http_port_t -p tcp 8081",
            verify: Text::new(
                "semanage port -l lists the port, and the next request connects.",
                "semanage port -l にポートが載り、次のリクエストが接続できます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AppArmor",
            action: Text::new(
                "Let the proxy's profile use the network and reload it.",
                "プロキシのプロファイルでネットワークを許可し、読み込み直します。",
            ),
            setting: "network",
            direction: Direction::Set,
            snippet: "# in /etc/apparmor.d/usr.sbin.nginx\nnetwork inet stream,\nnetwork inet6 stream,\n\
            # then\napparmor_parser -r /etc/apparmor.d/usr.sbin.nginx",
            verify: Text::new(
                "journalctl -k -g apparmor shows no new DENIED.",
                "journalctl -k -g apparmor に新しい DENIED が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Where no policy logged a denial, look for a local firewall rule that rejects what the \
                host itself sends.",
                "ポリシーの拒否記録がなければ、ホスト自身の送信を拒否するファイアウォール規則を探しま\
                す。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "nft list ruleset | grep -n 'hook output' -A 20",
            verify: Text::new(
                "nc -vz TARGET PORT, run as the proxy's user, connects.",
                "プロキシのユーザーで実行した nc -vz TARGET PORT が接続できます。",
            ),
            arithmetic: None,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn a_record_of_it_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectForbidden, 502)), Some(true));
    }

    #[test]
    fn the_audit_log_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 3.0), (S::AccessDenials, 2.0)]),
            Judgement::Holds { supports: vec![S::AccessDenials], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_on_a_socket_file_and_on_a_refusal() {
        assert_eq!(claims(&CAUSE, Seen::of(M::SocketForbidden, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }

    #[test]
    fn blind_where_only_a_status_is_logged() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), None);
    }
}
