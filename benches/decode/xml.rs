//! Answers of N-sight as it writes them: one line, ISO-8859-1, free text in CDATA.

use std::fmt::Write as _;
use std::time::Duration;

use rmm_exporter::fleet::{ClientKey, DeviceId, Kind, SiteKey};
use rmm_exporter::platform::nsight::call::{Call, Recent};

use super::Random;

const DEVICES_OF_A_SITE: usize = 25;
const SITES_OF_A_CLIENT: usize = 2;

const START: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
const RESULT: &str = "<result created=\"2026-03-04T09:15:02+00:00\" host=\"www.systemmonitor.example\" status=\"OK\">";

/// Type and name of checks, as one account has them on most of its devices.
const CHECKS: [(&str, &str); 12] = [
    ("1001", "Antivirus Update Check - Bitdefender Endpoint Security"),
    ("1002", "Backup Check - Veeam Agent for Microsoft Windows"),
    ("1004", "Speicherplatz - Laufwerk C:"),
    ("1004", "Speicherplatz - Laufwerk D:"),
    ("1006", "Failed Login Check"),
    ("1008", "Physical Disk Health Check"),
    ("1013", "Windows Service Check - Print Spooler"),
    ("1013", "Windows Service Check - Veeam Backup Service"),
    ("1014", "Critical Events Check - System"),
    ("1023", "Nächtliche Bereinigung"),
    ("1024", "Script Check - Zertifikate, die bald ablaufen"),
    ("1026", "Managed Antivirus Check"),
];

/// Every device of the account with one failing check in four of them, and two in each fifth of those.
pub(crate) fn failing_checks(devices: usize) -> (Call, Vec<u8>) {
    let mut xml = format!("{START}{RESULT}<items>");
    let mut random = Random(1);
    for device in 0..devices {
        place(&mut xml, device, ["clientid", "siteid"], Some("workstations"));
        let _ = write!(xml, "<workstation><id>{}</id><name><![CDATA[{}]]></name>", id(device), name(device));
        if random.below(10) == 0 {
            xml.push_str("<offline><description><![CDATA[Gerät wurde heruntergefahren]]></description>");
            xml.push_str("<startdate>2026-03-04</startdate><starttime>06:31:00</starttime></offline>");
        }
        xml.push_str("<failed_checks>");
        for _ in 0..=random.below(3) {
            let (check_type, description) = CHECKS[random.below(CHECKS.len())];
            let _ = write!(
                xml,
                "<check><checkid>{}</checkid><check_type>{check_type}</check_type>\
                 <description><![CDATA[{description}]]></description><date>2026-03-04</date><time>06:10:02</time>\
                 <consecutive_fails>{}</consecutive_fails><formatted_output><![CDATA[<b>Gesamt:</b> 237.9GB<br />\n\
                 Frei: {}.1GB, das ist weniger als 10 %]]></formatted_output><checkstatus>testerror</checkstatus></check>",
                6_000_000 + random.below(3_000_000),
                random.below(400),
                random.below(24),
            );
        }
        xml.push_str("</failed_checks></workstation>");
        end_of_place(&mut xml, device, devices, Some("workstations"));
    }
    xml.push_str("</items></result>");
    (Call::ListFailingChecks, latin1(&xml))
}

/// All devices of one client.
pub(crate) fn devices_at_client(devices: usize) -> (Call, Vec<u8>) {
    let mut xml = format!("{START}{RESULT}<items><client><id>41007</id><name><![CDATA[Müller & Söhne]]></name>");
    let mut random = Random(2);
    for device in 0..devices {
        if device.is_multiple_of(DEVICES_OF_A_SITE) {
            site(&mut xml, device / DEVICES_OF_A_SITE, "id");
        }
        let _ = write!(
            xml,
            "<workstation><id>{}</id><name><![CDATA[{}]]></name><username><![CDATA[MUSTER\\müller]]></username>\
             <description><![CDATA[Empfang, Arbeitsplatz {}]]></description><status>Ok</status>",
            id(device),
            name(device),
            random.below(9),
        );
        for class in 1..=3 {
            let (pass, fail) = (random.below(12), random.below(2));
            let _ = write!(xml, "<checkcount><dsc_247>{class}</dsc_247><pass>{pass}</pass>");
            let _ = write!(xml, "<clear>0</clear><fail>{fail}</fail></checkcount>");
        }
        for flag in ["takecontrol", "patch", "mav", "mob", "systray", "mavbreck", "webprotection", "riskintelligence"] {
            let _ = write!(xml, "<{flag}>{}</{flag}>", random.below(2));
        }
        xml.push_str("</workstation>");
        if (device + 1).is_multiple_of(DEVICES_OF_A_SITE) || device + 1 == devices {
            xml.push_str("</site>");
        }
    }
    xml.push_str("</client></items></result>");
    (Call::ListDevicesAtClient(ClientKey::new("41007"), Kind::Workstation), latin1(&xml))
}

