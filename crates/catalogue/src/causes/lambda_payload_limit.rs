//! # Too much for a function to take or to answer
//!
//! ## What happens
//!
//! A function gets its request, and gives its answer, as one JSON document of bounded size. A
//! larger upload never reaches the function, and a larger answer never leaves the platform: the
//! function ends well, and the gateway answers `413` or `502` itself.
//!
//! Binary content counts a third more, for it travels as Base64. A list without a page size
//! grows over the bound with the data, months after it was written.
//!
//! ## How it shows
//!
//! - AWS ALB: `413` with the error reason `LambdaRequestTooLarge`, `502` with
//!   `LambdaResponseTooLarge`: 1 MB each way.
//! - AWS Lambda, the function's log: `Response payload size exceeded maximum allowed payload size
//!   (6291556 bytes)` (`Function.ResponseSizeTooLarge`): 6 MB each way when called for an answer.
//! - Amazon API Gateway: `413` `{"message": "Request Too Long"}` over 10 MB; between 6 and 10 MB
//!   the function is what refuses, and the gateway answers `502` or `413`.
//! - The same URL every time; the small ones beside it succeed.
//!
//! ## What it is mistaken for
//!
//! - `request-too-large`: the gateway takes no request of that size, whatever is behind it.
//! - `lambda-malformed-response`: the answer has the wrong shape at any size.
//! - `response-body-truncated`: a server that stops in the middle; here nothing was sent at all.
//!
//! ## Before it happens
//!
//! - Files through a function: the largest upload × 4/3 > 1 MB (ALB), 6 MB (others).
//! - Lists, exports and reports without an upper bound on their length.
//! - A function moved from API Gateway (6 MB) to an ALB (1 MB).
//! - `why502 check` compares the largest body that the hops in front let through with what one
//!   call carries.
//!
//! ## Reproduce it
//!
//! There is no drill: the bounds are AWS's own. With an account: a function that returns a body
//! of `'x'.repeat(7e6)`.
//!
//! ## Remedy
//!
//! 1. Measure: the `Content-Length` of the upload, or the length of the string the function
//!    returns. It is above the bound for those that fail.
//! 2. Keep content out of the function: hand out signed URLs of an object store for uploads and
//!    downloads. The documents that pass are a few KB.
//! 3. Page lists; compress answers (`Content-Encoding: gzip`, Base64). The longest answer is
//!    below the bound.
//! 4. Stream answers (function URL or API Gateway response streaming), where the runtime can.
//!
//! ## Sources
//!
//! - AWS, "Use Lambda functions as targets of an Application Load Balancer" (limits: 1 MB);
//!   "Access logs for your Application Load Balancer" (error reason codes).
//! - AWS, "Lambda quotas" (invocation payload, 6 MB synchronous); "Quotas for configuring and
//!   running a REST API in API Gateway" (payload size, 10 MB).

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

use crate::rules::functions;
use crate::{sentences, visibility};

/// Too much for a function to take or to answer: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "lambda-payload-limit",
    title: Text::new(
        "Too much for a function to take or to answer",
        "関数のペイロードの大きさの超過",
    ),
    explanation: Text::new(
        "The request for a function, or its answer, was larger than its caller or its platform \
        allows.",
        "関数へのリクエストまたは関数の応答が、呼び出し側または基盤の許す大きさを超えました。",
    ),
    place: Place::ResponseFormat,
    statuses: &[413, 500, 502],
    leads_to: &["backend-own-5xx"],
    source: include_str!("lambda_payload_limit.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::FunctionPayloadTooLarge]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests or answers of the function exceeded the size that is allowed.",
                "関数へのリクエストまたは応答のうち {value} 件が、許された大きさを超えました。",
            ),
        )],
        supports: &[
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(
                S::UnsafeMethodShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them carry content (POST, PATCH): uploads.",
                    "{value} が本文を伴うリクエスト（POST、PATCH）で、アップロードです。",
                ),
            ),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "request-too-large",
                separates: Text::new(
                    "Whether the gateway itself takes no request of that size, or only \
                    the function behind it.",
                    "その大きさを受け付けないのがゲートウェイ自身か、背後の関数だけかです。",
                ),
            },
            Rival {
                slug: "lambda-malformed-response",
                separates: Text::new(
                    "Whether the answer has the wrong shape, or the right one and too much of it.",
                    "応答の形式が誤っているのか、形式は正しいが大きすぎるのかです。",
                ),
            },
        ],
        visible: &[visibility::FUNCTION_ERRORS],
    },
    predicts: Predicts::By(&[Rule::Look(functions::bodies)]),
    drill: Drill::NotYet(
        "The bounds belong to AWS's own front ends of its function platform, none of which can be \
        installed in the lab.",
    ),
    remedies: &[
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Hand out signed URLs instead of the content itself.",
                "内容そのものではなく署名付き URL を渡します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), \
            { expiresIn: 600 });",
            verify: Text::new(
                "The largest upload succeeds, and the function's requests are a few KB.",
                "最大のアップロードが成功し、関数へのリクエストは数 KB になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Page lists and bound exports.",
                "一覧はページに分け、エクスポートには上限を設けます。",
            ),
            setting: "limit",
            direction: Direction::Set,
            snippet: "GET /orders?limit=100&after=CURSOR",
            verify: Text::new(
                "The longest answer stays below the bound: log its length in the function.",
                "最長の応答が上限を下回ります。関数で長さを記録して確認します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS Lambda",
            action: Text::new(
                "Stream large answers, where the runtime and the caller can.",
                "実行環境と呼び出し側が対応していれば、大きな応答はストリーミングします。",
            ),
            setting: "InvokeMode",
            direction: Direction::Set,
            snippet: "aws lambda update-function-url-config --function-name FUNCTION \
            --invoke-mode RESPONSE_STREAM",
            verify: Text::new(
                "The answer arrives in full, with Transfer-Encoding: chunked.",
                "応答が Transfer-Encoding: chunked で最後まで届きます。",
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
        for status in [413, 502] {
            assert_eq!(claims(&CAUSE, Seen::of(M::FunctionPayloadTooLarge, status)), Some(true));
        }
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::TopPathShare, 1.0)]),
            Judgement::Holds { supports: vec![S::TopPathShare], independent: false, proved: false }
        );
    }

    #[test]
    fn quiet_for_the_gateways_own_limit_and_for_shapes() {
        assert_eq!(claims(&CAUSE, Seen::of(M::RequestTooLarge, 413)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::FunctionResponseInvalid, 502)), None);
    }

    #[test]
    fn blind_on_a_bare_status() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), None);
    }
}
