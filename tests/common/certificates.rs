//! A private certificate authority.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A private authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("key");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Acme Private CA");
        let pem = parameters.self_signed(&key).expect("certificate").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// A server certificate for that name which expires in so many days; negative for one that has expired.
    pub fn issue(&self, name: &str, days: i64) -> ServerConfig {
        let key = KeyPair::generate().expect("key");
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("name");
        let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days + 1);
        let until = until.to_zoned(jiff::tz::TimeZone::UTC).date();
        let month = u8::try_from(until.month()).expect("month");
        let day = u8::try_from(until.day()).expect("day");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(i32::from(until.year()), month, day);
        let certificate = parameters.signed_by(&key, &self.issuer).expect("certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("certificate and key")
    }
}
