//! Client certificates: who has to show one, and whose is good.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::extensions::GeneralName;

use super::super::reader::{Context, Field, Section};
use super::certificates;
use super::files::Files;
use super::names::{self, ClientAuth};

/// Reads everything about client certificates. Outer `None` after a fault, inner `None` when none is asked for.
#[expect(clippy::option_option, reason = "a fault is not the same as no client certificates")]
pub(super) fn read(
    section: &Section,
    provider: &Arc<CryptoProvider>,
    files: &mut Files,
    context: &mut Context,
) -> Option<Option<Arc<dyn ClientCertVerifier>>> {
    let policy = section.get("client_auth_type");
    let auth = policy.as_ref().map_or(Some(ClientAuth::No), |field| names::client_auth(field, context));
    let given = section.get("client_ca").or_else(|| section.get("client_ca_file"));
    let authority = certificates::find(section, "client_ca", files, context);
    let roots = authority.as_ref().and_then(|pem| pem.authorities(context));
    let sans = section.get("client_allowed_sans");
    let allowed = sans.as_ref().map(|field| allowed(field, context));

    let auth = auth?;
    if auth == ClientAuth::No {
        for field in [given, sans].into_iter().flatten() {
            let message =
                "this has no effect without a client_auth_type. Set it to RequireAndVerifyClientCert, or remove this.";
            field.error(message, context);
        }
        return Some(None);
    }
    let verifies = matches!(auth, ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify);
    let mandatory = matches!(auth, ClientAuth::RequireAny | ClientAuth::RequireAndVerify);
    if verifies && given.is_none() {
        let message = "this needs the authority of the clients' certificates. Add client_ca_file.";
        policy?.error(message, context);
        return None;
    }
    if !(verifies && mandatory)
        && let Some(policy) = policy
    {
        let message =
            "this lets clients in without a certificate that was verified. Only RequireAndVerifyClientCert is secure.";
        policy.warn(message, context);
    }
    let allowed = match allowed {
        Some(names) => Some(names?),
        None => None,
    };
    let authority = if verifies {
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots?), Arc::clone(provider));
        Some(builder.build().map_err(|error| section.error(format!("client certificates: {error}."), context)).ok()?)
    } else {
        None
    };
    Some(Some(Arc::new(Clients {
        authority,
        mandatory,
        allowed,
        provider: Arc::clone(provider),
        told: Mutex::default(),
    })))
}

fn allowed(field: &Field, context: &mut Context) -> Option<HashSet<String>> {
    let items = field.list(context)?;
    if items.is_empty() {
        field.error("the list is empty, so nobody could come in. Name somebody, or remove the key.", context);
        return None;
    }
    let names: Vec<_> = items.iter().map(|item| item.nonempty_text(context)).collect();
    names.into_iter().map(|name| name.map(str::to_owned)).collect()
}

/// Judges the certificates of clients.
#[derive(Debug)]
struct Clients {
    /// Judges the chain; without it any certificate will do whose key the client has.
    authority: Option<Arc<dyn ClientCertVerifier>>,
    mandatory: bool,
    /// One of the certificate's alternative names has to be in it.
    allowed: Option<HashSet<String>>,
    provider: Arc<CryptoProvider>,
    /// The reasons for refusals that are in the log already. There are few, so whoever tries cannot fill the log.
    told: Mutex<HashSet<&'static str>>,
}

impl Clients {
    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(authority) = &self.authority {
            authority.verify_client_cert(end_entity, intermediates, now)?;
        }
        if let Some(allowed) = &self.allowed
            && !alternative_names(end_entity)?.iter().any(|name| allowed.contains(name))
        {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    /// Logs the first refusal of each kind. The client hears no more than that its certificate is bad.
    fn tell<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &result {
            let reason = reason(error);
            if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(reason) {
                tracing::warn!(%error, "a client's certificate was refused: {reason} This is logged once");
            }
        }
        result
    }
}

/// What is wrong with a client's certificate, and what to do.
const fn reason(error: &Error) -> &'static str {
    use CertificateError as Fault;
    match error {
        Error::InvalidCertificate(Fault::UnknownIssuer) => {
            "it is not of the authority in client_ca_file. Issue one of that, or add the authority."
        }
        Error::InvalidCertificate(Fault::Expired | Fault::ExpiredContext { .. }) => "it has expired. Renew it.",
        Error::InvalidCertificate(Fault::NotValidYet | Fault::NotValidYetContext { .. }) => {
            "it is not valid yet. Look at both clocks."
        }
        Error::InvalidCertificate(Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. }) => {
            "it is not for clients. Issue one with the extended key usage clientAuth."
        }
        Error::InvalidCertificate(Fault::ApplicationVerificationFailure) => {
            "none of its alternative names is in client_allowed_sans. Add one, or issue another certificate."
        }
        Error::InvalidCertificate(Fault::BadSignature) | Error::PeerMisbehaved(_) => {
            "its signature, or that of the handshake, is wrong. Give the client the key that belongs to it."
        }
        // rustls has no names of its own for the most frequent faults: an old version, and an authority's certificate.
        _ => "it is not what rustls takes. Issue an X.509 v3 certificate with CA:FALSE.",
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.authority.as_ref().map_or(&[], |authority| authority.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.tell(self.verify(end_entity, intermediates, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.tell(verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.tell(verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The host names, addresses, mailboxes and URIs of a certificate.
fn alternative_names(certificate: &CertificateDer<'_>) -> Result<Vec<String>, Error> {
    let unreadable = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).map_err(|_| unreadable())?;
    let names = certificate.subject_alternative_name().map_err(|_| unreadable())?;
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let text = |name: &GeneralName| match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => Some((*text).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [_, _, _, _] => <[u8; 4]>::try_from(*bytes).ok().map(|octets| IpAddr::from(octets).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|octets| IpAddr::from(octets).to_string()),
        },
        _ => None,
    };
    Ok(names.iter().filter_map(text).collect())
}
