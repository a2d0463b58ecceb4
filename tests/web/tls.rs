//! TLS: versions, certificates of clients, and clients that do not speak it.

use rustls::version::{TLS12, TLS13};

use crate::harness::{Authority, Client, Folder, Server, request, status};

#[test]
fn a_scrape_by_either_version_is_whole() {
    let folder = Folder::new();
    let server = Server::large(Some(&folder.tls("")));
    for version in [&TLS12, &TLS13] {
        let client = Client::new(&folder.authority.pem, &[version], None);
        let answer = server.get_by_tls(&client, "/metrics", "").unwrap();
        assert_eq!(status(&answer), 200);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), body.len());
        assert!(body.len() > 1_000_000 && body.ends_with('\n'));
    }
    // Whoever does not know the authority does not come in.
    let stranger = Client::trusting(&Authority::new("Another authority").pem);
    assert!(server.get_by_tls(&stranger, "/metrics", "").is_err());
}

#[test]
fn many_requests_go_over_one_connection() {
    use std::io::{Read as _, Write as _};
    let folder = Folder::new();
    let server = Server::start(Some(&folder.tls("")));
    let mut stream = Client::trusting(&folder.authority.pem).connect(server.connect()).unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"Healthy.\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

#[test]
fn the_versions_are_those_of_the_file() {
    let folder = Folder::new();
    let server = Server::start(Some(&folder.tls("  min_version: TLS13\n")));
    let got = |version| server.get_by_tls(&Client::new(&folder.authority.pem, &[version], None), "/-/healthy", "");
    assert_eq!(status(&got(&TLS13).unwrap()), 200);
    assert!(got(&TLS12).is_err());
    let server = Server::start(Some(&folder.tls("  max_version: TLS12\n")));
    let got = |version| server.get_by_tls(&Client::new(&folder.authority.pem, &[version], None), "/-/healthy", "");
    assert_eq!(status(&got(&TLS12).unwrap()), 200);
    assert!(got(&TLS13).is_err());
}

#[test]
fn who_speaks_http_to_a_tls_port_is_told() {
    let folder = Folder::new();
    let server = Server::start(Some(&folder.tls("")));
    let answer = server.get("/metrics", &format!("X-Long: {}\r\n", "x".repeat(10_000)));
    assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"), "{answer}");
    assert_eq!(server.exchange(b"\x00\x01\x02"), "", "what is neither is closed without a word");
    let client = Client::trusting(&folder.authority.pem);
    assert_eq!(status(&server.get_by_tls(&client, "/-/healthy", "").unwrap()), 200, "others do not notice");
}

#[test]
fn client_certificates_by_every_policy() {
    let folder = Folder::new();
    let ours = folder.authority.issue(&["prometheus.example"]);
    let foreign = Authority::new("Another authority").issue(&["prometheus.example"]);
    // Whether one without a certificate, one of another authority and one of the right one come in.
    for (policy, expected) in [
        ("NoClientCert", [true, true, true]),
        ("RequestClientCert", [true, true, true]),
        ("RequireAnyClientCert", [false, true, true]),
        ("RequireClientCert", [false, true, true]),
        ("VerifyClientCertIfGiven", [true, false, true]),
        ("RequireAndVerifyClientCert", [false, false, true]),
    ] {
        let authority = if policy == "NoClientCert" { "" } else { "  client_ca_file: ca.pem\n" };
        let server = Server::start(Some(&folder.tls(&format!("  client_auth_type: {policy}\n{authority}"))));
        for version in [&TLS12, &TLS13] {
            let came_in = [None, Some(&foreign), Some(&ours)].map(|certificate| {
                let client = Client::new(&folder.authority.pem, &[version], certificate);
                server.get_by_tls(&client, "/-/healthy", "").is_ok_and(|answer| status(&answer) == 200)
            });
            assert_eq!(came_in, expected, "{policy} {version:?}");
        }
    }
}

#[test]
fn a_refused_client_hears_why() {
    let folder = Folder::new();
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let server = Server::start(Some(&folder.tls(more)));
    for _ in 0..10 {
        let mut stream = Client::trusting(&folder.authority.pem).connect(server.connect()).unwrap();
        // It sends its request before it knows; the reason must not get lost.
        std::io::Write::write_all(&mut stream, request("/metrics", "").as_bytes()).unwrap();
        let error = std::io::Read::read(&mut stream, &mut [0; 64]).unwrap_err().to_string();
        assert!(error.contains("CertificateRequired"), "{error}");
    }
}

#[test]
fn only_the_named_clients_come_in() {
    let folder = Folder::new();
    for policy in ["RequireAndVerifyClientCert", "RequireAnyClientCert"] {
        let authority = if policy == "RequireAndVerifyClientCert" { "  client_ca_file: ca.pem\n" } else { "" };
        let more = format!(
            "  client_auth_type: {policy}\n{authority}  client_allowed_sans: [prometheus.example, 192.0.2.7, '2001:db8::7']\n"
        );
        let server = Server::start(Some(&folder.tls(&more)));
        for (names, expected) in [
            (&["prometheus.example"][..], true),
            (&["grafana.example", "prometheus.example"], true),
            (&["192.0.2.7"], true),
            (&["2001:db8::7"], true),
            (&["Prometheus.example"], false),
            (&["sub.prometheus.example", "192.0.2.8"], false),
            (&[], false),
        ] {
            let certificate = folder.authority.issue(names);
            let client = Client::new(&folder.authority.pem, rustls::ALL_VERSIONS, Some(&certificate));
            let answer = server.get_by_tls(&client, "/-/healthy", "");
            assert_eq!(answer.is_ok_and(|answer| status(&answer) == 200), expected, "{policy} {names:?}");
        }
    }
}

#[test]
fn curl_takes_it() {
    let folder = Folder::new();
    let server = Server::start(Some(&folder.tls("")));
    let run = |arguments: &[&str]| std::process::Command::new("curl").args(arguments).output();
    let url = format!("https://localhost:{}/-/healthy", server.address.port());
    let Ok(output) = run(&["-sS", "--ipv4", "--cacert", folder.path("ca.pem").to_str().unwrap(), &url]) else {
        println!("SKIPPED: curl is not installed");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Healthy.\n", "{}", String::from_utf8_lossy(&output.stderr));
}