/// The details of all devices of one site.
pub(crate) fn workstations(devices: usize) -> (Call, Vec<u8>) {
    let mut xml = format!("{START}{RESULT}<items>");
    let mut random = Random(3);
    for device in 0..devices {
        let _ = write!(
            xml,
            "<workstation><workstationid>{id}</workstationid><guid><![CDATA[example-guid-{id}]]></guid>\
             <Standort><![CDATA[Büro 3 / Schrank \"links\"]]></Standort><name><![CDATA[{name}]]></name>\
             <description><![CDATA[Empfang]]></description><agent_version><![CDATA[10_14_{version}]]></agent_version>\
             <install_date>2024-02-11</install_date><last_boot_time>{boot}</last_boot_time><online>1</online>\
             <active_247>1</active_247><check_interval_247>5</check_interval_247><status_247>5</status_247>\
             <local_date_247>2026-03-04</local_date_247><local_time_247>10:10:02</local_time_247>\
             <utc_time_247>2026-03-04 09:{minute:02}:02</utc_time_247><dsc_active>1</dsc_active><agent_mode>1</agent_mode>\
             <dsc_hour>7</dsc_hour><dsc_status>5</dsc_status><dsc_local_date>2026-03-04</dsc_local_date>\
             <dsc_local_time>07:10:02</dsc_local_time><dsc_utc_time>2026-03-04 06:{minute:02}:02</dsc_utc_time>\
             <tz_bias>-60</tz_bias><tz_dst_bias>-60</tz_dst_bias><tz_std_bias>0</tz_std_bias><tz_mode>1</tz_mode>\
             <tz_dst_date>0000-03-05:00T01:00:00</tz_dst_date><utc_apt>2026-03-04 09:15:02</utc_apt>\
             <utc_offset>3600</utc_offset><assetid>8000001</assetid><wins_name><![CDATA[{name}]]></wins_name>\
             <user><![CDATA[MUSTER\\müller]]></user><domain><![CDATA[muster.example]]></domain><role>1</role>\
             <chassis_type>10</chassis_type><manufacturer><![CDATA[Dell Inc.]]></manufacturer>\
             <model><![CDATA[Latitude 5{model:03}]]></model><device_serial><![CDATA[EX{id}]]></device_serial>\
             <ip><![CDATA[192.0.2.10]]></ip><external_ip><![CDATA[203.0.113.5]]></external_ip>\
             <mac1><![CDATA[02:00:00:00:00:01]]></mac1><mac2/><mac3/><processor_count>1</processor_count>\
             <total_memory>17179869184</total_memory><os_type>18</os_type>\
             <os><![CDATA[Microsoft Windows 11 Pro]]></os>\
             <os_details><![CDATA[Microsoft Windows 11 Pro, 64-bit (build 26100)]]></os_details>\
             <service_pack>0</service_pack><os_serial_number/><os_product_key><![CDATA[none]]></os_product_key>\
             <last_scan_time>2026-03-03 22:10:44</last_scan_time></workstation>",
            id = id(device),
            name = name(device),
            version = random.below(7),
            boot = 1_772_000_000 + random.below(600_000),
            minute = random.below(15),
            model = random.below(40),
        );
    }
    xml.push_str("</items></result>");
    (Call::ListWorkstations(ClientKey::new("41007"), SiteKey::new("50311")), latin1(&xml))
}

/// The checks of one device.
pub(crate) fn checks(checks: usize) -> (Call, Vec<u8>) {
    let mut xml = format!("{START}{RESULT}<items>");
    let mut random = Random(4);
    for check in 0..checks {
        let (check_type, description) = CHECKS[check % CHECKS.len()];
        let _ = write!(
            xml,
            "<check><checkid>{}</checkid><uid>17</uid><sync_status>0</sync_status><check_type>{check_type}</check_type>\
             <description><![CDATA[{description}]]></description><dsc_247>1</dsc_247><statusid>{}</statusid>\
             <consecutive_fails>0</consecutive_fails><date>2026-03-04</date><time>09:10:02</time>\
             <utc_run>2026-03-04 09:10:02</utc_run><email>1</email><sms>0</sms>\
             <output><![CDATA[Gesamt: 237.9GB, frei: 103.1GB]]></output></check>",
            6_000_000 + random.below(3_000_000),
            if random.below(8) == 0 { 1 } else { 5 },
        );
    }
    xml.push_str("</items></result>");
    (Call::ListChecks(DeviceId::new("770215")), latin1(&xml))
}

