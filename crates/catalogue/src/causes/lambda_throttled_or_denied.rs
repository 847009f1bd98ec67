//! # Function not started: throttled or not permitted
//!
//! ## What happens
//!
//! The gateway called the function and the platform refused before any of its code ran: too many
//! executions at one time (of the account, of what is reserved for the function, or faster than
//! it may grow), or the gateway has no permission to call this function, alias or version. The
//! client gets a `5xx` that says nothing, and the function's log has no trace of the request.
//!
//! ## How it shows
//!
//! - Amazon API Gateway, execution log: `Lambda invocation failed with status: 429` and `Rate
//!   Exceeded.`, or `Execution failed due to configuration error: Invalid permissions on Lambda
//!   function`; the client gets `500` and `{"message": "Internal server error"}`.
//! - AWS ALB: `502` with the error reason `LambdaThrottling`, or `LambdaAccessDenied`.
//! - CloudFront with functions at the edge: `503`.
//! - AWS Lambda: the metric `Throttles`; `ConcurrentExecutions` flat at its bound.
//! - Throttled: bursts, at peak, some requests succeed. Denied: all, from a change on.
//!
//! ## What it is mistaken for
//!
//! - `lambda-function-error`: the function ran and failed; its log has the request.
//! - `gateway-quota-throttle`: the gateway's own rate; the client then gets `429`, and the
//!   function was not called.
//! - `instance-limit-or-scale-lag`: no place or address to start an instance (a subnet that is
//!   full), at any number of calls.
//!
//! ## Before it happens
//!
//! - Executions at a time = rate × duration. The account's bound (1,000 per Region unless raised)
//!   is shared by all its functions: one of them in a loop starves the others.
//! - Reserved concurrency below the peak; reserved 0 switches the function off.
//! - A function may grow by 1,000 executions in ten seconds; a burst from nothing can be steeper.
//! - An API re-created, or an alias in the integration's address, without `add-permission` for it.
//! - `why502 check` finds functions that are called and have a reserved concurrency of 0.
//!
//! ## Reproduce it
//!
//! There is no drill: AWS's platform is what refuses. With an account: `aws lambda
//! put-function-concurrency --reserved-concurrent-executions 0`, and call the API.
//!
//! ## Remedy
//!
//! 1. See which it is: the execution log or error reason above, and the metric `Throttles`.
//! 2. Denied: give the gateway the permission for that function, alias and stage. All requests
//!    succeed at once.
//! 3. Throttled: see which function holds the executions; reserve some for the one in front of
//!    users, or bound the other. `Throttles` is zero at peak.
//! 4. Ask for a higher bound, or shorten the function: executions fall with its duration.
//!
//! ## Sources
//!
//! - AWS, "Lambda quotas"; "Lambda scaling behavior"; "Configuring reserved concurrency for a
//!   function".
//! - AWS, "Handle Lambda errors in API Gateway" (a rejected call is a 500); "Access logs for your
//!   Application Load Balancer" (`LambdaThrottling`, `LambdaAccessDenied`); AWS re:Post, "Invalid
//!   permissions on Lambda function".

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

use crate::rules::functions;
use crate::{sentences, visibility};

