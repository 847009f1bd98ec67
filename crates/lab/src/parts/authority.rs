//! The lab's certificate authority: one per run, known to nobody else.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// A certificate that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no name to put into it.
    #[error("a certificate needs at least one name")]
    Nameless,
    /// A name is neither a host name nor an address, or the system gave no randomness.
    #[error("the certificate for {names} could not be made: {source}")]
    Failed {
        /// The names asked for.
        names: String,
        /// What went wrong.
        source: rcgen::Error,
    },
}

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, both PEM.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, followed by the authority's: what servers call a chain.
    pub cert: String,
    /// The private key (PKCS #8).
    pub key: String,
}

/// How long the authority is valid, and before now that each certificate was valid, at least.
const AGE: Duration = Duration::days(365);

impl Authority {
    /// Makes an authority with a new key.
    ///
    /// # Errors
    ///
    /// If the system has no randomness to give.
    pub fn new() -> Result<Authority, Error> {
        Authority::made().map_err(|source| Error::Failed { names: "the authority".into(), source })
    }

    fn made() -> Result<Authority, rcgen::Error> {
        let now = OffsetDateTime::now_utc();
        let mut params = CertificateParams::default();
        params.distinguished_name = name("why502 lab authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = now - AGE * 2;
        params.not_after = now + AGE;
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), pem })
    }

    /// A server certificate for names separated by spaces (host names or addresses; the first is
    /// also the common name) that ends so many days from now, or ended that many days ago if
    /// negative.
    ///
    /// # Errors
    ///
    /// If there is no name, or one that is neither a host name nor an address.
    pub fn issue(&self, names: &str, days: i64) -> Result<Issued, Error> {
        if names.trim().is_empty() {
            return Err(Error::Nameless);
        }
        let failed = |source| Error::Failed { names: names.to_owned(), source };
        self.issued(names, days).map_err(failed)
    }

    fn issued(&self, names: &str, days: i64) -> Result<Issued, rcgen::Error> {
        let list: Vec<String> = names.split_ascii_whitespace().map(str::to_owned).collect();
        let common = list.first().cloned().unwrap_or_default();
        let now = OffsetDateTime::now_utc();
        let end = now + Duration::days(days.clamp(-36_500, 36_500));
        let mut params = CertificateParams::new(list)?;
        params.distinguished_name = name(&common);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = end.min(now) - Duration::days(30);
        params.not_after = end;
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { cert: leaf.pem() + &self.pem, key: key.serialize_pem() })
    }

    /// The authority's own certificate, PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_certificate_with_its_chain() {
        let authority = Authority::new().unwrap();
        let issued = authority.issue("api.internal 10.50.0.2", 90).unwrap();
        assert_eq!(issued.cert.matches("BEGIN CERTIFICATE").count(), 2);
        assert!(issued.cert.ends_with(authority.pem()));
        assert!(issued.key.contains("PRIVATE KEY"));
        authority.issue("api.internal", -1).unwrap();
    }

    #[test]
    fn names_that_are_none() {
        let authority = Authority::new().unwrap();
        assert!(matches!(authority.issue("  ", 1), Err(Error::Nameless)));
        let error = authority.issue("ü.example", 1).unwrap_err().to_string();
        assert!(error.starts_with("the certificate for ü.example could not be made: "), "{error}");
    }
}
