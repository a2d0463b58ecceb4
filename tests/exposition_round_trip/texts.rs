//! Texts that are hard to write, in every place of a fleet that becomes a label.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rmm_exporter::fleet::{
    AdapterLoad, Details, DeviceId, Drive, KindCounts, Label, License, Performance, PluginSelection, PluginSessions,
    ProcessorLoad, Store, View,
};

/// Quotes and what escapes them, ends of lines, other blanks, what turns the writing direction, what combines with its
/// neighbour, what looks like a separator, the ends of the code points.
const PARTS: [&str; 52] = [
    "\"",
    "\\",
    "\n",
    "\\n",
    "\\\"",
    "\\\\",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{2028}",
    "\u{2029}",
    "\u{3000}",
    "\u{200b}",
    "\u{200d}",
    "\u{200f}",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "\u{301}",
    "e\u{301}",
    "é",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e000}",
    "\u{10ffff}",
    "🦷",
    "👩\u{200d}🔧",
    "日本",
    "العربية",
    "{",
    "}",
    "=",
    ",",
    "，",
    "＂",
    "′",
    "”",
    "#",
    "# EOF",
    "# TYPE x gauge",
    " 1",
    "} 1",
    "\"} 1 # {} 2",
    "a",
    " ",
];

/// Any text: of hard parts, of any characters, long, or one of few, so that two things have the same name.
pub fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![3 => select(&PARTS[..]).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop_oneof![
        4 => vec(part.clone(), 0..8).prop_map(|parts| parts.concat()),
        1 => (part, 60_usize..400).prop_map(|(part, times)| part.repeat(times)),
        1 => (195_usize..203, select(&PARTS[..])).prop_map(|(length, part)| "x".repeat(length) + part),
        2 => select(vec!["a", "a ", "\ta", "a\u{a0}", "A", ""]).prop_map(str::to_owned),
    ]
}

/// One text after the other, from the first again after the last.
pub struct Texts<'t>(pub std::iter::Cycle<std::slice::Iter<'t, String>>);

impl Texts<'_> {
    pub fn raw(&mut self) -> &str {
        self.0.next().expect("there is a text")
    }

    pub fn label(&mut self) -> Label {
        Label::new(self.raw())
    }

    /// Puts the next text into every label of the fleet.
    pub fn fill(&mut self, view: &mut View) {
        for client in &mut view.clients {
            (client.id, client.name, client.timezone) = (self.label(), self.label(), Some(self.label()));
            let license = |name, owned| License { name, owned: Some(owned), installed: None };
            client.licenses = Some(Arc::new([license(self.label(), 1), license(self.label(), 2)]));
            client.devices = KindCounts { server: Some(u64::MAX), workstation: Some(0), mobile: None };
        }
        for site in &mut view.sites {
            (site.client, site.client_id) = (self.label(), self.label());
            (site.name, site.id) = (self.label(), self.label());
        }
        for device in &mut view.devices {
            // Ids are not labels: whoever reads them looks after them. What writes them must not rely on it.
            device.record.id = DeviceId::new(self.raw());
            device.id = device.record.id.clone();
            (device.client, device.site, device.record.name) = (self.label(), self.label(), self.label());
            if let Some(info) = &mut device.record.info {
                (info.os, info.agent_version) = (self.label(), self.label());
                (info.manufacturer, info.model) = (self.label(), self.label());
            }
            for check in &mut device.checks {
                (check.id, check.name) = (self.label(), self.label());
                check.check_type = self.raw().to_owned().into();
            }
            for task in &mut device.tasks {
                (task.id, task.name) = (self.label(), self.label());
            }
            self.fill_readings(&mut device.readings);
        }
        view.antivirus_definitions.iter_mut().for_each(|(product, _)| *product = self.label());
        if let Some(server) = &mut view.server {
            server.version = Some(self.label());
            server.components = vec![(self.label(), true), (self.label(), false)];
        }
    }

    fn fill_readings(&mut self, readings: &mut rmm_exporter::fleet::Readings) {
        let session = readings.sessions.as_ref().expect("a full device")[0].newest.clone();
        let mut sessions = || PluginSessions { plugin: self.label(), last_success: None, newest: session.clone() };
        readings.sessions = Some(Arc::new([sessions(), sessions()]));
        let mut selection = |bytes| PluginSelection { plugin: self.label(), bytes };
        readings.selection = Some(Arc::new([selection(1), selection(2)]));
        let mut drive = |used| Drive {
            disk: self.label(),
            used_bytes: Some(used),
            size_bytes: Some(u64::MAX),
            used_ratio: Some(0.1 + 0.2),
        };
        readings.drives = Some(Arc::new([drive(1), drive(2)]));
        let details = Details { disks: vec![drive(3), drive(4)], ..Details::default() };
        readings.details = Some(Arc::new(details));
        let mut store = |bytes| Store { store: self.label(), bytes };
        readings.stores = Some(Arc::new([store(1), store(2)]));
        let mut load = |average| ProcessorLoad { cpu: self.label(), average: Some(average), most: Some(1.0) };
        let processors = vec![load(1e-9), load(0.5)];
        let mut adapter = |rate| AdapterLoad { adapter: self.label(), receive: Some(rate), transmit: None };
        let adapters = vec![adapter(1e21), adapter(123_456_789.125)];
        let disk_queues = vec![(self.label(), 0.0), (self.label(), 2.5)];
        let performance =
            Performance { end: None, processors, memory_available_bytes: Some(1e15), disk_queues, adapters };
        readings.performance = Some(Arc::new(performance));
    }
}
