//! What one access record says, whichever form it was written in.

use std::borrow::Cow;

use model::{Author, HopKind, Micros, Request, Role, Timestamp};

use super::flags;
use crate::scan;

/// The values of one record; absent where logged as `-` or null. Names follow Envoy's command
/// operators (Envoy documentation, "Access logging").
#[derive(Debug, Default)]
pub(super) struct Access<'a> {
    /// `%START_TIME%`: when the request began.
    pub(super) start: Option<Timestamp>,
    pub(super) method: Option<Cow<'a, str>>,
    /// Path with query.
    pub(super) path: Option<Cow<'a, str>>,
    /// `%RESPONSE_CODE%`, 0 where the client got none.
    pub(super) code: u16,
    /// `%RESPONSE_FLAGS%`, comma-joined, short or long names.
    pub(super) flags: Option<Cow<'a, str>>,
    /// `%RESPONSE_CODE_DETAILS%`.
    pub(super) details: Option<Cow<'a, str>>,
    /// `%CONNECTION_TERMINATION_DETAILS%`.
    pub(super) termination: Option<Cow<'a, str>>,
    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`.
    pub(super) transport: Option<Cow<'a, str>>,
    /// `%DURATION%`: the whole request.
    pub(super) duration: Option<Micros>,
    /// `%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%`: until the first byte of the answer.
    pub(super) service_time: Option<Micros>,
    pub(super) forwarded_for: Option<Cow<'a, str>>,
    pub(super) request_id: Option<Cow<'a, str>>,
    pub(super) authority: Option<Cow<'a, str>>,
    pub(super) upstream_host: Option<Cow<'a, str>>,
    pub(super) cluster: Option<Cow<'a, str>>,
    pub(super) downstream: Option<Cow<'a, str>>,
}

/// Name and kind of the hop: Istio's cluster names tell on which side of the service the proxy
/// stands (`inbound|8080||`, `outbound|80||reviews.shop.svc.cluster.local`).
pub(super) fn hop(cluster: Option<&[u8]>) -> (&'static str, HopKind) {
    match cluster {
        Some(name) if name.starts_with(b"inbound") || name.starts_with(b"Inbound") => {
            ("envoy inbound", HopKind::Sidecar)
        }
        Some(name) if name.starts_with(b"outbound|") => ("envoy outbound", HopKind::Proxy),
        _ => ("envoy", HopKind::Proxy),
    }
}

/// A target as `address:port`; some formats write the scheme before it.
pub(super) fn address(host: &str) -> &str {
    host.strip_prefix("tcp://").unwrap_or(host)
}

impl<'a> Access<'a> {
    /// A TCP session, or bytes that could not be read as a request.
    pub(super) fn without_request(&self) -> bool {
        self.method.is_none() && self.path.is_none()
    }

    /// The record as a request; `None` for a TCP session that ended the way sessions do.
    pub(super) fn into_request(self) -> Option<Request<'a>> {
        let failure = flags::failure(&self);
        let session = self.without_request() && self.code == 0;
        if session && failure.is_none() {
            return None;
        }
        let (hop, kind) = hop(self.cluster.as_deref().map(str::as_bytes));
        let mut request = Request::new(hop, kind, Role::Access);
        request.start = self.start;
        request.timers.total = self.duration;
        request.timers.wait = self.service_time;
        request.complete_times();
        request.status = (!session).then_some(self.code);
        request.author = flags::author(&self);
        request.upstream_status = request.status.filter(|_| request.author == Author::Behind);
        if failure.is_some() {
            // The flags are the vendor's word for a failure; where there is none, the details are.
            request.token = self.flags.clone().or_else(|| self.details.clone());
        }
        request.failure = failure;
        request.target = self.upstream_host.map(|host| match host {
            Cow::Borrowed(host) => Cow::Borrowed(address(host)),
            Cow::Owned(host) => Cow::Owned(address(&host).to_owned()),
        });
        request.upstream = self.cluster;
        request.method = self.method;
        request.path = self.path.map(|path| match path {
            Cow::Borrowed(path) => Cow::Borrowed(scan::path_and_host(path).0),
            Cow::Owned(path) => Cow::Owned(scan::path_and_host(&path).0.to_owned()),
        });
        request.host = self.authority.map(|host| match host {
            Cow::Borrowed(host) => Cow::Borrowed(scan::without_port(host)),
            Cow::Owned(host) => Cow::Owned(scan::without_port(&host).to_owned()),
        });
        // The first address of X-Forwarded-For is the client the outermost proxy saw.
        let client = self.forwarded_for.as_deref().and_then(|list| list.split(',').next());
        let client = client.map(str::trim).or(self.downstream.as_deref().map(scan::without_port));
        request.client = client.map(|client| {
            let bare = client.strip_prefix('[').and_then(|client| client.strip_suffix(']'));
            Cow::Owned(bare.unwrap_or(client).to_owned())
        });
        request.id = self.request_id;
        Some(request)
    }
}