/// The updates of one device.
pub(crate) fn patches(patches: usize) -> (Call, Vec<u8>) {
    const SEVERITIES: [&str; 5] = ["Critical", "Important", "Moderate", "Low", "Other"];
    let mut xml = format!("{START}<patches>");
    let mut random = Random(5);
    for patch in 0..patches {
        let _ = write!(
            xml,
            "<patch><patchid>{}</patchid><policy>2</policy><policyLabel><![CDATA[Approve]]></policyLabel><patchicon/>\
             <status>{}</status><selectpatch>1</selectpatch><statusLabel><![CDATA[Installed]]></statusLabel>\
             <patchUrl><![CDATA[https://patch.example/5001?a=1&b=2]]></patchUrl>\
             <patchTitle><![CDATA[2026-02 Kumulatives Update für Windows 11 Version 24H2 für x64-basierte Systeme \
             (KB50{:05})]]></patchTitle><product><![CDATA[Windows 11]]></product><severity>3</severity>\
             <severityLabel><![CDATA[{}]]></severityLabel><releaseDate>1772000000</releaseDate>\
             <releaseDateText><![CDATA[25-Feb-2026]]></releaseDateText><installdate>{}</installdate>\
             <installDateText><![CDATA[26-Feb-2026]]></installDateText><deployable>1</deployable>\
             <uninstallable>0</uninstallable></patch>",
            550_001 + patch,
            if random.below(20) == 0 { 1 } else { 8 },
            random.below(100_000),
            SEVERITIES[random.below(SEVERITIES.len())],
            1_770_000_000 + random.below(2_000_000),
        );
    }
    xml.push_str("</patches>");
    (Call::PatchListAll(DeviceId::new("770215")), latin1(&xml))
}

/// The backup sessions of one device.
pub(crate) fn sessions(sessions: usize) -> (Call, Vec<u8>) {
    const PLUGINS: [&str; 4] = ["FILE_SYSTEM", "SYSTEM_STATE", "MSSQL", "VMWARE"];
    let mut xml = format!("{START}{RESULT}");
    let mut random = Random(6);
    for session in 0..sessions {
        let (day, hour) = (1 + session / 24 % 28, session % 24);
        let _ = write!(
            xml,
            "<session><session_id>{}</session_id><type>BACKUP</type><storage_account_id>9</storage_account_id>\
             <plugin>{}</plugin><start>2026-02-{day:02} {hour:02}:00:00</start><end>2026-02-{day:02} {hour:02}:10:00</end>\
             <selection_size>{}</selection_size><selection_item_count>400112</selection_item_count>\
             <size_change>1048576</size_change><item_count_change>12</item_count_change>\
             <removed_item_count>0</removed_item_count><processed_size>{}</processed_size>\
             <processed_item_count>40</processed_item_count><transferred_size>{}</transferred_size>\
             <error_count>0</error_count><status>COMPLETED</status></session>",
            7000 + session,
            PLUGINS[session % PLUGINS.len()],
            5_368_709_120 + random.below(1_000_000_000),
            random.below(1_000_000_000),
            random.below(1_000_000),
        );
    }
    xml.push_str("</result>");
    (Call::ListMobSessions(DeviceId::new("770215")), latin1(&xml))
}

/// The disks of one server over three days, each five minutes.
pub(crate) fn performance(moments: usize) -> (Call, Vec<u8>) {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nsight/list_performance_history.770215.xml");
    let text: String = std::fs::read(fixture).expect("the fixture").into_iter().map(char::from).collect();
    let (start, rest) = text.split_once("<history>").expect("a history");
    let (history, end) = rest.split_once("</history>").expect("a history");
    let mut xml = format!("{start}<history>");
    for _ in 0..moments {
        xml.push_str(history);
    }
    xml.push_str("</history>");
    xml.push_str(end);
    let recent = Recent(Duration::from_hours(72));
    (Call::ListPerformanceHistory(DeviceId::new("770215"), recent), latin1(&xml))
}

fn id(device: usize) -> usize {
    770_000 + device
}

fn name(device: usize) -> String {
    format!("MUC-PC{device:05}")
}

/// Opens what begins with this device.
fn place(xml: &mut String, device: usize, [client_id, site_id]: [&str; 2], list: Option<&str>) {
    let site_number = device / DEVICES_OF_A_SITE;
    if !device.is_multiple_of(DEVICES_OF_A_SITE) {
        return;
    }
    if site_number.is_multiple_of(SITES_OF_A_CLIENT) {
        let client = site_number / SITES_OF_A_CLIENT;
        let _ = write!(xml, "<client><{client_id}>{}</{client_id}>", 41_000 + client);
        let _ = write!(xml, "<name><![CDATA[Müller & Söhne {client} GmbH]]></name>");
    }
    site(xml, site_number, site_id);
    if let Some(list) = list {
        let _ = write!(xml, "<{list}>");
    }
}

fn site(xml: &mut String, number: usize, id: &str) {
    let _ = write!(xml, "<site><{id}>{}</{id}><name><![CDATA[Zürich, Büro {number}]]></name>", 50_000 + number);
}

/// Closes what ends after this device.
fn end_of_place(xml: &mut String, device: usize, devices: usize, list: Option<&str>) {
    let next = device + 1;
    let ends = |size: usize| next.is_multiple_of(size) || next == devices;
    if ends(DEVICES_OF_A_SITE) {
        if let Some(list) = list {
            let _ = write!(xml, "</{list}>");
        }
        xml.push_str("</site>");
    }
    if ends(DEVICES_OF_A_SITE * SITES_OF_A_CLIENT) {
        xml.push_str("</client>");
    }
}

fn latin1(xml: &str) -> Vec<u8> {
    xml.chars().map(|letter| u8::try_from(letter).expect("a character of ISO-8859-1")).collect()
}
