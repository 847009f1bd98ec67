//! # Response cut short
//!
//! ## What happens
//!
//! The target began a response and the connection ended before the length it had declared, or
//! before the last chunk. The status line had been passed on already, often `200`, so the gateway
//! cannot turn it into an error: it closes or resets the client's connection, and the client is
//! left with a part. Caches, browsers and `JSON.parse` fail on it later, far from the cause.
//!
//! Reasons in the target: a handler that throws in the middle of a stream, a wrong
//! Content-Length, a timer of the target's own that ends long downloads, a process that dies, a
//! disk or an origin behind it that stops delivering.
//!
//! ## How it shows
//!
//! - nginx: `upstream prematurely closed connection while reading upstream` with status `200` in
//!   the access log; `recv() failed (104…) while reading upstream`. A missing last chunk alone is
//!   not logged (1.22, measured).
//! - HAProxy: `SD--` with `200` and fewer bytes than usual. Apache httpd: `AH01110: error reading
//!   response`. Envoy: `UPE` or `UC` with `upstream_reset_after_response_started`.
//! - Google Cloud Load Balancing: `backend_connection_closed_after_partial_response_sent`.
//! - ALB: waits for the missing bytes, then ends the connection; `504` where none had been passed
//!   on.
//! - Clients: curl `(18) transfer closed with N bytes remaining`, Chrome
//!   `ERR_CONTENT_LENGTH_MISMATCH` or `ERR_INCOMPLETE_CHUNKED_ENCODING`, Node.js `terminated`,
//!   Python `IncompleteRead`.
//!
//! ## What it is mistaken for
//!
//! - `malformed-response`: the bytes that came are wrong, such as a chunk size that is no number;
//!   here they are right and the end is missing. Envoy logs `UPE` for both.
//! - `app-crash`, `oom-kill`, `worker-timeout-kill`, `deploy-without-drain`: the process ended;
//!   they are named where a record of that lies at the same moment.
//! - `client-abort`: the other side left; nginx says `client prematurely closed`, HAProxy `CD`.
//! - A stalled response: bytes stop and the reader's timer fires (`sD`, `upstream timed out … while
//!   reading upstream`).
//!
//! ## Before it happens
//!
//! - Content-Length computed before a filter, a template or a compression changes the body.
//! - Streaming handlers without an error path; `pipe()` without `pipeline()`.
//! - A time limit on the whole response in the target (gunicorn `--timeout`, PHP
//!   `max_execution_time`).
//! - nginx as the target: `proxy_max_temp_file_size` and a full disk.
//!
//! ## Reproduce it
//!
//! `why502 drill response-body-truncated`: a Node.js service declares 2,000,000 bytes for one
//! path and destroys the connection after 70,000, behind nginx, HAProxy or Apache. With the
//! remedy it sends all.
//!
//! ## Remedy
//!
//! 1. Ask the target directly: `curl --raw -v http://TARGET/PATH -o /dev/null`. Error 18 shows
//!    that the target cuts, not the gateway.
//! 2. Read the target's error log at that second and repair the handler; send chunked instead of a
//!    length that is not known. curl ends with exit code 0.
//! 3. Let the target's own time limits exceed the longest download. Long downloads complete.
//!
//! ## Sources
//!
//! - RFC 9112, sections 6.3 and 8 (incomplete messages).
//! - nginx `src/http/ngx_http_upstream.c`; HAProxy configuration manual, section 8.5 (`SD`); Apache
//!   `docs/log-message-tags` (AH01110); Envoy, response flags; curl, exit code 18.
//! - Measured with nginx 1.22, HAProxy 2.6, Apache 2.4 and Envoy 1.40.

use model::Condition::{AtLeast, AtMost};
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test,
    Text,
};

use crate::drills::nginx;
use crate::{sentences, visibility};

/// Response cut short: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "response-body-truncated",
    title: Text::new("Response cut short", "応答本文の途中切れ"),
    explanation: Text::new(
        "The target ended its response before the length it had declared \
        or before the last chunk.",
        "ターゲットが、宣言した長さまたは最後のチャンクに達する前に応答を打\
        ち切りました。",
    ),
    place: Place::ResponseFormat,
    statuses: &[200, 206, 502, 504],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("response_body_truncated.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ResponseTruncated]).sides(&[Side::Upstream]).states(),
            Claim::of(&[M::Unspecified]).sides(&[Side::Upstream]).statuses(&[200, 206]),
            Claim::of(&[M::ResponseMalformed]).sides(&[Side::Upstream]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} responses had begun and did not come to their end.",
                "{value} 件の応答が始まったものの、最後まで届きませんでした。",
            ),
        )],
        supports: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the records say that the end is missing.",
                    "記録の {value} が、末尾の欠落を示しています。",
                ),
            ),
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(S::TopTargetShare, AtLeast(0.9), sentences::ONE_TARGET),
            Test::new(S::ApplicationErrors, AtLeast(1.0), sentences::UNHANDLED_ERRORS)
                .independent(),
            Test::new(S::DeployLead, AtMost(1800.0), sentences::AFTER_DEPLOY).independent(),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "malformed-response",
            separates: Text::new(
                "Whether bytes of the body are missing, or wrong (curl --raw -v \
                against the target).",
                "本文のバイトが欠けているのか、誤っているのかです(ターゲットへの \
                curl --raw -v で確認)。",
            ),
        }],
        visible: &[visibility::APP_ERRORS, visibility::DEPLOYS],
    },
    predicts: Predicts::Never(
        "No setting tells: what cuts a response is code, or a time limit within the target.",
    ),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Ask the target itself for the path, and see whether it delivers \
                what it declares.",
                "ターゲットに直接そのパスを要求し、宣言どおりに届くかを確かめます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl --http1.1 --raw -v http://TARGET:PORT/PATH -o /dev/null; \
            echo $? # 18: cut short",
            verify: Text::new(
                "curl exits with 0, and the gateway logs no further incomplete \
                response.",
                "curl の終了コードが 0 になり、ゲートウェイに不完全な応答が記録され\
                なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Stream with an error path, and leave out a length that is not \
                certain.",
                "エラー処理付きでストリームし、確かでない Content-Length は付けませ\
                ん。",
            ),
            setting: "stream.pipeline",
            direction: Direction::Change,
            snippet: "const { pipeline } = require('node:stream/promises');
