//! Hands over the samples of a family, thing by thing: to make text of them, or to count them.

use super::catalogue::Series;
use super::samples::{Pair, Samples, Sink};
use crate::fleet::{DeviceView, SiteView, View};

/// Every sample that a family has of the account as a whole, of its clients and of its sites.
pub(super) fn walk_places(series: Series, view: &View, sink: &mut Sink<'_>) {
    match series {
        Series::Fleet(write) => write(view, &mut Samples::new(sink, &[])),
        Series::Client(write) => {
            for client in &view.clients {
                let labels = [("client", client.name.as_str()), ("client_id", client.id.as_str())];
                write(client, &mut Samples::new(sink, &labels));
            }
        }
        Series::Site(write) => {
            for site in &view.sites {
                write(site, &mut Samples::new(sink, &site_labels(site)));
            }
        }
        _ => (),
    }
}

/// Every sample that a family has of these devices.
pub(super) fn walk_devices(series: Series, devices: &[DeviceView], sink: &mut Sink<'_>) {
    for device in devices {
        sink.enter(&device_labels(device));
        match series {
            Series::Device(write) => write(device, &mut Samples::new(sink, &[])),
            Series::Check(write) => {
                for check in &device.checks {
                    let [id, name] = [("check_id", check.id.as_str()), ("check", check.name.as_str())];
                    let labels = [id, name, ("check_type", check.check_type.as_ref())];
                    write(check, &mut Samples::new(sink, &labels));
                }
            }
            Series::Task(write) => {
                for task in &device.tasks {
                    let labels = [("task_id", task.id.as_str()), ("task", task.name.as_str())];
                    write(task, &mut Samples::new(sink, &labels));
                }
            }
            _ => (),
        }
    }
}

fn site_labels(site: &SiteView) -> [Pair<'_>; 4] {
    [
        ("client", site.client.as_str()),
        ("client_id", site.client_id.as_str()),
        ("site", site.name.as_str()),
        ("site_id", site.id.as_str()),
    ]
}

/// The labels that every sample about a device has.
pub(super) fn device_labels(device: &DeviceView) -> [Pair<'_>; 4] {
    [
        ("client", device.client.as_str()),
        ("site", device.site.as_str()),
        ("device", device.record.name.as_str()),
        ("device_id", &device.id.0),
    ]
}
