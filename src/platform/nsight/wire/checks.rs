//! Checks and results: list_failing_checks, list_checks.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::fleet::{ClientKey, Kind, Label, SiteKey};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Names, Shape, Tally, read_list};
use crate::platform::shared::Shared;

/// A device with a problem, of list_failing_checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingDevice<'a> {
    /// Id of its client.
    pub client: ClientKey,
    /// Name of its client.
    pub client_name: Label,
    /// Id of its site.
    pub site: SiteKey,
    /// Name of its site.
    pub site_name: Label,
    /// Server or workstation.
    pub kind: Kind,
    /// `id`.
    pub id: Cow<'a, str>,
    /// `name`.
    pub name: Label,
    /// The element `overdue`: the report is missed.
    pub overdue: bool,
    /// The element `offline`: shut down, or in maintenance.
    pub offline: bool,
    /// The element `unreachable`: its site does not answer.
    pub unreachable: bool,
    /// `failed_checks`.
    pub checks: Vec<FailingCheck<'a>>,
}

/// A failing check, of list_failing_checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingCheck<'a> {
    /// `checkid`.
    pub id: Cow<'a, str>,
    /// `check_type`, a number.
    pub check_type: Cow<'a, str>,
    /// `description`, in the language of the account.
    pub description: Label,
    /// `consecutive_fails`.
    pub consecutive_fails: Option<u64>,
    /// `checkstatus`, mostly `testerror`.
    pub status: Cow<'a, str>,
}

/// A check, of list_checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check<'a> {
    /// `checkid`.
    pub id: Cow<'a, str>,
    /// `check_type`, a number.
    pub check_type: Cow<'a, str>,
    /// `description`, in the language of the account.
    pub description: Cow<'a, str>,
    /// `statusid`: 5 passed, 1 failed, 4 cleared, 0 not run yet; as written.
    pub status: Cow<'a, str>,
    /// `consecutive_fails`.
    pub consecutive_fails: Option<u64>,
    /// `utc_run`.
    pub last_run: Option<Timestamp>,
}

const CLIENT: &[&str] = &["clientid", "id", "name"];
const SITE: &[&str] = &["siteid", "id", "name"];
const DEVICE: &[&str] = &["id", "deviceid", "serverid", "workstationid", "name", "overdue", "offline", "unreachable"];
const FAILING_CHECK: &[&str] = &["checkid", "check_type", "description", "consecutive_fails", "checkstatus"];
const CHECK: &[&str] = &["checkid", "check_type", "description", "statusid", "consecutive_fails", "utc_run"];

/// Reads an answer of list_failing_checks and calls `each` for every device. Those of one client are gathered, for its id and
/// name may come after them; of the whole account they are not.
///
/// # Errors
///
/// When it is none. Then nothing that `each` got counts.
pub fn list_failing_checks<'a>(
    text: &'a str,
    tally: &mut Tally,
    mut each: impl FnMut(FailingDevice<'a>),
) -> Result<(), Error> {
    let mut reader = Reader { tally, names: Shared::default(), devices: Vec::new() };
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "client" {
            return Ok(false);
        }
        reader.tally.record()?;
        let client = Fields::read_nested(element, CLIENT, |name, element| match name {
            "site" => reader.read_site(element),
            _ => Ok(()),
        })?;
        let Some(id) = client.id(&["clientid", "id"]) else {
            reader.devices.clear();
            reader.tally.bad("client without id");
            return Ok(true);
        };
        let (id, name) = (ClientKey::new(id), client.label("name"));
        for mut device in reader.devices.drain(..) {
            reader.tally.good();
            device.client = id.clone();
            device.client_name = name.clone();
            each(device);
        }
        Ok(true)
    })
}

/// Reads the devices of one client.
struct Reader<'t, 'a> {
    tally: &'t mut Tally,
    /// Names of checks, of which most devices have the same.
    names: Shared,
    devices: Vec<FailingDevice<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn read_site(&mut self, element: Element<'_, 'a>) -> Result<(), Error> {
        self.tally.record()?;
        let first = self.devices.len();
        let site = Fields::read_nested(element, SITE, |name, element| match name {
            "servers" | "workstations" => {
                element.children(|name, element| self.read_if_device(name, element))?;
                Ok(())
            }
            _ => self.read_if_device(name, element),
        })?;
        let Some(id) = site.id(&["siteid", "id"]) else {
            self.devices.truncate(first);
            self.tally.bad("site without id");
            return Ok(());
        };
        let (id, name) = (SiteKey::new(id), site.label("name"));
        for device in self.devices.iter_mut().skip(first) {
            device.site = id.clone();
            device.site_name = name.clone();
        }
        Ok(())
    }

    fn read_if_device(&mut self, name: &str, element: Element<'_, 'a>) -> Result<(), Error> {
        let kind = match name {
            "server" => Kind::Server,
            "workstation" => Kind::Workstation,
            _ => return Ok(()),
        };
        self.tally.record()?;
        let mut checks = Vec::new();
        let fields = Fields::read_nested(element, DEVICE, |name, element| {
            if name == "failed_checks" {
                element.children(|name, element| {
                    if name == "check" {
                        checks.extend(self.read_failing_check(element)?);
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        let Some(id) = fields.kept_id(&["id", "deviceid", "serverid", "workstationid"]) else {
            self.tally.bad("device without id");
            return Ok(());
        };
        // An empty element says nothing, like every other empty element.
        let says = |name| !matches!(fields.text(name), "" | "0");
        self.devices.push(FailingDevice {
            client: ClientKey(Arc::default()),
            client_name: Label::default(),
            site: SiteKey(Arc::default()),
            site_name: Label::default(),
            kind,
            id,
            name: fields.label("name"),
            overdue: says("overdue"),
            offline: says("offline"),
            unreachable: says("unreachable"),
            checks,
        });
        Ok(())
    }

    fn read_failing_check(&mut self, element: Element<'_, 'a>) -> Result<Option<FailingCheck<'a>>, Error> {
        self.tally.record()?;
        let fields = Fields::read(element, FAILING_CHECK, Names::Exact)?;
        let Some(id) = fields.kept_id(&["checkid"]) else {
            self.tally.bad("check without id");
            return Ok(None);
        };
        Ok(Some(FailingCheck {
            id,
            check_type: fields.kept("check_type"),
            description: fields.shared("description", &mut self.names),
            consecutive_fails: fields.count("consecutive_fails"),
            status: fields.kept("checkstatus"),
        }))
    }
}

/// Reads an answer of list_checks.
///
/// # Errors
///
/// When it is none.
pub fn list_checks<'a>(text: &'a str, tally: &mut Tally) -> Result<Vec<Check<'a>>, Error> {
    let mut checks = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "check" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, CHECK, Names::Exact)?;
        let Some(id) = fields.kept_id(&["checkid"]) else {
            tally.bad("check without id");
            return Ok(true);
        };
        tally.good();
        if !tally.is_first(&[id.as_ref()]) {
            return Ok(true);
        }
        checks.push(Check {
            id,
            check_type: fields.kept("check_type"),
            description: fields.kept("description"),
            status: fields.kept("statusid"),
            consecutive_fails: fields.count("consecutive_fails"),
            last_run: fields.utc("utc_run"),
        });
        Ok(true)
    })?;
    Ok(checks)
}
