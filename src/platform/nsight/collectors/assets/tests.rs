use super::*;
use crate::config::ChecksMode;
use crate::fleet::Kind;
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{device_id, known, read, read_text};
use crate::platform::nsight::wire::fixture;

fn call() -> Call {
    Call::ListDeviceAssetDetails(device_id("770215"))
}

fn assets_in(update: &Update) -> Assets {
    let Update::Reading(id, Reading::Assets(assets)) = update else { panic!("{update:?}") };
    assert_eq!(*id, device_id("770215"));
    *assets
}

fn assets(inner: &str) -> Assets {
    let text = format!("<result status='OK'>{inner}</result>");
    let (updates, left_out) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
    assert_eq!((updates.len(), left_out), (1, 0));
    assets_in(&updates[0])
}

#[test]
fn every_device_with_an_agent_is_asked() {
    let view = View {
        devices: vec![
            known("1", Kind::Server, "10", "20", |_| {}),
            known("2", Kind::Workstation, "10", "20", |record| record.agentless = Some(false)),
            known("3", Kind::Workstation, "10", "20", |record| record.agentless = Some(true)),
            known("4", Kind::Mobile, "10", "20", |_| {}),
        ],
        ..View::default()
    };
    let identities: Vec<_> = calls(&view).iter().map(ReadCall::identity).collect();
    assert_eq!(identities, ["list_device_asset_details?deviceid=1", "list_device_asset_details?deviceid=2"]);
}

#[test]
fn what_is_there_is_counted() {
    let scanned = Some("2026-03-03T12:00:00Z".parse().expect("time"));
    let expected = Assets { hardware: Some(2), software: Some(3), scanned };
    assert_eq!(assets_in(&read(&call(), "list_device_asset_details.770215")), expected);
    // The scan is in the future: in another zone, as it seems. There is no software.
    let expected = Assets { hardware: Some(1), software: Some(0), scanned: None };
    assert_eq!(assets_in(&read(&call(), "list_device_asset_details.770480")), expected);
}

#[test]
fn of_a_device_that_was_never_scanned_nothing_is_known() {
    assert_eq!(assets_in(&read(&call(), "list_device_asset_details.770216")), Assets::default());
    for inner in
        ["", "<os/><scantime/>", "<hardware/><software/>", "<scantime>0000-00-00 00:00:00</scantime><hardware/>"]
    {
        assert_eq!(assets(inner), Assets::default(), "{inner}");
    }
    let error = read_text(&call(), "<result><hardware>", ChecksMode::Failing).expect_err("cut off");
    assert_eq!(error.outcome(), Outcome::InvalidResponse);
}

#[test]
fn a_list_that_is_not_there_has_no_count() {
    let only_software = "<software><item><deleted>1</deleted></item></software>";
    assert_eq!(assets(only_software), Assets { hardware: None, software: Some(0), scanned: None });
    let scanned = "2026-03-04T09:15:00Z".parse().expect("time");
    let only_scan = "<scantime>2026-03-04 09:15:00</scantime>";
    assert_eq!(assets(only_scan), Assets { hardware: None, software: None, scanned: Some(scanned) });
    let wrapped = format!("<example>{only_scan}<software><junk/><item/></software></example>");
    assert_eq!(assets(&wrapped), Assets { hardware: None, software: Some(1), scanned: Some(scanned) });
}

#[test]
fn secrets_and_personal_data_are_not_even_stored() {
    let text = fixture::text("list_device_asset_details.770215");
    let secrets = [
        "ada.example",
        "LKD-DC01-USER",
        "192.0.2.15",
        "00:00:5E:00:53:01",
        "SN-TOP-SECRET-1",
        "AAAAA-BBBBB",
        "Vertrag für Müller 4711",
        "Garantie",
        "9137-CODE",
        "HW-SERIAL-11",
        "Example Office",
    ];
    let (updates, _) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
    let said = format!("{updates:?}");
    for secret in secrets {
        assert!(text.contains(secret) && !said.contains(secret), "{secret}: {said}");
    }
}
