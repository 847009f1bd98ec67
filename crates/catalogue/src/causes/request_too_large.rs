//! # Request too large
//!
//! ## What happens
//!
//! Every hop bounds what it reads of a request: the request line, one header field, all of them
//! together, the content. A request that exceeds one of these bounds is answered by that hop
//! itself, at once, with a `4xx`, and the hop behind never sees it. Nothing is broken: the bound
//! is lower than what people send.
//!
//! It depends on the user and the route, never on load: an upload of a large file, a cookie jar
//! that has grown, a token that holds every group of its owner, a search with a hundred
//! parameters in its URL.
//!
//! ## How it shows
//!
//! - nginx, error log: `client intended to send too large body: N bytes` (413,
//!   `client_max_body_size`, 1 MB unless set), `client sent too long URI` (414), `client sent too
//!   long header line` and `client sent too large request` (400, `large_client_header_buffers`,
//!   4 × 8 KB). The last three are at level `info`, which is not logged unless asked for. The
//!   access log has the status and no reason.
//! - AWS ALB: 413, 414 (URL), 463 (more than 30 addresses in `X-Forwarded-For`), and 400 for
//!   header fields over 16 KB, or 64 KB in all, where the record does not name the reason.
//! - Amazon API Gateway: 413 `Request Too Long`, over 10 MB. CloudFront: 413 or 494.
//! - Google Cloud Load Balancing: `headers_too_long`, `request_body_too_large`.
//! - HAProxy: 400 with `PR--`, which other invalid requests have too. Envoy: 431 or 413 with
//!   `http1.headers_too_large`, `request_payload_too_large`. Node.js: 431.
//!
//! ## What it is mistaken for
//!
//! - `response-header-too-large`: the answer is too large, not the question; that is a 502, and
//!   the target's log has the request.
//! - `lambda-payload-limit`: the load balancer would have taken the request, and the function it
//!   goes to may get no more than 1 MB (ALB) or 6 MB.
//! - A client that does not speak HTTP: also 400, of any size.
//!
//! ## Before it happens
//!
//! - The smallest bound of all hops is below the largest upload, cookie jar or URL in use: one
//!   hop was raised and the next one was not.
//! - `client_max_body_size` at its default in front of an application that accepts files.
//! - Sessions or groups kept in cookies and tokens, `GET` with long lists in the query.
//! - `why502 check` finds a limit that somebody raised at one hop and that is smaller at the
//!   next.
//!
//! ## Reproduce it
//!
//! `why502 drill request-too-large` uploads 2 MB through an nginx that accepts 1 MB, and then
//! through one that accepts 8 MB.
//!
//! ## Remedy
//!
//! 1. Find the hop that answers and its bound: the response's `Server` field, the log above. A
//!    request just below the bound goes through.
//! 2. Raise the bound on that route alone, and on every hop behind it. The same upload succeeds.
//! 3. Send less: uploads straight to object storage with a signed URL, sessions on the server,
//!    `POST` for long queries. The largest request is well below the smallest bound.
//!
//! ## Sources
//!
//! - nginx `client_max_body_size`, `large_client_header_buffers`:
//!   <https://nginx.org/en/docs/http/ngx_http_core_module.html> ; `src/http/ngx_http_request.c`.
//! - AWS, "Troubleshoot your Application Load Balancers" (400, 413, 414, 463) and "Quotas for
//!   configuring and running a REST API in API Gateway".
//! - Google Cloud, Application Load Balancer logging (`headers_too_long`); RFC 9110 sections
//!   15.5.14, 15.5.15; RFC 6585 section 5.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::STEADY;
use crate::rules::sizes;
use crate::sentences;

