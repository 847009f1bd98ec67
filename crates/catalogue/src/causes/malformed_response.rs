//! # Response is not valid HTTP
//!
//! ## What happens
//!
//! The target answered, but what it sent is not a response that the gateway may forward: no
//! status line, a header line that breaks the grammar, both `Content-Length` and
//! `Transfer-Encoding`, the same framing field twice, broken chunks, or the language of another
//! protocol. Gateways must be strict here, since doubtful framing is how requests are smuggled.
//! Browsers and `curl` are often more tolerant, which is why "it works directly".
//!
//! It does not depend on load; the same route gives the same error every time.
//!
//! ## How it shows
//!
//! - nginx: `upstream sent no valid HTTP/1.0 header`, `upstream sent invalid header`, `upstream
//!   sent invalid chunked response`, `upstream sent "Content-Length" and "Transfer-Encoding"
//!   headers at the same time`, `upstream sent duplicate header line`. `502`.
//! - Envoy: `UPE`, `502`, `upstream_reset_before_response_started{protocol_error}`,
//!   `http1.codec_error`.
//! - HAProxy: `PH`, `502`; `show errors` on the admin socket keeps the bytes; for broken chunks
//!   after the head `SD` or `PD` behind the target's own status. Apache httpd: `AH01106: bad
//!   HTTP/1.1 header`, `AH01097`, `502`.
//! - Google Cloud Load Balancing: `backend_response_corrupted`, `invalid_chunk_framing`. CLB:
//!   `502`. AWS ALB: `502`, target named, without a reason.
//! - CloudFront: `OriginInvalidResponseError`. Node.js as the caller: `HPE_INVALID_…` codes.
//!
//! ## What it is mistaken for
//!
//! - `response-header-too-large`: the grammar is right and the size is not; it depends on the
//!   user's cookies.
//! - `protocol-version-mismatch`: HTTP/2 or gRPC to an HTTP/1 gateway also reads as "no valid
//!   header"; the first bytes show it, and no request of the route ever succeeds.
//! - `response-body-truncated`: what came is valid and the end is missing, by a crash
//!   (`app-crash`) or by a handler that gives up.
//!
//! ## Before it happens
//!
//! - Applications that set `Transfer-Encoding` or `Content-Length` by hand behind a server that
//!   sets them too; nested servers that each add chunking.
//! - Field values with line breaks or control bytes (a name from user input in
//!   `Content-Disposition`); field names with spaces.
//! - Upgrades of the gateway: nginx rejects duplicate framing fields since 1.23; Envoy's and
//!   Go's parsers became stricter as well.
//! - A port that serves HTTP/2 without TLS, gRPC or FastCGI, configured as HTTP/1.
//!
//! ## Reproduce it
//!
//! `why502 drill malformed-response` runs a server that writes its responses by hand: a file
//! name with a line break behind nginx and Apache httpd, and two `Content-Length` fields for the
//! `fetch` of a Node.js service. Then it writes them as HTTP wants them.
//!
//! ## Remedy
//!
//! 1. Look at the raw bytes, directly from the target: `curl --http1.1 --raw -sv URL`, or
//!    HAProxy's `show errors`. The line that breaks the grammar is visible.
//! 2. Correct it in the application or its framework: let the server set framing fields, encode
//!    values (RFC 8187 for file names). The gateway passes the answer on.
//! 3. Where the protocol differs, tell the gateway (`grpc_pass`, `fastcgi_pass`, `proto h2`,
//!    target group protocol version). The first request passes.
//! 4. Accept the fault only where you must and know why (HAProxy `option
//!    accept-unsafe-violations-in-http-response`).
//!
//! ## Sources
//!
//! - RFC 9112 sections 4 (status line), 5 (field syntax), 6.3 (message body length); RFC 9110
//!   section 5.5.
//! - nginx `src/http/modules/ngx_http_proxy_module.c`, `src/http/ngx_http_upstream.c`.
//! - Envoy, response flags (`UPE`); Google Cloud load balancer logging; HAProxy management
//!   guide, `show errors`.

