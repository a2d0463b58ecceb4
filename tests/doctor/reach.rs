//! Name, TCP, TLS, proxy.

use std::io::Write;

use rustls::ServerConfig;
use tokio::net::TcpSocket;

use crate::certificates::Authority;
use crate::harness::{Said, doctor, start_demo};
use crate::servers::tls_before;

const KEY: &str = "Q7Z3K9M1X5B8V2C6N4L0P3R7T9W1Y5UE";

fn tactical(server: &str, more: &str) -> String {
    format!("accounts:\n- {{name: helpdesk, platform: tactical, server: \"{server}\", api_key: {KEY}{more}}}\n")
}

/// A port that nobody else can take, and on which nobody listens.
fn refusing() -> (TcpSocket, u16) {
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    (taken, port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_listens() {
    let (_taken, port) = refusing();
    let said = doctor(&tactical(&format!("http://127.0.0.1:{port}"), ""), &[KEY]).await;
    assert!(!said.success);
    said.assert("name", "skip", "is an address", "");
    said.assert("tcp IPv4", "bad", "refused", "nothing listens");
    assert_eq!(said.with(0, "bad"), ["tcp IPv4"], "what builds on it is not bad but skipped");
    assert_eq!(said.with(0, "skip"), ["name", "tls", "http", "key", "clock", "clients", "permission", "budget"]);
    assert!(said.text.contains("1 bad, 0 to look at."), "{}", said.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_does_not_exist() {
    let said = doctor(&tactical("https://api.does-not-exist.invalid", ""), &[KEY]).await;
    said.assert("name", "bad", "api.does-not-exist.invalid cannot be resolved", "spelling");
    assert_eq!(said.with(0, "bad").len(), 1);
    assert_eq!(said.with(0, "ok"), [""; 0]);
}

/// Before a simulated server TLS with that certificate, and what is said of it.
async fn with_certificate(config: ServerConfig, host: &str, more: &str) -> Said {
    let demo = start_demo().await;
    let port = tls_before(demo.tactical.address, config).await;
    let config = tactical(&format!("https://{host}:{port}"), more).replace(KEY, demo.tactical.api_key());
    doctor(&config, &[demo.tactical.api_key()]).await
}

fn ca_file(authority: &Authority) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(authority.pem.as_bytes()).unwrap();
    let more = format!(", tls: {{ca_file: \"{}\"}}", file.path().display());
    (file, more)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_certificate_of_a_private_authority() {
    let authority = Authority::new();
    let (_file, more) = ca_file(&authority);
    let said = with_certificate(authority.issue("localhost", 90), "localhost", &more).await;
    said.assert("name", "ok", "localhost is ", "");
    said.assert("tls", "ok", "TLS 1.3", "");
    said.assert("chain", "ok", "verified for localhost, issued by \"Acme Private CA\"", "");
    said.assert("expiry", "ok", "days more", "");
    said.assert("key", "ok", "accepted", "");
    assert!(said.success, "{}", said.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_that_nobody_knows() {
    let said = with_certificate(Authority::new().issue("localhost", 90), "localhost", "").await;
    said.assert("chain", "bad", "issued by \"Acme Private CA\", which this machine does not trust", "ca_file");
    said.assert("tls", "ok", "TLS 1.3", "");
    said.assert("key", "skip", "", "");
    assert_eq!(said.json["accounts"][0]["calls"], 0, "the key is not sent there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let (_file, more) = ca_file(&authority);
    let said = with_certificate(authority.issue("api.example.com", 90), "localhost", &more).await;
    said.assert("chain", "bad", "not for localhost but for api.example.com", "write the name");
    assert!(!said.success);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_expires_or_has() {
    let authority = Authority::new();
    let (_file, more) = ca_file(&authority);
    let said = with_certificate(authority.issue("localhost", 10), "localhost", &more).await;
    said.assert("expiry", "warn", "days more", "renew it");
    assert!(said.success, "a warning is not bad: {}", said.text);
    let said = with_certificate(authority.issue("localhost", -3), "localhost", &more).await;
    said.assert("expiry", "bad", "the certificate expired on", "renew it");
    said.assert("chain", "skip", "expired", "");
    assert_eq!(said.with(0, "bad"), ["expiry"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_verified() {
    let more = ", tls: {insecure_skip_verify: true}";
    let said = with_certificate(Authority::new().issue("api.example.com", -3), "localhost", more).await;
    said.assert("expiry", "warn", "expired", "renew it");
    said.assert("key", "ok", "accepted", "");
    let said = with_certificate(Authority::new().issue("localhost", 90), "localhost", more).await;
    said.assert("chain", "warn", "insecure_skip_verify accepts it", "ca_file");
    assert!(said.success, "{}", said.text);
    assert!(said.text.starts_with("warning: "), "{}", said.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_without_tls() {
    let demo = start_demo().await;
    let said = doctor(&tactical(&format!("https://{}", demo.tactical.address), ""), &[KEY]).await;
    said.assert("tls", "bad", "does not speak TLS", "443");
    assert_eq!(said.with(0, "bad"), ["tls"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_proxy() {
    let demo = start_demo().await;
    let (_taken, closed) = refusing();
    // The simulated server takes a request for another host too, as a proxy does.
    let proxy = format!(", proxy: \"http://someone:topsecretpassword@{}\"", demo.tactical.address);
    let config = tactical(&format!("http://127.0.0.1:{closed}"), &proxy).replace(KEY, demo.tactical.api_key());
    let said = doctor(&config, &[demo.tactical.api_key(), "topsecretpassword"]).await;
    said.assert("tcp proxy IPv4", "ok", &demo.tactical.address.to_string(), "");
    said.assert("key", "ok", "accepted", "");
    let proxy = format!(", proxy: \"http://127.0.0.1:{closed}\"");
    let said = doctor(&tactical("https://api.example.com", &proxy), &[KEY]).await;
    said.assert("tcp proxy IPv4", "bad", "refused", "nothing listens");
}
