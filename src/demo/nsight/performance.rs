//! list_performance_history.

use std::fmt::Display;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::xml::{Xml, utc};
use super::{Refusal, invalid, number};
use crate::demo::server::{Content, Received};
use crate::demo::world::World;
use crate::demo::world::nsight_performance::{
    NsightInterval, NsightLoad, NsightMemory, NsightPerformance, NsightQueue, NsightTraffic,
};

pub(super) fn history(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(number(request, "deviceid")?, at).ok_or_else(|| invalid("deviceid"))?;
    let minutes = match request.parameter("interval") {
        Some("15") => 15,
        Some("60") => 60,
        _ => return Err((4, "Invalid \"interval\": must be 15 or 60 (minutes)".to_owned())),
    };
    let since = request.parameter("since").map(|text| moment(text).ok_or_else(|| invalid("since"))).transpose()?;
    let mut xml = Xml::result("OK", at);
    if let Some(performance) = world.nsight_performance(&device, minutes, at) {
        bandwidth(&mut xml, &performance);
        disks(&mut xml, &performance, since);
        processors(&mut xml, &performance, since);
        adapters(&mut xml, &performance, since);
        memory(&mut xml, &performance, since);
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

fn moment(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// What a router counted: its elements resemble those of an adapter.
fn bandwidth(xml: &mut Xml, performance: &NsightPerformance) {
    let Some(last) = performance.memory.last() else { return };
    xml.open("bandwidth");
    xml.open("host");
    xml.text("name", "Router <1>");
    xml.text("host", "192.0.2.1");
    xml.value("check_id", performance.check_id);
    xml.raw("<receive>1000</receive><transmit>1000</transmit><history><data>");
    xml.value("start", utc(Some(last.start)));
    xml.value("end", utc(Some(last.end)));
    xml.raw("<receive>12.5</receive><transmit>3</transmit></data></history></host></bandwidth>");
}

fn disks(xml: &mut Xml, performance: &NsightPerformance, since: Option<Timestamp>) {
    if performance.disks.is_empty() {
        return;
    }
    xml.open("disk_load");
    for (name, intervals) in &performance.disks {
        xml.open("disk");
        xml.text("disk", name);
        xml.value("check_id", performance.check_id);
        xml.raw("<read_queue_length>2</read_queue_length><write_queue_length>2</write_queue_length>");
        xml.value("average_disk_time", 90);
        write(xml, intervals, since, |xml, NsightQueue { read, write }| {
            values(xml, [("disk_time_average", &12.5), ("disk_time_max", &40.0)]);
            values(xml, [("read_queue_average", read), ("read_queue_max", &9.5)]);
            values(xml, [("write_queue_average", write), ("write_queue_max", &9.5)]);
        });
        xml.close("disk");
    }
    xml.close("disk_load");
}

fn processors(xml: &mut Xml, performance: &NsightPerformance, since: Option<Timestamp>) {
    xml.open("cpu_queue");
    xml.value("check_id", performance.check_id);
    xml.raw("<average_length>2</average_length><history/></cpu_queue>");
    if performance.cpu.is_empty() {
        return;
    }
    xml.open("cpu_load");
    xml.value("check_id", performance.check_id);
    xml.value("average_load", 90);
    write(xml, &performance.cpu, since, |xml, loads: &Vec<NsightLoad>| {
        for load in loads {
            // A load of one processor has an element around it, a load of all has none.
            if let Some(cpu) = load.cpu {
                xml.open("cpu");
                xml.value("cpu_id", cpu);
            }
            values(xml, [("load_average", &load.average), ("load_max", &load.max)]);
            if load.cpu.is_some() {
                xml.close("cpu");
            }
        }
    });
    xml.close("cpu_load");
}

fn adapters(xml: &mut Xml, performance: &NsightPerformance, since: Option<Timestamp>) {
    if performance.adapters.is_empty() {
        return;
    }
    xml.open("network_usage");
    for (name, intervals) in &performance.adapters {
        xml.open("interface");
        xml.text("adapter", name);
        xml.value("check_id", performance.check_id);
        xml.value("average_usage", 80);
        write(xml, intervals, since, |xml, NsightTraffic { receive, transmit }| {
            values(xml, [("bandwidth", &125_000.0), ("total_average", &(receive + transmit))]);
            values(xml, [("total_max", &125_000.0), ("transmit_average", transmit)]);
            values(xml, [("transmit_max", &125_000.0), ("receive_average", receive)]);
            values(xml, [("receive_max", &125_000.0)]);
        });
        xml.close("interface");
    }
    xml.close("network_usage");
}

fn memory(xml: &mut Xml, performance: &NsightPerformance, since: Option<Timestamp>) {
    if performance.memory.is_empty() {
        return;
    }
    xml.open("memory_usage");
    xml.value("check_id", performance.check_id);
    xml.value("available_min", 512);
    write(xml, &performance.memory, since, |xml, memory: &NsightMemory| {
        values(xml, [("available_average", &memory.available_average), ("available_min", &memory.available_min)]);
        values(xml, [("commit_charge_average", &1_024), ("commit_charge_max", &2_048)]);
        values(xml, [("page_faults_average", &3), ("non_paged", &100), ("total", &memory.total)]);
    });
    xml.close("memory_usage");
}

fn values<T: Display, const N: usize>(xml: &mut Xml, values: [(&str, &T); N]) {
    for (name, value) in values {
        xml.value(name, value);
    }
}

/// `history` with the intervals that were not over before `since`.
fn write<T>(
    xml: &mut Xml,
    intervals: &[NsightInterval<T>],
    since: Option<Timestamp>,
    mut measurement: impl FnMut(&mut Xml, &T),
) {
    let mut inner = Xml::default();
    for interval in intervals.iter().filter(|interval| since.is_none_or(|since| interval.end >= since)) {
        inner.open("data");
        inner.value("start", utc(Some(interval.start)));
        inner.value("end", utc(Some(interval.end)));
        measurement(&mut inner, &interval.value);
        inner.close("data");
    }
    if inner.is_empty() {
        xml.empty("history");
    } else {
        xml.open("history");
        xml.append(&inner);
        xml.close("history");
    }
}
