//! Basic authentication, headers and the rate limit.

use std::time::Instant;

use crate::harness::{Folder, Server, basic, hash, request, status, until};

#[test]
fn every_page_is_behind_the_password() {
    let folder = Folder::new();
    let (anna, bert) = (hash("o:ne"), hash("zwei \u{fc}"));
    let path = folder.write("web.yml", &format!("basic_auth_users:\n  anna: {anna}\n  bert: {bert}\n"));
    let server = Server::start(Some(&path));
    for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/status", "/nowhere"] {
        let refused = server.get(path, "");
        assert_eq!(status(&refused), 401, "{path}");
        assert!(refused.contains("\r\nwww-authenticate: Basic realm=\"rmm-exporter\"\r\n"), "{refused}");
        assert!(refused.contains("\r\nx-content-type-options: nosniff\r\n") && !refused.contains("rmm_"), "{refused}");
        let expected = if path == "/nowhere" { 404 } else { 200 };
        assert_eq!(status(&server.get(path, &basic("anna", "o:ne"))), expected, "{path}");
    }
    assert_eq!(status(&server.get("/", &basic("bert", "zwei \u{fc}"))), 200);
    for (user, password) in [("anna", "zwei \u{fc}"), ("anna", ""), ("", ""), ("carl", "o:ne"), ("Anna", "o:ne")] {
        assert_eq!(status(&server.get("/metrics", &basic(user, password))), 401, "{user} {password}");
    }
    for headers in [
        "Authorization: Basic\r\n",
        "Authorization: Basic ????\r\n",
        "Authorization: Bearer YW5uYTpvOm5l\r\n",
        &(basic("carl", "x") + &basic("anna", "o:ne")),
    ] {
        assert_eq!(status(&server.get("/metrics", headers)), 401, "{headers}");
    }
    let head = server.exchange(b"HEAD /metrics HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n");
    assert!(status(&head) == 401 && head.ends_with("\r\n\r\n"), "{head}");
    let post = request("/metrics", "").replace("GET", "POST");
    assert_eq!(status(&server.exchange(post.as_bytes())), 401, "also what is not permitted at all");
}

#[test]
fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    let folder = Folder::new();
    let dear = bcrypt::hash_with_salt("one", 8, [9; 16]).unwrap().format_for_version(bcrypt::Version::TwoB);
    let path = folder.write("web.yml", &format!("basic_auth_users:\n  anna: {dear}\n"));
    let server = Server::start(Some(&path));
    let fastest = |user: &str, password: &str| {
        let one = || {
            let start = Instant::now();
            assert_eq!(status(&server.get("/metrics", &basic(user, password))), 401);
            start.elapsed()
        };
        (0..5).map(|_| one()).min().unwrap()
    };
    let (wrong, unknown) = (fastest("anna", "two"), fastest("bert", "one"));
    assert!(unknown > wrong / 4 && wrong > unknown / 4, "{wrong:?} {unknown:?}");
}

#[test]
fn a_password_is_dear_only_once() {
    let folder = Folder::new();
    let dear = bcrypt::hash_with_salt("one", 10, [9; 16]).unwrap().format_for_version(bcrypt::Version::TwoB);
    let server = Server::start(Some(&folder.write("web.yml", &format!("basic_auth_users: {{ anna: {dear} }}\n"))));
    let took = || {
        let start = Instant::now();
        assert_eq!(status(&server.get("/-/healthy", &basic("anna", "one"))), 200);
        start.elapsed()
    };
    let first = took();
    let later = (0..5).map(|_| took()).min().unwrap();
    assert!(later < first / 2, "{first:?} {later:?}");
}

#[test]
fn the_configured_headers_are_on_every_answer() {
    let folder = Folder::new();
    let text = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Strict-Transport-Security: max-age=63072000\n    \
                Content-Security-Policy: default-src 'self'\nbasic_auth_users:\n  anna: ";
    let server = Server::start(Some(&folder.write("web.yml", &format!("{text}{}\n", hash("one")))));
    for answer in [server.get("/", ""), server.get("/", &basic("anna", "one"))] {
        for line in [
            "x-frame-options: deny",
            "strict-transport-security: max-age=63072000",
            "content-security-policy: default-src 'self'",
        ] {
            assert!(answer.contains(&format!("\r\n{line}\r\n")), "{line} in {answer}");
        }
        assert_eq!(answer.matches("content-security-policy").count(), 1);
    }
}

#[test]
fn more_requests_than_the_limit_get_429() {
    let folder = Folder::new();
    let path = folder.write("web.yml", "rate_limit: { interval: 2s, burst: 3 }\n");
    let server = Server::start(Some(&path));
    let statuses = || status(&server.get("/-/healthy", ""));
    let first: Vec<u16> = (0..6).map(|_| statuses()).collect();
    assert_eq!(first[..3], [200, 200, 200]);
    assert!(first[3..].contains(&429), "{first:?}");
    until("one request more is let through", || statuses() == 200);
}
