//! What to switch on so that a signal can be seen: shared by the causes that need it.

mod network;
mod platforms;

pub(crate) use network::{
    BACKWARD, CONNTRACK, FIREWALL, FIREWALL_FOCUS, FLOWS, RETURN_FLAGS, RETURNS,
};

use model::{Evidence, Signal, Text, Visibility};

pub(crate) use platforms::{DRAINING, EARLY_CHECKS, EGRESS_ENDED, FLOW_METRICS, SOCKET_CHECKS};

const NGINX_FORMAT: &str = "log_format why502 '$remote_addr - $remote_user [$time_local] \
\"$request\" $status $body_bytes_sent \"$http_referer\" \
\"$http_user_agent\" rt=$request_time \
uct=\"$upstream_connect_time\" uht=\"$upstream_header_time\" \
urt=\"$upstream_response_time\" ua=\"$upstream_addr\" \
us=\"$upstream_status\" rid=\"$request_id\"';\naccess_log \
/var/log/nginx/access.log why502;";
const ENVOY_FORMAT: &str = "%START_TIME% %REQ(:METHOD)% %RESPONSE_CODE% %RESPONSE_FLAGS% \
%RESPONSE_CODE_DETAILS% %DURATION% %UPSTREAM_HOST% \
%REQ(X-REQUEST-ID)%";
const ALB_LOGS: &str = "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \
--attributes Key=access_logs.s3.enabled,Value=true \
Key=access_logs.s3.bucket,Value=BUCKET";
const GCLB_LOGS: &str = "gcloud compute backend-services update BACKEND --global \
--enable-logging --logging-sample-rate=1.0";
const RUN_SYSTEM: &str = "gcloud logging read 'resource.type=\"cloud_run_revision\" AND \
logName:\"varlog%2Fsystem\"' --freshness=1d --format=json > \
system.json";
const K8S_EVENTS: &str = "kubectl get events -A -o json > events.json";

const fn on(product: &'static str, command: &'static str) -> Evidence {
    Evidence { product, command }
}

const ACCESS: &[Evidence] = &[
    on("nginx", NGINX_FORMAT),
    on("HAProxy", "option httplog"),
    on("Envoy", ENVOY_FORMAT),
    on("Apache httpd", "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b %D\" why502"),
    on("AWS ALB", ALB_LOGS),
    on("Google Cloud Load Balancing", GCLB_LOGS),
];

const PROCESS: &[Evidence] = &[
    on("Cloud Run", RUN_SYSTEM),
    on("Kubernetes", K8S_EVENTS),
    on("Linux", "journalctl -o short-iso --since '-2h' > journal.log"),
    on("AWS ECS", "aws ecs describe-tasks --cluster CLUSTER --tasks TASK > tasks.json"),
];

const RELEASES: &[Evidence] = &[
    on(
        "Cloud Run",
        "gcloud logging read 'logName:\"cloudaudit.googleapis.com\" AND \
        protoPayload.serviceName=\"run.googleapis.com\"' --freshness=7d \
        --format=json > deploys.json",
    ),
    on("Kubernetes", K8S_EVENTS),
    on(
        "AWS ECS",
        "aws ecs describe-services --cluster CLUSTER --services SERVICE > \
        services.json",
    ),
];

/// Durations in the access log.
pub(crate) const DURATIONS: Visibility = Visibility {
    signal: Signal::ShortWaitShare,
    what: Text::new("how long each failing request had waited", "失敗した各リクエストの待ち時間"),
    how: ACCESS,
};

/// Whether a connection was reused.
pub(crate) const REUSE: Visibility = Visibility {
    signal: Signal::ReusedShare,
    what: Text::new(
        "whether the connection to the target was new or reused",
        "ターゲットへの接続が新規か再利用か",
    ),
    how: &[
        on("nginx", NGINX_FORMAT),
        on("HAProxy", "option httplog"),
        on(
            "Node.js",
            "console.error(error) // error.cause.socket.bytesRead above 0: an \
            earlier response came over it",
        ),
    ],
};

