//! # Unix socket absent or forbidden
//!
//! ## What happens
//!
//! The gateway talks to a program on the same machine through a socket file. The file has to
//! exist at the path the gateway expects, and the gateway's user has to be allowed to search
//! every directory above it and to write to it. If the program listens elsewhere, has not been
//! started, or its file was cleaned away, `connect()` fails with ENOENT; if owner, mode or a
//! mandatory access control forbid it, with EACCES. Both at once, for every request, whatever the
//! load.
//!
//! ## How it shows
//!
//! - nginx: `connect() to unix:/run/app.sock failed (2: No such file or directory)` or `(13:
//!   Permission denied)`, level crit, `502`.
//! - Apache httpd: `AH02454: … attempt to connect to Unix domain socket … failed` with `(2)` or
//!   `(13)`, `503`.
//! - Envoy: `UF`, `503`, `immediate connect error: No such file or directory` (older: errno 2).
//! - HAProxy: only `SC--`, `503`, in the request log; the health check says `Socket error, info:
//!   "General socket error (No such file or directory)"`, takes the server out, and the rest is `503`
//!   with `<NOSRV>`. Without a check nothing says why.
//! - Caddy: `502`, `dial unix /run/app.sock: connect: no such file or directory` or `permission
//!   denied`, with `dialing backend:` before it for FastCGI.
//! - PHP-FPM that could not make the file: `unable to bind listening socket for address '/run/…':
//!   No such file or directory (2)`.
//! - The program itself logs a healthy start, on another path.
//!
//! ## What it is mistaken for
//!
//! - `listen-backlog-overflow`: errno 11 on the same path; the file is there and the queue is full,
//!   under load only.
//! - `target-connect-refused`: errno 111 on the same path; the file is left over and nobody listens
//!   any more. Restart the program rather than repair the path.
//! - A restart: some servers remove their file between stop and start, which costs a second of
//!   errno 2. Here it does not end by itself.
//! - SELinux: errno 13 although owner and mode are right, `avc: denied` in the audit log; on TCP it
//!   is `httpd_can_network_connect`.
//!
//! ## Before it happens
//!
//! - Path in the gateway and in the program's unit, pool or command line differ.
//! - `RuntimeDirectory=` or `/run/…` made by hand: gone after a reboot, or removed when the unit
//!   stops.
//! - `PrivateTmp=yes` with a socket in `/tmp`: each unit has its own.
//! - PHP-FPM `listen.owner`, `listen.group`, `listen.mode` (default 0660 of the pool's user),
//!   gunicorn `--umask`, and a home directory of mode 0700 above the socket.
//! - A container that shares the volume but not the user.
//! - `why502 check` compares the two paths.
//!
//! ## Reproduce it
//!
//! `why502 drill unix-socket-upstream`: nginx looks for `app.sock`, gunicorn listens on
//! `shop.sock` in the same directory. Every request is `502` with errno 2. With the same path in
//! both none fails.
//!
//! ## Remedy
//!
//! 1. As the gateway's user, ask through the socket: `sudo -u www-data curl --unix-socket PATH
//!    http://localhost/`. It fails the same way before, and answers after the repair.
//! 2. Errno 2: make both ends name one path; let systemd make the directory
//!    (`RuntimeDirectory=`). `ss -lx` lists the path.
//! 3. Errno 13: give the gateway's group access to the socket and search permission on every
//!    directory above; `namei -l PATH` shows which one lacks it.
//!
//! ## Sources
//!
//! - connect(2), unix(7), path_resolution(7).
//! - nginx `src/event/ngx_event_connect.c` and `src/http/ngx_http_upstream.c`; Apache
//!   `docs/log-message-tags` (AH02454); HAProxy `src/proto_uxst.c`.
//! - systemd.exec(5) (`RuntimeDirectory=`, `PrivateTmp=`); PHP-FPM configuration (`listen.mode`).
//! - Measured with nginx 1.22, Apache 2.4, HAProxy 2.6 and Envoy 1.40.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Protocol, Remedy, Scenario, Server, Shows, Side, Signal as S, Test,
    Text,
};

use crate::drills::nginx;
use crate::rules::listening;
use crate::visibility;