/// Request too large: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "request-too-large",
    title: Text::new("Request too large", "リクエストの大きさの超過"),
    explanation: Text::new(
        "A hop on the way accepts smaller requests only, and answered before \
        the target saw anything.",
        "経路上のホップがより小さなリクエストしか受け付けず、ターゲットに届く前に応答しました。",
    ),
    place: Place::ClientEdge,
    statuses: &[400, 413, 414, 431, 463, 494],
    leads_to: &[],
    source: include_str!("request_too_large.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::RequestTooLarge]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests exceeded a limit of the gateway on their size.",
                "{value} 件のリクエストが、ゲートウェイの大きさの上限を超えました。",
            ),
        )],
        supports: &[
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(
                S::UnsafeMethodShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them carry content (POST, PATCH).",
                    "{value} が本文を伴うリクエスト（POST、PATCH）です。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "lambda-payload-limit",
            separates: Text::new(
                "Whether the gateway itself takes no request of that size, or only \
                the function behind it.",
                "その大きさを受け付けないのがゲートウェイ自身か、背後の関数だけかです。",
            ),
        }],
        visible: &[],
    },
    predicts: Predicts::By(&[Rule::Look(sizes::requests)]),
    drill: Drill::Runs(&[Scenario {
        name: "nginx-node",
        happens: Text::new(
            "One request in four uploads 2 MB; nginx accepts 1 MB.",
            "4 件に 1 件が 2 MB をアップロードしますが、nginx の上限は 1 MB です。",
        ),
        cure: Text::new(
            "client_max_body_size is 8m on the route.",
            "その経路の client_max_body_size を 8m にします。",
        ),
        hosts: &[
            Host::new("app", &[Part::new(Server::Node, "node", 3000, APPLICATION)]),
            Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
        ],
        router: None,
        knobs: &[Knob { name: "limit", fault: "1m", remedy: "8m" }],
        steps: &[],
        load: Load {
            keep_alive: false,
            arrivals: Arrivals::Constant { rate: "12" },
            lasts: "4000",
            requests: &[
                Ask::new("GET", "/documents").weight(3),
                Ask::new("POST", "/documents").body("2097152"),
            ],
            ..STEADY
        },
        expect: Expect::failing(0.2, &[413, 0]).at_most(0.3),
        everyday: true,
    }]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Accept larger content on the route that needs it.",
                "必要な経路で、より大きな本文を受け付けます。",
            ),
            setting: "client_max_body_size",
            direction: Direction::Raise,
            snippet: "location /documents {
    client_max_body_size 8m;
    proxy_pass http://app;
}",
            verify: Text::new(
                "The same upload gets the application's answer, and the error log has no \"too \
                large body\".",
                "同じアップロードにアプリケーションが応答し、エラーログに「too large body」が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Accept longer header lines and URLs, if it is the header.",
                "ヘッダーが原因なら、より長いヘッダー行と URL を受け付けます。",
            ),
            setting: "large_client_header_buffers",
            direction: Direction::Raise,
            snippet: "large_client_header_buffers 4 32k;",
            verify: Text::new(
                "A request with the same cookies gets 200.",
                "同じ Cookie のリクエストが 200 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Raise the buffer that has to hold the header section.",
                "ヘッダー部を収めるバッファーを大きくします。",
            ),
            setting: "tune.bufsize",
            direction: Direction::Raise,
            snippet: "global
    tune.bufsize 32768",
            verify: Text::new(
                "No 400 with PR-- for these clients.",
                "これらのクライアントの PR-- を伴う 400 がなくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Send less: large files straight to object storage with a signed URL, sessions \
                on the server instead of in cookies.",
                "送る量を減らします。大きなファイルは署名付き URL でオブジェクトストレージへ直接送り、セッションは Cookie ではなくサーバーに置きます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "aws s3 presign s3://BUCKET/KEY --expires-in 600 # for downloads; uploads: \
            createPresignedPost in the SDK",
            verify: Text::new(
                "The largest request through the gateway is below the smallest limit.",
                "ゲートウェイを通る最大のリクエストが、最小の上限を下回ります。",
            ),
            arithmetic: None,
        },
    ],
};

/// Reads the whole request before it answers.
const APPLICATION: &str = "const http = require('node:http');
http.createServer((request, response) => {
  request.resume().on('end', () => response.end('ok\\n'));
}).listen(3000, () => console.log(new Date().toISOString(), 'Server listening on port 3000'));
";

const NGINX: &str = "upstream app {
  server {{ip:app}}:3000;
}
server {
  listen 8080;
  client_max_body_size {{limit}};
  location / {
    proxy_pass http://app;
  }
}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_what_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::RequestTooLarge, 413)), Some(true));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0), (S::TopPathShare, 1.0)]),
            Judgement::Holds { supports: vec![S::TopPathShare], independent: false, proved: false }
        );
    }

    #[test]
    fn quiet_for_large_answers_and_broken_requests() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseHeaderTooLarge, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ClientRequestInvalid, 400)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionPayloadTooLarge, 413)), None);
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 400)), None);
    }
}
