//! What a server's certificate says, and why it is not accepted.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::CertificateError;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use super::report::Line;
use crate::fleet::Label;

/// Certificates that are renewed by themselves have longer; so somebody should look.
const WARN_DAYS: i64 = 21;

/// The leaf certificate of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Last moment at which it is valid.
    pub not_after: Timestamp,
    /// Who issued it.
    pub issuer: String,
    /// It was issued by its own name.
    pub self_signed: bool,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
}

impl Leaf {
    /// Reads a certificate in DER form.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let extension = certificate.subject_alternative_name().ok().flatten();
        let names = extension.map(|names| names.value.general_names.iter().filter_map(name_of).collect());
        Some(Self {
            not_after: Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?,
            issuer: display(certificate.issuer()),
            self_signed: certificate.issuer() == certificate.subject(),
            names: names.unwrap_or_default(),
        })
    }

    /// How long it is still valid at `now`. One that is not checked for its time (`lenient`) cannot be bad.
    #[must_use]
    pub fn expiry(&self, now: Timestamp, lenient: bool) -> Line {
        let seconds = self.not_after.duration_since(now).as_secs();
        let (days, date) = (seconds.abs() / 86_400, self.not_after.strftime("%Y-%m-%d"));
        let remedy = "renew it, or tell whoever runs the server; if it is renewed by itself (Let's Encrypt), look why that did not happen";
        if seconds < 0 {
            let finding = format!("the certificate expired on {date}, {days} days ago");
            return if lenient { Line::warn("expiry", finding, remedy) } else { Line::bad("expiry", finding, remedy) };
        }
        let finding = format!("the certificate is valid until {date}, {days} days more");
        if days < WARN_DAYS { Line::warn("expiry", finding, remedy) } else { Line::ok("expiry", finding) }
    }
}

fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(Label::new(name).as_str().to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// The common name, else the whole name.
fn display(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|name| name.as_str().ok());
    Label::new(common.map_or_else(|| name.to_string(), str::to_owned).as_str()).as_str().to_owned()
}

/// Why the certificate is not accepted, and what to do.
#[must_use]
pub fn refusal(error: &rustls::Error, leaf: Option<&Leaf>, host: &str) -> (String, String) {
    let issuer = leaf.map_or("an unknown authority", |leaf| leaf.issuer.as_str());
    let rustls::Error::InvalidCertificate(error) = error else {
        return (
            format!("the certificate is not accepted: {error}"),
            "give the server a proper certificate".to_owned(),
        );
    };
    let (finding, remedy) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "a certificate that the server sends beside its own has expired".to_owned(),
            "install the present chain of the authority on the server",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "the certificate is not valid yet".to_owned(),
            "check the clock of this machine, else wait or renew the certificate",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("the certificate is not for {host} but for {}", names(leaf)),
            "write the name in server that the certificate is for, or give the server a certificate for this name",
        ),
        CertificateError::UnknownIssuer if leaf.is_some_and(|leaf| leaf.self_signed) => (
            "the certificate is signed by itself; nobody vouches for it".to_owned(),
            "give the server a certificate of a public authority, or put this one into tls: { ca_file: … }",
        ),
        CertificateError::UnknownIssuer => (
            format!("the certificate was issued by \"{issuer}\", which this machine does not trust"),
            "a private authority, or a firewall that looks into TLS: put its certificate into tls: { ca_file: … }. A public \
             authority: install the whole chain on the server, and the package ca-certificates on this machine",
        ),
        CertificateError::Revoked => {
            ("the certificate was revoked".to_owned(), "give the server a new certificate")
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => (
            "the certificate is signed by itself and marked as an authority; such a one is not accepted for a server, even \
             in ca_file"
                .to_owned(),
            "give the server a certificate that an authority of yours has signed, and put that authority into tls: { \
             ca_file: … }",
        ),
        other => (format!("the certificate is not accepted: {other}"), "give the server a proper certificate"),
    };
    (finding, remedy.to_owned())
}

fn names(leaf: Option<&Leaf>) -> String {
    const MOST: usize = 5;
    let Some(leaf) = leaf.filter(|leaf| !leaf.names.is_empty()) else { return "no name at all".to_owned() };
    let mut shown: Vec<&str> = leaf.names.iter().take(MOST).map(String::as_str).collect();
    if leaf.names.len() > MOST {
        shown.push("…");
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    fn leaf(until: (i32, u8, u8)) -> Leaf {
        let key = rcgen::KeyPair::generate().expect("key");
        let mut parameters =
            rcgen::CertificateParams::new(vec!["api.example.com".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Acme \u{1b}[31mCA");
        parameters.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        Leaf::read(parameters.self_signed(&key).expect("certificate").der()).expect("readable")
    }

    #[test]
    fn a_certificate_is_read() {
        let leaf = leaf((2027, 1, 2));
        assert_eq!(leaf.names, ["api.example.com", "127.0.0.1"]);
        assert_eq!((leaf.issuer.as_str(), leaf.self_signed), ("Acme [31mCA", true), "fit for a terminal");
        assert_eq!(leaf.not_after, "2027-01-02T00:00:00Z".parse().expect("time"));
        assert_eq!(Leaf::read(b"nonsense"), None);
    }

    #[test]
    fn days_until_it_expires() {
        let leaf = leaf((2027, 1, 31));
        for (now, lenient, verdict, days) in [
            ("2026-12-01T00:00:00Z", false, Verdict::Ok, "61 days more"),
            ("2027-01-10T00:00:00Z", false, Verdict::Ok, "21 days more"),
            ("2027-01-10T00:00:01Z", false, Verdict::Warn, "20 days more"),
            ("2027-02-03T00:00:00Z", false, Verdict::Bad, "3 days ago"),
            ("2027-02-03T00:00:00Z", true, Verdict::Warn, "3 days ago"),
        ] {
            let line = leaf.expiry(now.parse().expect("time"), lenient);
            assert_eq!(line.verdict, verdict, "{now}");
            assert!(line.finding.contains(days), "{line:?}");
        }
    }
}
