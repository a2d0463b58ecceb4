//! Answers of Tactical RMM as it writes them: UTF-8, no white space between the parts.

use std::fmt::Write as _;

use rmm_exporter::fleet::DeviceId;
use rmm_exporter::platform::tactical::Call;

use super::Random;

const DEVICES_OF_A_SITE: usize = 25;

fn list(count: usize, mut record: impl FnMut(&mut String, usize)) -> Vec<u8> {
    let mut json = String::from("[");
    for number in 0..count {
        if number > 0 {
            json.push(',');
        }
        record(&mut json, number);
    }
    json.push(']');
    json.into_bytes()
}

/// The agents of the whole server.
pub(crate) fn agents(agents: usize) -> (Call, Vec<u8>) {
    let mut random = Random(1);
    let body = list(agents, |json, number| {
        let site = number / DEVICES_OF_A_SITE;
        let _ = write!(
            json,
            r#"{{"agent_id":"{id}","alert_template":{template},"hostname":"MUC-PC{number:05}","site_name":"Zürich, Büro {site}","client_name":"Müller & Söhne {client} GmbH","monitoring_type":"{kind}","description":"Arbeitsplatz am Empfang","needs_reboot":{reboot},"pending_actions_count":0,"status":"{status}","overdue_text_alert":false,"overdue_email_alert":false,"overdue_dashboard_alert":true,"last_seen":"2026-03-04T09:{minute:02}:52.051167Z","boot_time":{boot}.752366,"checks":{{"total":12,"passing":{passing},"failing":1,"warning":0,"info":0,"has_failing_checks":true}},"maintenance_mode":false,"logged_username":"müller","italic":false,"block_policy_inheritance":false,"plat":"windows","goarch":"amd64","has_patches_pending":false,"version":"2.11.{version}","operating_system":"Windows 11 Pro, 64 bit v24H2 (build 26100.{version})","public_ip":"203.0.113.6","cpu_model":["Intel(R) Core(TM) i5-1345U, 10C/12T"],"graphics":"Intel(R) Iris(R) Xe Graphics","local_ips":"10.1.2.3/24, 2001:db8::5/64","make_model":"Dell Inc. Latitude 5{model:03}","physical_disks":["NVMe PM9B1 Samsung 512GB SCSI"],"custom_fields":[{{"id":{field},"field":3,"agent":{number},"value":"b\\s"}},{{"id":{field},"field":4,"agent":{number},"value":["db","web"]}}],"serial_number":"EX-{number}"}}"#,
            id = random.letters(40),
            template = if number % 2 == 1 {
                r#"{"name":"Standard","always_email":null,"always_text":null,"always_alert":true}"#
            } else {
                "null"
            },
            client = site / 2,
            kind = if random.below(8) == 0 { "server" } else { "workstation" },
            reboot = random.below(8) == 0,
            status = if random.below(5) == 0 { "offline" } else { "online" },
            minute = random.below(15),
            boot = 1_772_000_000 + random.below(600_000),
            passing = random.below(12),
            version = random.below(7),
            model = random.below(40),
            field = random.below(100_000),
        );
    });
    (Call::Agents, body)
}

