//! What Kubernetes and the controllers of its ingresses do unless told otherwise, each with the page
//! that says so.

use crate::defaults::stated::known;
pub(crate) use crate::defaults::stated::{count, seconds, stated, word};

known! {
    below "";
    /// How a Pod ends.
    POD "Kubernetes" false "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/";
    /// Probes of containers.
    PROBE "Kubernetes" false "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/";
    /// Which answers of an HTTP probe pass.
    PROBE_FIXED "Kubernetes" true "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/";
    /// Replicas and roll-outs of a Deployment.
    DEPLOYMENT "Kubernetes" false "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/";
    /// Replicas of a StatefulSet, which replaces one Pod after the other.
    STATEFUL_SET "Kubernetes" false "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/";
    /// Roll-outs of a DaemonSet.
    DAEMON_SET "Kubernetes" false "https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/";
    /// Replicas of a ReplicaSet.
    REPLICA_SET "Kubernetes" false "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/";
    /// Bounds of an autoscaler.
    AUTOSCALER "Kubernetes" false "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/";
    /// Settings of ingress-nginx.
    INGRESS_NGINX "ingress-nginx" false "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/";
    /// Health checks that the AWS Load Balancer Controller asks for.
    ALB_CONTROLLER "AWS Load Balancer Controller" false "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/";
    /// Health checks that the AWS Load Balancer Controller asks for at a Service's load balancer.
    NLB_CONTROLLER "AWS Load Balancer Controller" false "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/";
    /// Backend services of Google's controllers.
    GKE_BACKEND "Google Cloud Application Load Balancer" false "https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration";
    /// Backend services of Google's Gateway controller.
    GKE_POLICY "Google Cloud Application Load Balancer" false "https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources";
    /// How long Google's load balancers keep idle connections of clients.
    GOOGLE_CLIENTS "Google Cloud Application Load Balancer" false "https://cloud.google.com/load-balancing/docs/https/request-distribution";
    /// How long Google's load balancers keep idle connections to backends.
    GOOGLE_BACKENDS "Google Cloud Application Load Balancer" true "https://cloud.google.com/load-balancing/docs/https/request-distribution";
}