/// Requests that went well.
pub(crate) const SUCCESSES: Visibility = Visibility {
    signal: Signal::TargetSuccessShare,
    what: Text::new(
        "the requests that the same targets answered",
        "同じターゲットが正常に応答したリクエスト",
    ),
    how: ACCESS,
};

/// Targets that are gone afterwards.
pub(crate) const TARGETS_AFTER: Visibility = Visibility {
    signal: Signal::VanishedTargetShare,
    what: Text::new(
        "which targets served before and after the incident",
        "障害の前後に応答していたターゲットの一覧",
    ),
    how: ACCESS,
};

/// Targets or revisions that are new.
pub(crate) const NEW_TARGETS: Visibility = Visibility {
    signal: Signal::NewTargetShare,
    what: Text::new(
        "which target or revision each request went to",
        "各リクエストの送り先のターゲットまたはリビジョン",
    ),
    how: ACCESS,
};

/// Ends of processes.
pub(crate) const PROCESS_EXITS: Visibility = Visibility {
    signal: Signal::ProcessExits,
    what: Text::new(
        "the exits of the processes behind the gateway",
        "ゲートウェイの背後にあるプロセスの終了記録",
    ),
    how: PROCESS,
};

/// Ends of processes, aligned.
pub(crate) const EXIT_ALIGNED: Visibility = Visibility {
    signal: Signal::ExitAlignedShare,
    what: Text::new(
        "the moments at which processes ended or were killed",
        "プロセスが終了または強制終了した時刻",
    ),
    how: PROCESS,
};

/// Memory kills.
pub(crate) const OOM_KILLS: Visibility = Visibility {
    signal: Signal::OomKills,
    what: Text::new(
        "memory kills by the kernel or the platform",
        "カーネルまたはプラットフォームによるメモリ超過の強制終了記録",
    ),
    how: &[
        on("Linux", "journalctl -k -o short-iso --since '-2h' > kernel.log"),
        on("Cloud Run", RUN_SYSTEM),
        on("Kubernetes", K8S_EVENTS),
        on(
            "AWS Lambda",
            "aws logs filter-log-events --log-group-name /aws/lambda/FUNCTION --filter-pattern \
            '\"Max Memory Used\"' --start-time MILLISECONDS > lambda.json",
        ),
    ],
};

/// Kills of functions, which the reports of their memory explain.
pub(crate) const FUNCTION_KILLS: Visibility =
    Visibility { signal: Signal::FunctionKills, what: OOM_KILLS.what, how: OOM_KILLS.how };

/// Orders to stop.
pub(crate) const STOPS: Visibility = Visibility {
    signal: Signal::StopAlignedShare,
    what: Text::new(
        "the moments at which instances were told to stop or a deploy completed",
        "インスタンスへの停止指示またはデプロイ完了の時刻",
    ),
    how: RELEASES,
};

/// Deploys.
pub(crate) const DEPLOYS: Visibility = Visibility {
    signal: Signal::DeployLead,
    what: Text::new("the record of deploys", "デプロイの記録"),
    how: RELEASES,
};

/// Several deploys.
pub(crate) const DEPLOYS_FOLLOWED: Visibility = Visibility {
    signal: Signal::DeploysFollowed,
    what: Text::new(
        "logs over several deploys, with the record of the deploys",
        "複数回のデプロイにわたるログとデプロイの記録",
    ),
    how: RELEASES,
};

/// Whether the incident ended by itself.
pub(crate) const RECOVERY: Visibility = Visibility {
    signal: Signal::Recovers,
    what: Text::new(
        "log lines from after the failures, to see whether they ended by \
        themselves",
        "失敗が自然に収まったかを見るための、障害後のログ",
    ),
    how: &[on("any", "export at least 30 minutes of logs after the last failure")],
};

