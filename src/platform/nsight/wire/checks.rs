//! Checks and results: list_failing_checks, list_checks.

use jiff::Timestamp;

use crate::fleet::{Kind, Label};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Names, Shape, Tally, read_list};

/// A device with a problem, of list_failing_checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingDevice {
    /// Id of its client.
    pub client_id: String,
    /// Name of its client.
    pub client_name: Label,
    /// Id of its site.
    pub site_id: String,
    /// Name of its site.
    pub site_name: Label,
    /// Server or workstation.
    pub kind: Kind,
    /// `id`.
    pub id: String,
    /// `name`.
    pub name: Label,
    /// The element `overdue`: the report is missed.
    pub overdue: bool,
    /// The element `offline`: shut down, or in maintenance.
    pub offline: bool,
    /// The element `unreachable`: its site does not answer.
    pub unreachable: bool,
    /// `failed_checks`.
    pub checks: Vec<FailingCheck>,
}

/// A failing check, of list_failing_checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingCheck {
    /// `checkid`.
    pub id: String,
    /// `check_type`, a number.
    pub check_type: String,
    /// `description`, in the language of the account.
    pub description: Label,
    /// `consecutive_fails`.
    pub consecutive_fails: Option<u64>,
    /// `checkstatus`, mostly `testerror`.
    pub status: String,
}

/// A check, of list_checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `checkid`.
    pub id: String,
    /// `check_type`, a number.
    pub check_type: String,
    /// `description`, in the language of the account.
    pub description: Label,
    /// `statusid`: 5 passed, 1 failed, 4 cleared, 0 not run yet; as written.
    pub status: String,
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

/// Reads an answer of list_failing_checks.
///
/// # Errors
///
/// When it is none.
pub fn list_failing_checks(text: &str, tally: &mut Tally) -> Result<Vec<FailingDevice>, Error> {
    let mut devices = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "client" {
            return Ok(false);
        }
        tally.record()?;
        let mut here = Vec::new();
        let client = Fields::read_nested(element, CLIENT, |name, element| match name {
            "site" => read_site(element, &mut here, tally),
            _ => Ok(()),
        })?;
        // Id and name may come after the sites.
        let Some(id) = client.id(&["clientid", "id"]) else {
            tally.bad("client without id");
            return Ok(true);
        };
        for mut device in here {
            tally.good();
            id.clone_into(&mut device.client_id);
            device.client_name = client.label("name");
            devices.push(device);
        }
        Ok(true)
    })?;
    Ok(devices)
}

fn read_site(element: Element<'_, '_>, devices: &mut Vec<FailingDevice>, tally: &mut Tally) -> Result<(), Error> {
    tally.record()?;
    let mut here = Vec::new();
    let site = Fields::read_nested(element, SITE, |name, element| match name {
        "servers" | "workstations" => {
            element.children(|name, element| read_if_device(name, element, &mut here, tally))?;
            Ok(())
        }
        _ => read_if_device(name, element, &mut here, tally),
    })?;
    let Some(id) = site.id(&["siteid", "id"]) else {
        tally.bad("site without id");
        return Ok(());
    };
    for mut device in here {
        id.clone_into(&mut device.site_id);
        device.site_name = site.label("name");
        devices.push(device);
    }
    Ok(())
}

fn read_if_device(
    name: &str,
    element: Element<'_, '_>,
    devices: &mut Vec<FailingDevice>,
    tally: &mut Tally,
) -> Result<(), Error> {
    let kind = match name {
        "server" => Kind::Server,
        "workstation" => Kind::Workstation,
        _ => return Ok(()),
    };
    tally.record()?;
    let mut checks = Vec::new();
    let fields = Fields::read_nested(element, DEVICE, |name, element| {
        if name == "failed_checks" {
            element.children(|name, element| {
                if name == "check" {
                    checks.extend(read_failing_check(element, tally)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    let Some(id) = fields.id(&["id", "deviceid", "serverid", "workstationid"]) else {
        tally.bad("device without id");
        return Ok(());
    };
    // An empty element says nothing, like every other empty element.
    let says = |name| !matches!(fields.text(name), "" | "0");
    devices.push(FailingDevice {
        client_id: String::new(),
        client_name: Label::default(),
        site_id: String::new(),
        site_name: Label::default(),
        kind,
        id: id.to_owned(),
        name: fields.label("name"),
        overdue: says("overdue"),
        offline: says("offline"),
        unreachable: says("unreachable"),
        checks,
    });
    Ok(())
}

fn read_failing_check(element: Element<'_, '_>, tally: &mut Tally) -> Result<Option<FailingCheck>, Error> {
    tally.record()?;
    let fields = Fields::read(element, FAILING_CHECK, Names::Exact)?;
    let Some(id) = fields.id(&["checkid"]) else {
        tally.bad("check without id");
        return Ok(None);
    };
    Ok(Some(FailingCheck {
        id: id.to_owned(),
        check_type: fields.text("check_type").to_owned(),
        description: fields.label("description"),
        consecutive_fails: fields.number("consecutive_fails"),
        status: fields.text("checkstatus").to_owned(),
    }))
}

/// Reads an answer of list_checks.
///
/// # Errors
///
/// When it is none.
pub fn list_checks(text: &str, tally: &mut Tally) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "check" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, CHECK, Names::Exact)?;
        let Some(id) = fields.id(&["checkid"]) else {
            tally.bad("check without id");
            return Ok(true);
        };
        tally.good();
        checks.push(Check {
            id: id.to_owned(),
            check_type: fields.text("check_type").to_owned(),
            description: fields.label("description"),
            status: fields.text("statusid").to_owned(),
            consecutive_fails: fields.number("consecutive_fails"),
            last_run: fields.utc("utc_run"),
        });
        Ok(true)
    })?;
    Ok(checks)
}
