//! Hands over the samples of a family, thing by thing: to make text of them, or to count them.

use std::fmt;

use super::catalogue::Series;
use super::samples::{Pair, Sink, put};
use crate::fleet::{DeviceView, SiteView, View};

/// Every sample that a family has in `view`.
pub(super) fn walk(series: Series, view: &View, sink: &mut Sink<'_>) -> fmt::Result {
    match series {
        Series::Exporter(_) | Series::Account(_) | Series::Report(_) => (),
        Series::Fleet(write) => put(sink, &[], |out| write(view, out))?,
        Series::Client(write) => {
            for client in &view.clients {
                let labels = [("client", client.name.as_str()), ("client_id", client.id.as_str())];
                put(sink, &labels, |out| write(client, out))?;
            }
        }
        Series::Site(write) => {
            for site in &view.sites {
                put(sink, &site_labels(site), |out| write(site, out))?;
            }
        }
        Series::Device(write) => {
            for device in &view.devices {
                put(sink, &device_labels(device), |out| write(device, out))?;
            }
        }
        Series::Check(write) => {
            for device in &view.devices {
                let [client, site, name, id] = device_labels(device);
                for check in &device.checks {
                    let own = ("check_id", check.id.as_str());
                    let kind = ("check_type", check.check_type.as_ref());
                    let labels = [client, site, name, id, own, ("check", check.name.as_str()), kind];
                    put(sink, &labels, |out| write(check, out))?;
                }
            }
        }
        Series::Task(write) => {
            for device in &view.devices {
                let [client, site, name, id] = device_labels(device);
                for task in &device.tasks {
                    let labels = [client, site, name, id, ("task_id", task.id.as_str()), ("task", task.name.as_str())];
                    put(sink, &labels, |out| write(task, out))?;
                }
            }
        }
    }
    Ok(())
}

fn site_labels(site: &SiteView) -> [Pair<'_>; 4] {
    [
        ("client", site.client.as_str()),
        ("client_id", site.client_id.as_str()),
        ("site", site.name.as_str()),
        ("site_id", site.id.as_str()),
    ]
}

fn device_labels(device: &DeviceView) -> [Pair<'_>; 4] {
    [
        ("client", device.client.as_str()),
        ("site", device.site.as_str()),
        ("device", device.record.name.as_str()),
        ("device_id", &device.id.0),
    ]
}
