//! The coordinates every failing request gets, whatever log it was read from: who wrote the
//! status, on which side and in which phase it failed, on a fresh or reused connection, and the
//! error in the words of RFC 9209 section 2.3.

use crate::names::vocabulary;

vocabulary! {
    /// The side of the reporting hop on which the request failed.
    pub enum Side {
        /// Between the client and this hop.
        Client = "client",
        /// Inside this hop: its limits, its routing, its filters.
        Gateway = "gateway",
        /// Between this hop and the next one, or in the next one.
        Upstream = "upstream",
        /// A call the application made outward: through a NAT, to a database, to a third party.
        Egress = "egress",
    }
}

vocabulary! {
    /// The phase the request had reached when it failed.
    pub enum Phase {
        /// The client's connection is being accepted.
        Accept = "accept",
        /// The request is being read from the client.
        RequestRead = "request-read",
        /// The hop decides where the request goes.
        Route = "route",
        /// The hop picks one target out of a group.
        PickTarget = "pick-target",
        /// The target's name is being resolved.
        Resolve = "resolve",
        /// The connection to the target is being opened.
        Connect = "connect",
        /// The TLS handshake with the target.
        Tls = "tls",
        /// The request is being sent to the target.
        RequestSend = "request-send",
        /// The request is out; nothing has come back.
        ResponseWait = "response-wait",
        /// The response's status line and header fields are being read.
        ResponseHead = "response-head",
        /// The response's content is being read.
        ResponseBody = "response-body",
        /// The response is being sent to the client.
        ResponseSend = "response-send",
    }
}

vocabulary! {
    /// Whether the connection to the target had carried a request before.
    pub enum Reuse {
        /// Opened for this request.
        Fresh = "fresh",
        /// Taken from a pool, or a later request of the same connection.
        Reused = "reused",
        /// The record does not say.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// Who wrote the status that this hop sent to its client.
    pub enum Author {
        /// The hop that wrote the record: the request never got a usable answer from behind.
        ThisHop = "this-hop",
        /// The hop behind it: the status was passed on.
        Behind = "behind",
        /// The record does not say.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// What kind of hop wrote a record; failures are counted at the outermost kind present.
    pub enum HopKind {
        /// A CDN, in front of everything else.
        Cdn = "cdn",
        /// A cloud load balancer or API gateway.
        Edge = "edge",
        /// A reverse proxy: nginx, HAProxy, Envoy, Apache httpd.
        Proxy = "proxy",
        /// A proxy that sits with the service, such as an inbound sidecar.
        Sidecar = "sidecar",
        /// A platform in front of the application's process, such as Cloud Run or Lambda.
        Service = "service",
        /// The application itself.
        Application = "application",
    }
}

vocabulary! {
    /// What a record about a request is good for.
    pub enum Role {
        /// One record per request: it may be counted.
        Access = "access",
        /// A record that explains a request which an access record may also count.
        Explanation = "explanation",
    }
}

vocabulary! {
    /// Proxy error types of RFC 9209 section 2.3.
    pub enum ProxyError {
        /// RFC 9209 section 2.3.1: the DNS query timed out.
        DnsTimeout = "dns_timeout",
        /// RFC 9209 section 2.3.2: the name could not be resolved.
        DnsError = "dns_error",
        /// RFC 9209 section 2.3.3: no route for the request.
        DestinationNotFound = "destination_not_found",
        /// RFC 9209 section 2.3.4: the next hop is considered unavailable, e.g. by health checks.
        DestinationUnavailable = "destination_unavailable",
        /// RFC 9209 section 2.3.5: the next hop's address is forbidden.
        DestinationIpProhibited = "destination_ip_prohibited",
        /// RFC 9209 section 2.3.6: no route to the next hop's address.
        DestinationIpUnroutable = "destination_ip_unroutable",
        /// RFC 9209 section 2.3.7: the next hop refused the connection.
        ConnectionRefused = "connection_refused",
        /// RFC 9209 section 2.3.8: the connection was closed before a complete response.
        ConnectionTerminated = "connection_terminated",
        /// RFC 9209 section 2.3.9: opening the connection timed out.
        ConnectionTimeout = "connection_timeout",
        /// RFC 9209 section 2.3.10: reading from the open connection timed out.
        ConnectionReadTimeout = "connection_read_timeout",
        /// RFC 9209 section 2.3.11: writing to the open connection timed out.
        ConnectionWriteTimeout = "connection_write_timeout",
        /// RFC 9209 section 2.3.12: a limit on connections was reached.
        ConnectionLimitReached = "connection_limit_reached",
        /// RFC 9209 section 2.3.13: TLS failed other than by alert or certificate.
        TlsProtocolError = "tls_protocol_error",
        /// RFC 9209 section 2.3.14: the next hop's certificate could not be verified.
        TlsCertificateError = "tls_certificate_error",
        /// RFC 9209 section 2.3.15: the next hop sent a TLS alert.
        TlsAlertReceived = "tls_alert_received",
        /// RFC 9209 section 2.3.16: the client's request is at fault.
        HttpRequestError = "http_request_error",
        /// RFC 9209 section 2.3.17: the hop refused the request.
        HttpRequestDenied = "http_request_denied",
        /// RFC 9209 section 2.3.18: the response ended early.
        HttpResponseIncomplete = "http_response_incomplete",
        /// RFC 9209 section 2.3.19: the response's header section is too large.
        HttpResponseHeaderSectionSize = "http_response_header_section_size",
        /// RFC 9209 section 2.3.20: one header field line of the response is too large.
        HttpResponseHeaderSize = "http_response_header_size",
        /// RFC 9209 section 2.3.21: the response's content is too large.
        HttpResponseBodySize = "http_response_body_size",
        /// RFC 9209 section 2.3.24: the response's transfer coding is wrong.
        HttpResponseTransferCoding = "http_response_transfer_coding",
        /// RFC 9209 section 2.3.25: the response's content coding is wrong.
        HttpResponseContentCoding = "http_response_content_coding",
        /// RFC 9209 section 2.3.26: waiting for the complete response timed out.
        HttpResponseTimeout = "http_response_timeout",
        /// RFC 9209 section 2.3.27: the upgrade failed.
        HttpUpgradeFailed = "http_upgrade_failed",
        /// RFC 9209 section 2.3.28: the next hop broke HTTP.
        HttpProtocolError = "http_protocol_error",
        /// RFC 9209 section 2.3.29: the hop made the response itself without contacting the next.
        ProxyInternalResponse = "proxy_internal_response",
        /// RFC 9209 section 2.3.30: the hop failed for a reason of its own.
        ProxyInternalError = "proxy_internal_error",
        /// RFC 9209 section 2.3.31: the hop's configuration is at fault.
        ProxyConfigurationError = "proxy_configuration_error",
        /// RFC 9209 section 2.3.32: the request came back to the hop.
        ProxyLoopDetected = "proxy_loop_detected",
    }
}