use model::Condition::{AtLeast, AtMost};
use model::{
    Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{NODE_FRONT, STEADY};
use crate::{sentences, visibility};

/// Response is not valid HTTP: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "malformed-response",
    title: Text::new("Response is not valid HTTP", "不正な HTTP レスポンス"),
    explanation: Text::new(
        "The target answered with something that is not a valid HTTP \
        response, so the gateway could not pass it on.",
        "ターゲットの応答が正しい HTTP ではなく、ゲートウェイが中継できませ\
        んでした。",
    ),
    place: Place::ResponseFormat,
    statuses: &[502, 503],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("malformed_response.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ResponseMalformed]).states(),
            Claim::of(&[M::InstanceConnectionError]),
            Claim::of(&[M::Unspecified]).sides(&[Side::Upstream]).statuses(&[200, 206, 502]),
        ],
        claims_effects: false,
        needs: &[
            Test::new(
                S::Failures,
                AtLeast(1.0),
                Text::new(
                    "{value} responses could not be read as HTTP.",
                    "{value} 件の応答が、HTTP として読めませんでした。",
                ),
            ),
            Test::new(
                S::StatedShare,
                AtLeast(0.01),
                Text::new(
                    "{value} of the records state that the response could not be read.",
                    "記録の {value} が、応答を読めなかったと示しています。",
                ),
            )
            .otherwise(Text::new(
                "The records do not state it, and processes ended as these \
requests failed: it was the connection, not the response.",
                "記録はそう示しておらず、失敗と同時にプロセスが終了しています。応答\
ではなく接続の問題です。",
            ))
            .or(&Test::new(
                S::ExitAlignedShare,
                AtMost(0.1),
                Text::new(
                    "No more than {value} of these requests failed near the end of a \
process.",
                    "プロセスの終了の近くで失敗したリクエストは {value} 以下です。",
                ),
            )
            .or(&Test::new(
                S::UnreadableShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the records say that the response was refused, for its size or for its form.",
                    "記録の {value} が、大きさまたは形式のために応答を拒否したと示しています。",
                ),
            ))),
        ],
        supports: &[
            Test::new(
                S::TopPathShare,
                AtLeast(0.8),
                sentences::ONE_PATH,
            ),
            Test::new(
                S::InnerFinishedLater,
                AtLeast(1.0),
                Text::new(
                    "The hop behind considers {value} of these requests as answered.",
                    "背後のホップは、そのうち {value} 件を応答済みと記録しています。",
                ),
            )
            .independent(),
            Test::new(
                S::DeployLead,
                AtMost(1800.0),
                sentences::AFTER_DEPLOY,
            )
            .independent(),
        ],
        rules_out: &[Test::new(
            S::StopAlignedShare,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests failed within 30 s after an instance \
was told to stop or a deploy completed.",
                "これらのリクエストの {value} が、インスタンスの停止指示またはデプ\
ロイ完了から 30 秒以内に失敗しました。",
            ),
        )],
        rivals: &[
            Rival {
                slug: "response-header-too-large",
                separates: Text::new(
                    "Whether the header section is too large, or breaks the grammar at \
                    any size (curl -D - against the target).",
                    "ヘッダー部が大きすぎるか、大きさに関係なく文法に反するかです(ター\
                    ゲットへの curl -D - で確認)。",
                ),
            },
            Rival {
                slug: "response-body-truncated",
                separates: Text::new(
                    "Whether bytes of the body are missing, or wrong (curl --raw -v \
                    against the target).",
                    "本文のバイトが欠けているのか、誤っているのかです(ターゲットへの \
                    curl --raw -v で確認)。",
                ),
            },
        ],
        visible: &[visibility::EXIT_ALIGNED, visibility::JOINED, visibility::DEPLOYS],
    },
    predicts: Predicts::Never(
        "No setting tells: the bytes come from the application.",
    ),
    drill: Drill::Runs(&[
        NGINX_HEADER_LINE,
        Scenario {
            name: "apache-header-line",
            happens: Text::new(
                "A file name with a line break goes into Content-Disposition as it is; Apache \
                httpd refuses the header.",
                "改行を含むファイル名がそのまま Content-Disposition に入り、Apache httpd がヘッ\
                ダーを拒否します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "server", 3000, BY_HAND)
                        .options(&["ANSWER={{answer}}"])],
                ),
                Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)]),
            ],
            everyday: false,
            ..NGINX_HEADER_LINE
        },
        Scenario {
            name: "node-framing",
            happens: Text::new(
                "The API sends two Content-Length fields, and the fetch of a Node.js service \
                refuses the response.",
                "API が Content-Length を 2 つ送り、Node.js サービスの fetch が応答を拒否します\
                。",
            ),
            cure: Text::new(
                "The application leaves the framing to one field.",
                "アプリケーションが本文長の指定を 1 つのフィールドにします。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "server", 3000, BY_HAND)
                        .options(&["ANSWER={{answer}}"])],
                ),
                Host::new(
                    "gateway",
                    &[Part::new(Server::Node, "front", 8080, NODE_FRONT)
                        .options(&["API=http://{{ip:app}}:3000"])],
                ),
            ],
            knobs: &[Knob { name: "answer", fault: "two", remedy: "one" }],
            ..NGINX_HEADER_LINE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Look at the raw bytes directly from the target.",
                "ターゲットから直接、生のバイト列を確認します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl --http1.1 --raw -sv http://TARGET:PORT/PATH -o body.bin",
            verify: Text::new(
                "The line that breaks the grammar is visible.",
                "文法に反する行が見つかります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Let the server set Content-Length and Transfer-Encoding, and \
                encode field values that come from user input.",
                "Content-Length と Transfer-Encoding の設定はサーバーに任せ、利用者\
                の入力に由来するフィールド値は符号化します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The same request through the gateway gets its 200.",
                "ゲートウェイ経由の同じリクエストが 200 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Where the port speaks another protocol, use the matching \
                directive.",
                "ポートが別のプロトコルなら、対応するディレクティブを使います。",
            ),
            setting: "grpc_pass",
            direction: Direction::Set,
            snippet: "grpc_pass grpc://127.0.0.1:50051;