/// Drops of the NAT.
pub(crate) const NAT_DROPS: Visibility = Visibility {
    signal: Signal::NatDrops,
    what: Text::new("the NAT's log of dropped packets", "NAT が破棄したパケットのログ"),
    how: &[
        on(
            "Cloud NAT",
            "gcloud compute routers nats update NAT --router=ROUTER \
            --region=REGION --enable-logging --log-filter=ALL",
        ),
        on(
            "Cloud NAT",
            "gcloud logging read 'resource.type=\"nat_gateway\" AND \
            logName:\"nat_flows\"' --freshness=1d --format=json > nat.json",
        ),
    ],
};

/// Outward calls with their errors.
pub(crate) const EGRESS: Visibility = Visibility {
    signal: Signal::EgressConnectTimeouts,
    what: Text::new(
        "the application's own record of failed outward calls",
        "外向き通信の失敗を記録したアプリケーションのログ",
    ),
    how: &[
        on(
            "Node.js",
            "console.error(error) // prints [cause] with code and address; \
            error.message alone is only \"fetch failed\"",
        ),
        on(
            "Cloud Run",
            "gcloud logging read 'resource.type=\"cloud_run_revision\" AND \
            severity>=ERROR' --freshness=1d --format=json > app.json",
        ),
    ],
};

/// Outward calls, whatever ended them.
pub(crate) const EGRESS_CALLS: Visibility =
    Visibility { signal: Signal::EgressPeerFailures, what: EGRESS.what, how: EGRESS.how };

/// Outward calls with their destination.
pub(crate) const EGRESS_DESTINATION: Visibility = Visibility {
    signal: Signal::EgressDestinations,
    what: Text::new(
        "the address and port that each failed outward call went to",
        "失敗した外向き通信の宛先アドレスとポート",
    ),
    how: &[on("Node.js", "console.error(error) // the cause's message names address and port")],
};

/// Listening problems.
pub(crate) const LISTEN: Visibility = Visibility {
    signal: Signal::ListenFailures,
    what: Text::new(
        "the application's or the platform's report about its listening port",
        "待ち受けポートについてのアプリケーションまたはプラットフォームの報告",
    ),
    how: &[
        on("Cloud Run", RUN_SYSTEM),
        on("Kubernetes", K8S_EVENTS),
        on("Linux", "ss -ltnp # read it yourself, why502 does not yet"),
    ],
};

/// The address a process listens on.
pub(crate) const LISTENERS: Visibility = Visibility {
    signal: Signal::LoopbackListeners,
    what: Text::new(
        "the address on which the application says that it listens",
        "アプリケーションが待ち受けていると記録するアドレス",
    ),
    how: &[
        on("gunicorn", "gunicorn --log-level info app:app # Listening at: http://ADDRESS:PORT"),
        on("Node.js", "console.log(`Listening on http://${address}:${port}`)"),
    ],
};

/// Pools that are full.
pub(crate) const POOLS: Visibility = Visibility {
    signal: Signal::PoolSaturations,
    what: Text::new(
        "the application server's report that its workers are busy",
        "ワーカーがすべて使用中であることを示すアプリケーションサーバーの記録",
    ),
    how: &[
        on("Apache httpd", "ErrorLog \"logs/error_log\""),
        on("PHP-FPM", "error_log = /var/log/php-fpm.log"),
        on("uWSGI", "logto = /var/log/uwsgi.log"),
        on("HAProxy", "option httplog"),
    ],
};

/// Listen queues.
pub(crate) const LISTEN_OVERFLOWS: Visibility = Visibility {
    signal: Signal::ListenOverflows,
    what: Text::new("listen queues that overflowed", "あふれた接続待ちキューの記録"),
    how: &[
        on("Linux", "journalctl -k -o short-iso --since '-2h' > kernel.log"),
        on(
            "Linux",
            "nstat -az TcpExtListenOverflows > counters.txt # sums since the start of the host",
        ),
    ],
};

