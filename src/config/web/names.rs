//! Go's names of TLS versions, cipher suites, curves and client policies, as the toolkit's files have them, in rustls' terms.

use rustls::crypto::{SupportedKxGroup, ring};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion, version};

use super::super::reader::{Context, Field};
use super::super::text::{in_quotes, quote};

/// Reads `min_version` or `max_version`: 2 for TLS 1.2, 3 for TLS 1.3.
pub(super) fn version(field: &Field, context: &mut Context) -> Option<u8> {
    match field.nonempty_text(context)? {
        "TLS12" => Some(2),
        "TLS13" => Some(3),
        old @ ("TLS10" | "TLS11") => {
            field.error(format!("{old} is not secure, and rustls does not have it. Write TLS12 or TLS13."), context);
            None
        }
        other => {
            field.error(format!("{} is no TLS version. Write TLS12 or TLS13.", in_quotes(other)), context);
            None
        }
    }
}

/// The versions from `least` to `most`, both as [`version`] gives them.
pub(super) fn versions(least: u8, most: u8) -> Vec<&'static SupportedProtocolVersion> {
    let all: [(u8, &'static SupportedProtocolVersion); 2] = [(3, &version::TLS13), (2, &version::TLS12)];
    all.into_iter().filter(|(number, _)| (least..=most).contains(number)).map(|(_, version)| version).collect()
}

/// Go's name of a suite; it has no mark for the suites of TLS 1.3.
fn suite_name(suite: &SupportedCipherSuite) -> String {
    suite.suite().as_str().unwrap_or_default().replace("TLS13_", "TLS_")
}

/// Reads `cipher_suites`: the suites in the order of the list. As in Go, the list is about TLS 1.2: those of TLS 1.3 always count.
pub(super) fn suites(field: &Field, context: &mut Context) -> Option<Vec<SupportedCipherSuite>> {
    let (newest, older): (Vec<_>, Vec<_>) =
        ring::ALL_CIPHER_SUITES.iter().partition(|suite| suite.version() == &version::TLS13);
    let mut suites = newest.clone();
    for item in field.list(context)? {
        let Some(name) = item.nonempty_text(context) else { continue };
        match older.iter().find(|suite| suite_name(suite) == name) {
            Some(suite) if !suites.contains(suite) => suites.push(*suite),
            Some(_) => (),
            None if newest.iter().any(|suite| suite_name(suite) == name) => (),
            None => {
                let known: Vec<String> = newest.iter().chain(&older).map(suite_name).collect();
                item.error(
                    format!("rustls has no cipher suite {}. It has: {}.", in_quotes(name), known.join(", ")),
                    context,
                );
            }
        }
    }
    Some(suites)
}

/// Reads `curve_preferences`: the key exchanges in the order of the list.
pub(super) fn curves(field: &Field, context: &mut Context) -> Option<Vec<&'static dyn SupportedKxGroup>> {
    const NAMES: [&str; 3] = ["X25519", "CurveP256", "CurveP384"];
    let mut curves = Vec::new();
    for item in field.list(context)? {
        curves.extend(match item.nonempty_text(context) {
            Some("X25519") => Some(ring::kx_group::X25519),
            Some("CurveP256") => Some(ring::kx_group::SECP256R1),
            Some("CurveP384") => Some(ring::kx_group::SECP384R1),
            Some(other) => {
                let message = format!("rustls has no curve {} here. It has: {}.", in_quotes(other), quote(&NAMES));
                item.error(message, context);
                None
            }
            None => None,
        });
    }
    // As in Go, an empty list leaves the usual ones.
    Some(curves).filter(|curves| !curves.is_empty())
}

/// Whether a client shows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// It is not asked.
    No,
    /// It is asked; any certificate will do, and none.
    Request,
    /// It has to; any certificate will do.
    RequireAny,
    /// It is asked; what it shows has to be of the client authority.
    VerifyIfGiven,
    /// It has to, and the certificate has to be of the client authority.
    RequireAndVerify,
}

/// Reads `client_auth_type`.
pub(super) fn client_auth(field: &Field, context: &mut Context) -> Option<ClientAuth> {
    const NAMES: [&str; 5] = [
        "NoClientCert",
        "RequestClientCert",
        "RequireAnyClientCert",
        "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
    ];
    match field.nonempty_text(context)? {
        "NoClientCert" => Some(ClientAuth::No),
        "RequestClientCert" => Some(ClientAuth::Request),
        // The second name is an older one of the toolkit.
        "RequireAnyClientCert" | "RequireClientCert" => Some(ClientAuth::RequireAny),
        "VerifyClientCertIfGiven" => Some(ClientAuth::VerifyIfGiven),
        "RequireAndVerifyClientCert" => Some(ClientAuth::RequireAndVerify),
        other => {
            field.error(format!("{} is not known. Write one of {}.", in_quotes(other), quote(&NAMES)), context);
            None
        }
    }
}
