//! Answers → updates of the fleet. Needs no network, so recorded answers go through the same door.

use std::time::Duration;

use jiff::Timestamp;

use super::call::Call;
use super::client::body_of;
use super::collectors::{self, Context};
use super::encoding;
use super::error::Error;
use super::noted::Noted;
use super::xml::Tally;
use crate::config::ChecksMode;
use crate::fleet::Update;
use crate::platform::transport::RawAnswer;
use crate::platform::{Answer, Failure};

/// Understands the answers for one account. It remembers only what it has already complained about.
#[derive(Debug)]
pub struct Decoder {
    offline_after: Option<Duration>,
    checks_mode: ChecksMode,
    noted: Noted,
}

impl Decoder {
    /// A decoder for the account of that name. A workstation whose last report is `offline_after` old is offline (`None`:
    /// by its check interval); `checks_mode` decides which checks and tasks are kept one by one.
    #[must_use]
    pub fn new(account: &str, offline_after: Option<Duration>, checks_mode: ChecksMode) -> Self {
        Self { offline_after, checks_mode, noted: Noted::new(account) }
    }

    /// What `answer`, which arrived at `now`, says to `call`.
    ///
    /// # Errors
    ///
    /// When the status is bad, or the body is a FAIL or nothing that can be read. The message is the server's: it may
    /// repeat the request.
    pub fn decode(&self, call: &Call, answer: RawAnswer, now: Timestamp) -> Result<Answer, Failure> {
        let (bytes, retry_after) = (answer.body.len() as u64, answer.retry_after);
        let updates = body_of(answer)
            .and_then(|body| self.decode_body(call, body, now).map_err(|error| error.with_retry_after(retry_after)));
        match updates {
            Ok(updates) => Ok(Answer { updates, bytes }),
            Err(error) => Err(error.into_failure(call, bytes)),
        }
    }

    /// What a body says that can be good by its status and its first bytes.
    fn decode_body(&self, call: &Call, body: Vec<u8>, now: Timestamp) -> Result<Vec<Update>, Error> {
        let text = encoding::decode(body);
        let context =
            Context { now, offline_after: self.offline_after, checks_mode: self.checks_mode, noted: &self.noted };
        let mut tally = Tally::new(call.service());
        let updates = collectors::updates(call, &text, &context, &mut tally)?;
        let left_out = tally.finish()?;
        if left_out > 0 {
            self.noted.left_out(call.service(), left_out);
        }
        Ok(updates)
    }
}
