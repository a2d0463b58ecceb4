//! What a view says, written down metric by metric from docs/metrics.md: no part of it comes from what exposes a view.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rmm_exporter::fleet::{
    ClientView, DayStatus, DeviceView, DirectoryStatus, HistoryView, Label, OutageReason, PatchSeverity, PatchStatus,
    Readings, ServerState, SessionStatus, SiteView, StatusCounts, ThreatStatus, View,
};

use super::parser::Sample;

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// Gathers samples; what is not known is none.
pub struct Expected {
    base: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

fn flag(value: Option<bool>) -> Option<f64> {
    value.map(|value| if value { 1.0 } else { 0.0 })
}

fn count(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}

fn time(value: Option<Timestamp>) -> Option<f64> {
    value.map(|value| value.as_millisecond() as f64 / 1000.0)
}

impl Expected {
    pub fn of(platform: &str, account: &str, view: &View) -> Vec<Sample> {
        let base = [("platform", platform), ("account", account)];
        let base = base.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut expected = Self { base, samples: Vec::new() };
        view.clients.iter().for_each(|client| expected.client(client));
        view.sites.iter().for_each(|site| expected.site(site));
        view.devices.iter().for_each(|device| expected.device(device));
        for (product, released) in &view.antivirus_definitions {
            let name = "rmm_antivirus_product_definition_timestamp_seconds";
            expected.put(name, &[("product", product.as_str())], time(Some(*released)));
        }
        view.server.iter().for_each(|server| expected.server(server));
        for (severity, kind, number) in view.alerts.iter().flat_map(rmm_exporter::fleet::OpenAlerts::all) {
            expected.put("rmm_alerts_open", &[("severity", severity), ("kind", kind)], count(Some(number)));
        }
        expected.samples
    }

    fn put(&mut self, name: &str, labels: &[(&str, &str)], value: Option<f64>) {
        let Some(value) = value else { return };
        let mut all = self.base.clone();
        all.extend(labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.samples.push(Sample { name: name.to_owned(), labels: all, value });
    }

    /// A sample for each value of a label.
    fn put_each<'v>(
        &mut self,
        name: &str,
        labels: &Pairs<'_>,
        label: &str,
        values: impl IntoIterator<Item = (&'v str, Option<f64>)>,
    ) {
        for (value, number) in values {
            let mut all = labels.clone();
            all.push((label, value));
            self.put(name, &all, number);
        }
    }

    fn client(&mut self, client: &ClientView) {
        let labels = vec![("client", client.name.as_str()), ("client_id", client.id.as_str())];
        let zone = client.timezone.as_ref().map(Label::as_str);
        self.put_each("rmm_client_info", &labels, "timezone", [(zone.expect("in every client here"), Some(1.0))]);
        let devices = client.devices;
        let kinds = [("server", devices.server), ("workstation", devices.workstation), ("mobile", devices.mobile)];
        self.put_each("rmm_client_devices", &labels, "kind", kinds.map(|(kind, number)| (kind, count(number))));
        for license in client.licenses.iter().flat_map(|licenses| licenses.iter()) {
            let name = license.name.as_str();
            self.put_each("rmm_license_owned", &labels, "license", [(name, count(license.owned))]);
            self.put_each("rmm_license_installed", &labels, "license", [(name, count(license.installed))]);
        }
    }

    fn site(&mut self, site: &SiteView) {
        let client = [("client", site.client.as_str()), ("client_id", site.client_id.as_str())];
        let labels: Pairs<'_> =
            client.into_iter().chain([("site", site.name.as_str()), ("site_id", site.id.as_str())]).collect();
        self.put("rmm_site_info", &labels, Some(1.0));
        self.put("rmm_site_connection_up", &labels, flag(site.connection_up));
        let users = site.directory_users.into_iter().flat_map(|users| DirectoryStatus::LABELS.into_iter().zip(users));
        self.put_each(
            "rmm_directory_users",
            &labels,
            "status",
            users.map(|(status, users)| (status, count(Some(users)))),
        );
    }

    fn device(&mut self, device: &DeviceView) {
        let record = &device.record;
        let labels: Pairs<'_> = vec![
            ("client", device.client.as_str()),
            ("site", device.site.as_str()),
            ("device", record.name.as_str()),
            ("device_id", &device.id.0),
        ];
        if let Some(info) = &record.info {
            let mut all = labels.clone();
            all.extend([
                ("kind", record.kind.map_or("", |kind| kind.name())),
                ("os", info.os.as_str()),
                ("os_family", info.os_family.name()),
                ("agent_version", info.agent_version.as_str()),
                ("manufacturer", info.manufacturer.as_str()),
                ("model", info.model.as_str()),
            ]);
            self.put("rmm_device_info", &all, Some(1.0));
        }
        for (name, value) in [
            ("online", flag(record.online)),
            ("overdue", flag(record.overdue)),
            ("last_seen_timestamp_seconds", time(record.last_seen)),
            ("boot_timestamp_seconds", time(record.boot)),
            ("check_interval_seconds", record.check_interval.map(|interval| interval.as_secs_f64())),
            ("maintenance_mode", flag(record.maintenance)),
            ("reboot_required", flag(record.reboot_required)),
            ("memory_bytes", count(record.memory_bytes)),
            ("pending_actions", count(record.pending_actions)),
            ("patches_pending", flag(record.patches_pending)),
        ] {
            self.put(&format!("rmm_device_{name}"), &labels, value);
        }
        let features = record.features.iter().flatten().map(|feature| (feature.name(), Some(1.0)));
        self.put_each("rmm_device_feature_enabled", &labels, "feature", features);
        self.statuses("rmm_device_checks", &labels, record.checks);
        self.statuses("rmm_device_tasks", &labels, record.tasks);
        self.checks_and_tasks(device, &labels);
        self.history("antivirus", &labels, device.antivirus);
        self.history("backup", &labels, device.backup);
        if let Some(patches) = &device.patches {
            let whole = |(label, number)| (label, count(Some(number)));
            let statuses = PatchStatus::LABELS.into_iter().zip(patches.by_status).map(whole);
            self.put_each("rmm_patches", &labels, "status", statuses);
            let severities = PatchSeverity::LABELS.into_iter().zip(patches.outstanding).map(whole);
            self.put_each("rmm_patches_outstanding", &labels, "severity", severities);
            self.put("rmm_patches_last_installed_timestamp_seconds", &labels, time(patches.last_installed));
        }
        self.readings(&device.readings, &labels);
    }

