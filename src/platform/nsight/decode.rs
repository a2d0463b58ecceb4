//! Answers → updates of the fleet. Needs no network, so recorded answers go through the same door.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::call::Call;
use super::client::body_of;
use super::collectors::{self, Context};
use super::encoding;
use super::error::Error;
use super::noted::Noted;
use super::xml::{MAX_RECORDS, Tally};
use crate::config::ChecksMode;
use crate::fleet::{Gone, Update};
use crate::platform::disguise;
use crate::platform::key::ApiKey;
use crate::platform::redact::redact_text;
use crate::platform::transport::RawAnswer;
use crate::platform::{Answer, Failure};

/// The most records of an answer that is about one device.
const MAX_RECORDS_OF_A_DEVICE: usize = 20_000;

/// The most sessions in an answer of list_mob_sessions, which covers the device's whole life: hourly ones of five plugins for
/// ten years are 438,000. Only the newest of each plugin are kept, so what they cost is their text; that has a limit of its
/// own, which ends earlier (a session is some 650 bytes).
const MAX_SESSIONS: usize = 500_000;

/// Understands the answers for one account. It remembers only what it has already complained about.
#[derive(Debug)]
pub struct Decoder {
    offline_after: Option<Duration>,
    checks_mode: ChecksMode,
    noted: Noted,
    /// Must not be in what is read.
    key: Option<Arc<ApiKey>>,
}

impl Decoder {
    /// A decoder for the account of that name. A workstation whose last report is `offline_after` old is offline (`None`:
    /// by its check interval); `checks_mode` decides which checks and tasks are kept one by one.
    #[must_use]
    pub fn new(account: &str, offline_after: Option<Duration>, checks_mode: ChecksMode) -> Self {
        Self { offline_after, checks_mode, noted: Noted::new(account), key: None }
    }

    /// The same, and this key is kept out of everything that an answer says.
    #[must_use]
    pub fn hiding(self, key: &Arc<ApiKey>) -> Self {
        Self { noted: self.noted.hiding(Arc::clone(key)), key: Some(Arc::clone(key)), ..self }
    }

    /// What was logged already.
    pub(super) const fn noted(&self) -> &Noted {
        &self.noted
    }

    /// What `answer`, which arrived at `now`, says to `call`.
    ///
    /// # Errors
    ///
    /// When the status is bad, or the body is a FAIL or nothing that can be read.
    pub fn decode(&self, call: &Call, answer: RawAnswer, now: Timestamp) -> Result<Answer, Failure> {
        let (bytes, retry_after) = (answer.body.len() as u64, answer.retry_after);
        let updates = body_of(answer)
            .and_then(|body| self.decode_body(call, body, now).map_err(|error| error.with_retry_after(retry_after)));
        match updates {
            Ok((updates, incomplete)) => Ok(Answer { updates, bytes, incomplete }),
            Err(error) => Err(error.into_failure(call, bytes)),
        }
    }

    /// What a body says that can be good by its status and its first bytes, and whether some of its records cannot be read.
    fn decode_body(&self, call: &Call, body: Vec<u8>, now: Timestamp) -> Result<(Vec<Update>, bool), Error> {
        let mut text = encoding::decode(body);
        if let Some(key) = &self.key {
            // In UTF-16, or with control characters in between, the bytes were not those of the key.
            let key = key.current();
            text = redact_text(text, key.expose_secret());
            if disguise::in_xml(&text, key.expose_secret()) {
                return Err(Error::decode("it spells the API key in disguise, so it is not used"));
            }
        }
        let context =
            Context { now, offline_after: self.offline_after, checks_mode: self.checks_mode, noted: &self.noted };
        let mut tally = Tally::new(call.service()).with_limit(max_records(call));
        let updates = collectors::updates(call, &text, &context, &mut tally)?;
        let left_out = tally.finish()?;
        if tally.repeated() > 0 {
            self.noted.repeated(call.service(), tally.repeated());
        }
        if left_out == 0 {
            return Ok((updates, false));
        }
        self.noted.left_out(call.service(), left_out);
        let updates: Option<Vec<_>> = updates.into_iter().map(Update::incomplete).collect();
        let updates = updates.ok_or_else(|| {
            Error::decode(format!("{left_out} of its records cannot be read, and counts without them would be wrong"))
        })?;
        Ok((updates, true))
    }
}