/// Unix socket absent or forbidden: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "unix-socket-upstream",
    title: Text::new("Unix socket absent or forbidden", "Unix ソケットの不在または権限不足"),
    explanation: Text::new(
        "The gateway could not open the unix socket of the program behind \
        it: the file was not there, or the gateway was not allowed to use \
        it.",
        "ゲートウェイが背後のプログラムの Unix ソケットを開けませんでした。\
        ファイルがないか、使う権限がありません。",
    ),
    place: Place::Connect,
    statuses: &[502, 503],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("unix_socket_upstream.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::SocketMissing, M::SocketForbidden]).states(),
            // HAProxy's request log has no reason; its health check of the same socket does, and takes
            // the server out.
            Claim::of(&[M::ConnectFailed]).sides(&[Side::Upstream]).statuses(&[503]).bands(&[
                Band::Instant,
                Band::Short,
                Band::Unknown,
            ]),
            Claim::of(&[M::NoHealthyTarget]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::StatedShare,
            AtLeast(0.5),
            Text::new(
                "{value} of the records say that there was no socket that could be opened.",
                "記録の {value} が、開けるソケットがなかったと述べています。",
            ),
        )
        .otherwise(Text::new(
            "No record says that a socket could not be opened, nor does a health check.",
            "ソケットを開けなかったという記録もヘルスチェックもありません。",
        ))
        .or(&Test::new(
            S::SocketCheckFailures,
            AtLeast(1.0),
            Text::new(
                "{value} health checks could not open the unix socket of their target.",
                "ヘルスチェックが {value} 回、ターゲットの Unix ソケットを開けませんでした。",
            ),
        )
        .independent()
        .proves())],
        supports: &[
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests failed within 50 ms: nobody was waited \
                    for.",
                    "これらのリクエストの {value} が 50 ms 以内に失敗しました。応答待ち\
                    は発生していません。",
                ),
            ),
            Test::new(
                S::TopTargetShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them went to one socket, {top_target}.",
                    "{value} が 1 つのソケット {top_target} に集中しています。",
                ),
            ),
            Test::new(
                S::TargetSuccessShare,
                AtMost(0.0),
                Text::new(
                    "The socket answered no request at all in the window.",
                    "この期間、そのソケットは 1 件も応答していません。",
                ),
            ),
            Test::new(
                S::InstanceStarts,
                AtLeast(1.0),
                Text::new(
                    "{value} programs had been started shortly before: a start decides \
                    the socket's path, owner and mode.",
                    "直前に {value} 個のプログラムが起動しています。ソケットのパス、所\
                    有者、モードは起動時に決まります。",
                ),
            )
            .independent(),
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                Text::new(
                    "Health checks marked {value} targets down at the same time.",
                    "同じころ、ヘルスチェックが {value} 個のターゲットを停止と判定しま\
                    した。",
                ),
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[
            visibility::SOCKET_CHECKS,
            visibility::DURATIONS,
            visibility::SUCCESSES,
            visibility::STARTS,
            visibility::HEALTH,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(listening::socket)]),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Ask through the socket as the gateway's user; the error names \
                what is wrong.",
                "ゲートウェイのユーザーとしてソケットに問い合わせると、原因がエラー\
                に表れます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "ss -lx | grep sock
