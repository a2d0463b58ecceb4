//! A mail server on loopback that keeps what it is sent, and a reader of what Alertmanager writes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// It listens until the test's process ends.
pub struct MailServer {
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    text: String,
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mails = Arc::<Mutex<Vec<_>>>::default();
        let keep = Arc::clone(&mails);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keep = Arc::clone(&keep);
                thread::spawn(move || _ = serve(&stream, &keep));
            }
        });
        Self { address, mails }
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

fn serve(mut stream: &TcpStream, keep: &Mutex<Vec<Mail>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let mut to = String::new();
    stream.write_all(b"220 test\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let command = line.to_ascii_uppercase();
        if command.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n")?;
            let mut text = String::new();
            while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                text = text + line.strip_prefix('.').unwrap_or(&line) + "\n";
            }
            keep.lock().unwrap().push(Mail { to: to.clone(), text });
        } else if command.starts_with("RCPT") {
            line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
        }
        stream.write_all(if command.starts_with("QUIT") { b"221 bye\r\n" } else { b"250 ok\r\n" })?;
    }
    Ok(())
}

impl Mail {
    /// The subject, decoded.
    pub fn subject(&self) -> String {
        let line = self.text.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
        let words = line.split("?= =?utf-8?q?").map(|word| {
            let word = word.strip_prefix("=?utf-8?q?").unwrap_or(word);
            word.strip_suffix("?=").unwrap_or(word).replace('_', " ")
        });
        decoded(&words.collect::<String>())
    }

    /// The part of that type, decoded.
    pub fn part(&self, media_type: &str) -> String {
        let start = self.text.find(&format!("Content-Type: {media_type}")).unwrap_or_else(|| panic!("{self:?}"));
        let body = self.text[start..].split_once("\n\n").unwrap().1;
        decoded(body.split("\n--").next().unwrap())
    }
}

/// Quoted-printable as text.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'=', [b'\n', after @ ..]) => after,
            (b'=', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                after
            }
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8(bytes).unwrap()
}
