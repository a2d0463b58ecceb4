//! Good answers, read as an account reads them: from the bytes of the server to updates of the fleet.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::answers::now;
use crate::config::{ChecksMode, KeySource};
use crate::fleet::Mappings;
use crate::platform::key::{ApiKey, KeyError};
use crate::platform::transport::RawAnswer;
use crate::platform::{Answer, Failure, nsight, tactical};

/// A key as both platforms make them.
const KEY: &str = "5EXAMPLEQ0KEY9OF7THIRTYTWOCHARS3";

/// Reads answers on the way that every answer of an account goes: its key is taken out, then it is decoded.
pub struct Whole {
    key: Arc<ApiKey>,
    nsight: nsight::Decoder,
    tactical: tactical::Decoder,
}

impl Whole {
    /// With the settings that an account has by default.
    ///
    /// # Errors
    ///
    /// Never: the key is a good one.
    pub fn new() -> Result<Self, KeyError> {
        let key = Arc::new(ApiKey::load(&KeySource::Inline(SecretString::from(KEY)))?);
        let nsight = nsight::Decoder::new("whole", None, ChecksMode::Failing).hiding(&key);
        let tactical = tactical::Decoder::new("whole", ChecksMode::Failing);
        let tactical = tactical.mapping(Mappings::default()).hiding(Arc::clone(&key));
        Ok(Self { key, nsight, tactical })
    }

    /// Reads an answer of N-sight.
    ///
    /// # Errors
    ///
    /// When it is none to this call.
    pub fn nsight(&self, call: &nsight::call::Call, body: Vec<u8>) -> Result<Answer, Failure> {
        let mut answer = raw("text/xml", body);
        nsight::client::take_out(&mut answer, self.key.current().expose_secret());
        self.nsight.decode(call, answer, now())
    }

    /// Reads an answer of Tactical RMM.
    ///
    /// # Errors
    ///
    /// When it is none to this call.
    pub fn tactical(&self, call: &tactical::Call, body: Vec<u8>) -> Result<Answer, Failure> {
        let mut answer = raw("application/json", body);
        let bytes = answer.body.len() as u64;
        tactical::client::take_out(&mut answer, self.key.current().expose_secret())
            .map_err(|error| error.into_failure(call, bytes))?;
        self.tactical.decode(call, answer, now())
    }
}

fn raw(content_type: &str, body: Vec<u8>) -> RawAnswer {
    RawAnswer { status: 200, content_type: content_type.to_owned(), retry_after: None, date: None, body }
}
