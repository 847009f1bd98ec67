//! The pages of CloudFront's logs and of its error page.

use crate::{About, Blind};

pub(super) static LOG: About = About {
    title: "Amazon CloudFront standard and real-time access logs",
    source: "<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html>, \
             <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html>",
    from: "Standard (legacy): `s3://BUCKET/PREFIX/DISTRIBUTION.YYYY-MM-DD-HH.ID.gz`. Standard (v2): \
           the bucket, log group or Firehose stream of the delivery, as `w3c` or `json`. Real-time: \
           the Kinesis stream, one row per line. Files may come up to 24 hours late.",
    time: "the moment the response was finished, UTC, to the second; to the millisecond where \
           `timestamp` or `timestamp(ms)` is logged.",
    fields: &[
        ("date, time, timestamp, timestamp(ms)", "the end of the request"),
        ("DistributionId, cs(Host), cs-host, x-host-header", "the hop, and the host asked for"),
        ("x-edge-detailed-result-type", "what went wrong"),
        (
            "x-edge-result-type, x-edge-response-result-type",
            "what went wrong where the detailed type is not logged; viewers that left",
        ),
        ("sc-status", "the status; 000 is a viewer that left"),
        ("time-taken, origin-fbl", "how long it took, and the origin until its first byte"),
        ("cs-method, cs-uri-stem, c-ip", "method, path, client"),
        ("x-edge-request-id", "the id that the origin gets as `X-Amz-Cf-Id`"),
        ("x-edge-location", "that a row without a header is one"),
    ],
    shows: &[
        "Origin names that do not resolve, connections to an origin that fail, timers that fire, \
         answers that are malformed, too large or cut short.",
        "Statuses that the origin wrote itself.",
        "Quotas and capacity of CloudFront, failures of its edge functions, viewers that left.",
    ],
    blind: &[
        Blind {
            what: "Whether a connection failed at TCP or in the TLS handshake, and for which reason: \
                   `OriginConnectError` is all of it",
            how: "`openssl s_client -connect ORIGIN:443 -servername ORIGIN`; the origin's own log.",
        },
        Blind {
            what: "Whether nobody answered the connection or the response was too slow, up to 30 \
                   seconds: `OriginCommError` is both",
            how: "Fields `origin-fbl` and `origin-lbl` in the delivery's field list; the origin's \
                  access log, which has the slow requests only.",
        },
        Blind {
            what: "Which origin a request was for",
            how: "Field `cache-behavior-path-pattern` with the distribution's configuration: `aws \
                  cloudfront get-distribution-config --id ID`.",
        },
        Blind {
            what: "Whether a status in the type `Error` came from the origin or out of the cache",
            how: "`time-taken` near zero is the cache; `aws cloudfront get-distribution-config` names \
                  the error caching minimum TTL (10 s by default).",
        },
        Blind {
            what: "Requests with headers over 20 KB or a URL over 8192 bytes: they are not logged",
            how: "CloudWatch `4xxErrorRate` of `AWS/CloudFront`.",
        },
        Blind {
            what: "Rows in an order of one's own without a header line",
            how: "Put `#Fields: ` and the names before them, or log as `json`.",
        },
    ],
    recommended: "aws logs create-delivery --delivery-source-name SOURCE \\\n  \
                  --delivery-destination-arn ARN --record-fields 'timestamp(ms)' DistributionId \\\n  \
                  c-ip cs-method 'cs(Host)' x-host-header cs-uri-stem sc-status x-edge-location \\\n  \
                  x-edge-request-id x-edge-result-type x-edge-response-result-type \\\n  \
                  x-edge-detailed-result-type time-taken time-to-first-byte origin-fbl origin-lbl \\\n  \
                  cache-behavior-path-pattern",
};

pub(super) static ERROR_PAGE: About = About {
    title: "Amazon CloudFront error page",
    source: "<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/troubleshooting-response-errors.html>",
    from: "What a browser or `curl` shows: the HTML, the text on the screen, or its one sentence.",
    time: "none; a time in front of the line is taken.",
    fields: &[
        ("502 ERROR", "the status"),
        ("the sentence below the title", "what went wrong"),
        ("Request ID", "the id of the request in the access log (`x-edge-request-id`)"),
    ],
    shows: &[
        "Origin names that do not resolve, connections to an origin that fail or end, edge functions \
         that are refused, throttled, fail or answer wrongly.",
    ],
    blind: &[
        Blind {
            what: "Why a connection to the origin failed: refused, unanswered or in the TLS handshake",
            how: "Field `x-edge-detailed-result-type` of the access log; `openssl s_client -connect \
                  ORIGIN:443 -servername ORIGIN`.",
        },
        Blind {
            what: "How many requests failed, since when, how long each took",
            how: "The access log: `aws cloudfront update-distribution`, or a delivery of type \
                  `ACCESS_LOGS` with `aws logs create-delivery`.",
        },
        Blind {
            what: "Anything behind a custom error page",
            how: "The access log, which has the result type whatever page was shown.",
        },
    ],
    recommended: "",
};