/// Load and latency of healthy requests.
pub(crate) const LATENCY: Visibility = Visibility {
    signal: Signal::LatencyRise,
    what: Text::new(
        "the duration of healthy requests before and during the incident",
        "障害前と障害中の正常なリクエストの所要時間",
    ),
    how: ACCESS,
};

/// Health transitions.
pub(crate) const HEALTH: Visibility = Visibility {
    signal: Signal::HealthDowns,
    what: Text::new(
        "the health checks' transitions per target",
        "ターゲットごとのヘルスチェックの状態変化",
    ),
    how: &[
        on("HAProxy", "log /dev/log local0\noption log-health-checks"),
        on(
            "Envoy",
            "event_logger: # in health_checks\n- name: envoy.health_check.event_sinks.file\n  \
            typed_config:\n    \"@type\": type.googleapis.com/\
            envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink\n    \
            event_log_path: /var/log/envoy/health.log",
        ),
        on("Apache httpd", "LogLevel warn proxy_hcheck:info"),
        on(
            "AWS ALB",
            "aws elbv2 describe-target-health --target-group-arn ARN > target-health.json",
        ),
        on(
            "Google Cloud Load Balancing",
            "gcloud compute health-checks update http CHECK --enable-logging # read it yourself, why502 does not yet",
        ),
    ],
};

/// Groups without any target left.
pub(crate) const NO_SERVER_LEFT: Visibility = Visibility {
    signal: Signal::NoServerLeft,
    what: Text::new(
        "the proxy's report that a group has no target left",
        "グループに使えるターゲットがないというプロキシの報告",
    ),
    how: &[on("HAProxy", "log /dev/log local0 notice")],
};

/// Targets taken out for failed requests.
pub(crate) const EJECTIONS: Visibility = Visibility {
    signal: Signal::Ejections,
    what: Text::new(
        "the moments at which the proxy took targets out",
        "プロキシがターゲットを外した時刻",
    ),
    how: &[
        on("nginx", "error_log /var/log/nginx/error.log warn;"),
        on("Apache httpd", "LogLevel proxy:info"),
        on(
            "Envoy",
            "cluster_manager:\n  outlier_detection:\n    event_log_path: \
            /var/log/envoy/outlier.log",
        ),
    ],
};

/// Failures just before.
pub(crate) const PRECEDING: Visibility = Visibility {
    signal: Signal::PrecededByTargetFailure,
    what: Text::new(
        "the first upstream error before each block of failures",
        "失敗が続く前に起きた最初のアップストリームのエラー",
    ),
    how: &[
        on("nginx", "error_log /var/log/nginx/error.log warn;"),
        on("Apache httpd", "LogLevel proxy:info"),
    ],
};

/// The same request on two hops.
pub(crate) const JOINED: Visibility = Visibility {
    signal: Signal::InnerFinishedLater,
    what: Text::new(
        "one request id in the logs of both hops",
        "両方のホップのログに共通のリクエスト ID",
    ),
    how: &[
        on(
            "nginx",
            "proxy_set_header X-Request-Id $request_id; # and \
            rid=\"$request_id\" in log_format, or $http_x_amzn_trace_id \
            behind an ALB",
        ),
        on("Envoy", ENVOY_FORMAT),
        on("HAProxy", "unique-id-format %[uuid()]\nunique-id-header X-Request-Id"),
    ],
};

/// Requests that the hop behind never logged.
pub(crate) const INNER_NEVER: Visibility = Visibility {
    signal: Signal::InnerNeverSawShare,
    what: Text::new(
        "the access log of the hop behind, with the same request ids",
        "同じリクエスト ID を含む、背後のホップのアクセスログ",
    ),
    how: JOINED.how,
};

