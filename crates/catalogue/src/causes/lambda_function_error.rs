//! # Function failed
//!
//! ## What happens
//!
//! The function was called and did not come to a good end: it threw an error that nobody caught,
//! its process ended, it could not be initialised (a module that is missing, a wrong handler
//! name), or its own timeout ended it. The platform reports that to the caller instead of an
//! answer, and the gateway makes a `5xx` of its own of it. What the client reads says nothing:
//! the error is in the function's log, under the same request id.
//!
//! ## How it shows
//!
//! - AWS Lambda, the function's log: `ERROR Invoke Error {"errorType": …}`, `[ERROR] KeyError:
//!   …` with a traceback, `Task timed out after 3.00 seconds`, `Runtime.ImportModuleError`,
//!   `Runtime.ExitError`, `REPORT … Status: error`; the metric `Errors`.
//! - Amazon API Gateway, execution log: `Lambda execution failed with status 200 due to customer
//!   function error`, `502` and `{"message": "Internal server error"}` to the client; access log
//!   `$context.integrationErrorMessage`.
//! - AWS ALB: `502` with the error reason `LambdaUnhandled`. CloudFront with Lambda@Edge: `502`
//!   or `503`, or `500` on an execution error.
//!
//! ## What it is mistaken for
//!
//! - `lambda-malformed-response`: the function ended well and returned the wrong thing.
//! - `lambda-throttled-or-denied`: the function was never started; its log has no such request.
//! - `oom-kill`: the process was killed for its memory; `Max Memory Used` equals `Memory Size`.
//! - `api-gateway-integration-timeout`: the gateway stopped waiting, and the function went on.
//! - `external-dependency-outage`: why it failed, where the error is about a call of its own.
//!
//! ## Before it happens
//!
//! - The function's timeout (3 s unless set) below what a call to a database or another service
//!   may take: the cold start alone can use it up.
//! - Errors that leave the handler: a rejected promise nobody awaits, an environment variable
//!   that is missing in one stage.
//! - A package built for another runtime or processor.
//! - `why502 check` compares the function's timeout with the timers of its calls that somebody
//!   wrote.
//!
//! ## Reproduce it
//!
//! There is no drill: the lab has no function platform. With an account: `exports.handler = async
//! () => { throw new Error('x') }` behind a proxy integration.
//!
//! ## Remedy
//!
//! 1. Read the error of one failing request: take its id from the gateway's log, and look for it
//!    in the function's. The error names file and line.
//! 2. Catch what can fail and answer with a status that says so; the metric `Errors` falls.
//! 3. With `Task timed out`: give calls a timer of their own below the function's, and the
//!    function one below the gateway's. No `Task timed out` at the same load.
//! 4. If it came with a release, go back to the version before. The errors end with it.
//!
//! ## Sources
//!
//! - AWS, "Handle Lambda errors in API Gateway"; "Understanding retry behavior and errors in
//!   Lambda"; "Monitoring and troubleshooting Lambda functions"; "Lambda quotas" (timeout).
//! - AWS, "Access logs for your Application Load Balancer" (`LambdaUnhandled`); CloudFront, "HTTP
//!   502/503 status code".

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows, Side,
    Signal as S, Test, Text,
};

use crate::rules::ladder;
use crate::{sentences, visibility};

