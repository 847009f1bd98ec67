//! # API gateway stopped waiting for its integration
//!
//! ## What happens
//!
//! An API gateway waits a bounded time for what it calls, a function or an HTTP backend, and then
//! answers `504` itself. The bound is shorter than the function's own timeout can be (29 or 30 s
//! against 15 minutes), so the function often goes on and even ends well, for nobody; and the
//! client, or its library, calls again.
//!
//! Why it takes so long is a question of its own: work that was never short, a database, an
//! outward call that hangs. A function in a VPC that has no way out is the classic: each call to
//! a public address waits for an answer to its SYN until the gateway gives up.
//!
//! ## How it shows
//!
//! - Amazon API Gateway, client: `504` and `{"message": "Endpoint request timed out"}`; access
//!   log: `integrationLatency` at the bound, `error.responseType` `INTEGRATION_TIMEOUT`; execution
//!   log: `Execution failed due to a timeout error`. HTTP APIs answer `503` or `504` at 30 s.
//! - All at the same duration: 29 s (REST API), 30 s (HTTP API), or what the integration sets.
//! - The function's log: the same request id, `Duration` above the bound and no error; or `Task
//!   timed out` at its own timeout, if that is longer.
//!
//! ## What it is mistaken for
//!
//! - `lambda-function-error`: the function's own timeout ended it first; that is a 502.
//! - `target-response-timeout`: the same at a load balancer or proxy.
//! - `timeout-ladder-inversion`: the pair of timers as such, where the hop behind is seen to end
//!   after the hop in front gave up.
//! - `external-dependency-outage`, `nat-port-exhaustion`, `db-pool-exhausted`: what the function
//!   waits for.
//!
//! ## Before it happens
//!
//! - The function's timeout, or the timer of any call it makes, is above the gateway's bound.
//! - Synchronous reports, exports, model calls behind an API.
//! - A function attached to public subnets, or to private ones without a route to a NAT gateway
//!   or endpoint: it has no address of its own on the internet.
//! - `why502 check` compares the integration's timeout with the function's, and with the timers
//!   of whatever stands behind the gateway.
//!
//! ## Reproduce it
//!
//! There is no drill: the gateway and its bound are AWS's. With an account: a function that
//! sleeps for 31 s behind a proxy integration. The same at servers one can install is
//! `why502 drill target-response-timeout`.
//!
//! ## Remedy
//!
//! 1. See what the function was doing when the gateway gave up: its log by request id, with a
//!    line before and after each outward call. The last line names what it waited for.
//! 2. Give each outward call a timer well below the bound, and answer before it. The client gets
//!    an answer that says what was slow.
//! 3. A function in a VPC: private subnets with a route to a NAT gateway, or endpoints for what
//!    it calls. The first call answers in milliseconds.
//! 4. Work that takes longer: accept it (`202`), do it elsewhere, let the client ask for it.
//! 5. Raise the bound, for Regional and private REST APIs. The requests end with 200.
//!
//! ## Sources
//!
//! - AWS, "Quotas for configuring and running a REST API in API Gateway" (integration timeout)
//!   and "Amazon API Gateway integration timeout limit increase beyond 29 seconds" (June 2024);
//!   "Gateway response types for API Gateway" (`INTEGRATION_TIMEOUT`).
//! - AWS, "Lambda quotas" (function timeout) and "Enable internet access for VPC-connected Lambda
//!   functions".

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

use crate::rules::ladder;
use crate::{sentences, visibility};

