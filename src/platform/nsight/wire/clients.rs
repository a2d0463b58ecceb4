//! Clients and sites: list_clients, list_sites.

use crate::fleet::Label;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// A client, of list_clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `clientid`.
    pub id: String,
    /// `name`; may be empty.
    pub name: Label,
    /// `timezone`, an IANA name; empty when the client inherits the account's.
    pub timezone: Label,
    /// `server_count`: active servers.
    pub servers: Option<u64>,
    /// `workstation_count`: active workstations.
    pub workstations: Option<u64>,
    /// `mobile_device_count`: active mobile devices.
    pub mobile_devices: Option<u64>,
}

/// A site, of list_sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `siteid`.
    pub id: String,
    /// `name`.
    pub name: Label,
    /// `connection_ok`: whether the site answers.
    pub connection_ok: Option<bool>,
}

const CLIENT: &[&str] =
    &["clientid", "id", "name", "timezone", "server_count", "workstation_count", "mobile_device_count"];

const SITE: &[&str] = &["siteid", "id", "name", "connection_ok"];

/// Reads an answer of list_clients.
///
/// # Errors
///
/// When it is none.
pub fn list_clients(text: &str, tally: &mut Tally) -> Result<Vec<Client>, Error> {
    let mut clients = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "client" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, CLIENT, Names::Exact)?;
        let Some(id) = fields.id(&["clientid", "id"]) else {
            tally.bad("client without id");
            return Ok(true);
        };
        tally.good();
        clients.push(Client {
            id: id.to_owned(),
            name: fields.label("name"),
            timezone: fields.label("timezone"),
            servers: fields.count("server_count"),
            workstations: fields.count("workstation_count"),
            mobile_devices: fields.count("mobile_device_count"),
        });
        Ok(true)
    })?;
    Ok(clients)
}

/// Reads an answer of list_sites.
///
/// # Errors
///
/// When it is none.
pub fn list_sites(text: &str, tally: &mut Tally) -> Result<Vec<Site>, Error> {
    let mut sites = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "site" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, SITE, Names::Exact)?;
        let Some(id) = fields.id(&["siteid", "id"]) else {
            tally.bad("site without id");
            return Ok(true);
        };
        tally.good();
        let connection_ok = fields.flag("connection_ok");
        sites.push(Site { id: id.to_owned(), name: fields.label("name"), connection_ok });
        Ok(true)
    })?;
    Ok(sites)
}
