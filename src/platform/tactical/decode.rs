//! Answers → updates of the fleet. Needs no network, so recorded answers go through the same door.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tracing::debug;

use super::call::Call;
use super::collectors::{alerts, checks, custom_fields, details, inventory, patches, server, tasks};
use super::error::ApiError;
use super::notices::Notices;
use super::wire::array::{ArrayError, Tally, each_record};
use crate::config::ChecksMode;
use crate::fleet::{Mappings, Reading, Update};
use crate::planner::ReadCall;
use crate::platform::key::ApiKey;
use crate::platform::transport::RawAnswer;
use crate::platform::{Answer, Failure};

/// Understands the answers for one account. It remembers only what it has already complained about.
#[derive(Debug)]
pub struct Decoder {
    checks_mode: ChecksMode,
    pub(super) mappings: Mappings,
    mapped_fields: Mutex<MappedFields>,
    pub(super) notices: Notices,
}

/// Which custom fields are kept: until their names are known any may be meant, and the fleet drops what was not.
#[derive(Clone, Debug, Default)]
pub(super) struct MappedFields(Option<Arc<HashSet<u64>>>);

impl MappedFields {
    pub(super) fn admits(&self, field: u64) -> bool {
        self.0.as_ref().is_none_or(|fields| fields.contains(&field))
    }
}

impl Decoder {
    /// A decoder for the account of that name; `checks_mode` decides which checks and tasks are kept one by one.
    #[must_use]
    pub fn new(account: &str, checks_mode: ChecksMode) -> Self {
        Self {
            checks_mode,
            mappings: Mappings::default(),
            mapped_fields: Mutex::default(),
            notices: Notices::new(account),
        }
    }

    /// The same, and it finds out what says whether antivirus and backup are well.
    #[must_use]
    pub fn mapping(self, mappings: Mappings) -> Self {
        Self { mappings, ..self }
    }

    /// The same, and this secret is kept out of what is logged.
    #[must_use]
    pub fn hiding(self, key: Arc<ApiKey>) -> Self {
        Self { notices: self.notices.hiding(key), ..self }
    }

    /// What `answer`, which arrived at `now`, says to `call`.
    ///
    /// # Errors
    ///
    /// When the status is bad, or the body cannot be read.
    pub fn decode(&self, call: &Call, answer: RawAnswer, now: Timestamp) -> Result<Answer, Failure> {
        let bytes = answer.body.len() as u64;
        if let Some(error) = ApiError::of(call, &answer) {
            return Err(error.into_failure(call, bytes));
        }
        // The server writes UTF-8. A wrong byte spoils the name that it is in, not the list.
        let body = String::from_utf8(answer.body)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let update =
            self.update(call, &body, now).map_err(|error| ApiError::Unreadable(error).into_failure(call, bytes))?;
        let incomplete = matches!(update, Some(Update::Incomplete(_)));
        Ok(Answer { updates: update.into_iter().collect(), bytes, incomplete })
    }

    fn update(&self, call: &Call, body: &str, now: Timestamp) -> Result<Option<Update>, ArrayError> {
        let update = match call {
            Call::Clients => inventory::clients(self, call, body),
            Call::Agents => inventory::agents(self, call, body, now),
            Call::AgentChecks(id) => {
                checks::decode(self, call, body, now).map(|checks| Update::Checks(id.clone(), checks))
            }
            Call::AgentTasks(id) => tasks::decode(self, call, body).map(|tasks| Update::Tasks(id.clone(), tasks)),
            Call::AgentUpdates(id) => {
                patches::decode(self, call, body).map(|patches| Update::Patches(id.clone(), patches))
            }
            Call::Agent(id) => details::decode(self, call, body, now)
                .map(|details| Update::Reading(id.clone(), Reading::Details(Arc::new(details)))),
            Call::Alerts => alerts::decode(self, call, body).map(Update::Alerts),
            Call::Status => server::status(body).map(Update::Server),
            Call::DashInfo => server::dash_info(body).map(Update::Server),
            Call::CustomFields => custom_fields::decode(self, call, body).map(Update::FieldNames),
            // Questions of `doctor`, which reads the answers itself; the fleet learns nothing from them.
            Call::Version | Call::AgentNames => return Ok(None),
        };
        update.map(Some)
    }

    /// Reads every record of a list that can be read; says so when some cannot, and gives back how many.
    pub(super) fn readable_records<'a, T: serde::Deserialize<'a>>(
        &self,
        call: &Call,
        body: &'a str,
        take: impl FnMut(T),
    ) -> Result<usize, ArrayError> {
        let Tally { total, bad, first } = each_record(body, call.max_records(), take)?;
        self.notices.bad_records(call.name(), bad, total, first.as_deref().unwrap_or_default());
        debug!(call = call.name(), total, bad, "answer read");
        Ok(bad)
    }

    /// The custom fields that mappings look at, by the numbers of their definitions.
    pub(super) fn looks_at(&self, fields: HashSet<u64>) {
        *self.mapped_fields.lock().unwrap_or_else(PoisonError::into_inner) = MappedFields(Some(Arc::new(fields)));
    }

    /// The same, as far as it is known.
    pub(super) fn mapped_fields(&self) -> MappedFields {
        self.mapped_fields.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a check or task in this condition is kept.
    pub(super) const fn keeps(&self, failing: bool) -> bool {
        match self.checks_mode {
            ChecksMode::Failing => failing,
            ChecksMode::All => true,
            ChecksMode::None => false,
        }
    }
}

/// Reads every record of a list of which something is counted: without one that cannot be read the count would be too small.
pub(super) fn all_records<'a, T: serde::Deserialize<'a>>(
    call: &Call,
    body: &'a str,
    take: impl FnMut(T),
) -> Result<(), ArrayError> {
    let Tally { total, bad, first } = each_record(body, call.max_records(), take)?;
    debug!(call = call.name(), total, bad, "answer read");
    match first {
        Some(first) => Err(ArrayError::SomeBad { bad, total, first }),
        None => Ok(()),
    }
}
