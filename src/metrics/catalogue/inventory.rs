//! Clients, sites and devices.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector::{Details, FailingChecks, Inventory, Patches};

const KINDS: &[&str] = &["server", "workstation", "mobile"];
const DEVICE: Family = Family::gauge(Section::Inventory, Scope::Device);
const DETAILS: Option<Source> = Source::new(&[Inventory], &["list_servers", "list_workstations"]);
const STATE: Option<Source> =
    Source::new(&[Inventory, FailingChecks], &["list_servers", "list_workstations", "list_failing_checks"]);
const AGENT: Option<Source> = Source::new(&[Details], &["/agents/{id}/"]);
const AGENTS: Option<Source> = Source::new(&[Inventory], &["/agents/"]);

pub(super) static FAMILIES: [Family; 18] = [
    Family {
        name: "rmm_client_info",
        meaning: "A client; always 1. The label timezone is its own IANA zone, empty when it has the account's.",
        labels: &["timezone"],
        nsight: Source::new(&[Inventory], &["list_clients"]),
        tactical: Source::new(&[Inventory], &["/clients/"]),
        series: Series::Client(|client, out| match &client.timezone {
            Some(zone) => out.put(&[("timezone", zone.as_str())], true),
            None => out.put(&[], true),
        }),
        ..Family::gauge(Section::Inventory, Scope::Client)
    },
    Family {
        name: "rmm_client_devices",
        meaning: "Active devices of a client by kind, as the platform counts them: entries without an agent are not \
                  counted. On Tactical RMM there is no mobile.",
        labels: &["kind"],
        enumerations: &[Enumeration::full("kind", KINDS)],
        nsight: Source::new(&[Inventory], &["list_clients"]),
        tactical: AGENTS,
        series: Series::Client(|client, out| {
            let devices = &client.devices;
            for (kind, count) in KINDS.iter().zip([devices.server, devices.workstation, devices.mobile]) {
                out.put_known(&[("kind", kind)], count);
            }
        }),
        ..Family::gauge(Section::Inventory, Scope::Client)
    },
    Family {
        name: "rmm_site_info",
        meaning: "A site of a client; always 1.",
        nsight: Source::new(&[Inventory], &["list_sites"]),
        tactical: Source::new(&[Inventory], &["/clients/"]),
        series: Series::Site(|_, out| out.put(&[], true)),
        ..Family::gauge(Section::Inventory, Scope::Site)
    },
    Family {
        name: "rmm_site_connection_up",
        meaning: "Whether the connection of a site answers (1) or not (0).",
        nsight: Source::new(&[Inventory], &["list_sites"]),
        series: Series::Site(|site, out| out.put_known(&[], site.connection_up)),
        ..Family::gauge(Section::Inventory, Scope::Site)
    },
    Family {
        name: "rmm_device_info",
        meaning: "A device with its kind, operating system, agent version, maker and model; always 1.",
        labels: &["kind", "os", "os_family", "agent_version", "manufacturer", "model"],
        enumerations: &[
            Enumeration::of("kind", KINDS),
            Enumeration::of("os_family", &["windows", "linux", "macos", "other"]),
        ],
        nsight: Source::new(&[Inventory], &["list_servers", "list_workstations", "list_devices_at_client"]),
        tactical: AGENTS,
        series: Series::Device(|device, out| {
            if let Some(info) = &device.record.info {
                let labels = [
                    ("kind", device.record.kind.map_or("", |kind| kind.name())),
                    ("os", info.os.as_str()),
                    ("os_family", info.os_family.name()),
                    ("agent_version", info.agent_version.as_str()),
                    ("manufacturer", info.manufacturer.as_str()),
                    ("model", info.model.as_str()),
                ];
                out.put(&labels, true);
            }
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_device_online",
        meaning: "Whether the device is online (1) or not (0). On N-sight: a server that is online and not overdue, a \
                  workstation whose last report is younger than offline_after (default twice its check interval, at \
                  least 30 min); neither while list_failing_checks lists it as offline or unreachable; none for a \
                  workstation without 24x7 checks, or without a last report that can be read. On Tactical RMM: the status of the agent is online.",
        nsight: STATE,
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.online)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_overdue",
        meaning: "Whether the report of the device is overdue (1) or not (0). On N-sight: missed_247 is 1, or \
                  list_failing_checks lists it as overdue; of workstations only the latter tells, so none while it does \
                  not. On Tactical RMM: the status of the agent is overdue.",
        nsight: STATE,
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.overdue)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_last_seen_timestamp_seconds",
        meaning: "When the device was last in contact, in Unix time.",
        nsight: DETAILS,
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.last_seen)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_boot_timestamp_seconds",
        meaning: "When the device last started, in Unix time.",
        nsight: DETAILS,
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.boot)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_check_interval_seconds",
        meaning: "Interval of the 24x7 checks of the device, where they are active.",
        nsight: DETAILS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.check_interval)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_maintenance_mode",
        meaning: "Whether the device is in maintenance mode (1) or not (0).",
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.maintenance)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_reboot_required",
        meaning: "Whether the device waits for a restart (1) or not (0).",
        nsight: Source::new(&[Patches], &["patch_list_all"]),
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.reboot_required)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_memory_bytes",
        meaning: "Installed memory of the device, in bytes.",
        nsight: DETAILS,
        tactical: AGENT,
        series: Series::Device(|device, out| out.put_known(&[], device.record.memory_bytes)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_offline_after_seconds",
        meaning: "Silence after which the platform calls the device offline.",
        tactical: AGENT,
        series: Series::Device(|device, out| {
            out.put_known(&[], device.readings.details.as_ref().and_then(|details| details.offline_after));
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_device_overdue_after_seconds",
        meaning: "Silence after which the platform calls the device overdue.",
        tactical: AGENT,
        series: Series::Device(|device, out| {
            out.put_known(&[], device.readings.details.as_ref().and_then(|details| details.overdue_after));
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_device_feature_enabled",
        meaning: "A feature that is switched on for the device; always 1.",
        labels: &["feature"],
        enumerations: &[Enumeration::of(
            "feature",
            &["take_control", "patch", "managed_antivirus", "backup", "web_protection", "risk_intelligence"],
        )],
        nsight: Source::new(&[Inventory], &["list_devices_at_client"]),
        series: Series::Device(|device, out| {
            for feature in device.record.features.iter().flatten() {
                out.put(&[("feature", feature.name())], true);
            }
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_device_pending_actions",
        meaning: "Actions that wait until the device can carry them out.",
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.pending_actions)),
        ..DEVICE
    },
    Family {
        name: "rmm_device_patches_pending",
        meaning: "Whether an approved update is not installed (1) or all are (0). Not the same as updates being \
                  missing.",
        tactical: AGENTS,
        series: Series::Device(|device, out| out.put_known(&[], device.record.patches_pending)),
        ..DEVICE
    },
];