/// Function failed: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "lambda-function-error",
    title: Text::new("Function failed", "関数のエラー"),
    explanation: Text::new(
        "The function threw an error, ended or ran into its own timeout, and the gateway made a \
        5xx of it.",
        "関数が例外を投げたか、終了したか、自身のタイムアウトに達し、ゲートウェイがそれを 5xx にしました。",
    ),
    place: Place::Process,
    statuses: &[500, 502, 503, 504],
    leads_to: &["backend-own-5xx"],
    source: include_str!("lambda_function_error.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::FunctionError, M::FunctionTimeout]).sides(&[Side::Upstream]).states(),
            Claim::of(&[M::Unspecified]).statuses(&[500, 502]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::FunctionErrors,
            AtLeast(1.0),
            Text::new(
                "{value} errors are reported in the window that a function did not handle.",
                "この期間に、関数が処理しなかったエラーが {value} 件記録されています。",
            ),
        )
        .otherwise(Text::new(
            "No function reported an error in the window.",
            "この期間に関数のエラーの報告はありません。",
        ))
        .or(&Test::new(
            S::StatedShare,
            AtLeast(0.01),
            Text::new(
                "{value} of the failing requests' records say that the function failed.",
                "失敗したリクエストの記録の {value} が、関数が失敗したと述べています。",
            ),
        ))],
        supports: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the failing requests' own records say that the function failed.",
                    "失敗したリクエスト自身の記録の {value} が、関数が失敗したと述べています。",
                ),
            ),
            Test::new(
                S::FunctionErrors,
                AtLeast(1.0),
                Text::new(
                    "The function's own log or metric has {value} errors in the window.",
                    "この期間、関数自身のログまたは指標に {value} 件のエラーがあります。",
                ),
            )
            .independent(),
            Test::new(
                S::EgressFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} outward calls of the function failed in the window.",
                    "この期間に関数の外向き通信 {value} 件が失敗しました。",
                ),
            )
            .independent(),
            Test::new(S::DeployLead, AtMost(1800.0), sentences::AFTER_DEPLOY).independent(),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "lambda-malformed-response",
                separates: Text::new(
                    "Whether the function ended well and returned the wrong thing, or failed (its \
                    log has the error, its answer has errorMessage).",
                    "関数が正常に終わって誤った値を返したのか、失敗したのか（ログにエラーがあり、応答に errorMessage がある）です。",
                ),
            },
            Rival {
                slug: "lambda-throttled-or-denied",
                separates: Text::new(
                    "Whether the function was started at all (its log has the request id).",
                    "関数がそもそも起動されたか（ログにリクエスト ID があるか）です。",
                ),
            },
            Rival {
                slug: "api-gateway-integration-timeout",
                separates: Text::new(
                    "Who ended it: the function with an error of its own, or the gateway's timer \
                    while the function went on.",
                    "終わらせた側です。関数自身のエラーか、関数の実行中に切れたゲートウェイのタイマーかで分かれます。",
                ),
            },
        ],
        visible: &[visibility::FUNCTION_ERRORS, visibility::EGRESS, visibility::DEPLOYS],
    },
    predicts: Predicts::By(&[Rule::Order(&ladder::CALLS_OF_A_FUNCTION)]),
    drill: Drill::NotYet(
        "The lab has no function platform: AWS alone runs the runtime and the gateway that turn \
        an unhandled error into a status.",
    ),
    remedies: &[
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Read the error of one failing request by its id.",
                "失敗したリクエスト 1 件のエラーを ID から確認します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "aws logs filter-log-events --log-group-name /aws/lambda/FUNCTION \
            --filter-pattern '\"REQUEST_ID\"'",
            verify: Text::new(
                "The same event, replayed after the change, ends without an error.",
                "変更後に同じイベントを再実行してもエラーになりません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "If it came with a release, point the alias at the version before.",
                "リリースで始まったなら、エイリアスを前のバージョンに戻します。",
            ),
            setting: "FunctionVersion",
            direction: Direction::Set,
            snippet: "aws lambda update-alias --function-name FUNCTION --name live \
            --function-version PREVIOUS",
            verify: Text::new(
                "The metric Errors of the alias returns to what it was.",
                "エイリアスの指標 Errors が元の水準に戻ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "With \"Task timed out\": a timer for every outward call, and a function timeout \
                above it and below the gateway's.",
                "「Task timed out」の場合は、外向きの呼び出しごとにタイマーを設け、関数のタイムアウトをそれより長く、ゲートウェイより短くします。",
            ),
            setting: "Timeout",
            direction: Direction::Set,
            snippet:
                "aws lambda update-function-configuration --function-name FUNCTION --timeout 25
await fetch(url, { signal: AbortSignal.timeout(8000) })",
            verify: Text::new(
                "No \"Task timed out\" in the function's log.",
                "関数のログに「Task timed out」が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Catch errors at the top of the handler and answer with a status that says what \
                is wrong.",
                "ハンドラーの最上位でエラーを捕捉し、原因の分かるステータスで応答します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "exports.handler = async (event, context) => {
  try {
    return await handle(event);
  } catch (error) {
    console.error(context.awsRequestId, error);
    return { statusCode: 503, body: 'try again' };
  }
};",
            verify: Text::new(
                "Clients get this status instead of 502.",
                "クライアントが 502 ではなくこのステータスを受け取ります。",
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
        for mechanism in [M::FunctionError, M::FunctionTimeout] {
            assert_eq!(claims(&CAUSE, Seen::of(mechanism, 502)), Some(true));
        }
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 1.0), (S::FunctionErrors, 12.0)]),
            Judgement::Holds {
                supports: vec![S::StatedShare, S::FunctionErrors],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn fires_on_a_bare_status_when_the_functions_log_has_errors() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 0.0), (S::FunctionErrors, 9.0)]),
            Judgement::Holds {
                supports: vec![S::FunctionErrors],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_functions_log_has_none() {
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionResponseInvalid, 502)), None);
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 0.0), (S::FunctionErrors, 0.0)]),
            Judgement::NotThis(S::FunctionErrors)
        );
    }

    #[test]
    fn blind_without_the_functions_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::StatedShare, 0.0)]),
            Judgement::CannotTell(vec![S::FunctionErrors])
        );
    }
}