    fn statuses(&mut self, name: &str, labels: &Pairs<'_>, counts: Option<StatusCounts>) {
        let Some(StatusCounts { passing, failing, cleared, pending }) = counts else { return };
        let counts = [("passing", passing), ("failing", failing), ("cleared", cleared), ("pending", pending)];
        self.put_each(name, labels, "status", counts.map(|(status, number)| (status, count(number))));
    }

    fn checks_and_tasks(&mut self, device: &DeviceView, labels: &Pairs<'_>) {
        for check in &device.checks {
            let mut labels = labels.clone();
            labels.extend([("check_id", check.id.as_str()), ("check", check.name.as_str())]);
            labels.push(("check_type", &check.check_type));
            let severity = check.severity.name();
            self.put_each("rmm_check_failing", &labels, "severity", [(severity, flag(check.failing))]);
            self.put("rmm_check_cleared", &labels, flag(check.cleared));
            self.put("rmm_check_consecutive_failures", &labels, count(check.consecutive_failures));
            self.put("rmm_check_last_run_timestamp_seconds", &labels, time(check.last_run));
        }
        for task in &device.tasks {
            let mut labels = labels.clone();
            labels.extend([("task_id", task.id.as_str()), ("task", task.name.as_str())]);
            self.put_each("rmm_task_failing", &labels, "severity", [(task.severity.name(), flag(Some(task.failing)))]);
            self.put("rmm_task_consecutive_failures", &labels, count(task.consecutive_failures));
        }
    }

    fn history(&mut self, what: &str, labels: &Pairs<'_>, history: Option<HistoryView>) {
        let Some(history) = history else { return };
        self.put(&format!("rmm_{what}_up_to_date"), labels, flag(history.up_to_date));
        self.put(&format!("rmm_{what}_last_pass_timestamp_seconds"), labels, time(history.last_pass));
        if what == "backup" {
            self.put("rmm_backup_consecutive_failures", labels, count(history.consecutive_failures));
        }
        let days = history.daily_results.into_iter().flat_map(|days| DayStatus::LABELS.into_iter().zip(days));
        let days = days.map(|(status, days)| (status, count(Some(days))));
        self.put_each(&format!("rmm_{what}_daily_results"), labels, "status", days);
    }