await pipeline(source, response); // no Content-Length header: chunked",
            verify: Text::new(
                "An error in the source is in the application's log, with its \
                stack.",
                "ソースのエラーがスタック付きでアプリケーションのログに残ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "Do not let the supervisor cut long downloads.",
                "監視プロセスが長いダウンロードを打ち切らないようにします。",
            ),
            setting: "timeout",
            direction: Direction::Raise,
            snippet: "gunicorn --worker-class gthread --threads 8 --timeout 120 app:app",
            verify: Text::new(
                "The longest download completes.",
                "最も長いダウンロードが最後まで完了します。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[
    NGINX_NODE,
    Scenario {
        name: "haproxy-node",
        hosts: &[NODE, Host::new("gw", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)])],
        everyday: false,
        ..NGINX_NODE
    },
    Scenario {
        name: "apache-node",
        hosts: &[NODE, Host::new("gw", &[Part::new(Server::Apache, "apache", 8080, APACHE)])],
        everyday: false,
        ..NGINX_NODE
    },
];

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "A Node.js service declares 2,000,000 bytes for an export and \
            closes after 70,000.",
        "Node.js のサービスがエクスポートの長さを 2,000,000 バイトと宣言し、\
            70,000 バイトで閉じます。",
    ),
    cure: Text::new("It sends all it declares.", "宣言どおりの長さを送ります。"),
    hosts: &[NODE, Host::new("gw", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "sent", fault: "70000", remedy: "2000000" }],
    steps: &[],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "12" },
        lasts: "6000",
        patience: "10000",
        requests: &[
            Ask::new("GET", "/").weight(2),
            Ask::new("GET", "/cart"),
            Ask::new("GET", "/export/orders.csv"),
        ],
    },
    expect: Expect::failing(0.15, &[0]).at_most(0.35),
    everyday: true,
};

/// Declares 2,000,000 bytes for one path and sends as many as the drill says.
const APP: &str = "const http = require('node:http');
http.createServer((request, response) => {
  if (!request.url.startsWith('/export')) return response.end('ok\\n');
  response.writeHead(200, { 'Content-Type': 'text/csv', 'Content-Length': 2000000 });
  const sent = Number('{{sent}}');
  response.write('x'.repeat(sent));
  setTimeout(() => (sent < 2000000 ? response.destroy() : response.end()), 60);
}).listen(3000, () => console.log(new Date().toISOString(), 'Server listening on port 3000'));
";

const NODE: Host = Host::new("app", &[Part::new(Server::Node, "app", 3000, APP)]);

const NGINX: &str = nginx!("  server {{ip:app}}:3000;");

const HAPROXY: &str = "defaults
  mode http
  log global
  option httplog
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 10s
frontend web
  bind :8080
  default_backend app
backend app
  server app {{ip:app}}:3000";

const APACHE: &str = "Listen 8080
ProxyPass \"/\" \"http://{{ip:app}}:3000/\"";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn an_incomplete_response_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTruncated, 200)), Some(true));
        let signals = [(S::Failures, 20.0), (S::StatedShare, 1.0), (S::TopPathShare, 1.0)];
        assert_eq!(
            judge(&CAUSE, &signals),
            Judgement::Holds {
                supports: vec![S::StatedShare, S::TopPathShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn a_protocol_error_after_the_head_leaves_it_open() {
        assert_eq!(
            claims(&CAUSE, Seen { side: Side::Upstream, ..Seen::of(M::Unspecified, 200) }),
            Some(false)
        );
    }

    #[test]
    fn a_wrong_framing_is_the_neighbours_to_state() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseMalformed, 502)), Some(false));
        let other = &crate::causes::malformed_response::CAUSE;
        assert_eq!(claims(other, Seen::of(M::ResponseMalformed, 502)), Some(true));
    }

    #[test]
    fn a_cut_call_of_the_application_is_not_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTruncated, 0).outward()), None);
    }
}