/// API gateway stopped waiting for its integration: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "api-gateway-integration-timeout",
    title: Text::new(
        "API gateway stopped waiting for its integration",
        "API ゲートウェイの統合タイムアウト",
    ),
    explanation: Text::new(
        "The function or backend had not answered when the API gateway's own timer fired.",
        "API ゲートウェイ自身のタイマーが切れるまでに、関数またはバックエンドが応答しませんでした。",
    ),
    place: Place::ResponseWait,
    statuses: &[503, 504],
    leads_to: &["backend-own-5xx"],
    source: include_str!("api_gateway_integration_timeout.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::IntegrationTimeout]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests ran into the API gateway's timer for its integration.",
                "{value} 件のリクエストが、API ゲートウェイの統合のタイマーに達しました。",
            ),
        )],
        supports: &[
            Test::new(
                S::TimerShare,
                AtLeast(0.7),
                Text::new(
                    "{value} of these requests ended at the same duration, {timer}: a timer.",
                    "これらのリクエストの {value} が同じ時間 {timer} で終了しました。タイマーです。",
                ),
            ),
            Test::new(
                S::InnerFinishedLater,
                AtLeast(1.0),
                Text::new(
                    "The hop behind finished {value} of these requests after the gateway had \
                    given up.",
                    "背後のホップは、ゲートウェイが見切った後に {value} 件のリクエストを完了しました。",
                ),
            )
            .independent(),
            Test::new(
                S::EgressConnectTimeouts,
                AtLeast(1.0),
                Text::new(
                    "{value} outward calls of the function got no answer to their SYN in the \
                    window: it has no way out, or nobody is there.",
                    "この期間に関数の外向き接続 {value} 件が SYN への応答を得られていません。外への経路がないか、相手がいません。",
                ),
            )
            .independent(),
            Test::new(
                S::TopPathShare,
                AtLeast(0.8),
                sentences::ONE_PATH,
            ),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "lambda-function-error",
            separates: Text::new(
                "Who ended it: the function with an error of its own, or the gateway's timer \
                while the function went on.",
                "終わらせた側です。関数自身のエラーか、関数の実行中に切れたゲートウェイのタイマーかで分かれます。",
            ),
        }],
        visible: &[
            visibility::DURATIONS,
            visibility::JOINED,
            visibility::EGRESS,
            visibility::FUNCTION_ERRORS,
        ],
    },
    predicts: Predicts::By(&[Rule::Order(&ladder::API_GATEWAY_HANDLER), Rule::Order(&ladder::BEHIND_API_GATEWAY)]),
    drill: Drill::NotYet(
        "The gateway and its bound are AWS's own and cannot be installed in the lab; the drill of \
        target-response-timeout shows the same at nginx, HAProxy, Envoy and Apache httpd.",
    ),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Give every outward call of the function a timer well below the gateway's.",
                "関数の外向きの呼び出しごとに、ゲートウェイより十分短いタイマーを設けます。",
            ),
            setting: "",
            direction: Direction::Set,
            snippet: "await fetch(url, { signal: AbortSignal.timeout(8000) })",
            verify: Text::new(
                "Slow requests get the function's own answer instead of 504.",
                "遅いリクエストが 504 ではなく関数自身の応答を受け取ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "A function in a VPC: attach it to private subnets whose default route is a NAT \
                gateway, or detach it.",
                "VPC 内の関数は、デフォルトルートが NAT ゲートウェイのプライベートサブネットに接続するか、VPC から外します。",
            ),
            setting: "VpcConfig",
            direction: Direction::Change,
            snippet: "aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET \
            --query 'RouteTables[].Routes[]'
aws lambda update-function-configuration --function-name FUNCTION --vpc-config \
            SubnetIds=PRIVATE_A,PRIVATE_B,SecurityGroupIds=GROUP",
            verify: Text::new(
                "The route table has 0.0.0.0/0 to nat-…, and the outward call answers.",
                "ルートテーブルに 0.0.0.0/0 から nat-… への経路があり、外向きの呼び出しに応答があります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Amazon API Gateway",
            action: Text::new(
                "Accept long work and do it elsewhere: call the function asynchronously.",
                "長い処理は受け付けだけを行い、関数を非同期で呼び出します。",
            ),
            setting: "X-Amz-Invocation-Type",
            direction: Direction::Set,
            snippet: "integration.request.header.X-Amz-Invocation-Type: \"'Event'\"",
            verify: Text::new(
                "The client gets 202 at once, and asks for the result later.",
                "クライアントはすぐに 202 を受け取り、結果は後で取得します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Amazon API Gateway",
            action: Text::new(
                "Raise the integration's timeout (Regional and private REST APIs, after a quota \
                increase).",
                "統合のタイムアウトを上げます（リージョンまたはプライベートの REST API で、割り当ての引き上げ後）。",
            ),
            setting: "timeoutInMillis",
            direction: Direction::Raise,
            snippet: "aws apigateway update-integration --rest-api-id API --resource-id RESOURCE \
            --http-method GET --patch-operations op=replace,path=/timeoutInMillis,value=60000",
            verify: Text::new(
                "The slowest request ends with the function's own status.",
                "最も遅いリクエストが関数自身のステータスで終わります。",
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
    fn fires_on_what_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::IntegrationTimeout, 504)), Some(true));
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 12.0), (S::TimerShare, 1.0), (S::EgressConnectTimeouts, 12.0)]
            ),
            Judgement::Holds {
                supports: vec![S::TimerShare, S::EgressConnectTimeouts],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_for_errors_and_for_other_timers() {
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionError, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), None);
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 504)), None);
    }
}