/// Function not started: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "lambda-throttled-or-denied",
    title: Text::new(
        "Function not started: throttled or not permitted",
        "関数の呼び出しの拒否（スロットリングまたは権限不足）",
    ),
    explanation: Text::new(
        "The platform refused to start the function: too many executions at one time, or the \
        gateway was not permitted to call it.",
        "同時実行数の超過、または呼び出し権限の不足により、関数が起動されませんでした。",
    ),
    place: Place::Capacity,
    statuses: &[429, 500, 502, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("lambda_throttled_or_denied.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::FunctionThrottled, M::FunctionDenied]).states(),
            Claim::of(&[M::Unspecified]).statuses(&[500, 502, 503]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Throttles,
            AtLeast(1.0),
            Text::new(
                "The platform refused {value} calls in the window.",
                "この期間にプラットフォームは {value} 件の呼び出しを拒否しました。",
            ),
        )
        .otherwise(Text::new(
            "No platform reported that it refused calls.",
            "呼び出しを拒否したというプラットフォームの報告はありません。",
        ))
        .independent()
        .or(&Test::new(
            S::StatedShare,
            AtLeast(0.01),
            Text::new(
                "{value} of the failing requests' records say that the function was not started.",
                "失敗したリクエストの記録の {value} が、関数は起動されなかったと述べています。",
            ),
        ))],
        supports: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the failing requests' own records say that the call was refused.",
                    "失敗したリクエスト自身の記録の {value} が、呼び出しが拒否されたと述べています。",
                ),
            ),
            Test::new(S::LoadRise, AtLeast(1.2), sentences::LOAD),
            Test::new(
                S::LatencyRise,
                AtLeast(1.5),
                Text::new(
                    "Healthy requests took {value} as long as outside the window: each held an \
                    execution longer.",
                    "正常なリクエストの所要時間が期間外の {value} になり、それぞれが実行枠を長く占めていました。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "lambda-function-error",
                separates: Text::new(
                    "Whether the function was started at all (its log has the request id).",
                    "関数がそもそも起動されたか（ログにリクエスト ID があるか）です。",
                ),
            },
            Rival {
                slug: "gateway-quota-throttle",
                separates: Text::new(
                    "Who refused: the gateway before it called the function, or the function \
                    platform when it was called.",
                    "拒否した側です。関数を呼ぶ前のゲートウェイか、呼ばれた関数の基盤かで分かれます。",
                ),
            },
            Rival {
                slug: "instance-limit-or-scale-lag",
                separates: Text::new(
                    "Whether the number of calls at one time met a bound, or there was no place \
                    or address to start an instance.",
                    "同時に呼べる数の上限に達したのか、インスタンスを起動する場所やアドレスがなかったのかです。",
                ),
            },
        ],
        visible: &[visibility::THROTTLES, visibility::LATENCY],
    },
    predicts: Predicts::By(&[Rule::Look(functions::switched_off)]),
    drill: Drill::NotYet(
        "The refusal is AWS's own, before any code runs: its platform and its permissions cannot \
        be installed in the lab.",
    ),
    remedies: &[
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Denied: permit the gateway to call this function or alias.",
                "権限不足の場合: この関数またはエイリアスの呼び出しをゲートウェイに許可します。",
            ),
            setting: "",
            direction: Direction::Set,
            snippet: "aws lambda add-permission --function-name FUNCTION:ALIAS --statement-id gateway \
            --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn \
            arn:aws:execute-api:REGION:ACCOUNT:API/*/*/*",
            verify: Text::new(
                "aws lambda get-policy shows the statement, and requests succeed at once.",
                "aws lambda get-policy にその許可が表示され、リクエストがすぐに成功します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Throttled: reserve executions for the function in front of users, and bound the \
                one that uses them up.",
                "スロットリングの場合: 利用者向けの関数に実行枠を予約し、使い切っている関数には上限を設けます。",
            ),
            setting: "ReservedConcurrentExecutions",
            direction: Direction::Set,
            snippet: "aws lambda put-function-concurrency --function-name FUNCTION \
            --reserved-concurrent-executions 200",
            verify: Text::new(
                "The metric Throttles of the function is zero at peak.",
                "ピーク時も関数の指標 Throttles が 0 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Ask for a higher bound of the account.",
                "アカウントの上限の引き上げを申請します。",
            ),
            setting: "Concurrent executions",
            direction: Direction::Raise,
            snippet: "aws service-quotas request-service-quota-increase --service-code lambda \
            --quota-code L-B99A9384 --desired-value 3000",
            verify: Text::new(
                "aws lambda get-account-settings shows the new ConcurrentExecutions.",
                "aws lambda get-account-settings に新しい ConcurrentExecutions が表示されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Shorten the function: at half the duration it needs half the executions.",
                "関数の所要時間を短くします。半分になれば必要な実行枠も半分です。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "ConcurrentExecutions falls at the same rate of calls.",
                "同じ呼び出し数で ConcurrentExecutions が下がります。",
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
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionThrottled, 500)), Some(true));
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionDenied, 502)), Some(true));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 1.0), (S::LoadRise, 4.0)]),
            Judgement::Holds {
                supports: vec![S::StatedShare, S::LoadRise],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_for_errors_and_the_gateways_own_limit() {
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionError, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::Throttled, 429)), None);
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 0.0), (S::Throttles, 0.0)]),
            Judgement::NotThis(S::Throttles)
        );
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 500)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 0.0)]),
            Judgement::CannotTell(vec![S::Throttles])
        );
    }
}
