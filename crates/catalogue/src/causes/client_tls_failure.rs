//! # Clients' TLS handshakes fail at the edge
//!
//! ## What happens
//!
//! Clients connect, and the TLS handshake with the load balancer is not completed: the two share no
//! protocol version or cipher, the certificate that is served does not please the client, or, with
//! mutual TLS, the client's certificate does not please the load balancer. There is no request then,
//! so that no log of requests has a line and no client a status. Users report errors that no
//! dashboard shows.
//!
//! ## How it shows
//!
//! - AWS ALB: the connection log, field `tls_verify_status`: `Failed:ClientCertExpired`,
//!   `Failed:ClientCertUntrusted`, `Failed:UnmappedConnectionError` and others, or a protocol with
//!   a handshake latency of `-`. The access log has nothing. Metric `ClientTLSNegotiationErrorCount`.
//! - AWS NLB: the access log of a TLS listener with `tls_handshake_time` `-`; `incoming_tls_alert`
//!   is what the client complained of: 42 to 46 and 48 the certificate (48 an unknown authority, 45
//!   expired), 40 and 70 cipher or version, 112 the server name.
//! - Google Cloud Load Balancing: status `0` with `statusDetails` `client_cert_…` where client
//!   certificates are asked for. HAProxy: `SSL handshake failure` on a line of its own.
//! - The client: `certificate has expired`, `unable to get local issuer certificate`, `no protocols
//!   available`, `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`.
//!
//! ## What it is mistaken for
//!
//! - An outage behind the load balancer: those requests have a line with a status of 500 or more.
//! - `upstream-tls-negotiation`: the handshake between the load balancer and the target, which a
//!   client learns of as `502` or `503`.
//! - `client-abort`: the client had sent a request and left before its answer; there is a line.
//! - Scanners: single handshakes without a reason, from few addresses, all day long.
//!
//! ## Before it happens
//!
//! - A certificate that runs out, or is replaced by one with an incomplete chain; browsers may fetch
//!   the missing part, programs do not.
//! - A listener's security policy that is raised (TLS 1.2 or 1.3 only) while old clients are about.
//! - Mutual TLS: a trust store without the new authority; client certificates that all run out in
//!   one month.
//! - `why502 check` reads certificates that are among the files and finds those of the outermost hop
//!   that have ended or end within two weeks.
//!
//! ## Reproduce it
//!
//! Against one's own listener: `openssl s_client -connect HOST:443 -servername HOST -tls1_1`, or with
//! `-cert` and `-key` of an expired certificate. No drill runs yet.
//!
//! ## Remedy
//!
//! 1. See what is served: `openssl s_client -connect HOST:443 -servername HOST -showcerts`. Dates,
//!    names and the whole chain have to be right; then no alert of 42 to 48 is logged any more.
//! 2. Alerts 40 and 70, or handshakes without a reason: compare the listener's policy with what the
//!    clients offer. With a policy that has their version the handshakes succeed.
//! 3. `Failed:ClientCert…`: renew the client's certificate, or add its authority to the trust store.
//!    The next line of that client says `Success`.
//!
//! ## Sources
//!
//! - AWS, "Connection logs for your Application Load Balancer":
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html>;
//!   "Access logs for your Network Load Balancer"; "CloudWatch metrics for your Application Load
//!   Balancer" (`ClientTLSNegotiationErrorCount`).
//! - RFC 8446 section 6 and RFC 6066 section 3: the numbers of alerts.
//! - Google Cloud, mutual TLS errors in the load balancer's log.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Cause, Claim, Direction, Drill, Mechanism as M, Place, Predicts, Remedy, Rival, Shows,
    Signal as S, Test, Text,
};

use crate::rules::{certificates, served_certificate};
use crate::{sentences, visibility};

