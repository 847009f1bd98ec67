//! # Gateway refused requests beyond a rate
//!
//! ## What happens
//!
//! A gateway counts requests against a rate, a quota or a number of connections, per client, per
//! key, per route or for everybody, and answers those beyond it itself, at once, without asking
//! the target. That is `429` by the standard, `503` by the default of several products, and where
//! a client library retries or a page reports every `503` as an outage, it looks like one.
//!
//! The limit may do its work (a crawler, a client in a loop), be lower than what people need, or
//! count the wrong thing: behind another proxy every request comes from one address, and the
//! limit of one client applies to all of them together.
//!
//! ## How it shows
//!
//! - nginx, error log: `limiting requests, excess: 20.980 by zone "api"`, `limiting connections
//!   by zone`; access log 503 (or `limit_req_status`), no upstream. `delaying request` is at
//!   level `warn` and refuses nobody.
//! - HAProxy: 429 with `PR--` from `http-request deny deny_status 429`; 500 with `PT--` for
//!   `tarpit`.
//! - Envoy: 429 with the flag `RL`. Google Cloud Armor: `throttled_by_security_policy`.
//! - Amazon API Gateway: 429 `Too Many Requests` (`THROTTLED`), 429 `Limit Exceeded`
//!   (`QUOTA_EXCEEDED`). CloudFront: 503 with `LimitExceeded`.
//!
//! ## What it is mistaken for
//!
//! - `proxy-connection-limit`: the proxy has no room left for anybody; here it has, and a rule
//!   refused these requests.
//! - `lambda-throttled-or-denied`: the function platform refused the call, not the gateway.
//! - `instance-limit-or-scale-lag`: a platform also answers 429 when it has no instance to give.
//! - `backend-own-5xx`: the application limits rates itself; then the status came from behind.
//!
//! ## Before it happens
//!
//! - Rate and burst below peak traffic per key; no burst at all (`limit_req` without `burst`
//!   refuses the second request within the interval).
//! - The key is the peer's address behind a load balancer or CDN: `$binary_remote_addr` without
//!   `real_ip_header`, `src` instead of the forwarded address.
//! - Retries without a pause: each refusal brings another request.
//!
//! ## Reproduce it
//!
//! `why502 drill gateway-quota-throttle`: 20 requests a second against limits of 5 at nginx
//! (`limit_req`), HAProxy (a stick table) and Envoy (local rate limit); with a limit that fits
//! the load, all are answered.
//!
//! ## Remedy
//!
//! 1. See whom it refused: by key, address, path. One client in a loop, or everybody.
//! 2. Key the limit by what identifies a client: the address before your own proxies, an API
//!    key. The refusals fall on one key.
//! 3. Give it a burst, and a rate above the peak of a healthy client. No refusal in normal hours.
//! 4. Answer `429` with `Retry-After`, and have clients wait. Requests per minute fall when
//!    refusals begin.
//!
//! ## Sources
//!
//! - nginx `limit_req`, `limit_conn`: <https://nginx.org/en/docs/http/ngx_http_limit_req_module.html>
//! - HAProxy configuration manual (`http-request deny`, stick tables); Envoy, local rate limit
//!   filter and response flag `RL`; Google Cloud Armor rate limiting.
//! - AWS, "Gateway response types for API Gateway" (`THROTTLED`, `QUOTA_EXCEEDED`); CloudFront,
//!   `x-edge-detailed-result-type`. RFC 6585 section 4; RFC 9110 section 10.2.3.

use model::Condition::AtLeast;
use model::{
    Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place, Predicts,
    Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, haproxy};
use crate::{sentences, visibility};

/// Gateway refused requests beyond a rate: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "gateway-quota-throttle",
    title: Text::new("Gateway refused requests beyond a rate", "ゲートウェイのレート制限"),
    explanation: Text::new(
        "More requests came than a rate limit or quota of the gateway allows, and it refused \
        the rest itself.",
        "ゲートウェイのレート制限または割り当てを超えるリクエストが届き、超えた分をゲートウェイ自身が拒否しました。",
    ),
    place: Place::Routing,
    statuses: &[429, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("gateway_quota_throttle.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::Throttled]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "A rate limit or quota of the gateway refused {value} requests.",
                "ゲートウェイのレート制限または割り当てが {value} 件のリクエストを拒否しました。",
            ),
        )],
        supports: &[
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them were answered within 50 ms: nobody else was asked.",
                    "{value} が 50 ms 以内に応答を受けています。背後には問い合わせていません。",
                ),
            ),
            Test::new(
                S::Throttles,
                AtLeast(1.0),
                Text::new(
                    "{value} refusals were counted by the platform in the window.",
                    "この期間にプラットフォームは {value} 件の拒否を記録しました。",
                ),
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "proxy-connection-limit",
                separates: Text::new(
                    "Whether a rule refused these requests, or the proxy had room for nobody.",
                    "規則がこれらのリクエストを拒否したのか、プロキシに誰の余地もなかったのかです。",
                ),
            },
            Rival {
                slug: "lambda-throttled-or-denied",
                separates: Text::new(
                    "Who refused: the gateway before it called the function, or the function \
                    platform when it was called.",
                    "拒否した側です。関数を呼ぶ前のゲートウェイか、呼ばれた関数の基盤かで分かれます。",
                ),
            },
            Rival {
                slug: "instance-limit-or-scale-lag",
                separates: Text::new(
                    "Whether a rate was exceeded, or the platform had no instance to give.",
                    "レートを超えたのか、割り当てるインスタンスがなかったのかです。",
                ),
            },
        ],
        visible: &[visibility::DURATIONS, visibility::THROTTLES],
    },
    predicts: Predicts::Never(
        "No setting tells: a rate is written, but not how many requests come at peak, nor how \
        many of them share a key.",
    ),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "haproxy-node",
            happens: Text::new(
                "One client sends 20 requests a second; HAProxy allows 5 per client and second.",
                "1 つのクライアントが毎秒 20 件を送りますが、HAProxy の上限はクライアントごとに毎秒 5 件です。",
            ),
            cure: Text::new("The limit is 100 requests a second.", "上限を毎秒 100 件にします。"),
            hosts: &[
                APP,
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            expect: Expect::failing(0.5, &[429]).at_most(0.95),
            ..NGINX_NODE
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "20 requests a second arrive; Envoy's local rate limit refills 5 tokens a second.",
                "毎秒 20 件が届きますが、Envoy のローカルレート制限が補充するのは毎秒 5 トークンです。",
            ),
            cure: Text::new("It refills 100 a second.", "毎秒 100 トークンを補充します。"),
            hosts: &[APP, Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)])],
            expect: Expect::failing(0.5, &[429]).at_most(0.95),
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Raise the rate above the peak of a healthy client, and allow a burst.",
                "正常なクライアントのピークを上回るレートにし、バーストを許容します。",
            ),
            setting: "limit_req",
            direction: Direction::Raise,
            snippet: "limit_req_zone $binary_remote_addr zone=api:10m rate=100r/s;
