//! # No route for the request
//!
//! ## What happens
//!
//! The gateway understood the request and found nothing in its own configuration that says where to
//! send it: no virtual host for the `Host`, no route for the path, a route to a cluster or backend
//! that is not there (yet). No target was asked, so that the answer comes in less than a
//! millisecond, and every request of that host or path fails the same way until the configuration
//! is right.
//!
//! ## How it shows
//!
//! - Envoy: `NR` `route_not_found`, `404`; `NC` `cluster_not_found`, `503` (`500` in old versions).
//!   In Istio and Contour also for a short while after a change, until the configuration is there.
//! - Google Cloud Load Balancing: `serverless_neg_routing_failed`, `config_not_found`.
//! - HAProxy: `503` with `NOSRV` where a `use_backend` names none and there is no default. AWS ALB:
//!   the rule's fixed response; a `404` of the default rule is no failure of its log.
//! - Gateways with `proxy-status` (RFC 9209): `error=destination_not_found`.
//!
//! ## What it is mistaken for
//!
//! - `no-registered-targets` and `no-healthy-targets`: a route was found, and the group behind it
//!   has nobody to send to.
//! - `backend-own-5xx`, or a `404` of the application: then an upstream's status is in the log.
//! - `bad-release`: a new version lacks the path; the application's own log has the request.
//!
//! ## Before it happens
//!
//! - A host name or path that is in DNS and not in the gateway's routes; a route without the port in
//!   the `Host` field (`example.com:8443`).
//! - Routes and clusters that are delivered apart from each other, the route first.
//! - A serverless network endpoint group whose service or URL mask was renamed or removed.
//!
//! ## Reproduce it
//!
//! `why502 drill route-missing`: Envoy's route names a cluster that is not there (`NC`, `503`). Then it
//! names the one that is.
//!
//! ## Remedy
//!
//! 1. Ask the gateway what it has: Envoy `curl localhost:15000/config_dump?resource=dynamic_route_configs`,
//!    `istioctl proxy-config routes POD`, `gcloud compute url-maps describe MAP`. The host and the
//!    path of the failing requests are not there.
//! 2. Add the host or the path, or correct the cluster's name. The next request reaches a target.
//! 3. Deliver clusters before the routes that name them, and remove them after. No `NC` during a
//!    change.
//!
//! ## Sources
//!
//! - Envoy, "Response flags" and "Response code details"; `source/common/router/router.cc`.
//! - Google Cloud, external Application Load Balancer logging, `statusDetails`.
//! - RFC 9209, section 2.3.

use model::Condition::{AtLeast, AtMost};
use model::{
    Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place, Predicts,
    Remedy, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, envoy_app};
use crate::{sentences, visibility};

/// No route for the request: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "route-missing",
    title: Text::new("No route for the request", "リクエストに合うルートがない"),
    explanation: Text::new(
        "The gateway's own configuration had no route, or no cluster behind the route, for the host \
        and path of the request.",
        "リクエストのホストとパスに対するルート、またはルートの先のクラスターが、ゲートウェイの設\
        定にありませんでした。",
    ),
    place: Place::Routing,
    statuses: &[404, 500, 502, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("route_missing.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::NoRoute]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "The gateway found no route for {value} requests.",
                "{value} 件のリクエストに合うルートがありませんでした。",
            ),
        )],
        supports: &[
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
            Test::new(S::ShortWaitShare, AtLeast(0.9), sentences::NO_ATTEMPT),
            Test::new(S::DeployLead, AtMost(1800.0), sentences::AFTER_DEPLOY).independent(),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::DURATIONS, visibility::DEPLOYS],
    },
    predicts: Predicts::Never(
        "No setting tells: which names and paths clients use stands in DNS and in the \
        clients, and routes that refer to nothing are a reader's remark.",
    ),
    drill: Drill::Runs(&[ENVOY_CLUSTER]),
    remedies: &[
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Add the host and the path to the routes, and the cluster before them.",
                "ホストとパスをルートに追加します。クラスターはルートより先に配布します。",
            ),
            setting: "route_config.virtual_hosts",
            direction: Direction::Set,
            snippet: "virtual_hosts:\n- name: shop\n  domains: [\"shop.example.com\", \
            \"shop.example.com:*\"]\n  routes:\n  - match: { prefix: / }\n    route: { cluster: app }",
            verify: Text::new(
                "No NR or NC any more, and %UPSTREAM_HOST% names a target.",
                "NR と NC が出なくなり、%UPSTREAM_HOST% にターゲットが入ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Istio",
            action: Text::new(
                "Compare what the proxy has with what was written.",
                "プロキシが持つルートと、書いた設定を比べます。",
            ),
            setting: "VirtualService",
            direction: Direction::Change,
            snippet: "istioctl analyze -A\nistioctl proxy-config routes POD -n NAMESPACE\nistioctl \
            proxy-status",
            verify: Text::new(
                "The host is listed for the port, and proxy-status says SYNCED.",
                "ホストがそのポートに載り、proxy-status が SYNCED になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Google Cloud Load Balancing",
            action: Text::new(
                "Correct the service, tag or URL mask of the serverless endpoint group.",
                "サーバーレス NEG のサービス名、タグ、URL マスクを直します。",
            ),
            setting: "--cloud-run-url-mask",
            direction: Direction::Set,
            snippet: "gcloud compute network-endpoint-groups describe NEG --region=REGION\ngcloud \
            compute url-maps validate --source=map.yaml --load-balancing-scheme=EXTERNAL_MANAGED",
            verify: Text::new(
                "statusDetails is response_sent_by_backend.",
                "statusDetails が response_sent_by_backend になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Give the frontend a backend for what no rule matches.",
                "どの規則にも合わない場合のバックエンドを指定します。",
            ),
            setting: "default_backend",
            direction: Direction::Set,
            snippet: "frontend web\n    use_backend api if { path_beg /api }\n    default_backend app",
            verify: Text::new("No <NOSRV> any more.", "<NOSRV> が出なくなれば解消です。"),
            arithmetic: None,
        },
    ],
};

const ENVOY_CLUSTER: Scenario = Scenario {
    name: "envoy-cluster",
    happens: Text::new(
        "Envoy's route names a cluster that is not there.",
        "Envoy のルートが、存在しないクラスターを指しています。",
    ),
    cure: Text::new(
        "The route names the cluster that is there.",
        "ルートが、存在するクラスターを指します。",
    ),
    hosts: &[APP, Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)])],
    router: None,
    knobs: &[Knob { name: "cluster", fault: "app-v2", remedy: "app" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[503]),
    everyday: true,
};

const ENVOY: &str = envoy!(
    routes: r#"            # As with routes that are delivered apart from the clusters
            validate_clusters: false
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{match: {prefix: /}, route: {cluster: {{cluster}}}}]
"#,
    "    type: STATIC\n",
    envoy_app!()
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn a_record_of_it_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoRoute, 404)), Some(true));
        assert_eq!(claims(&CAUSE, Seen::of(M::NoRoute, 503)), Some(true));
    }

    #[test]
    fn a_deploy_just_before_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 40.0), (S::ShortWaitShare, 1.0), (S::DeployLead, 30.0)]),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_where_the_group_behind_the_route_has_nobody() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NoHealthyTarget, 503)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::NoTarget, 503)), None);
    }

    #[test]
    fn blind_where_only_the_status_is_logged() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 503)), None);
    }
}