/// Errors of the application.
pub(crate) const APP_ERRORS: Visibility = Visibility {
    signal: Signal::ApplicationErrors,
    what: Text::new("the application's error log", "アプリケーションのエラーログ"),
    how: &[
        on(
            "Cloud Run",
            "gcloud logging read 'resource.type=\"cloud_run_revision\" AND \
            severity>=ERROR' --freshness=1d --format=json > app.json",
        ),
        on("Kubernetes", "kubectl logs POD --timestamps > app.log"),
        on("any", "add the application's own log to the evidence"),
    ],
};

/// Workers that a supervisor killed.
pub(crate) const WORKER_KILLS: Visibility = Visibility {
    signal: Signal::WorkerKills,
    what: Text::new(
        "the application server's own log, with the workers it killed for their time",
        "時間超過で終了させたワーカーを含む、アプリケーションサーバー自身のログ",
    ),
    how: &[
        on("gunicorn", "gunicorn --error-logfile /var/log/gunicorn.log app:app"),
        on("uWSGI", "logto = /var/log/uwsgi.log\nharakiri-verbose = true"),
        on("PHP-FPM", "error_log = /var/log/php-fpm.log"),
        on("Linux", "journalctl -u UNIT -o short-iso --since '-2h' > unit.log"),
    ],
};

/// Processes that stood still.
pub(crate) const STALLS: Visibility = Visibility {
    signal: Signal::Stalls,
    what: Text::new(
        "a watch of the process on its own event loop or pauses",
        "イベントループや停止を監視するプロセス自身の記録",
    ),
    how: &[
        on(
            "Node.js",
            "let last = performance.now(); setInterval(() => { const late = \
            performance.now() - last - 500; last += late + 500; if (late > 200) \
            console.warn(`${new Date().toISOString()} event loop blocked for ${Math.round(late)} ms`) \
            }, 500)",
        ),
        on("Python", "asyncio.run(main(), debug=True) # logs \"Executing <…> took … seconds\""),
        on("Vert.x", "vertx.options.blockedThreadCheckInterval=1000 # on by default"),
    ],
};

/// Requests that ended together.
pub(crate) const FINISHED_TOGETHER: Visibility = Visibility {
    signal: Signal::FinishedTogether,
    what: Text::new(
        "target, end and duration of the requests that were answered",
        "応答のあったリクエストのターゲット、終了時刻、所要時間",
    ),
    how: ACCESS,
};

/// Starts of instances.
pub(crate) const STARTS: Visibility = Visibility {
    signal: Signal::StartAlignedShare,
    what: Text::new(
        "the moments at which processes were started and were ready",
        "プロセスの起動時刻と準備完了時刻",
    ),
    how: PROCESS,
};

/// Targets before their first answer.
pub(crate) const FIRST_ANSWER: Visibility = Visibility {
    signal: Signal::FirstAnswerShare,
    what: Text::new(
        "which target each request went to, from before the failures until after them",
        "失敗の前から後までの、各リクエストの送り先ターゲット",
    ),
    how: ACCESS,
};

/// Refusals of a database.
pub(crate) const DATABASE: Visibility = Visibility {
    signal: Signal::DatabaseRefusals,
    what: Text::new(
        "the log of the database, or the application's errors from it",
        "データベースのログ、またはデータベースから受けたエラーの記録",
    ),
    how: &[
        on("PostgreSQL", "log_destination = 'stderr'\nlog_line_prefix = '%m [%p] '"),
        on(
            "Cloud SQL",
            "gcloud logging read 'resource.type=\"cloudsql_database\" AND severity>=ERROR' \
            --freshness=1d --format=json > sql.json",
        ),
        on("Node.js", "console.error(error) // the driver's error, not a sentence of your own"),
        on(
            "Node.js",
            "new Pool({ connectionTimeoutMillis: 5000 }) // without it requests wait for a connection \
            for ever, and nothing is logged",
        ),
        on("HikariCP", "logging.level.com.zaxxer.hikari=DEBUG"),
    ],
};
/// Accesses that a policy forbade.
pub(crate) const DENIALS: Visibility = Visibility {
    signal: Signal::AccessDenials,
    what: Text::new(
        "the denials of the operating system's security policy",
        "OS のセキュリティポリシーが記録した拒否",
    ),
    how: &[
        on("SELinux", "ausearch -m AVC,USER_AVC -ts today > audit.log"),
        on("AppArmor", "journalctl -k -o short-iso --since '-2h' > kernel.log"),
    ],
};