/// Clients' TLS handshakes fail at the edge: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "client-tls-failure",
    title: Text::new(
        "Clients' TLS handshakes fail at the edge",
        "クライアントとの TLS ハンドシェイクの失敗",
    ),
    explanation: Text::new(
        "Clients could not complete the TLS handshake with the load balancer, so that they never \
        sent a request.",
        "クライアントがロードバランサーとの TLS ハンドシェイクを完了できず、リクエストは送られませ\
        んでした。",
    ),
    place: Place::ClientEdge,
    statuses: &[0],
    leads_to: &[],
    source: include_str!("client_tls_failure.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::ClientTlsFailed]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} connections of clients ended in the TLS handshake.",
                "クライアントの接続 {value} 件が、TLS ハンドシェイクで終わりました。",
            ),
        )],
        supports: &[
            Test::new(
                S::CertificateProblems,
                AtLeast(1.0),
                Text::new(
                    "{value} records say that a certificate was expired or could not be renewed.",
                    "証明書の期限切れ、または更新の失敗が {value} 件記録されています。",
                ),
            )
            .independent(),
            Test::new(
                S::ChangeLead,
                AtMost(1_800.0),
                Text::new(
                    "It began {value} after a change: {change}.",
                    "変更 {change} の {value} 後に始まりました。",
                ),
            )
            .independent(),
            Test::new(S::BurstShare, AtLeast(0.6), sentences::ONE_MINUTE),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "client-abort",
            separates: Text::new(
                "Whether the client had sent a request before its connection ended.",
                "接続が終わる前に、クライアントがリクエストを送っていたかどうかです。",
            ),
        }],
        visible: &[visibility::CERTIFICATES, visibility::CHANGES],
    },
    predicts: Predicts::By(&[
        Rule::Look(certificates::expiry_at_the_edge),
        Rule::Look(served_certificate::names),
        Rule::Look(served_certificate::chain),
    ]),
    drill: Drill::NotYet(
        "The servers of the lab write no log of handshakes; the load balancers that do cannot run \
        inside it.",
    ),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Look at the certificate and the chain that are served, and serve valid ones.",
                "提示されている証明書とチェーンを確認し、有効なものに替えます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
            verify: Text::new(
                "The command ends with: Verify return code: 0 (ok).",
                "コマンドの最後が「Verify return code: 0 (ok)」なら解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Choose a security policy that has the versions and ciphers of the clients.",
                "クライアントのバージョンと暗号を含むセキュリティポリシーを選びます。",
            ),
            setting: "SslPolicy",
            direction: Direction::Set,
            snippet: "aws elbv2 modify-listener --listener-arn ARN --ssl-policy \
            ELBSecurityPolicy-TLS13-1-2-2021-06",
            verify: Text::new(
                "The metric ClientTLSNegotiationErrorCount falls to what it was.",
                "メトリクス ClientTLSNegotiationErrorCount が元の水準に戻ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "With mutual TLS: add the authority of the refused client certificates to the trust \
                store, or have them renewed.",
                "相互 TLS では、拒否されたクライアント証明書の認証局をトラストストアに追加するか、証明\
                書を更新してもらいます。",
            ),
            setting: "trust store",
            direction: Direction::Set,
            snippet: "aws elbv2 modify-trust-store --trust-store-arn ARN \
            --ca-certificates-bundle-s3-bucket BUCKET --ca-certificates-bundle-s3-key ca.pem",
            verify: Text::new(
                "The connection log says Success for the clients that were refused.",
                "拒否されていたクライアントの接続ログが Success になります。",
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
    fn fires_on_failed_handshakes_and_a_change() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 80.0), (S::ChangeLead, 120.0)]),
            Judgement::Holds { supports: vec![S::ChangeLead], independent: true, proved: false }
        );
        assert_eq!(claims(&CAUSE, Seen::of(M::ClientTlsFailed, 0)), Some(true));
    }

    #[test]
    fn quiet_on_a_client_that_left_and_on_the_targets_handshake() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ClientClosed, 460)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::TlsHandshakeFailed, 502)), None);
    }

    #[test]
    fn blind_where_nothing_failed_that_could_be_looked_at() {
        assert_eq!(judge(&CAUSE, &[]), Judgement::CannotTell(vec![S::Failures]));
    }
}
