//! The simulated N-sight server: one path, many services, XML in latin-1.

mod assets;
mod checks;
mod daily;
mod definitions;
mod devices;
mod directory;
mod inventory;
mod managed_antivirus;
mod outages;
mod performance;
mod selection;
mod sessions;
mod storage;
mod xml;

use std::sync::Arc;

use jiff::Timestamp;

use self::xml::Xml;
use super::server::{Answer, Content, Look, Received, Service};
use super::world::World;
use crate::platform::PlatformName;

const XML: &str = "text/xml";
const HTML: &str = "text/html";

/// Services that this server answers.
const SERVICES: [&str; 25] = [
    "list_clients",
    "list_sites",
    "list_devices_at_client",
    "list_servers",
    "list_workstations",
    "list_failing_checks",
    "list_checks",
    "list_av_history",
    "list_backup_history",
    "patch_list_all",
    "list_general_settings",
    "list_supported_av_products",
    "list_av_definitions",
    "list_mav_threats",
    "list_mav_quarantine",
    "list_mav_scans",
    "list_mob_sessions",
    "mob/mob_list_selection_size",
    "list_outages",
    "list_performance_history",
    "list_drive_space_history",
    "list_exchange_storage_history",
    "list_device_asset_details",
    "list_client_license_count",
    "list_active_directory_users",
];

/// Read services that exist but are not simulated: asking for them fails, but is no misbehaviour.
const OTHER_READS: [&str; 16] = [
    "list_agentless_assets",
    "list_device_monitoring_details",
    "list_check_config",
    "get_formatted_check_output",
    "list_templates",
    "get_av_definition_release_date",
    "list_all_hardware",
    "list_all_software",
    "list_license_groups",
    "list_license_group_items",
    "list_licensed_software",
    "list_wallchart_settings",
    "mav_quarantine_list",
    "mav_scan_device_list",
    "get_site_installation_package",
    "list_fmt_check_result",
];

/// An application error: its code and message.
type Refusal = (u32, String);

/// The server.
pub(super) struct Nsight {
    world: Arc<World>,
    key: String,
}

impl Nsight {
    pub(super) const fn new(world: Arc<World>, key: String) -> Self {
        Self { world, key }
    }

    fn key_accepted(&self, request: &Received) -> bool {
        request.parameter("apikey") == Some(self.key.as_str())
    }

    fn refuse(&self, (code, message): Refusal) -> Answer {
        let mut xml = Xml::result("FAIL", self.world.now());
        xml.open("error");
        xml.value("errorcode", code);
        xml.value("message", message);
        xml.raw("</error></result>");
        Answer::new(200, XML, xml.into_bytes())
    }

    fn serve(&self, request: &Received) -> Result<Content, Refusal> {
        let world = &self.world;
        let at = world.now();
        let service = request.parameter("service").ok_or_else(|| missing("service"))?;
        match service {
            "list_clients" => Ok(inventory::clients(Arc::clone(world), at)),
            "list_sites" => inventory::sites(world, number(request, "clientid")?, at),
            "list_devices_at_client" => {
                let client = number(request, "clientid")?;
                let kind = request.parameter("devicetype").ok_or_else(|| missing("devicetype"))?;
                inventory::devices_at_client(world, client, kind, at)
            }
            "list_servers" => devices::servers(world, number(request, "siteid")?, at),
            "list_workstations" => devices::workstations(world, number(request, "siteid")?, at),
            "list_failing_checks" => {
                let client = request.parameter("clientid").map(|_| number(request, "clientid")).transpose()?;
                checks::failing(Arc::clone(world), client, request.parameter("check_type"), at)
            }
            "list_checks" => checks::all(world, number(request, "deviceid")?, at),
            "list_av_history" => daily::antivirus(world, number(request, "deviceid")?, at),
            "list_backup_history" => daily::backup(world, number(request, "deviceid")?, at),
            "patch_list_all" => daily::patches(world, number(request, "deviceid")?, at),
            "list_general_settings" => Ok(inventory::general_settings(at)),
            "list_supported_av_products" => Ok(definitions::products(world, at)),
            "list_av_definitions" => definitions::definitions(world, request, at),
            "list_mav_threats" => managed_antivirus::threats(world, request, at),
            "list_mav_quarantine" => managed_antivirus::quarantine(world, request, at),
            "list_mav_scans" => managed_antivirus::scans(world, request, at),
            "list_mob_sessions" => sessions::sessions(world, number(request, "deviceid")?, at),
            "mob/mob_list_selection_size" => selection::sizes(Arc::clone(world), request, at),
            "list_outages" => outages::outages(world, number(request, "deviceid")?, at),
            "list_performance_history" => performance::history(world, request, at),
            "list_drive_space_history" => storage::drives(world, request, at),
            "list_exchange_storage_history" => storage::stores(world, request, at),
            "list_device_asset_details" => assets::details(world, number(request, "deviceid")?, at),
            "list_client_license_count" => assets::licenses(world, number(request, "clientid")?, at),
            "list_active_directory_users" => directory::users(world, number(request, "siteid")?, at),
            _ => Err(invalid("service")),
        }
    }
}