/// Requests after a pause.
pub(crate) const PAUSES: Visibility = Visibility {
    signal: Signal::AfterPauseShare,
    what: Text::new(
        "healthy and failing requests of the same targets over several quiet spells",
        "同じターゲットの正常と失敗のリクエスト(閑散時を何度か含む期間)",
    ),
    how: ACCESS,
};

/// The address on which a server listens.
pub(crate) const LISTEN_ADDRESS: Visibility = Visibility {
    signal: Signal::Ipv4LoopbackListens,
    what: Text::new("the address on which the server listens", "サーバーが待ち受けているアドレス"),
    how: &[
        on("gunicorn", "gunicorn --error-logfile gunicorn.log app:app # Listening at: …"),
        on(
            "Node.js",
            "server.on('listening', () => console.log(`Listening on http://${host}:${port}`))",
        ),
        on("Linux", "ss -ltnp # read it yourself, why502 does not yet"),
    ],
};

/// Orders to stop, and requests with their beginning and end.
pub(crate) const DRAIN_CUT: Visibility = Visibility {
    signal: Signal::DrainCutShare,
    what: Text::new(
        "the moments at which instances were told to stop, and how long each failing request took",
        "インスタンスへの停止指示の時刻と、失敗した各リクエストの所要時間",
    ),
    how: RELEASES,
};

/// Reloads of the proxy.
pub(crate) const RELOADS: Visibility = Visibility {
    signal: Signal::MovedShare,
    what: Text::new(
        "the proxy's log up to a reload and after it, with the address of each target",
        "再読み込みの前後にわたるプロキシのログ(ターゲットのアドレスを含む)",
    ),
    how: &[
        on("nginx", "error_log /var/log/nginx/error.log notice;"),
        on("nginx", NGINX_FORMAT),
        on("any", "dig +short NAME # compare with the address in the log"),
    ],
};

/// Why health checks failed.
pub(crate) const CHECKS: Visibility = Visibility {
    signal: Signal::CheckRefusals,
    what: Text::new("the answers that the health checks got", "ヘルスチェックが受け取った応答"),
    how: HEALTH.how,
};

/// An application's pool of connections that had none to give.
pub(crate) const POOL_TIMEOUTS: Visibility =
    Visibility { signal: Signal::PoolTimeouts, what: DATABASE.what, how: DATABASE.how };

/// Errors of functions.
pub(crate) const FUNCTION_ERRORS: Visibility = Visibility {
    signal: Signal::FunctionErrors,
    what: Text::new("the function's own log", "関数自身のログ"),
    how: &[
        on(
            "AWS Lambda",
            "aws logs filter-log-events --log-group-name /aws/lambda/FUNCTION --start-time \
            MILLISECONDS > lambda.json",
        ),
        on(
            "AWS Lambda",
            "aws cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Errors \
            --dimensions Name=FunctionName,Value=FUNCTION --start-time START --end-time END --period 60 \
            --statistics Sum > errors.json",
        ),
    ],
};

/// Health checks that came after the failures.
pub(crate) const DOWN_AFTER: Visibility =
    Visibility { signal: Signal::DownAfterShare, what: HEALTH.what, how: HEALTH.how };

/// What the other targets did.
pub(crate) const HEALTHY_TARGETS: Visibility =
    Visibility { signal: Signal::HealthyTargetShare, what: NEW_TARGETS.what, how: ACCESS };

