//! How an account's server is reached: console, User-Agent, proxy and TLS.

use super::account::{AccountConfig, TlsOptions};
use super::reader::{Context, Section};
use super::server;
use super::text::shown_path;
use crate::platform::transport::MOST_CERTIFICATE_BYTES;

/// The longest User-Agent.
const MOST_USER_AGENT_BYTES: usize = 256;

/// Everything about the connection that is not the server itself.
pub fn read(section: &Section, account: &mut AccountConfig, context: &mut Context) {
    if let Some(field) = section.get("console_url")
        && let Some(text) = field.nonempty_text(context)
    {
        match server::web_url(text, "https://rmm.example.com") {
            Ok(url) if url.username().is_empty() && url.password().is_none() => {
                text.clone_into(&mut account.console_url);
            }
            Ok(_) => {
                field.error("the URL becomes a label, so it has no user name or password in it. Remove them.", context);
            }
            Err(message) => field.error(message, context),
        }
    }
    if let Some(field) = section.get("user_agent")
        && let Some(text) = field.nonempty_text(context)
    {
        if text.len() <= MOST_USER_AGENT_BYTES && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            text.clone_into(&mut account.user_agent);
        } else {
            field.error("a User-Agent has at most 256 printable ASCII characters. Shorten or clean it.", context);
        }
    }
    if let Some(field) = section.get("proxy")
        && let Some(text) = field.nonempty_text(context)
    {
        match server::web_url(text, "http://proxy.example:3128") {
            Ok(url) => account.proxy = Some(url),
            Err(message) => field.error(message, context),
        }
    }
    account.tls = tls(section, context);
}

fn tls(section: &Section, context: &mut Context) -> TlsOptions {
    let mut options = TlsOptions::default();
    let Some(tls) = section.get("tls").and_then(|field| field.section(&["ca_file", "insecure_skip_verify"], context))
    else {
        return options;
    };
    if let Some(field) = tls.get("ca_file")
        && let Some(text) = field.nonempty_text(context)
    {
        let path = context.resolve(text);
        match (context.files)(&path, MOST_CERTIFICATE_BYTES) {
            Ok(bytes) if bytes.len() as u64 > MOST_CERTIFICATE_BYTES => {
                let path = shown_path(&path);
                field.error(format!("the file {path} is larger than 1 MiB. Name a PEM file of certificates."), context);
            }
            Ok(bytes) if String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") => {
                options.ca_file = Some(path);
            }
            Ok(_) => {
                let path = shown_path(&path);
                field.error(format!("the file {path} holds no certificate in PEM form. Name a PEM file."), context);
            }
            Err(error) => {
                let path = shown_path(&path);
                field.error(format!("cannot read the file {path}: {error}. Name a readable PEM file."), context);
            }
        }
    }
    if let Some(field) = tls.get("insecure_skip_verify") {
        options.insecure_skip_verify = field.boolean(context).unwrap_or(false);
        if options.insecure_skip_verify {
            field.warn(
                "any certificate is accepted, so anyone on the way can read the API key. Use ca_file instead.",
                context,
            );
        }
    }
    options
}
