//! What platforms and checkers tell of instances, sockets and connections, and how to get it.

use model::{Signal, Text, Visibility};

use super::{PROCESS, on};

/// Targets on their way out.
pub(crate) const DRAINING: Visibility = Visibility {
    signal: Signal::DrainingShare,
    what: Text::new("the targets that are being taken out", "外されつつあるターゲット"),
    how: &[on(
        "AWS ALB",
        "aws elbv2 describe-target-health --target-group-arn ARN > target-health.json",
    )],
};

/// Checks of what has just been started.
pub(crate) const EARLY_CHECKS: Visibility = Visibility {
    signal: Signal::EarlyCheckFailures,
    what: Text::new(
        "the starts of instances and the health checks that failed after them",
        "インスタンスの起動と、その後に失敗したヘルスチェック",
    ),
    how: PROCESS,
};

/// Idle connections that something on the way gave up.
pub(crate) const FLOW_METRICS: Visibility = Visibility {
    signal: Signal::FlowDrops,
    what: Text::new(
        "how many idle connections the NAT or load balancer on the way gave up",
        "経路上の NAT やロードバランサーが破棄したアイドル接続の数",
    ),
    how: &[
        on(
            "AWS NAT gateway",
            "aws cloudwatch get-metric-statistics --namespace AWS/NATGateway --metric-name \
            IdleTimeoutCount --dimensions Name=NatGatewayId,Value=NAT --start-time START --end-time \
            END --period 60 --statistics Sum > nat-idle.json",
        ),
        on(
            "AWS NLB",
            "aws cloudwatch get-metric-statistics --namespace AWS/NetworkELB --metric-name \
            TCP_ELB_Reset_Count --dimensions Name=LoadBalancer,Value=net/NAME/ID --start-time START \
            --end-time END --period 60 --statistics Sum > nlb-resets.json",
        ),
    ],
};

/// How the calls outward ended.
pub(crate) const EGRESS_ENDED: Visibility = Visibility {
    signal: Signal::EgressEndedShare,
    what: Text::new(
        "the application's own errors of its calls to the other service",
        "呼び出し先に対するアプリケーション自身のエラー",
    ),
    how: super::EGRESS.how,
};

/// Health checks of a unix socket.
pub(crate) const SOCKET_CHECKS: Visibility = Visibility {
    signal: Signal::SocketCheckFailures,
    what: Text::new("the proxy's health checks of the socket", "ソケットに対するヘルスチェック"),
    how: &[on(
        "HAProxy",
        "server app unix@/run/app.sock check\n# in global\nlog /dev/log local0 notice",
    )],
};