namei -l /run/app/app.sock
sudo -u www-data curl --unix-socket /run/app/app.sock http://localhost/",
            verify: Text::new("curl gets an HTTP answer.", "curl に HTTP の応答があれば解消です。"),
            arithmetic: None,
        },
        Remedy {
            product: "systemd",
            action: Text::new(
                "Let the unit make the socket's directory, and name one path in \
                unit and gateway.",
                "ソケットのディレクトリーをユニットに作らせ、ユニットとゲートウェイ\
                で同じパスを使います。",
            ),
            setting: "RuntimeDirectory",
            direction: Direction::Set,
            snippet: "[Service]
RuntimeDirectory=app
RuntimeDirectoryMode=0755
ExecStart=/usr/bin/gunicorn -b unix:/run/app/app.sock app:app",
            verify: Text::new(
                "The path is listed by ss -lx after a reboot as well.",
                "再起動後も ss -lx にそのパスが表示されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "PHP-FPM",
            action: Text::new(
                "Give the socket to the gateway's group.",
                "ソケットの権限をゲートウェイのグループに与えます。",
            ),
            setting: "listen.group",
            direction: Direction::Set,
            snippet: "listen = /run/php/app.sock
listen.owner = www-data
listen.group = www-data
listen.mode = 0660",
            verify: Text::new(
                "nginx logs no further errno 13.",
                "nginx に errno 13 が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Write the path that the program really listens on.",
                "プログラムが実際に待ち受けているパスを書きます。",
            ),
            setting: "server",
            direction: Direction::Set,
            snippet: "upstream app { server unix:/run/app/app.sock; }",
            verify: Text::new(
                "nginx -s reload, and the next request is answered.",
                "nginx -s reload の後、次のリクエストに応答があります。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[
    NGINX_GUNICORN,
    Scenario {
        name: "apache-gunicorn",
        happens: Text::new(
            "Apache httpd looks for app.sock, and gunicorn listens on \
            shop.sock.",
            "Apache httpd は app.sock に接続しようとしますが、gunicorn は \
            shop.sock で待ち受けています。",
        ),
        hosts: &[Host::new("gw", &[GUNICORN, Part::new(Server::Apache, "apache", 8080, APACHE)])],
        expect: Expect::failing(0.99, &[503]),
        everyday: false,
        ..NGINX_GUNICORN
    },
];

const NGINX_GUNICORN: Scenario = Scenario {
    name: "nginx-gunicorn",
    happens: Text::new(
        "nginx looks for app.sock, and gunicorn listens on shop.sock.",
        "nginx は app.sock に接続しようとしますが、gunicorn は shop.sock で\
            待ち受けています。",
    ),
    cure: Text::new("Both name the same path.", "両方で同じパスを使います。"),
    hosts: &[Host::new("gw", &[GUNICORN, Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "socket", fault: "shop.sock", remedy: "app.sock" }],
    steps: &[],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "5000",
        patience: "5000",
        requests: &[Ask::new("GET", "/"), Ask::new("GET", "/cart")],
    },
    expect: Expect::failing(0.99, &[502]),
    everyday: true,
};

/// Answers everything.
const APP: &str = "def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '3')])
    return [b'ok\\n']
";

const GUNICORN: Part = Part::new(Server::Gunicorn, "shop", 8000, APP).options(&[
    "--bind",
    "unix:{{dir}}/{{socket}}",
    "--bind",
    "127.0.0.1:8000",
    "--workers",
    "2",
]);

const NGINX: &str = nginx!("  server unix:{{dir}}/../shop/app.sock;");

const APACHE: &str = "Listen 8080
ProxyPass \"/\" \"unix:{{dir}}/../shop/app.sock|http://localhost/\" retry=0";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn both_errnos_state_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::SocketMissing, 502)), Some(true));
        assert_eq!(claims(&CAUSE, Seen::of(M::SocketForbidden, 502)), Some(true));
        let signals = [(S::StatedShare, 1.0), (S::ShortWaitShare, 1.0), (S::InstanceStarts, 1.0)];
        assert_eq!(
            judge(&CAUSE, &signals),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare, S::InstanceStarts],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn a_full_queue_and_a_left_over_file_are_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ListenQueueFull, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }

    #[test]
    fn a_refusal_of_the_network_is_not_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectForbidden, 502)), None);
    }

    #[test]
    fn a_health_check_says_it_where_the_request_log_does_not() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectFailed, 503)), Some(false));
        let checked = [(S::StatedShare, 0.0), (S::SocketCheckFailures, 1.0)];
        assert!(matches!(judge(&CAUSE, &checked), Judgement::Holds { .. }));
        let refused = [(S::StatedShare, 0.0), (S::SocketCheckFailures, 0.0)];
        assert_eq!(judge(&CAUSE, &refused), Judgement::NotThis(S::StatedShare));
        assert_eq!(
            judge(&CAUSE, &[(S::StatedShare, 0.0)]),
            Judgement::CannotTell(vec![S::SocketCheckFailures])
        );
    }
}