limit_req zone=api burst=50 nodelay;
limit_req_status 429;",
            verify: Text::new(
                "No \"limiting requests\" in the error log during normal traffic.",
                "通常のトラフィックでエラーログに「limiting requests」が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Behind a load balancer, count the client's address instead of the balancer's.",
                "ロードバランサーの背後では、その接続元ではなくクライアントのアドレスで数えます。",
            ),
            setting: "real_ip_header",
            direction: Direction::Set,
            snippet: "set_real_ip_from 10.0.0.0/8;
real_ip_header X-Forwarded-For;
real_ip_recursive on;",
            verify: Text::new(
                "The refusals name different clients, and only busy ones.",
                "拒否の記録に異なるクライアントが並び、件数の多いものだけになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Raise the limit of the rule that denies.",
                "拒否する規則の上限を上げます。",
            ),
            setting: "http-request deny",
            direction: Direction::Raise,
            snippet: "http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100 }",
            verify: Text::new(
                "No 429 with PR-- during normal traffic.",
                "通常のトラフィックで PR-- を伴う 429 が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Raise the bucket and its refill.",
                "トークンバケットの容量と補充を増やします。",
            ),
            setting: "token_bucket",
            direction: Direction::Raise,
            snippet: "token_bucket: {max_tokens: 200, tokens_per_fill: 100, fill_interval: 1s}",
            verify: Text::new(
                "http_local_rate_limiter.rate_limited stops rising.",
                "http_local_rate_limiter.rate_limited の増加が止まります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Amazon API Gateway",
            action: Text::new(
                "Raise the throttle of the stage or the usage plan, within the account's quota.",
                "アカウントの割り当ての範囲で、ステージまたは使用量プランのスロットリングを上げます。",
            ),
            setting: "throttling/rateLimit",
            direction: Direction::Raise,
            snippet: "aws apigateway update-stage --rest-api-id API --stage-name STAGE \
            --patch-operations op=replace,path=/*/*/throttling/rateLimit,value=1000",
            verify: Text::new(
                "No 429 with error.responseType THROTTLED in the access log.",
                "アクセスログに error.responseType が THROTTLED の 429 が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "One client sends 20 requests a second; nginx allows 5 per client and second, and no \
        burst.",
        "1 つのクライアントが毎秒 20 件を送りますが、nginx の上限はクライアントごとに毎秒 5 件で、バーストはありません。",
    ),
    cure: Text::new("The limit is 100 requests a second.", "上限を毎秒 100 件にします。"),
    hosts: &[APP, Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "rate", fault: "5", remedy: "100" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(0.5, &[503]).at_most(0.95),
    everyday: true,
};

const NGINX: &str = "limit_req_zone $binary_remote_addr zone=api:1m rate={{rate}}r/s;
upstream app {
  server {{ip:app}}:3000;
}
server {
  listen 8080;
  location / {
    limit_req zone=api;
    proxy_pass http://app;
  }
}";

const HAPROXY: &str = haproxy!(
    frontend: "    stick-table type ip size 1k expire 10s store http_req_rate(1s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt {{rate}} }
",
    "    server app-1 {{ip:app}}:3000\n"
);

const ENVOY: &str = envoy!(
    filters: r#"          - name: envoy.filters.http.local_ratelimit
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
              stat_prefix: http_local_rate_limiter
              token_bucket: {max_tokens: {{rate}}, tokens_per_fill: {{rate}}, fill_interval: 1s}
              filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
              filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
"#,
    "    connect_timeout: 1s\n    {{members:app:3000}}\n"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_what_states_it() {
        for status in [429, 503] {
            assert_eq!(claims(&CAUSE, Seen::of(M::Throttled, status)), Some(true));
        }
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::LoadRise, 3.0), (S::ShortWaitShare, 1.0)]),
            Judgement::Holds {
                supports: vec![S::LoadRise, S::ShortWaitShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_for_other_refusals() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Denied, 403)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ProxyLimit, 503)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::NoInstance, 429)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionThrottled, 500)), None);
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 503)), None);
    }
}
