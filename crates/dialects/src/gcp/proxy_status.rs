//! Reading the value of a `Proxy-Status` error: RFC 9209 section 2.1 parameters `error` and
//! `details`, and the mechanism each error type states.

use model::{Failure, Mechanism, ProxyError};

/// The quoted or bare value of one parameter: `error="x"; details="y"`.
pub(super) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split([';', ',']).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim() == name && !value.is_empty()).then_some(value)
    })
}

/// The failure an RFC 9209 error type states.
pub(super) fn failure(error: ProxyError) -> Failure {
    use Mechanism as M;
    use ProxyError as E;
    let mechanism = match error {
        E::DnsTimeout | E::DnsError => M::NameLookupFailed,
        E::DestinationNotFound | E::ProxyConfigurationError => M::NoRoute,
        E::DestinationUnavailable => M::NoHealthyTarget,
        E::DestinationIpProhibited => M::ConnectForbidden,
        E::DestinationIpUnroutable => M::ConnectUnreachable,
        E::ConnectionRefused => M::ConnectRefused,
        E::ConnectionTerminated => M::EndedBeforeResponse,
        E::ConnectionTimeout => M::ConnectTimeout,
        E::ConnectionReadTimeout | E::HttpResponseTimeout => M::ResponseTimeout,
        E::ConnectionWriteTimeout => M::RequestSendTimeout,
        E::ConnectionLimitReached => M::ProxyLimit,
        E::TlsProtocolError => M::TlsHandshakeFailed,
        E::TlsCertificateError => M::TlsCertificateUnverified,
        E::TlsAlertReceived => M::TlsAlert,
        E::HttpRequestError => M::ClientRequestInvalid,
        E::HttpRequestDenied => M::Denied,
        E::HttpResponseIncomplete => M::ResponseTruncated,
        E::HttpResponseHeaderSectionSize | E::HttpResponseHeaderSize => M::ResponseHeaderTooLarge,
        E::HttpResponseTransferCoding | E::HttpResponseContentCoding | E::HttpProtocolError => {
            M::ResponseMalformed
        }
        E::HttpUpgradeFailed => M::ProtocolMismatch,
        E::HttpResponseBodySize => M::Unspecified,
        E::ProxyInternalResponse | E::ProxyInternalError | E::ProxyLoopDetected => {
            M::GatewayInternal
        }
    };
    Failure { error: Some(error), ..Failure::of(mechanism) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_name() {
        let value = r#"error="connection_refused"; details="x=y""#;
        assert_eq!(parameter(value, "error"), Some("connection_refused"));
        assert_eq!(parameter(value, "details"), Some("x=y"));
        assert_eq!(parameter(r#"details="a""#, "error"), None);
    }

    #[test]
    fn every_error_type_keeps_its_own_word() {
        for error in ProxyError::ALL {
            assert_eq!(failure(*error).error, Some(*error));
        }
    }
}