/// The checks of one agent.
pub(crate) fn checks(checks: usize) -> (Call, Vec<u8>) {
    const CHECKS: [(&str, &str); 5] = [
        ("diskspace", "Disk space check: Drive C: - Error Threshold: 15%"),
        ("cpuload", "CPU Load Check - Error Threshold: 90%"),
        ("memory", "Memory Check - Warning Threshold: 85%"),
        ("winsvc", "Service Check - Druckwarteschlange"),
        ("script", "Script Check: Zertifikate, die bald ablaufen"),
    ];
    let mut random = Random(2);
    let body = list(checks, |json, number| {
        let (check_type, description) = CHECKS[number % CHECKS.len()];
        let history = (0..20).map(|_| random.below(100).to_string()).collect::<Vec<_>>().join(",");
        let _ = write!(
            json,
            r#"{{"id":{id},"readable_desc":"{description}","assignedtasks":[],"alert_template":null,"check_result":{{"id":{result},"status":"{status}","alert_severity":"error","more_info":"Total: 498.7GB, Free: 287.4GB","last_run":"2026-03-04T09:{minute:02}:52.051167Z","fail_count":0,"outage_history":null,"extra_details":null,"stdout":null,"stderr":null,"retcode":null,"execution_time":null,"history":[{history}],"agent":7,"assigned_check":{id}}},"created_by":null,"created_time":"2026-01-05T08:00:00.737584Z","modified_by":null,"modified_time":"2026-01-05T08:00:00.737584Z","overridden_by_policy":false,"name":null,"check_type":"{check_type}","email_alert":false,"text_alert":false,"dashboard_alert":true,"fails_b4_alert":1,"run_interval":0,"alert_severity":"warning","error_threshold":90,"warning_threshold":70,"disk":"C:","ip":null,"script_args":["-x","a \"b\""],"env_vars":[],"info_return_codes":[10],"warning_return_codes":[2],"success_return_codes":[],"timeout":120,"svc_name":"Spooler","svc_display_name":"Druckwarteschlange","pass_if_start_pending":null,"pass_if_svc_not_exist":false,"restart_if_stopped":null,"svc_policy_mode":null,"log_name":null,"event_id":null,"event_id_is_wildcard":false,"event_type":null,"event_source":null,"event_message":null,"fail_when":null,"search_last_days":null,"number_of_events_b4_alert":1,"managed_by_policy":false,"agent":7,"policy":null,"script":null}}"#,
            id = 3_000 + number,
            result = 9_000 + number,
            status = if random.below(8) == 0 { "failing" } else { "passing" },
            minute = random.below(15),
        );
    });
    (Call::AgentChecks(DeviceId::new("agent")), body)
}

/// The updates of one agent.
pub(crate) fn updates(updates: usize) -> (Call, Vec<u8>) {
    let mut random = Random(3);
    let body = list(updates, |json, number| {
        let _ = write!(
            json,
            r#"{{"id":{number},"guid":"2f7c81c6-1d5d-4b6f-9d1c-{number:012}","kb":"KB50{kb:05}","title":"2026-02 Kumulatives Update für Windows 11 Version 24H2 für x64-basierte Systeme (KB50{kb:05})","installed":{installed},"downloaded":true,"description":"Installieren Sie dieses Update, um Probleme in Windows zu beheben. Eine vollständige Auflistung der Probleme, die in diesem Update enthalten sind, finden Sie im zugehörigen Knowledge Base-Artikel.","severity":"{severity}","categories":["Security Updates","Windows 11"],"category_ids":["0fa1201d-4330-4fa8-8ae9-b877473b6441"],"kb_article_ids":["50{kb:05}"],"more_info_urls":["https://support.example/help/50{kb:05}"],"support_url":"https://support.example","revision_number":200,"action":"approve","result":"success","date_installed":null,"agent":7}}"#,
            kb = random.below(100_000),
            installed = random.below(20) != 0,
            severity = ["Critical", "Important", "Moderate", ""][random.below(4)],
        );
    });
    (Call::AgentUpdates(DeviceId::new("agent")), body)
}

/// The open alerts of the whole server.
pub(crate) fn alerts(alerts: usize) -> (Call, Vec<u8>) {
    let mut random = Random(4);
    let body = list(alerts, |json, number| {
        let _ = write!(
            json,
            r#"{{"id":{number},"hostname":"MUC-PC{device:05}","agent_id":"{id}","client":"Müller & Söhne GmbH","site":"Zürich, Büro 3","alert_time":"2026-03-01T07:03:37.752366Z","alert_type":"check","message":"MUC-PC{device:05} - Disk space check: Drive C: failed","snoozed":false,"snooze_until":null,"resolved":false,"resolved_on":null,"severity":"{severity}","email_sent":null,"resolved_email_sent":null,"sms_sent":null,"resolved_sms_sent":null,"hidden":false,"action_run":null,"action_stdout":null,"action_stderr":null,"action_retcode":null,"action_execution_time":null,"resolved_action_run":null,"resolved_action_stdout":null,"resolved_action_stderr":null,"resolved_action_retcode":null,"resolved_action_execution_time":null,"agent":2,"assigned_check":26,"assigned_task":null}}"#,
            device = random.below(50_000),
            id = random.letters(40),
            severity = ["error", "warning", "info"][random.below(3)],
        );
    });
    (Call::Alerts, body)
}
