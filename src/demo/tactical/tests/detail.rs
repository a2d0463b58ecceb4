//! The detail of an agent.

use super::*;
use crate::demo::world::tactical::TacticalDetail;

#[tokio::test]
async fn the_detail_is_the_truth() {
    let demo = demo(60).await;
    for TacticalAgentTruth { agent, counters, detail, fields, .. } in truth(&demo).agents {
        let found = ask(&demo, &format!("/agents/{}/", agent.agent_id)).await;
        assert_eq!(
            (&found["client"], &found["site_name"], &found["site"]),
            (&agent.client.as_str().into(), &agent.site.as_str().into(), &agent.site_id.into())
        );
        assert_eq!(found["checks"]["total"], counters.total);
        assert_eq!(list(&found["custom_fields"]).len(), fields.len());
        assert_eq!(
            (&found["offline_time"], &found["overdue_time"], found["total_ram"].as_u64()),
            (&detail.offline_minutes.into(), &detail.overdue_minutes.into(), detail.memory_gb)
        );
        assert_eq!(seconds(&found["patches_last_installed"]), detail.patches_last_installed);
        let Some(disks) = detail.disks else {
            assert_eq!(found["disks"], Value::Null);
            continue;
        };
        assert_eq!(list(&found["disks"]).len(), disks.len());
        for (node, disk) in list(&found["disks"]).iter().zip(&disks) {
            assert_eq!(
                (&node["device"], &node["fstype"], &node["percent"]),
                (&disk.device.into(), &disk.filesystem.into(), &disk.percent.into())
            );
            assert_eq!(
                ["total", "used", "free"].map(|name| node[name].as_str().unwrap()),
                [&disk.total, &disk.used, &disk.free]
            );
        }
    }
    assert_eq!(demo.tactical.handle.audit().violations(), []);
}

#[tokio::test]
async fn the_detail_is_large() {
    let demo = demo(60).await;
    let windows = |agent: &&TacticalAgentTruth| agent.agent.plat == "windows";
    let id = truth(&demo).agents.iter().find(windows).unwrap().agent.agent_id.clone();
    let answer = get(demo.tactical.address, &format!("/agents/{id}/"), &[KEY]).await;
    assert!((40_000..120_000).contains(&answer.body.len()), "{}", answer.body.len());
}

#[tokio::test]
async fn details_come_in_all_their_forms() {
    let agents = truth(&demo(600).await).agents;
    let details: Vec<&TacticalDetail> = agents.iter().map(|agent| &agent.detail).collect();
    let disks: Vec<_> = details.iter().filter_map(|detail| detail.disks.as_ref()).flatten().collect();
    assert!(details.iter().any(|detail| detail.disks.is_none()));
    assert!(details.iter().any(|detail| detail.disks.as_ref().is_some_and(Vec::is_empty)));
    for ending in ["G", "T", " GB", " TB", " MB", "0 B"] {
        assert!(disks.iter().any(|disk| disk.total.ends_with(ending)), "{ending}");
    }
    assert!(disks.iter().any(|disk| disk.percent == 100) && disks.iter().all(|disk| disk.percent <= 100));
    for memory in [None, Some(0), Some(16)] {
        assert!(details.iter().any(|detail| detail.memory_gb == memory), "{memory:?}");
    }
    assert!(details.iter().any(|detail| detail.overdue_minutes < detail.offline_minutes));
    assert!(details.iter().any(|detail| detail.patches_last_installed.is_none()));
    assert!(details.iter().any(|detail| detail.patches_last_installed.is_some()));
}

#[tokio::test]
async fn mappings_find_script_checks() {
    let agents = truth(&demo(400).await).agents;
    for (word, script) in [("Defender", 32), ("Backup ✓", 31), ("Offsite backup", 33)] {
        let checks: Vec<_> = agents
            .iter()
            .flat_map(|agent| &agent.checks)
            .filter(|check| check.name.unwrap_or(&check.readable_desc).contains(word))
            .collect();
        assert!(checks.iter().all(|check| (check.check_type, check.script) == ("script", Some(script))), "{word}");
        for status in [ResultStatus::Passing, ResultStatus::Failing] {
            assert!(checks.iter().any(|check| check.status == status), "{word} {status:?}");
        }
    }
}
