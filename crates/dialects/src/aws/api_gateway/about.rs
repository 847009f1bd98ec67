//! The page of the API Gateway access log.

use crate::about::{About, Blind};

pub(super) static ABOUT: About = About {
    title: "Amazon API Gateway access log",
    source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html \
             and .../api-gateway-variables-for-access-logging.html",
    from: "The log group of the stage's access log settings: `aws logs filter-log-events \
           --log-group-name GROUP --start-time MS > access.json`, `aws logs tail GROUP --since 1h`, \
           an export of CloudWatch Logs Insights, or the S3 objects of a Firehose stream. JSON with \
           any names, the console's CLF, CSV and XML templates, and a pasted answer such as \
           `504 {\"message\": \"Endpoint request timed out\"}`.",
    time: "The arrival of the request (`$context.requestTimeEpoch` in milliseconds, else \
           `$context.requestTime` in seconds, with its zone); the end is computed from \
           `$context.responseLatency`. Where the template has no time, that of the log event.",
    fields: &[
        ("requestId, extendedRequestId", "joins the entry with the execution log"),
        (
            "awsEndpointRequestId, integration.requestId",
            "joins a status of 500 or more that the entry does not explain with the function's log",
        ),
        ("status", "status the client got"),
        ("integration.status", "status the backend, or the code of a Lambda function, gave"),
        (
            "integrationStatus",
            "status of the integration; of a Lambda proxy integration that of the Lambda service",
        ),
        ("integrationLatency", "wait for the integration"),
        ("responseLatency", "duration of the whole request"),
        (
            "error.responseType",
            "gateway response type: says that API Gateway wrote the answer, and why",
        ),
        ("error.message, error.messageString", "API Gateway's own error message"),
        ("integrationErrorMessage, integration.error", "what went wrong behind API Gateway"),
        (
            "authorizer.error, authorize.error, authenticate.error",
            "what went wrong with the authoriser",
        ),
        ("domainName, apiId", "name of the hop; the log group where neither is logged"),
        ("httpMethod, path, resourcePath, routeKey", "the request"),
        ("identity.sourceIp", "the client"),
        ("requestTimeEpoch, requestTime", "time"),
    ],
    shows: &[
        "Whether API Gateway or the backend wrote the status, if the template has error.responseType or the integration's status.",
        "Integration timeouts, failures to reach an endpoint, refused invocations of Lambda functions and answers of the wrong shape, if the template has the error messages.",
        "Requests refused by a throttle, a usage plan's quota, a size limit or request validation.",
        "How long the integration took.",
    ],
    blind: &[
        Blind {
            what: "Why a Lambda integration ended in 502: the client and the default templates get \"Internal server error\" for all of it",
            how: "`$context.integrationErrorMessage` and `$context.integration.status` in the template, or the execution log: `aws apigateway update-stage --rest-api-id ID --stage-name STAGE --patch-operations op=replace,path=/*/*/logging/loglevel,value=ERROR`",
        },
        Blind {
            what: "Whether a failed connection to an HTTP endpoint was refused, timed out or was reset",
            how: "the execution log's line \"Execution failed due to a network error communicating with endpoint\" (REST APIs), and the load balancer's or server's own log behind the VPC link",
        },
        Blind {
            what: "What the function did meanwhile",
            how: "the function's log group /aws/lambda/NAME; `$context.awsEndpointRequestId` in the template is the request id there",
        },
        Blind {
            what: "Requests that never reached API Gateway: CloudFront in front of it, DNS, the client's own network",
            how: "the CloudFront log, the client",
        },
    ],
    recommended: r#"aws apigateway update-stage --rest-api-id ID --stage-name STAGE --patch-operations 'op=replace,path=/accessLogSettings/format,value={"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","requestTimeEpoch":"$context.requestTimeEpoch","domainName":"$context.domainName","apiId":"$context.apiId","stage":"$context.stage","httpMethod":"$context.httpMethod","path":"$context.path","status":"$context.status","responseLatency":"$context.responseLatency","integrationStatus":"$context.integrationStatus","integration.status":"$context.integration.status","integrationLatency":"$context.integrationLatency","integrationErrorMessage":"$context.integrationErrorMessage","error.responseType":"$context.error.responseType","error.message":"$context.error.message","authorizer.error":"$context.authorizer.error","awsEndpointRequestId":"$context.awsEndpointRequestId","ip":"$context.identity.sourceIp"}'"#,
};
