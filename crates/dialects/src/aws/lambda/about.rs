//! The page of the Lambda logs.

use crate::about::{About, Blind};

pub(super) static ABOUT: About = About {
    title: "AWS Lambda function log",
    source: "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html and \
             .../telemetry-schema-reference.html",
    from: "Log group /aws/lambda/NAME: `aws logs filter-log-events --log-group-name /aws/lambda/NAME \
           --start-time MS > lambda.json`, `aws logs tail /aws/lambda/NAME --since 1h`, an export of \
           CloudWatch Logs Insights as CSV or JSON, a subscription's delivery, or pasted lines. Text \
           and JSON log format, and events of the Telemetry API.",
    time: "Reports and platform events: the end of the invocation, in UTC. Text lines have the time \
           of the log event around them; runtimes' error lines have their own. A pasted report has \
           none.",
    fields: &[
        ("RequestId, requestId", "joins the lines of one invocation"),
        ("Duration, durationMs", "duration of the request"),
        (
            "Memory Size, Max Memory Used, memorySizeMB, maxMemoryUsedMB",
            "whether the process ended for its memory",
        ),
        ("Status, status", "that the invocation timed out or ended in an error"),
        ("Error Type, errorType", "which error"),
        (
            "Task timed out after N seconds",
            "that the function's own timeout ended the invocation, and what it is",
        ),
        (
            "Runtime exited with error: …, Process exited before completing request",
            "that the process ended, and how",
        ),
        (
            "Invoke Error, Uncaught Exception, Unhandled Promise Rejection, [ERROR] … Traceback",
            "errors that the code did not handle, and the call outward they tell of (Node.js)",
        ),
        (
            "INIT_START, INIT_REPORT, platform.initStart, platform.initReport",
            "cold starts, and those that failed",
        ),
        ("log group and stream", "the function, its version and its execution environment"),
    ],
    shows: &[
        "Invocations with their duration, and which of them timed out, raised an error or lost their process.",
        "That an invocation used all of its memory when its process ended.",
        "Calls outward that failed, where a Node.js error names them.",
        "Cold starts and initialisations that failed.",
    ],
    blind: &[
        Blind {
            what: "Invocations that were throttled or refused: the function never ran",
            how: "the metric Throttles: `aws cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Throttles --dimensions Name=FunctionName,Value=NAME --statistics Sum --period 60 --start-time T --end-time T`; the execution log of API Gateway; error_reason of the ALB access log",
        },
        Blind {
            what: "That the function answered with a status of 500 or more, or with something its caller cannot use: for Lambda that is a success",
            how: "the access log of the gateway in front, with `$context.integration.status` and `$context.integrationErrorMessage`; the ALB access log's error_reason",
        },
        Blind {
            what: "Whether `signal: killed` was for memory where no report with the memory used is at hand",
            how: "the REPORT line of the same RequestId: Max Memory Used equal to Memory Size, or Error Type: Runtime.OutOfMemory",
        },
        Blind {
            what: "Errors of Java, .NET, Go and Ruby functions in text format, which look like any program's",
            how: "the JSON log format: `aws lambda update-function-configuration --function-name NAME --logging-config LogFormat=JSON`",
        },
        Blind {
            what: "Which request of the gateway an invocation belongs to",
            how: "`$context.awsEndpointRequestId` in API Gateway's access log, or the same trace id in both: `aws lambda update-function-configuration --function-name NAME --tracing-config Mode=Active`",
        },
    ],
    recommended: "aws lambda update-function-configuration --function-name NAME \
                  --logging-config LogFormat=JSON,ApplicationLogLevel=INFO,SystemLogLevel=INFO",
};
