//! Single questions to N-sight, for `doctor`.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::call::Call;
use super::client::{Client, body_of};
use super::decode::Decoder;
use super::encoding;
use super::error::Error;
use super::xml::check_envelope;
use crate::clock::Clock;
use crate::config::{AccountConfig, ChecksMode};
use crate::fleet::Update;
use crate::planner::Permit;
use crate::platform::disguise;
use crate::platform::probe::{Probed, Prober};
use crate::platform::redact::redact_text;
use crate::platform::transport::RawAnswer;
use crate::platform::{Failure, SetupError};

/// Asks one N-sight account.
pub struct NsightProber {
    client: Client,
    decoder: Decoder,
    clock: Arc<dyn Clock>,
}

impl NsightProber {
    /// Reads the key and sets up the HTTP client. No connection is made.
    ///
    /// # Errors
    ///
    /// When there is no key, or the options cannot be used.
    pub fn new(config: &AccountConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let client = Client::new(config)?;
        let decoder = Decoder::new(&config.name, None, ChecksMode::None).hiding(&client.key());
        Ok(Self { client, decoder, clock })
    }

    /// What a good answer, of a list that can be read, says.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn updates(&self, call: &Call, answer: RawAnswer, now: Timestamp) -> Result<Vec<Update>, Failure> {
        match self.decoder.decode(call, answer, now) {
            Ok(answer) => Ok(answer.updates),
            Err(failure) => Err(self.clean(failure)),
        }
    }

    fn clean(&self, failure: Failure) -> Failure {
        failure.fit_for_log(|message| self.client.key().hide(message))
    }

    /// The answer again, if it can be a good one.
    fn judge(&self, answer: RawAnswer) -> Result<RawAnswer, Error> {
        let RawAnswer { status, retry_after, date, .. } = answer;
        let content_type = answer.content_type.clone();
        let body = body_of(answer)?;
        let key = self.client.key().current();
        let text = redact_text(encoding::decode(body.clone()), key.expose_secret());
        if disguise::in_xml(&text, key.expose_secret()) {
            return Err(Error::decode("it spells the API key in disguise, so it is not used"));
        }
        check_envelope(&text).map_err(|error| error.with_retry_after(retry_after))?;
        Ok(RawAnswer { status, content_type, retry_after, date, body })
    }
}

impl Prober for NsightProber {
    type Call = Call;

    async fn ask(&self, call: &Call, permit: Permit) -> Probed {
        match self.client.fetch(call, self.clock.now().wall, permit).await {
            Ok(answer) => {
                let (date, bytes) = (answer.date, answer.body.len() as u64);
                let judged = self.judge(answer).map_err(|error| self.clean(error.into_failure(call, bytes)));
                Probed { date, result: judged }
            }
            Err(error) => Probed { date: None, result: Err(self.clean(error.into_failure(call, 0))) },
        }
    }
}
