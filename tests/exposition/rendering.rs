//! Rendering again gives what rendering for the first time gives, whatever changed between.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rmm_exporter::fleet::{DeviceView, Label, View};
use rmm_exporter::metrics::catalogue::{self, Scope};
use rmm_exporter::metrics::{Limits, RenderedAccount, render, render_again};
use rmm_exporter::platform::PlatformName::Nsight;

use super::views::{check, client, full_device, full_view, synthetic, usual_view};

/// What happens to a fleet between two renderings.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    CheckToggles(Index),
    CheckComes(Index),
    EverybodySeen,
    Comes(String),
    Goes(Index),
    ManyGo(Index),
    Twin(Index),
    Renamed(Index, String),
    ClientRenamed(String),
    Excluded(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let name = || "[a-z\"\\\\]{0,4}";
    prop_oneof![
        Just(Change::Nothing),
        any::<Index>().prop_map(Change::CheckToggles),
        any::<Index>().prop_map(Change::CheckComes),
        Just(Change::EverybodySeen),
        name().prop_map(Change::Comes),
        any::<Index>().prop_map(Change::Goes),
        any::<Index>().prop_map(Change::ManyGo),
        any::<Index>().prop_map(Change::Twin),
        (any::<Index>(), name()).prop_map(|(index, name)| Change::Renamed(index, name)),
        name().prop_map(Change::ClientRenamed),
        prop_oneof![Just("rmm_check_.*"), Just("rmm_device_info"), Just("nothing")].prop_map(Change::Excluded),
    ]
}

fn apply(change: &Change, view: &mut View, limits: &mut Limits) {
    let devices = &mut view.devices;
    let of = |index: &Index, devices: &Vec<DeviceView>| (!devices.is_empty()).then(|| index.index(devices.len()));
    match change {
        Change::Nothing => (),
        Change::CheckToggles(index) => {
            if let Some(check) = of(index, devices).and_then(|index| devices[index].checks.first_mut()) {
                check.failing = check.failing.map(|failing| !failing);
            }
        }
        Change::CheckComes(index) => {
            if let Some(index) = of(index, devices) {
                devices[index].checks.push(check("99", "new"));
            }
        }
        Change::EverybodySeen => {
            for device in devices {
                device.record.last_seen = device.record.last_seen.map(|seen| seen + jiff::SignedDuration::from_secs(1));
            }
        }
        Change::Comes(name) => devices.push(full_device("New", "s", name, &format!("new {name}"))),
        Change::Goes(index) => _ = of(index, devices).map(|index| devices.remove(index)),
        Change::ManyGo(index) => {
            if let Some(index) = of(index, devices) {
                devices.drain(index..(index + 200).min(devices.len()));
            }
        }
        Change::Twin(index) => {
            if let Some(index) = of(index, devices) {
                devices.insert(index, devices[index].clone());
            }
        }
        Change::Renamed(index, name) => {
            if let Some(index) = of(index, devices) {
                devices[index].record.name = Label::new(name);
            }
        }
        Change::ClientRenamed(name) => view.clients[0].name = Label::new(name),
        Change::Excluded(families) => limits.exclude = vec![regex::Regex::new(&format!("^{families}$")).unwrap()],
    }
    view.devices
        .sort_by(|a, b| (&a.client, &a.site, &a.record.name, &a.id).cmp(&(&b.client, &b.site, &b.record.name, &b.id)));
}

/// All that is seen of a rendering.
fn seen(rendered: &RenderedAccount) -> (u64, u64, Option<&'static str>, u64, usize) {
    (rendered.series, rendered.duplicates, rendered.first_duplicate, rendered.dropped(), rendered.families.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn rendering_again_gives_what_rendering_anew_gives(changes in vec(change(), 1..8)) {
        let mut view = synthetic(300);
        view.clients = vec![client("0", "First")];
        let mut limits = Limits::default();
        let mut before = RenderedAccount::default();
        for change in &changes {
            apply(change, &mut view, &mut limits);
            let shared = Arc::new(view.clone());
            let again = render_again(Nsight, "msp", &shared, &limits, &before);
            let anew = render(Nsight, "msp", &shared, &limits);
            prop_assert_eq!(seen(&again), seen(&anew), "{:?}", change);
            // The same bytes, too: what is compressed does not depend on how it came about.
            prop_assert!(again.families == anew.families, "{:?}", change);
            before = again;
        }
    }
}

/// What only checks or tasks changed in is rendered again for the families of checks or tasks alone.
#[test]
fn no_family_of_devices_reads_the_series_of_checks_or_tasks() {
    let mut view = full_view();
    let with = render(Nsight, "msp", &Arc::new(view.clone()), &Limits::default());
    view.devices[0].checks.clear();
    view.devices[0].tasks.clear();
    let without = render(Nsight, "msp", &Arc::new(view), &Limits::default());
    let of_devices = |rendered: &RenderedAccount| {
        let is_of_devices = |index: usize| catalogue::families()[index].scope == Scope::Device;
        rendered.families.iter().filter(|(index, _)| is_of_devices(*index)).cloned().collect::<Vec<_>>()
    };
    assert!(of_devices(&with).len() > 40 && with.families.len() > without.families.len());
    assert!(of_devices(&with) == of_devices(&without));
}

#[test]
fn a_family_that_was_withheld_comes_back_with_everything() {
    let view = Arc::new(synthetic(300));
    let none = Limits { max_series: 0, exclude: Vec::new() };
    let without = render(Nsight, "msp", &view, &none);
    assert_eq!(without.series, 0);
    let again = render_again(Nsight, "msp", &view, &Limits::default(), &without);
    assert!(again.families == render(Nsight, "msp", &view, &Limits::default()).families);
}

#[test]
fn another_fleet_leaves_nothing_behind() {
    let before = render(Nsight, "msp", &Arc::new(synthetic(300)), &Limits::default());
    let view = Arc::new(usual_view());
    let again = render_again(Nsight, "msp", &view, &Limits::default(), &before);
    assert!(again.families == render(Nsight, "msp", &view, &Limits::default()).families);
    assert_eq!(render_again(Nsight, "msp", &Arc::default(), &Limits::default(), &again).series, 0);
}
