//! `tls_server_config`.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::super::reader::{Context, Field, Section};
use super::files::Files;
use super::{certificates, clients, names};

const KEYS: [&str; 13] = [
    "cert",
    "cert_file",
    "key",
    "key_file",
    "client_auth_type",
    "client_ca",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
];

/// Reads what TLS is to be like. `None` after a fault, and when the section is empty, which is plain HTTP.
pub(super) fn read(field: &Field, files: &mut Files, context: &mut Context) -> Option<Arc<ServerConfig>> {
    let section = field.section(&KEYS, context)?;
    if section.fields().is_empty() {
        return None;
    }
    let versions = versions(&section, context);
    let provider = provider(&section, versions.as_deref(), context);
    let order = section.get("prefer_server_cipher_suites").map_or(Some(true), |field| field.boolean(context));
    let fallback = Arc::new(ring::default_provider());
    let clients = clients::read(&section, provider.as_ref().unwrap_or(&fallback), files, context);

    let certificate = certificates::find(&section, "cert", files, context);
    let key = certificates::find(&section, "key", files, context);
    for (name, what) in [("cert", "certificate"), ("key", "private key")] {
        let file = format!("{name}_file");
        if section.get(name).is_none() && section.get(&file).is_none() {
            let message = format!("TLS needs a {what}. Add {file}: PATH (or {name} with the PEM text itself).");
            section.missing(&[name, &file], &message, context);
        }
    }
    let chain = certificate.as_ref().and_then(|pem| pem.certificates(context));
    let private = key.as_ref().and_then(|pem| pem.key(context));

    let (chain, private, key) = (chain?, private?, key?);
    let builder = ServerConfig::builder_with_provider(provider?).with_protocol_versions(&versions?);
    let builder = builder.map_err(|error| section.error(format!("TLS cannot be set up: {error}."), context)).ok()?;
    let builder = match clients? {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    };
    match builder.with_single_cert(chain, private) {
        Ok(mut config) => {
            config.ignore_client_order = order?;
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(Arc::new(config))
        }
        Err(rustls::Error::InconsistentKeys(_)) => {
            key.field.error("the key is not the one of the certificate. Give the two that belong together.", context);
            None
        }
        Err(rustls::Error::InvalidCertificate(_)) => {
            certificate?
                .field
                .error("the certificate cannot be read. Give an X.509 certificate of version 3.", context);
            None
        }
        Err(_) => {
            let message = "a key of this kind cannot be used. Give an RSA key of at least 2048 bits, an ECDSA key (P-256, P-384) or an Ed25519 key.";
            key.field.error(message, context);
            None
        }
    }
}

fn versions(section: &Section, context: &mut Context) -> Option<Vec<&'static SupportedProtocolVersion>> {
    let mut read =
        |name: &str, default| section.get(name).map_or(Some(default), |field| names::version(&field, context));
    let (least, most) = (read("min_version", 2), read("max_version", 3));
    let (least, most) = (least?, most?);
    if least > most {
        section.get("min_version")?.error("min_version is above max_version. Swap them, or remove one.", context);
        return None;
    }
    Some(names::versions(least, most))
}

/// ring, with the cipher suites and curves that are wanted.
fn provider(
    section: &Section,
    versions: Option<&[&'static SupportedProtocolVersion]>,
    context: &mut Context,
) -> Option<Arc<CryptoProvider>> {
    let before = context.errors.len();
    let mut provider = ring::default_provider();
    if let Some(field) = section.get("cipher_suites")
        && let Some(suites) = names::suites(&field, context)
        && !field.list(context)?.is_empty()
    {
        if versions.is_some_and(|versions| !suites.iter().any(|suite| versions.contains(&suite.version())))
            && context.errors.len() == before
        {
            let message = "none of these is for TLS 1.2, the only version that is left. Add one, or raise max_version.";
            field.error(message, context);
        }
        provider.cipher_suites = suites;
    }
    if let Some(field) = section.get("curve_preferences")
        && let Some(curves) = names::curves(&field, context)
    {
        provider.kx_groups = curves;
    }
    (context.errors.len() == before).then(|| Arc::new(provider))
}
