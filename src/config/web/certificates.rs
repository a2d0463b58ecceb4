//! Certificates and keys in PEM form, from a file or from the configuration itself. Messages never repeat any of it.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::zeroize::Zeroizing;

use super::super::reader::{Context, Field, Section};
use super::super::text::shown_path;
use super::files::Files;

/// Largest file of certificates or of a key.
const MOST_BYTES: u64 = 1024 * 1024;

/// A PEM text with the key that brought it.
pub(super) struct Pem<'t> {
    /// Where its faults are reported.
    pub field: Field<'t>,
    bytes: Zeroizing<Vec<u8>>,
}

/// Finds the PEM text of `name` or of the file `name`_file. `None` when there is neither, or when there was a fault.
pub(super) fn find<'t>(section: &Section<'t>, name: &str, files: &mut Files, context: &mut Context) -> Option<Pem<'t>> {
    let file = format!("{name}_file");
    match (section.get(name), section.get(&file)) {
        (None, None) => None,
        (Some(_), Some(field)) => {
            field.error(format!("{name} and {file} are given together. Keep one of them."), context);
            None
        }
        (Some(field), None) => {
            let bytes = Zeroizing::new(field.nonempty_text(context)?.as_bytes().to_vec());
            Some(Pem { field, bytes })
        }
        (None, Some(field)) => {
            let text = field.nonempty_text(context)?;
            let path = context.resolve(text);
            match files.read(&path, MOST_BYTES) {
                Ok(bytes) => Some(Pem { field, bytes }),
                Err(error) => {
                    let path = shown_path(&path);
                    field.error(format!("cannot read the file {path}: {error}. Name a readable PEM file."), context);
                    None
                }
            }
        }
    }
}

impl Pem<'_> {
    /// Its certificates; at least one.
    pub(super) fn certificates(&self, context: &mut Context) -> Option<Vec<CertificateDer<'static>>> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Some(certificates),
            _ => {
                let message = "there is no certificate in PEM form here (-----BEGIN CERTIFICATE-----). Give one, and those between it and the authority after it.";
                self.field.error(message, context);
                None
            }
        }
    }

    /// Its certificates as authorities.
    pub(super) fn authorities(&self, context: &mut Context) -> Option<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates(context)? {
            if roots.add(certificate).is_err() {
                self.field.error("a certificate in it cannot be read. Replace it.", context);
                return None;
            }
        }
        Some(roots)
    }

    /// Its private key.
    pub(super) fn key(&self, context: &mut Context) -> Option<PrivateKeyDer<'static>> {
        if let Ok(key) = PrivateKeyDer::from_pem_slice(&self.bytes) {
            return Some(key);
        }
        let message = if self.bytes.windows(9).any(|window| window == b"ENCRYPTED") {
            "the key is encrypted, and nobody could type its password. Give it unencrypted (openssl pkey -in old.pem -out new.pem), readable only for the exporter's user."
        } else {
            "there is no private key in PEM form here (-----BEGIN PRIVATE KEY-----). Give the one of the certificate."
        };
        self.field.error(message, context);
        None
    }
}
