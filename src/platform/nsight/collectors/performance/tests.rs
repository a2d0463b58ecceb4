use super::*;
use crate::config::ChecksMode;
use crate::planner::{Outcome, ReadCall as _};
use crate::platform::nsight::collectors::tests::{THREE_HOURS, device_id, known, read, read_text};

fn call() -> Call {
    Call::ListPerformanceHistory(device_id("770215"), THREE_HOURS)
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

/// What `inner` says within a good answer, and how many records were left out.
fn performance(inner: &str) -> Result<(Performance, usize), Error> {
    let text = format!("<result status=\"OK\">{inner}</result>");
    let (mut updates, left_out) = read_text(&call(), &text, ChecksMode::Failing)?;
    assert_eq!(updates.len(), 1);
    let Some(Update::Reading(id, Reading::Performance(performance))) = updates.pop() else { panic!("wrong update") };
    assert_eq!(id, device_id("770215"));
    Ok((Performance::clone(&performance), left_out))
}

fn good(inner: &str) -> Performance {
    let (performance, left_out) = performance(inner).expect("good");
    assert_eq!(left_out, 0);
    performance
}

/// A `data` of this morning.
fn data(start: &str, end: &str, values: &str) -> String {
    let time = |time: &str| if time.is_empty() { String::new() } else { format!("2026-03-04 {time}") };
    format!("<data><start>{}</start><end>{}</end>{values}</data>", time(start), time(end))
}

fn newest(values: &str) -> String {
    data("09:00:00", "09:14:59", values)
}

fn memory(data: &str) -> String {
    format!("<memory_usage><available_min>9</available_min><history>{data}</history></memory_usage>")
}

fn cpu(data: &str) -> String {
    format!("<cpu_load><average_load>90</average_load><history>{data}</history></cpu_load>")
}

fn disk(name: &str, data: &str) -> String {
    format!("<disk_load><disk><disk>{name}</disk><history>{data}</history></disk></disk_load>")
}

fn queue(length: &str) -> String {
    format!("<read_queue_average>{length}</read_queue_average><write_queue_average>0</write_queue_average>")
}

fn load(cpu: &str, average: Option<f64>, most: Option<f64>) -> ProcessorLoad {
    ProcessorLoad { cpu: cpu.into(), average, most }
}

#[test]
fn loads_of_every_part() {
    let Update::Reading(_, Reading::Performance(read)) = read(&call(), "list_performance_history.770215") else {
        panic!("wrong update")
    };
    let expected = Performance {
        end: Some(time("2026-03-04T09:14:59Z")),
        processors: vec![load("0", Some(0.22), Some(0.61)), load("1", Some(0.075), Some(1.0))],
        memory_available_bytes: Some(9_563_013_120.0),
        // E: was last measured two hours before; of F: only one of two queues is known.
        disk_queues: vec![("C:".into(), 1.75), ("D:".into(), 0.0)],
        adapters: vec![
            AdapterLoad { adapter: "Intel(R) \"Büro\" #2".into(), receive: Some(12_500.0), transmit: Some(3_000.0) },
            AdapterLoad { adapter: "vEthernet (Backup)".into(), receive: None, transmit: Some(0.0) },
        ],
    };
    assert_eq!(*read, expected);
}

#[test]
fn a_load_of_all_processors_and_an_interval_that_is_under_way() {
    let call = Call::ListPerformanceHistory(device_id("770216"), THREE_HOURS);
    let update = super::super::tests::read(&call, "list_performance_history.770216");
    let Update::Reading(_, Reading::Performance(read)) = update else { panic!("wrong update") };
    let expected = Performance {
        end: Some(time("2026-03-04T09:15:00Z")),
        processors: vec![load("all", Some(0.125), None)],
        ..Performance::default()
    };
    assert_eq!(*read, expected);
}

#[test]
fn an_answer_without_parts_is_an_empty_reading() {
    for inner in ["", "<items/>", "<cpu_load/>", "<disk_load/><network_usage/>", "<cpu_queue><history/></cpu_queue>"] {
        assert_eq!(good(inner), Performance::default(), "{inner}");
    }
}

#[test]
fn a_refusal_is_no_reading() {
    let text = "<result status=\"FAIL\"><error><message>Invalid \"interval\": must be 15 or 60 (minutes)</message></error></result>";
    let error = read_text(&call(), text, ChecksMode::Failing).expect_err("refused");
    assert_eq!(error.outcome(), Outcome::ApiError);
    assert!(error.into_failure(&call(), 0).gone.is_none(), "the device is still there");
}

#[test]
fn the_newest_interval_counts_wherever_it_stands() {
    let value = |megabytes: u64| format!("<available_average>{megabytes}</available_average>");
    let (old, new) = (data("08:30:00", "08:44:59", &value(1)), newest(&value(2)));
    for text in [format!("{old}{new}"), format!("{new}{old}")] {
        assert_eq!(good(&memory(&text)).memory_available_bytes, Some(2_097_152.0), "{text}");
    }
    let unknown = good(&memory(&format!("{}{}", data("08:30:00", "08:44:59", &value(1)), newest(""))));
    assert_eq!(unknown.memory_available_bytes, None, "an older value is not that of the newest interval");
    assert_eq!(unknown.end, Some(time("2026-03-04T09:14:59Z")));
}

#[test]
fn times_of_intervals() {
    let end = |start: &str, end: &str| good(&memory(&data(start, end, ""))).end.map(|end| end.to_string());
    for (from, to, expected) in [
        ("08:00:00", "08:14:59", Some("2026-03-04T08:14:59Z")),
        ("", "08:14:59", Some("2026-03-04T08:14:59Z")),
        ("08:00:00", "", Some("2026-03-04T08:00:00Z")),
        ("08:00:00", "99:99:99", Some("2026-03-04T08:00:00Z")),
        ("09:10:00", "09:24:59", Some("2026-03-04T09:15:00Z")),
        ("09:16:00", "09:30:59", None),
        ("", "09:15:01", None),
        ("", "", None),
        ("06:00:00", "06:14:59", None),
        ("01:00:00", "06:15:00", Some("2026-03-04T06:15:00Z")),
    ] {
        assert_eq!(end(from, to).as_deref(), expected, "{from} to {to}");
    }
    let future = format!("{}{}", newest(""), data("10:00:00", "10:14:59", ""));
    assert_eq!(good(&memory(&future)).end, Some(time("2026-03-04T09:14:59Z")), "a wrong clock hides nothing");
}

#[test]
fn a_part_that_stopped_is_not_shown_with_those_that_go_on() {
    let names = |inner: &str| {
        let queues = good(inner).disk_queues;
        queues.iter().map(|(disk, _)| disk.as_str().to_owned()).collect::<Vec<_>>()
    };
    let at = |name: &str, end: &str| disk(name, &data("", end, &queue("1")));
    assert_eq!(names(&(at("C", "09:14:59") + &at("D", "08:14:59"))), ["C:", "D:"]);
    assert_eq!(names(&(at("C", "09:14:59") + &at("D", "08:14:58"))), ["C:"]);
    assert_eq!(names(&(at("C", "07:00:00") + &at("D", "06:14:59"))), ["C:"], "before what was asked for");
    assert_eq!(names(&(at("C", "08:00:00") + &memory(&newest("")))), [""; 0], "other parts are of the same device");
}

#[test]
fn a_disk_twice_has_the_newer_value_or_the_first() {
    let at = |name: &str, end: &str, length: &str| disk(name, &data("", end, &queue(length)));
    let queues = |inner: &str| good(inner).disk_queues;
    assert_eq!(queues(&(at("C", "09:14:59", "1") + &at("C:", "09:14:59", "2"))), [("C:".into(), 1.0)]);
    assert_eq!(queues(&(at("C", "08:59:59", "1") + &at("C", "09:14:59", "2"))), [("C:".into(), 2.0)]);
    assert_eq!(queues(&(at("C", "09:14:59", "1") + &at("C", "08:59:59", "2"))), [("C:".into(), 1.0)]);
}

#[test]
fn numbers_that_cannot_be_are_no_values() {
    let average = |text: &str| {
        let loads = good(&cpu(&newest(&format!("<cpu><cpu_id>0</cpu_id><load_average>{text}</load_average></cpu>"))));
        loads.processors[0].average
    };
    assert_eq!((average("0"), average("100"), average("100.4")), (Some(0.0), Some(1.0), Some(1.0)));
    for text in ["-1", "NaN", "inf", "", "n/a", "101", "400", "99999999999999999999"] {
        assert_eq!(average(text), None, "{text:?}");
    }
    for text in ["-1", "NaN", "1e300", "18446744073709551615"] {
        assert_eq!(good(&disk("C", &newest(&queue(text)))).disk_queues, [], "{text}");
        let values = format!("<available_average>{text}</available_average>");
        assert_eq!(good(&memory(&newest(&values))).memory_available_bytes, None, "{text}");
    }
}

#[test]
fn a_processor_without_id_is_all_of_them_only_when_it_is_alone() {
    let one = "<cpu><load_average>10</load_average></cpu>";
    let named = "<cpu><cpu_id>0</cpu_id><load_average>20</load_average></cpu>";
    let whole = "<load_average>30</load_average>";
    for (values, expected) in [
        (one.to_owned(), vec![("all", 0.1)]),
        (format!("{one}{one}"), vec![]),
        (format!("{one}{named}{named}"), vec![("0", 0.2)]),
        (format!("{whole}{named}"), vec![("0", 0.2), ("all", 0.3)]),
    ] {
        let loads = good(&cpu(&newest(&values))).processors;
        let loads: Vec<_> = loads.iter().map(|load| (load.cpu.as_str(), load.average.expect("known"))).collect();
        assert_eq!(loads, expected, "{values}");
    }
}

#[test]
fn parts_without_name_are_left_out_and_numbers_of_parts_are_bounded() {
    let nameless = disk("", &newest(&queue("1")));
    let (read, left_out) = performance(&(nameless.clone() + &memory(&newest("")))).expect("good");
    assert_eq!((read.disk_queues.len(), left_out), (0, 1));
    assert_eq!(performance(&nameless).expect_err("nothing good").outcome(), Outcome::InvalidResponse);
    let processors = "<cpu><cpu_id>1</cpu_id></cpu>".repeat(4097);
    let error = performance(&cpu(&newest(&processors))).expect_err("too many");
    assert!(error.to_string().contains("more than 4096"), "{error}");
}

#[test]
fn servers_and_monitored_workstations_are_asked_for_what_would_be_shown() {
    let workstation = |id, monitored| {
        let mut device = known(id, Kind::Workstation, "10", "20", |record| record.agentless = Some(false));
        device.performance_monitored = monitored;
        device
    };
    let devices = vec![
        known("1", Kind::Server, "10", "20", |_| {}),
        workstation("2", Some(true)),
        workstation("3", Some(false)),
        workstation("4", None),
        known("5", Kind::Mobile, "10", "20", |_| {}),
    ];
    let calls = calls(&View { devices, ..View::default() }, THREE_HOURS);
    let identities: Vec<_> = calls.iter().map(Call::identity).collect();
    let of = |id| format!("list_performance_history?deviceid={id}&interval=15");
    assert_eq!(identities, [of(1), of(2)]);
    let since = calls[0].moving_parameters(time("2026-03-04T09:15:00Z"));
    assert_eq!(since, [("since", "2026-03-04 06:15:00".to_owned())]);
}
