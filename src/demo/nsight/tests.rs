//! What the server sends is read back with a generic XML reader and compared with the truth.

mod antivirus;
mod assets;
mod backup;
mod measurements;
mod refusals;
mod tree;

use std::collections::BTreeMap;

use self::tree::{Node, tree};
use super::super::raw::{Raw, get, request};
use super::super::{Demo, DemoOptions, PinnedClock, start};
use super::*;
use crate::demo::world::nsight::{NsightDeviceTruth, NsightKind, NsightTruth, ProblemKind};

async fn demo(devices: usize) -> Demo {
    let clock = PinnedClock::at("2026-03-04T09:15:02Z".parse().unwrap());
    let options =
        DemoOptions { devices, nsight_key: Some("KEY".to_owned()), clock: Arc::new(clock), ..DemoOptions::default() };
    start(options).await.expect("a free port")
}

async fn raw(demo: &Demo, query: &str) -> Raw {
    get(demo.nsight.address, &format!("/api/?apikey=KEY&{query}"), &[]).await
}

async fn ask(demo: &Demo, query: &str) -> Node {
    let answer = raw(demo, query).await;
    assert_eq!((answer.status, answer.complete), (200, true), "{query}");
    tree(&answer.body)
}

/// The children of `items` of a good answer.
async fn items(demo: &Demo, query: &str) -> Vec<Node> {
    let mut root = ask(demo, query).await;
    assert_eq!((root.name.as_str(), root.attributes["status"].as_str()), ("result", "OK"), "{query}");
    assert!(root.attributes["created"].ends_with("+01:00"), "{root:?}");
    assert_eq!(root.children.len(), 1);
    let items = root.children.pop().unwrap();
    assert_eq!(items.name, "items");
    items.children
}

/// The children of a good answer's root.
async fn children(demo: &Demo, query: &str) -> Vec<Node> {
    let root = ask(demo, query).await;
    assert_eq!((root.name.as_str(), root.attributes["status"].as_str()), ("result", "OK"), "{query}");
    root.children
}

/// Code and message of a refusal.
async fn refusal(demo: &Demo, query: &str) -> (u64, String) {
    let root = ask(demo, query).await;
    assert_eq!(root.attributes["status"], "FAIL", "{query}");
    let error = root.child("error");
    (error.number("errorcode"), error.get("message").to_owned())
}

/// The UTC time in a child, when it has one.
fn moment(node: &Node, name: &str) -> Option<Timestamp> {
    let text = node.all(name).next().map(|child| child.text.replace(' ', "T") + "Z")?;
    (text.len() > 1).then(|| text.parse().unwrap())
}

fn truth(demo: &Demo) -> NsightTruth {
    demo.world.truth(demo.world.now()).nsight
}

fn device(truth: &NsightTruth, id: u64) -> &NsightDeviceTruth {
    truth.devices.iter().find(|device| device.device.id == id).unwrap_or_else(|| panic!("no device {id}"))
}

#[tokio::test]
async fn clients_sites_and_devices_are_the_truth() {
    let demo = demo(60).await;
    let truth = truth(&demo);
    let clients = items(&demo, "service=list_clients").await;
    assert_eq!(clients.len(), truth.clients.len());
    let (mut named, mut detailed) = (0, 0);
    for (node, client) in clients.iter().zip(&truth.clients) {
        assert_eq!((node.get("name"), node.number("clientid")), (client.name.as_str(), client.id));
        assert_eq!(node.get("timezone"), client.timezone);
        assert_eq!(node.number("server_count"), client.servers);
        assert_eq!(node.number("workstation_count"), client.workstations);
        assert_eq!(node.number("mobile_device_count"), client.mobiles);
        for (kind, count) in
            [("server", client.servers), ("workstation", client.workstations), ("mobile_device", client.mobiles)]
        {
            let query = format!("service=list_devices_at_client&clientid={}&devicetype={kind}", client.id);
            let found = devices_at_client(&items(&demo, &query).await, &truth, client.id, kind);
            assert_eq!(found, count, "{kind} at {client:?}");
            named += found;
        }
        for node in items(&demo, &format!("service=list_sites&clientid={}", client.id)).await {
            let site = truth.sites.iter().find(|site| site.id == node.number("siteid")).unwrap();
            assert_eq!((node.get("name"), site.client_id), (site.name.as_str(), client.id));
            assert_eq!(node.number("connection_ok"), u64::from(site.connection_ok));
            for (service, element) in [("list_servers", "server"), ("list_workstations", "workstation")] {
                for node in items(&demo, &format!("service={service}&siteid={}", site.id)).await {
                    assert_eq!(node.name, element);
                    let device = device(&truth, node.number(&format!("{element}id")));
                    assert_eq!(device.device.site_id, site.id);
                    detail(&node, device);
                    detailed += 1;
                }
            }
        }
    }
    let of = |kind| truth.devices.iter().filter(|device| device.device.kind == kind).count();
    assert_eq!(usize::try_from(named).unwrap() + of(NsightKind::Agentless), truth.devices.len());
    assert_eq!(detailed + of(NsightKind::Mobile), truth.devices.len());
    assert_eq!(demo.nsight.handle.audit().violations(), []);
}