fastcgi_pass 127.0.0.1:9000;",
            verify: Text::new(
                "No \"no valid HTTP/1.0 header\" in the error log.",
                "エラーログに「no valid HTTP/1.0 header」が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Read the bytes HAProxy kept of the last bad response.",
                "HAProxy が保持している直近の不正な応答を読みます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "echo 'show errors' | socat stdio /run/haproxy/admin.sock",
            verify: Text::new(
                "The position of the first invalid byte is shown.",
                "最初の不正なバイトの位置が表示されます。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_HEADER_LINE: Scenario = Scenario {
    name: "nginx-header-line",
    happens: Text::new(
        "A file name with a line break goes into Content-Disposition as it is; nginx \
                refuses the header.",
        "改行を含むファイル名がそのまま Content-Disposition に入り、nginx がヘッダーを\
                拒否します。",
    ),
    cure: Text::new(
        "The application encodes the file name (RFC 8187).",
        "アプリケーションがファイル名をエンコードします (RFC 8187)。",
    ),
    hosts: &[
        Host::new(
            "app",
            &[Part::new(Server::Node, "server", 3000, BY_HAND).options(&["ANSWER={{answer}}"])],
        ),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
    ],
    router: None,
    knobs: &[Knob { name: "answer", fault: "line-break", remedy: "encoded" }],
    steps: &[],
    load: REPORTS,
    expect: Expect::failing(0.2, &[502]).at_most(0.3),
    everyday: true,
};

const REPORTS: Load = Load {
    requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/report")],
    ..STEADY
};

/// A server that writes its responses itself, as old and embedded ones do.
const BY_HAND: &str = r#"
const { ANSWER, PORT } = process.env;
const disposition = 'Content-Disposition: attachment; ';
const reports = {
  'line-break': disposition + 'filename="sales\nfor march.pdf"\r\nContent-Length: 2\r\n',
  'encoded': disposition + "filename*=UTF-8''sales%0Afor%20march.pdf\r\nContent-Length: 2\r\n",
  'two': 'Content-Length: 2\r\nContent-Length: 3\r\n',
  'one': 'Content-Length: 2\r\n',
};
require('net').createServer((socket) => {
  let received = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    received += bytes;
    for (let end; (end = received.indexOf('\r\n\r\n')) >= 0; received = received.slice(end + 4)) {
      const fields = received.startsWith('GET /report') ? reports[ANSWER] : 'Content-Length: 2\r\n';
      socket.write('HTTP/1.1 200 OK\r\n' + fields + '\r\nok');
    }
  });
}).listen(PORT);
"#;

const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { proxy_pass http://app; } }
";

const APACHE: &str = "\
Listen 8080
<VirtualHost *:8080>
    ProxyPass / http://{{ip:app}}:3000/
</VirtualHost>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_one_path_since_a_deploy() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 33.0),
                    (S::StatedShare, 1.0),
                    (S::TopPathShare, 1.0),
                    (S::DeployLead, 60.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TopPathShare, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn without_other_logs_nothing_independent_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 33.0), (S::StatedShare, 1.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn an_invalid_response_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseMalformed, 502)), Some(true));
    }

    #[test]
    fn quiet_when_processes_ended_and_no_record_states_it() {
        let signals = [
            (S::Failures, 9.0),
            (S::StatedShare, 0.0),
            (S::ExitAlignedShare, 0.9),
            (S::UnreadableShare, 0.0),
        ];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::StatedShare));
    }

    #[test]
    fn a_lost_instance_decides_nothing_without_the_log_of_processes() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0), (S::StatedShare, 0.0), (S::UnreadableShare, 0.0)]),
            Judgement::CannotTell(vec![S::ExitAlignedShare])
        );
        assert_eq!(claims(&CAUSE, Seen::of(M::InstanceConnectionError, 503)), Some(false));
    }

    #[test]
    fn another_protocol_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ProtocolMismatch, 502)), None);
    }

    #[test]
    fn a_large_header_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseHeaderTooLarge, 502)), None);
    }
}
