use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("compressed");
    encoder.finish().expect("compressed")
}

/// What a client makes of these bytes, after which the connection is closed.
async fn exchange(response: Vec<u8>) -> Result<RawAnswer, TransportError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let url = format!("http://{}/", listener.local_addr().expect("address")).parse().expect("URL");
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("head"));
        }
        // The client may hang up before the end of a bad answer.
        let _sent = socket.write_all(&response).await;
        let _closed = socket.shutdown().await;
    });
    let transport = Transport::new(&TransportOptions {
        user_agent: "test".to_owned(),
        timeout: Duration::from_mins(1),
        ca_file: None,
        insecure_skip_verify: false,
        proxy: None,
        loopback: true,
    });
    let permit = Permit::for_test();
    let transport = transport.expect("client");
    let answer = transport.send(permit, Method::GET, url, HeaderMap::new(), None, 1 << 20).await;
    server.await.expect("server");
    answer
}

fn with_head(headers: &str, body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\n", headers.as_bytes(), b"\r\n\r\n", body].concat()
}

fn whole(headers: &str, body: &[u8]) -> Vec<u8> {
    with_head(&format!("{headers}Content-Length: {}", body.len()), body)
}

#[tokio::test]
async fn what_cannot_be_decompressed_is_no_broken_connection_and_the_other_way_round() {
    const GZIP: &str = "Content-Encoding: gzip\r\n";
    // Hardly compressible, so that half of it is more than a header.
    let text: Vec<u8> = (0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let packed = gzip(&text);
    let mut damaged = packed.clone();
    damaged.iter_mut().skip(2000).take(500).for_each(|byte| *byte ^= 0x5a);
    for (what, body) in [
        ("half a stream", packed.get(..packed.len() / 2).expect("half").to_vec()),
        ("no trailer", packed.get(..packed.len() - 6).expect("most").to_vec()),
        ("damaged", damaged),
        ("no gzip at all", b"abcdefghijklmnop".to_vec()),
    ] {
        let error = exchange(whole(GZIP, &body)).await.map(|answer| answer.body.len()).expect_err(what);
        assert!(matches!(error, TransportError::Encoding(_)), "{what}: {error:?}");
    }
    let members = gzip(b"").repeat(3000);
    let chunk = [format!("{:x}\r\n", members.len()).as_bytes(), &members, b"\r\n"].concat();
    let chunked = with_head(&format!("{GZIP}Transfer-Encoding: chunked"), &chunk.repeat(20));
    let error = exchange(chunked).await.map(|answer| answer.body.len()).expect_err("members without content");
    assert!(matches!(error, TransportError::Encoding(_)), "members without content: {error:?}");
    let half = packed.get(..packed.len() / 2).expect("half");
    let length = format!("Content-Length: {}", packed.len());
    let bad_chunk = b"5\r\nabcde\r\nffffffffffffffffffff\r\nx";
    for (what, response) in [
        ("cut", with_head(&length, half)),
        ("cut and compressed", with_head(&format!("{GZIP}{length}"), half)),
        ("chunk size", with_head("Transfer-Encoding: chunked", bad_chunk)),
        ("chunk size and invalid word", with_head("Transfer-Encoding: chunked", b"invalid gzip\r\nx")),
        ("chunks without end", with_head("Transfer-Encoding: chunked", b"5\r\nabcde\r\n")),
    ] {
        let error = exchange(response).await.expect_err(what);
        assert!(matches!(error, TransportError::Interrupted(_)), "{what}: {error:?}");
    }
    let whole_answer = exchange(whole(GZIP, &packed)).await.expect("good");
    assert!(whole_answer.body == text, "{} bytes", whole_answer.body.len());
}

#[test]
fn a_certificate_authority_as_server_certificate_has_a_remedy() {
    let reason = "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))";
    let message = TransportError::Connect(with_remedy(reason.to_owned())).to_string();
    assert!(message.contains("CA:FALSE") && message.contains("ca_file"), "{message}");
    assert_eq!(with_remedy("refused".to_owned()), "refused");
}

#[test]
fn retry_after_in_seconds_and_as_a_date() {
    let now = httpdate::parse_http_date("Wed, 04 Mar 2026 09:15:00 GMT").expect("date");
    let parse = |value| parse_retry_after(value, now).map(|wait| wait.as_secs());
    assert_eq!(parse("120"), Some(120));
    assert_eq!(parse("Wed, 04 Mar 2026 09:16:30 GMT"), Some(90));
    assert_eq!(parse("Wed, 04 Mar 2026 09:00:00 GMT"), Some(0));
    assert_eq!(parse("999999"), Some(86_400));
    assert_eq!(parse("99999999999999999999999"), Some(86_400));
    assert_eq!(parse("soon"), None);
    assert_eq!(parse(""), None);
    assert_eq!(parse("-5"), None);
}

#[tokio::test]
async fn a_date_to_come_back_counts_from_the_date_of_the_answer() {
    for (headers, wait) in [
        // A clock that is years behind, and one that is years ahead.
        ("Date: Wed, 04 Mar 2015 09:15:00 GMT\r\nRetry-After: Wed, 04 Mar 2015 09:16:30 GMT\r\n", Some(90)),
        ("Date: Wed, 04 Mar 2065 09:15:00 GMT\r\nRetry-After: Wed, 04 Mar 2065 09:15:00 GMT\r\n", Some(0)),
        ("Date: Wed, 04 Mar 2065 09:15:00 GMT\r\nRetry-After: 7\r\n", Some(7)),
        // Without a date of its own the machine's clock is the best guess.
        ("Retry-After: Wed, 04 Mar 2015 09:16:30 GMT\r\n", Some(0)),
    ] {
        let answer = exchange(whole(headers, b"x")).await.expect("answer");
        assert_eq!(answer.retry_after.map(|wait| wait.as_secs()), wait, "{headers}");
    }
}

#[tokio::test]
async fn the_date_of_an_answer_is_told() {
    let answer = exchange(whole("Date: Wed, 04 Mar 2026 09:15:00 GMT\r\n", b"x")).await.expect("answer");
    assert_eq!(answer.date, "2026-03-04T09:15:00Z".parse().ok());
    for headers in ["Date: yesterday\r\n", ""] {
        assert_eq!(exchange(whole(headers, b"x")).await.expect("answer").date, None);
    }
}

#[test]
fn a_ca_file_without_certificate_is_refused() {
    let file = tempfile::NamedTempFile::new().expect("file");
    let message = read_certificates(file.path()).expect_err("empty").to_string();
    assert!(message.contains("no certificate"), "{message}");
    let message = read_certificates(Path::new("/dev/zero")).expect_err("a device").to_string();
    assert!(message.contains("not a regular file"), "{message}");
}

#[test]
fn a_file_of_certificates_is_bounded() {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), "-".repeat(usize::try_from(MOST_CERTIFICATE_BYTES).expect("fits") + 1)).expect("write");
    let error = read_certificates(file.path()).expect_err("too large").to_string();
    assert!(error.contains("larger than 1048576 bytes"), "{error}");
}