fn devices_at_client(items: &[Node], truth: &NsightTruth, client: u64, kind: &str) -> u64 {
    let mut found = 0;
    for node in items {
        assert_eq!((node.name.as_str(), node.number("id")), ("client", client));
        for site in node.all("site") {
            for node in site.all(kind) {
                found += 1;
                let device = device(truth, node.number("id"));
                assert_eq!((device.device.client_id, device.device.site_id), (client, site.number("id")));
                assert_eq!(node.get("name"), device.device.name);
                for name in ["takecontrol", "patch", "mob", "mavbreck", "webprotection"] {
                    let flag = node.all(name).next().is_some_and(|flag| flag.text == "1");
                    assert_eq!(flag, device.device.features.contains(&name), "{name} of {device:?}");
                }
                let mut sums = BTreeMap::new();
                for check in &device.checks {
                    let index = match check.status {
                        5 => 0,
                        4 => 1,
                        1 => 2,
                        _ => 3,
                    };
                    sums.entry(u64::from(check.class)).or_insert([0_u64; 4])[index] += 1;
                }
                let counts: BTreeMap<_, _> = node
                    .all("checkcount")
                    .map(|count| {
                        let [pass, clear, fail] = ["pass", "clear", "fail"].map(|name| count.number(name));
                        (count.number("dsc_247"), [pass, clear, fail])
                    })
                    .collect();
                let sums: BTreeMap<_, _> =
                    sums.into_iter().map(|(class, [pass, clear, fail, _])| (class, [pass, clear, fail])).collect();
                assert_eq!(counts, sums);
            }
        }
    }
    found
}

fn detail(node: &Node, truth: &NsightDeviceTruth) {
    let device = &truth.device;
    assert_eq!(node.get("name"), device.name);
    assert_eq!(node.get("agent_version").replace('_', "."), device.agent_version);
    assert_eq!(node.number("online"), u64::from(device.online_flag));
    assert_eq!(node.number("active_247"), u64::from(device.active_247));
    let report = device.last_report.map_or("0000-00-00 00:00:00".to_owned(), |at| at.strftime("%F %T").to_string());
    assert_eq!(node.get("utc_time_247"), report);
    if device.kind == NsightKind::Agentless {
        assert_eq!(node.get("os"), "");
        return;
    }
    assert_eq!((node.get("os"), node.get("manufacturer")), (device.os.as_str(), device.manufacturer.as_str()));
    assert_eq!((node.get("model"), node.number("total_memory")), (device.model.as_str(), device.memory));
    assert_eq!(node.number("check_interval_247"), device.check_interval);
    assert_eq!(node.get("utc_offset"), device.utc_offset.to_string());
    assert_eq!(node.get("tz_bias"), (-device.utc_offset / 60).to_string());
    let local = device.last_report.map(|at| at + jiff::SignedDuration::from_secs(device.utc_offset.into()));
    for (name, format, never) in [("local_date_247", "%F", "0000-00-00"), ("local_time_247", "%T", "")] {
        assert_eq!(node.get(name), local.map_or(never.to_owned(), |at| at.strftime(format).to_string()));
    }
    match device.boot {
        Some(boot) => assert_eq!(node.get("last_boot_time"), boot.as_second().to_string()),
        None => assert!(["", "Not Available"].contains(&node.get("last_boot_time"))),
    }
    if device.kind == NsightKind::Server {
        assert_eq!(node.number("missed_247"), u64::from(device.missed));
    } else {
        assert!(node.all("missed_247").next().is_none() && node.get("online") == "1");
    }
}