/// The most records of an answer to this call.
fn max_records(call: &Call) -> usize {
    match (call, call.object()) {
        (Call::ListMobSessions(_), _) => MAX_SESSIONS,
        (_, Some((_, Gone::Device(_)))) => MAX_RECORDS_OF_A_DEVICE,
        _ => MAX_RECORDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KeySource;
    use crate::fleet::DeviceId;
    use crate::planner::Outcome;

    const KEY: &str = "0a1b2c3d4e5f6a7b";

    fn decode(call: &Call, body: Vec<u8>) -> Result<Answer, Failure> {
        let key = ApiKey::load(&KeySource::Inline(KEY.into())).expect("key");
        let decoder = Decoder::new("msp", None, ChecksMode::All).hiding(&Arc::new(key));
        let answer = RawAnswer { status: 200, content_type: String::new(), retry_after: None, date: None, body };
        decoder.decode(call, answer, "2026-03-04T09:15:00Z".parse().expect("time"))
    }

    fn list(record: &str, count: usize) -> Vec<u8> {
        format!("<result><items>{}</items></result>", record.repeat(count)).into_bytes()
    }

    #[test]
    fn an_answer_with_too_many_records_is_no_answer() {
        let check = "<check><checkid>1</checkid><statusid>5</statusid></check>";
        let bad = "<check/>";
        let device = Call::ListChecks(DeviceId::new("1"));
        for (call, record, limit) in
            [(&device, check, 20_000), (&Call::ListClients, "<client><clientid>1</clientid></client>", 200_000)]
        {
            assert!(decode(call, list(record, limit)).is_ok());
            let failure = decode(call, list(record, limit + 1)).expect_err("too many");
            assert_eq!(failure.outcome, Outcome::InvalidResponse);
            assert!(failure.message.contains(&format!("more than {limit} records")), "{failure}");
        }
        let sessions = Call::ListMobSessions(DeviceId::new("1"));
        let session = "<session><type>BACKUP</type><plugin>ORACLE</plugin><end>2026-03-01 00:00:00</end></session>";
        assert!(decode(&sessions, list(session, 20_001)).is_ok(), "of the device's whole life");
        assert_eq!(max_records(&sessions), 500_000);
        let failure = decode(&device, list(&format!("{check}{bad}"), 10_001)).expect_err("too many");
        assert!(failure.message.contains("more than 20000 records"), "bad ones count as well: {failure}");
    }

    #[test]
    fn records_within_records_count() {
        let failing =
            "<client><clientid>1</clientid><site><siteid>2</siteid><servers><server><id>3</id><failed_checks>";
        let failing_end = "</failed_checks></server></servers></site></client>";
        let roster = "<client><id>1</id><site><id>2</id>";
        let check = "<check><checkid>4</checkid></check>";
        let server = "<server><id>3</id></server>";
        let roster_call = Call::ListDevicesAtClient(crate::fleet::ClientKey::new("1"), crate::fleet::Kind::Server);
        for (call, start, record, end) in [
            (&Call::ListFailingChecks, failing, check, failing_end),
            (&roster_call, roster, server, "</site></client>"),
        ] {
            let body = |count| list(&format!("{start}{}{end}", record.repeat(count)), 1);
            assert!(decode(call, body(199_990)).is_ok());
            let failure = decode(call, body(200_001)).expect_err("too many");
            assert!(failure.message.contains("more than 200000 records"), "{failure}");
        }
    }

    #[test]
    fn records_that_cannot_be_read_make_a_list_incomplete_and_spoil_a_count() {
        let body = |element: &str, good: &str, bad: &str| {
            format!("<result><items><{element}>{good}</{element}><{element}>{bad}</{element}></items></result>")
        };
        let clients = body("client", "<clientid>1</clientid>", "<clientid>x2</clientid>").into_bytes();
        let answer = decode(&Call::ListClients, clients).expect("good");
        assert!(answer.incomplete && matches!(answer.updates.as_slice(), [Update::Incomplete(_)]), "{answer:?}");
        let device = DeviceId::new("1");
        let good = "<checkid>1</checkid><statusid>0</statusid>";
        let checks = body("check", good, "<statusid>0</statusid>").into_bytes();
        let answer = decode(&Call::ListChecks(device.clone()), checks).expect("good");
        let [Update::Checks(_, checks), Update::Tasks(_, tasks)] = answer.updates.as_slice() else {
            panic!("{answer:?}")
        };
        assert!(answer.incomplete && checks.checks.len() == 1);
        assert_eq!((checks.counts.pending, tasks.counts.pending), (None, None));
        let patches = body("patch", "<patchid>1</patchid><status>1</status>", "<status>1</status>");
        let patches = patches.replace("<result><items>", "<patches>").replace("</items></result>", "</patches>");
        let failure = decode(&Call::PatchListAll(device), patches.into_bytes());
        let failure = failure.expect_err("a count without it would be too small");
        assert!(failure.message.contains("1 of its records cannot be read"), "{failure}");
    }

    #[test]
    fn the_key_is_in_no_name_whatever_the_encoding() {
        let body =
            format!("<result><items><client><clientid>1</clientid><name>Acme {KEY}</name></client></items></result>");
        let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(body.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for body in [body.replace("3d4e", "3d\u{1}4e").into_bytes(), utf16] {
            let answer = decode(&Call::ListClients, body).expect("a good answer");
            let said = format!("{:?}", answer.updates);
            assert!(said.contains("Acme ***"), "{said}");
        }
    }
}
