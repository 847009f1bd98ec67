//! # Function's answer has the wrong shape
//!
//! ## What happens
//!
//! A load balancer or API gateway that calls a function expects an answer of a certain shape: an
//! object with a numeric `statusCode`, a `body` that is a string, `headers` whose values are
//! strings. The function ran to its end and returned something else: nothing at all, an object
//! as `body`, a status as text, a list. The gateway cannot make a response of that and answers
//! `502` itself.
//!
//! It is deterministic: the code path that returns the wrong thing fails for everyone, from the
//! release that brought it, or from the day on which the integration was switched to *proxy*.
//!
//! ## How it shows
//!
//! - Amazon API Gateway, execution log: `Execution failed due to configuration error: Malformed
//!   Lambda proxy response`, after `Endpoint response body before transformations:` with what
//!   the function returned; the client gets `502` and `{"message": "Internal server error"}`.
//! - AWS ALB: `502` with the error reason `LambdaInvalidResponse`.
//! - CloudFront: `502`, the function at the edge returned an invalid response, or changed a
//!   read-only header.
//! - The function's own log shows success: `REPORT` without an error.
//!
//! ## What it is mistaken for
//!
//! - `lambda-function-error`: the function failed; then its answer is an object with
//!   `errorMessage`, its log has the error, and API Gateway says `customer function error`.
//! - `lambda-payload-limit`: the shape is right and there is too much of it.
//! - `malformed-response`: a server broke HTTP's grammar; a function does not speak HTTP at all.
//!
//! ## Before it happens
//!
//! - A path through the handler without `return`, or one that returns before an `await`.
//! - `body` given as an object instead of `JSON.stringify(…)`; binary content without
//!   `isBase64Encoded`; `headers` with numbers or lists (those belong into `multiValueHeaders`).
//! - One function behind two callers with different formats (API Gateway payload 1.0 and 2.0, ALB
//!   with and without multi-value headers).
//!
//! ## Reproduce it
//!
//! There is no drill: AWS alone runs the gateway that checks the shape. With an account: a
//! function `exports.handler = async () => {}` behind a proxy integration answers 502 at once.
//!
//! ## Remedy
//!
//! 1. Look at what it returned: `aws lambda invoke` with a recorded event. The output lacks
//!    `statusCode`, or `body` is no string.
//! 2. Return the shape from one place in the code that every path goes through. The same event
//!    gives an object with all of it.
//! 3. Test the handler's return value against the shape before each release. The 502 do not come
//!    back.
//!
//! ## Sources
//!
//! - AWS, "Set up Lambda proxy integrations in API Gateway" (output format) and "Handle Lambda
//!   errors in API Gateway".
//! - AWS, "Use Lambda functions as targets of an Application Load Balancer" (response) and
//!   "Access logs for your Application Load Balancer" (`LambdaInvalidResponse`).
//! - AWS, CloudFront, "Restrictions on edge functions" and "HTTP 502 status code".

use model::Condition::{AtLeast, AtMost};
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

use crate::{sentences, visibility};

/// Function's answer has the wrong shape: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "lambda-malformed-response",
    title: Text::new("Function's answer has the wrong shape", "関数の応答形式の不正"),
    explanation: Text::new(
        "The function ran to its end, but what it returned is not what the gateway can turn into \
        an HTTP response.",
        "関数は最後まで実行されましたが、返された値をゲートウェイが HTTP 応答に変換できませんでした。",
    ),
    place: Place::ResponseFormat,
    statuses: &[500, 502],
    leads_to: &["backend-own-5xx"],
    source: include_str!("lambda_malformed_response.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::FunctionResponseInvalid]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} answers of the function were not of the shape that its caller requires.",
                "関数の応答のうち {value} 件が、呼び出し側の求める形式ではありませんでした。",
            ),
        )],
        supports: &[
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(S::DeployLead, AtMost(1800.0), sentences::AFTER_DEPLOY).independent(),
            Test::new(
                S::FunctionErrors,
                AtMost(0.0),
                Text::new(
                    "The function's own log has no error in the window: it ended well.",
                    "この期間、関数自身のログにエラーはなく、正常に終了しています。",
                ),
            )
            .independent(),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "lambda-function-error",
                separates: Text::new(
                    "Whether the function ended well and returned the wrong thing, or failed (its \
                    log has the error, its answer has errorMessage).",
                    "関数が正常に終わって誤った値を返したのか、失敗したのか（ログにエラーがあり、応答に errorMessage がある）です。",
                ),
            },
            Rival {
                slug: "lambda-payload-limit",
                separates: Text::new(
                    "Whether the answer has the wrong shape, or the right one and too much of it.",
                    "応答の形式が誤っているのか、形式は正しいが大きすぎるのかです。",
                ),
            },
        ],
        visible: &[visibility::FUNCTION_ERRORS, visibility::DEPLOYS],
    },
    predicts: Predicts::Never(
        "No setting tells: the code decides what the handler returns, the integration type \
        and payload version what it has to be.",
    ),
    drill: Drill::NotYet(
        "Only AWS runs the gateway that checks the shape of a function's answer; the lab runs \
        servers that can be installed on one Linux machine.",
    ),
    remedies: &[
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Call the function with a recorded event and look at what it returns.",
                "記録したイベントで関数を呼び出し、返り値を確認します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "aws lambda invoke --function-name FUNCTION --payload file://event.json \
            --cli-binary-format raw-in-base64-out out.json && cat out.json",
            verify: Text::new(
                "out.json has a numeric statusCode and a body that is a string.",
                "out.json に数値の statusCode と文字列の body があります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Build every answer in one place.",
                "すべての応答を 1 か所で組み立てます。",
            ),
            setting: "",
            direction: Direction::Set,
            snippet: "const answer = (statusCode, value) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
  isBase64Encoded: false,
});",
            verify: Text::new(
                "No \"Malformed Lambda proxy response\" and no LambdaInvalidResponse.",
                "「Malformed Lambda proxy response」と LambdaInvalidResponse が出なくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Amazon API Gateway",
            action: Text::new(
                "If it began with the integration, let its payload version fit the code.",
                "統合の変更で始まったなら、ペイロードのバージョンをコードに合わせます。",
            ),
            setting: "payloadFormatVersion",
            direction: Direction::Set,
            snippet: "aws apigatewayv2 update-integration --api-id API --integration-id INTEGRATION \
            --payload-format-version 2.0",
            verify: Text::new(
                "The same request gets the function's own status.",
                "同じリクエストが関数自身のステータスを受け取ります。",
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
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionResponseInvalid, 502)), Some(true));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::FunctionErrors, 0.0)]),
            Judgement::Holds {
                supports: vec![S::FunctionErrors],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_for_errors_and_sizes() {
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionError, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionPayloadTooLarge, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseMalformed, 502)), None);
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), None);
    }
}