#[tokio::test]
async fn failing_checks_are_the_truth() {
    let demo = demo(200).await;
    let truth = truth(&demo);
    let (mut failing, mut problems) = (0, 0);
    for client in items(&demo, "service=list_failing_checks").await {
        for site in client.all("site") {
            assert_eq!(
                site.children.iter().filter(|child| ["servers", "workstations"].contains(&child.name.as_str())).count(),
                2
            );
            for node in site.child("servers").children.iter().chain(&site.child("workstations").children) {
                let device = device(&truth, node.number("id"));
                assert_eq!(
                    (node.get("name"), site.number("siteid")),
                    (device.device.name.as_str(), device.device.site_id)
                );
                assert_eq!(client.number("clientid"), device.device.client_id);
                let listed = ["overdue", "offline", "unreachable"].map(|name| node.all(name).count());
                let problem = device.device.problem.map(|problem| problem.kind);
                let kinds = [ProblemKind::Overdue, ProblemKind::Offline, ProblemKind::Unreachable];
                assert_eq!(listed, kinds.map(|kind| usize::from(problem == Some(kind))));
                problems += listed.iter().sum::<usize>();
                let expected: Vec<_> = device.checks.iter().filter(|check| check.status == 1).collect();
                let checks = &node.child("failed_checks").children;
                assert_eq!(checks.len(), expected.len());
                for (check, expected) in checks.iter().zip(expected) {
                    assert_eq!(check.number("checkid"), expected.id);
                    assert_eq!(check.number("check_type"), u64::from(expected.check_type));
                    assert_eq!(check.get("description"), expected.description);
                    assert_eq!(check.number("consecutive_fails"), expected.consecutive_fails);
                    failing += 1;
                }
            }
        }
    }
    let all = truth.devices.iter().flat_map(|device| &device.checks).filter(|check| check.status == 1).count();
    assert_eq!(failing, all);
    assert_eq!(problems, truth.devices.iter().filter(|device| device.device.problem.is_some()).count());
    assert!(failing > 10 && problems > 2, "{failing} {problems}");
    let tasks = items(&demo, "service=list_failing_checks&check_type=tasks").await;
    let text = format!("{tasks:?}");
    assert!(text.contains("\"1023\"") && !text.contains("\"1013\""));
}

#[tokio::test]
async fn checks_histories_and_patches_are_the_truth() {
    let demo = demo(60).await;
    let truth = truth(&demo);
    for NsightDeviceTruth { device, checks, antivirus, backup, patches, .. } in &truth.devices {
        let nodes = items(&demo, &format!("service=list_checks&deviceid={}", device.id)).await;
        assert_eq!(nodes.len(), checks.len());
        for (node, check) in nodes.iter().zip(checks) {
            assert_eq!((node.number("checkid"), node.number("statusid")), (check.id, u64::from(check.status)));
            assert_eq!(
                (node.get("description"), node.number("dsc_247")),
                (check.description.as_str(), u64::from(check.class))
            );
            let run = check.last_run.map_or("0000-00-00 00:00:00".to_owned(), |at| at.strftime("%F %T").to_string());
            assert_eq!(node.get("utc_run"), run);
            assert_eq!(node.number("consecutive_fails"), check.consecutive_fails);
        }
        for (service, history) in [("list_av_history", antivirus), ("list_backup_history", backup)] {
            let root = ask(&demo, &format!("service={service}&deviceid={}", device.id)).await;
            assert_eq!(root.attributes["status"], "OK");
            let names: Vec<_> = root.child("checks").children.iter().map(|name| name.text.as_str()).collect();
            assert_eq!(names, history.checks);
            let days: Vec<_> = root
                .child("days")
                .children
                .iter()
                .map(|day| (day.get("date").parse().unwrap(), day.get("status")))
                .collect();
            assert_eq!(days, history.days);
        }
        let root = ask(&demo, &format!("service=patch_list_all&deviceid={}", device.id)).await;
        assert_eq!((root.name.as_str(), root.attributes.len(), root.children.len()), ("patches", 0, patches.len()));
        for (node, patch) in root.children.iter().zip(patches) {
            assert_eq!((node.number("patchid"), node.number("status")), (patch.id, u64::from(patch.status)));
            assert_eq!((node.get("severityLabel"), node.get("patchTitle")), (patch.severity, patch.title.as_str()));
            assert_eq!(node.get("installdate"), patch.installed.map_or(String::new(), |at| at.as_second().to_string()));
        }
    }
}

