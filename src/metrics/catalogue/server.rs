//! The RMM server itself and its open alerts.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector;
use crate::fleet::{AlertKind, ServerState};

const STATUS: Family = Family {
    tactical: Source::new(&[Collector::Server], &["/core/v2/status/"]),
    ..Family::gauge(Section::Server, Scope::Account)
};

pub(super) static FAMILIES: [Family; 11] = [
    Family {
        name: "rmm_server_info",
        meaning: "The RMM server with its version; always 1.",
        labels: &["version"],
        tactical: Source::new(&[Collector::Server], &["/core/v2/status/", "/core/dashinfo/"]),
        series: Series::Fleet(|view, out| {
            if let Some(version) = view.server.as_ref().and_then(|server| server.version.as_ref()) {
                out.put(&[("version", version.as_str())], true);
            }
        }),
        ..STATUS
    },
    Family {
        name: "rmm_server_agents",
        meaning: "Agents that the server knows.",
        series: Series::Fleet(|view, out| out.put_known(&[], view.server.as_ref().and_then(|server| server.agents))),
        ..STATUS
    },
    Family {
        name: "rmm_server_clients",
        meaning: "Clients that the server knows.",
        series: Series::Fleet(|view, out| out.put_known(&[], view.server.as_ref().and_then(|server| server.clients))),
        ..STATUS
    },
    Family {
        name: "rmm_server_sites",
        meaning: "Sites that the server knows.",
        series: Series::Fleet(|view, out| out.put_known(&[], view.server.as_ref().and_then(|server| server.sites))),
        ..STATUS
    },
    Family {
        name: "rmm_server_certificate_expiry_seconds",
        meaning: "Time until the server's certificate expires, to the day; negative once it has.",
        series: Series::Fleet(|view, out| {
            out.put_known(&[], view.server.as_ref().and_then(|server| server.certificate_expiry_seconds));
        }),
        ..STATUS
    },
    Family {
        name: "rmm_server_disk_usage_ratio",
        meaning: "Used part of the server's disk, 0 to 1.",
        series: Series::Fleet(|view, out| {
            out.put_known(&[], view.server.as_ref().and_then(|server| server.disk_usage));
        }),
        ..STATUS
    },
    Family {
        name: "rmm_server_memory_usage_ratio",
        meaning: "Used part of the server's memory, 0 to 1.",
        series: Series::Fleet(|view, out| {
            out.put_known(&[], view.server.as_ref().and_then(|server| server.memory_usage));
        }),
        ..STATUS
    },
    Family {
        name: "rmm_server_ping_up",
        meaning: "Whether a part of the server answers a ping (1) or not (0).",
        labels: &["component"],
        enumerations: &[Enumeration::of("component", &ServerState::PINGED)],
        series: Series::Fleet(|view, out| {
            if let Some(server) = &view.server {
                for (component, up) in ServerState::PINGED.into_iter().zip(server.pings) {
                    out.put_known(&[("component", component)], up);
                }
            }
        }),
        ..STATUS
    },
    Family {
        name: "rmm_server_component_up",
        meaning: "Whether a service of the server runs (1) or not (0), as its service manager says; in containers it has \
                  none, and the server says 0.",
        labels: &["component"],
        series: Series::Fleet(|view, out| {
            for (component, up) in view.server.iter().flat_map(|server| &server.components) {
                out.put(&[("component", component.as_str())], *up);
            }
        }),
        ..STATUS
    },
    Family {
        name: "rmm_server_celery_queue_length",
        meaning: "Jobs of the server that wait.",
        series: Series::Fleet(|view, out| {
            out.put_known(&[], view.server.as_ref().and_then(|server| server.celery_queue_length));
        }),
        ..STATUS
    },
    Family {
        name: "rmm_alerts_open",
        meaning: "Alerts that are neither resolved nor snoozed nor hidden, by severity and kind.",
        labels: &["severity", "kind"],
        enumerations: &[
            Enumeration::full("severity", &["error", "warning", "info"]),
            Enumeration::full("kind", &AlertKind::LABELS),
        ],
        tactical: Source::new(&[Collector::Alerts], &["/alerts/"]),
        series: Series::Fleet(|view, out| {
            for (severity, kind, count) in view.alerts.iter().flat_map(crate::fleet::OpenAlerts::all) {
                out.put(&[("severity", severity), ("kind", kind)], count);
            }
        }),
        ..Family::gauge(Section::Server, Scope::Account)
    },
];