/// The CDN's log.
pub(crate) const CDN: Visibility = Visibility {
    signal: Signal::CdnShare,
    what: Text::new("the CDN's own log", "CDN 自身のログ"),
    how: &[on(
        "CloudFront",
        "aws cloudfront get-distribution-config --id DISTRIBUTION # then set Logging, and read the \
        files from the bucket",
    )],
};

/// What the hop behind answered.
pub(crate) const BEHIND: Visibility = Visibility {
    signal: Signal::BehindServed,
    what: Text::new(
        "the access log of the origin for the same time",
        "同じ時間帯のオリジンのアクセスログ",
    ),
    how: ACCESS,
};

/// Changes of settings.
pub(crate) const CHANGES: Visibility = Visibility {
    signal: Signal::ChangeLead,
    what: Text::new(
        "the record of changed settings, and logs from before the change",
        "設定変更の記録と、変更前のログ",
    ),
    how: &[
        on(
            "AWS CloudTrail",
            "aws cloudtrail lookup-events --start-time START --end-time END --lookup-attributes \
            AttributeKey=ReadOnly,AttributeValue=false --query 'Events[].CloudTrailEvent' --output text \
            > changes.json",
        ),
        on(
            "Google Cloud",
            "gcloud logging read 'logName:\"cloudaudit.googleapis.com%2Factivity\"' --freshness=1d \
            --format=json > changes.json",
        ),
    ],
};

/// Refusals for a rate, a quota or a concurrency, from elsewhere than the refused requests.
pub(crate) const THROTTLES: Visibility = Visibility {
    signal: Signal::Throttles,
    what: Text::new(
        "the platform's count of calls it refused",
        "プラットフォームが拒否した呼び出しの数",
    ),
    how: &[
        on(
            "AWS Lambda",
            "aws cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Throttles \
            --dimensions Name=FunctionName,Value=FUNCTION --start-time START --end-time END --period 60 \
            --statistics Sum > throttles.json",
        ),
        on(
            "Amazon API Gateway",
            "aws apigateway update-stage --rest-api-id API --stage-name STAGE --patch-operations \
            op=replace,path=/*/*/logging/loglevel,value=INFO",
        ),
    ],
};

/// What the platform says of its own scaling.
pub(crate) const SCALING: Visibility = Visibility {
    signal: Signal::ScaleLimits,
    what: Text::new(
        "the platform's own log about its instances",
        "インスタンスについてのプラットフォーム自身のログ",
    ),
    how: PROCESS,
};

/// When a certificate ran out.
pub(crate) const CERTIFICATE_END: Visibility = Visibility {
    signal: Signal::CertificateLead,
    what: Text::new("the end of the target's certificate", "ターゲットの証明書の有効期限"),
    how: &[on("any", "curl -vk https://TARGET/ -o /dev/null 2> certificate.txt")],
};

/// Certificates that ran out or could not be renewed.
pub(crate) const CERTIFICATES: Visibility = Visibility {
    signal: Signal::CertificateProblems,
    what: Text::new(
        "what renews the certificates, with its errors",
        "証明書の更新処理とそのエラーの記録",
    ),
    how: &[
        on("cert-manager", "kubectl get events -A -o json > events.json"),
        on("certbot", "journalctl -u certbot -o short-iso --since '-30d' > certbot.log"),
    ],
};

/// Processors that are used up.
pub(crate) const PROCESSORS: Visibility = Visibility {
    signal: Signal::ProcessorSaturations,
    what: Text::new("the use of the processors", "CPU 使用率"),
    how: &[
        on(
            "AWS",
            "aws cloudwatch get-metric-data --metric-data-queries file://cpu.json --start-time START \
            --end-time END > cpu-metrics.json",
        ),
        on(
            "Google Cloud",
            "the metric run.googleapis.com/container/cpu/utilizations, exported with timeSeries.list",
        ),
    ],
};