#[tokio::test]
async fn settings_have_their_own_root() {
    let demo = demo(60).await;
    let root = ask(&demo, "service=list_general_settings").await;
    assert_eq!((root.name.as_str(), root.attributes.contains_key("status")), ("settings", false));
    assert_eq!(root.child("items").child("general").get("vartimezone"), "Europe/Berlin");
}

#[tokio::test]
async fn names_are_latin_1_in_cdata_or_references() {
    let demo = demo(60).await;
    let body = raw(&demo, "service=list_clients").await.body;
    let holds = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
    assert!(holds(b"<name><![CDATA[M\xfcller & S\xf6hne GmbH]]></name>"));
    assert!(holds(b"<name><![CDATA[]]></name>"), "the client without a name");
    assert!(holds(b"<name>Rocket &#x1F680; Labs &#x20AC;</name>"));
    assert!(!body.contains(&b'\n'), "one line");
}

#[tokio::test]
async fn refusals_come_with_status_200() {
    let demo = demo(60).await;
    for (query, code, message) in [
        ("apikey=wrong&service=list_clients", "3", "Login failed"),
        ("service=list_clients", "3", "Login failed"),
        ("apikey=KEY", "5", "Missing parameter: service"),
        ("apikey=KEY&service=list_checks", "5", "Missing parameter: deviceid"),
        ("apikey=KEY&service=list_checks&deviceid=1", "4", "Invalid value for parameter: deviceid"),
        ("apikey=KEY&service=list_sites&clientid=x", "4", "Invalid value for parameter: clientid"),
        (
            "apikey=KEY&service=list_devices_at_client&clientid=41007&devicetype=Server",
            "4",
            "Invalid value for parameter: devicetype",
        ),
        ("apikey=KEY&service=clear_check&checkid=1", "4", "Invalid value for parameter: service"),
    ] {
        let answer = get(demo.nsight.address, &format!("/api/?{query}"), &[]).await;
        let root = tree(&answer.body);
        assert_eq!((answer.status, root.attributes["status"].as_str()), (200, "FAIL"), "{query}");
        assert_eq!(
            (root.child("error").get("errorcode"), root.child("error").get("message")),
            (code, message),
            "{query}"
        );
    }
    let audit = demo.nsight.handle.audit();
    assert_eq!(audit.calls().iter().filter(|call| !call.key_accepted).count(), 2);
}

#[tokio::test]
async fn the_record_names_what_a_guest_must_not_do() {
    let demo = demo(60).await;
    raw(&demo, "service=list_checks&deviceid=770000").await;
    raw(&demo, "service=list_outages&deviceid=770000").await;
    let audit = demo.nsight.handle.audit();
    assert_eq!(audit.violations(), []);
    raw(&demo, "service=clear_check&checkid=1").await;
    raw(&demo, "service=list_devices").await;
    raw(&demo, "service=list_clients&describe=true").await;
    request(demo.nsight.address, "POST", "/api/?apikey=KEY&service=list_clients", &[]).await.unwrap();
    get(demo.nsight.address, "/dashboard/", &[]).await;
    let targets: Vec<_> = audit.violations().into_iter().map(|call| call.target).collect();
    assert_eq!(targets, ["clear_check", "list_devices", "list_clients", "list_clients", "/dashboard/"]);
    let first = &audit.calls()[0];
    assert_eq!(first.identity, "GET list_checks?deviceid=770000", "without the key");
    assert!(!format!("{:?}", audit.calls()).contains("KEY"));
}
