//! Hardware, software and licences as the asset scan of N-sight knows them.

use jiff::Timestamp;

use super::layout::ClientPlan;
use super::nsight::{NsightDevice, NsightKind};
use super::{World, last_tick, time};

/// What the newest asset scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightAssets {
    /// When it ran; `None` where the platform has lost it.
    pub scanned: Option<Timestamp>,
    /// Parts.
    pub hardware: Vec<NsightAsset>,
    /// Programs.
    pub software: Vec<NsightAsset>,
}

/// One part or program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightAsset {
    /// Its id on this device.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Whether it has gone; it stays in the list for some days.
    pub deleted: bool,
}

/// The licences of one product that a client has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightLicense {
    /// The client.
    pub client_id: u64,
    /// Name of the licence; a client can have two of one name.
    pub name: &'static str,
    /// `count`: how many it owns.
    pub owned: u64,
    /// How many are in use.
    pub installed: u64,
}

const PARTS: [&str; 6] =
    ["Example NVMe 512", "Netzwerkkarte <10G>", "Bildschirm 27\"", "RAM & Modul", "CPU ]]> 8 €", "Maus"];
const PROGRAMS: [&str; 5] = ["Example Office", "Büro-Suite", "7-Archiv & Co", "Security Update (KB500)", "日本語 IME"];
const LICENSES: [&str; 4] = ["Microsoft Office", "Büro-Suite 2024 & mehr", "CAD <Pro>", "Microsoft Office"];

impl World {
    /// The assets of a device; `None` where nothing was ever scanned.
    #[must_use]
    pub fn nsight_assets(&self, device: &NsightDevice, at: Timestamp) -> Option<NsightAssets> {
        if !matches!(device.kind, NsightKind::Server | NsightKind::Workstation) {
            return None;
        }
        let chance = device.chance.of(900);
        let scan = last_tick(chance.of(1), self.minutes(45), device.awake_until(at));
        let list = |stream: u64, names: &[&str], count: u64| -> Vec<NsightAsset> {
            let chance = chance.of(stream);
            let item = |id: u64| NsightAsset {
                id,
                name: format!("{} {id}", chance.of(id).pick(names)),
                deleted: chance.of(id).of(1).episode(self.minutes(90), 120, scan).is_some(),
            };
            (1..=count).map(item).collect()
        };
        Some(NsightAssets {
            scanned: chance.of(2).happens(850).then(|| time(scan)),
            hardware: list(3, &PARTS, chance.of(4).below(9)),
            software: list(5, &PROGRAMS, 5 + chance.of(6).below(30)),
        })
    }

    /// The licences of a client. A client without devices has none.
    #[must_use]
    pub fn nsight_licenses(&self, client: &ClientPlan, at: Timestamp) -> Vec<NsightLicense> {
        if self.nsight.sites_of(client).iter().all(|site| site.places.is_empty()) {
            return Vec::new();
        }
        let chance = self.seed.of(7).of(client.id);
        // Every third client has bought the first one twice.
        let kinds = if client.id.is_multiple_of(3) { 4 } else { 1 + usize::try_from(chance.below(3)).unwrap_or(0) };
        let licenses = LICENSES.into_iter().take(kinds).zip(0..).map(|(name, index)| {
            let chance = chance.of(index);
            let window = chance.window(self.minutes(20), at.as_millisecond());
            NsightLicense {
                client_id: client.id,
                name,
                owned: chance.of(1).below(80),
                installed: chance.of(2).of(window.number.unsigned_abs()).below(90),
            }
        });
        licenses.collect()
    }
}