impl Service for Nsight {
    fn platform(&self) -> PlatformName {
        PlatformName::Nsight
    }

    fn look(&self, request: &Received) -> Look {
        let at_api = is_api(&request.path);
        let target = if at_api { request.parameter("service").unwrap_or_default() } else { &request.path };
        let mut others: Vec<_> =
            request.query.iter().filter(|(name, _)| !matches!(name.as_str(), "apikey" | "service")).collect();
        others.sort();
        let parameters: Vec<_> = others.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let violation = if !at_api {
            Some("unknown path")
        } else if request.method != "GET" {
            Some("method is not GET")
        } else if request.parameter("describe").is_some() {
            Some("describe is not for programs")
        } else if !SERVICES.contains(&target) && !OTHER_READS.contains(&target) {
            Some("service is unknown or changes something")
        } else {
            None
        };
        Look {
            target: target.to_owned(),
            identity: format!("{} {target}?{}", request.method, parameters.join("&")),
            key_accepted: self.key_accepted(request),
            violation,
        }
    }

    fn answer(&self, request: &Received) -> Answer {
        if !is_api(&request.path) {
            return self.error(404);
        }
        if !self.key_accepted(request) {
            return self.fail(3);
        }
        match self.serve(request) {
            Ok(content) => Answer { content, ..Answer::new(200, XML, "") },
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn error(&self, status: u16) -> Answer {
        Answer::new(
            status,
            HTML,
            format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"),
        )
    }

    fn fail(&self, code: u32) -> Answer {
        let message = match code {
            3 => "Login failed",
            4 => "Invalid value for parameter: deviceid",
            5 => "Missing parameter: deviceid",
            _ => "Something else",
        };
        self.refuse((code, message.to_owned()))
    }
}

fn is_api(path: &str) -> bool {
    matches!(path, "/api/" | "/api")
}

fn missing(name: &str) -> Refusal {
    (5, format!("Missing parameter: {name}"))
}

fn invalid(name: &str) -> Refusal {
    (4, format!("Invalid value for parameter: {name}"))
}

fn number(request: &Received, name: &str) -> Result<u64, Refusal> {
    request.parameter(name).ok_or_else(|| missing(name))?.parse().map_err(|_| invalid(name))
}

/// An envelope with one child that `write` fills; `<items/>` when it writes nothing.
fn items(at: Timestamp, write: impl FnOnce(&mut Xml)) -> Content {
    let mut inner = Xml::default();
    write(&mut inner);
    let mut xml = Xml::result("OK", at);
    xml.items(&inner);
    xml.raw("</result>");
    Content::Whole(xml.into_bytes())
}

#[cfg(test)]
mod tests;