    fn readings(&mut self, readings: &Readings, labels: &Pairs<'_>) {
        let threats = readings.threats.into_iter().flat_map(|counts| ThreatStatus::LABELS.into_iter().zip(counts));
        let threats = threats.map(|(status, threats)| (status, count(Some(threats))));
        self.put_each("rmm_antivirus_threats", labels, "status", threats);
        self.put("rmm_antivirus_quarantined_items", labels, count(readings.quarantined));
        for scan in readings.scans.iter().flat_map(|scans| scans.iter()) {
            let word = scan.scan_type.name();
            let values = [
                ("timestamp_seconds", time(scan.end)),
                ("threats", count(scan.threats)),
                ("errors", count(scan.errors)),
            ];
            for (name, value) in values {
                self.put_each(&format!("rmm_antivirus_last_scan_{name}"), labels, "scan_type", [(word, value)]);
            }
        }
        for sessions in readings.sessions.iter().flat_map(|sessions| sessions.iter()) {
            let (plugin, newest) = (sessions.plugin.as_str(), &sessions.newest);
            for (name, value) in [
                ("last_success_timestamp_seconds", time(sessions.last_success)),
                ("last_duration_seconds", newest.duration.map(|duration| duration.as_secs_f64())),
                ("last_transferred_bytes", count(newest.transferred_bytes)),
                ("last_selected_bytes", count(newest.selected_bytes)),
                ("last_processed_bytes", count(newest.processed_bytes)),
                ("last_errors", count(newest.errors)),
            ] {
                self.put_each(&format!("rmm_backup_session_{name}"), labels, "plugin", [(plugin, value)]);
            }
            let mut labels = labels.clone();
            labels.push(("plugin", plugin));
            let last = newest.status.map(|status| SessionStatus::LABELS[status as usize]);
            let statuses = SessionStatus::LABELS.into_iter().filter(|_| last.is_some());
            let statuses = statuses.map(|status| (status, flag(Some(Some(status) == last))));
            self.put_each("rmm_backup_session_last_status", &labels, "status", statuses);
        }
        for selection in readings.selection.iter().flat_map(|selection| selection.iter()) {
            let value = count(Some(selection.bytes));
            self.put_each("rmm_backup_selected_bytes", labels, "plugin", [(selection.plugin.as_str(), value)]);
        }
        if let Some(outages) = &readings.outages {
            let open =
                OutageReason::LABELS.into_iter().zip(outages.open).map(|(reason, open)| (reason, count(Some(open))));
            self.put_each("rmm_device_outages_open", labels, "reason", open);
            let seconds = OutageReason::LABELS.into_iter().zip(outages.seconds.map(Some));
            self.put_each("rmm_device_outage_seconds", labels, "reason", seconds);
        }
        self.measurements(readings, labels);
        let assets = readings.assets.unwrap_or_default();
        self.put("rmm_device_software_items", labels, count(assets.software));
        self.put("rmm_device_hardware_items", labels, count(assets.hardware));
        self.put("rmm_device_asset_scan_timestamp_seconds", labels, time(assets.scanned));
    }

    fn measurements(&mut self, readings: &Readings, labels: &Pairs<'_>) {
        if let Some(performance) = &readings.performance {
            for load in &performance.processors {
                self.put_each("rmm_device_cpu_load_ratio", labels, "cpu", [(load.cpu.as_str(), load.average)]);
                self.put_each("rmm_device_cpu_load_max_ratio", labels, "cpu", [(load.cpu.as_str(), load.most)]);
            }
            self.put("rmm_device_memory_available_bytes", labels, performance.memory_available_bytes);
            for (disk, length) in &performance.disk_queues {
                self.put_each("rmm_device_disk_queue_length", labels, "disk", [(disk.as_str(), Some(*length))]);
            }
            for load in &performance.adapters {
                let mut labels = labels.clone();
                labels.push(("adapter", load.adapter.as_str()));
                let rates = [("receive", load.receive), ("transmit", load.transmit)];
                self.put_each("rmm_device_network_bytes_per_second", &labels, "direction", rates);
            }
            self.put("rmm_device_performance_timestamp_seconds", labels, time(performance.end));
        }
        let details = readings.details.iter().flat_map(|details| &details.disks);
        for drive in readings.drives.iter().flat_map(|drives| drives.iter()).chain(details) {
            let disk = drive.disk.as_str();
            self.put_each("rmm_device_disk_used_bytes", labels, "disk", [(disk, count(drive.used_bytes))]);
            self.put_each("rmm_device_disk_size_bytes", labels, "disk", [(disk, count(drive.size_bytes))]);
            self.put_each("rmm_device_disk_used_ratio", labels, "disk", [(disk, drive.used_ratio)]);
        }
        for store in readings.stores.iter().flat_map(|stores| stores.iter()) {
            self.put_each(
                "rmm_exchange_store_bytes",
                labels,
                "store",
                [(store.store.as_str(), count(Some(store.bytes)))],
            );
        }
        if let Some(details) = &readings.details {
            let seconds = |duration: Option<std::time::Duration>| duration.map(|duration| duration.as_secs_f64());
            self.put("rmm_device_offline_after_seconds", labels, seconds(details.offline_after));
            self.put("rmm_device_overdue_after_seconds", labels, seconds(details.overdue_after));
        }
    }

    fn server(&mut self, server: &ServerState) {
        let version = server.version.as_ref().map(|version| (version.as_str(), Some(1.0)));
        self.put_each("rmm_server_info", &Vec::new(), "version", version);
        for (name, value) in [
            ("agents", count(server.agents)),
            ("clients", count(server.clients)),
            ("sites", count(server.sites)),
            ("certificate_expiry_seconds", server.certificate_expiry_seconds),
            ("disk_usage_ratio", server.disk_usage),
            ("memory_usage_ratio", server.memory_usage),
            ("celery_queue_length", count(server.celery_queue_length)),
        ] {
            self.put(&format!("rmm_server_{name}"), &[], value);
        }
        let pings = ServerState::PINGED.into_iter().zip(server.pings.map(flag));
        self.put_each("rmm_server_ping_up", &Vec::new(), "component", pings);
        let components = server.components.iter().map(|(name, up)| (name.as_str(), flag(Some(*up))));
        self.put_each("rmm_server_component_up", &Vec::new(), "component", components);
    }
}
