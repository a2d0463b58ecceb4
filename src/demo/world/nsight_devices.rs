//! What the devices, clients and sites of the N-sight account are at a moment.

use jiff::Timestamp;
use jiff::civil::Date;

use super::chance::Chance;
use super::nsight::{
    ACCOUNT_ZONE, NsightClient, NsightDevice, NsightDeviceTruth, NsightKind, NsightSite, NsightTruth, Problem,
    ProblemKind,
};
use super::nsight_backup::NsightRemoved;
use super::{Generation, World, generation, last_tick, time, whole_second};

/// Places whose device ids start after this number; each place has 1,000 ids for the devices that come and go in it.
const FIRST_DEVICE: u64 = 770_000;

/// How long a workstation can be silent without anything else being wrong. Not sped up: it must become older than any
/// sensible limit of age.
const SILENCE: i64 = 90 * 60_000;

/// Awkward names for the first places; places 3 and 4 have the same.
const NAMES: [&str; 12] = [
    "LKD-DC01",
    "LKD-FRONT2",
    "Büro \"Empfang\"",
    "DESKTOP-DUPLICATE",
    "DESKTOP-DUPLICATE",
    "SRV]]>01",
    "PC-O'Brien & Co",
    "Kasse € 1",
    "マシン-01",
    "laptop🚀",
    "C:\\NB\\7",
    "two\nlines",
];

impl World {
    pub(super) fn nsight_truth(&self, at: Timestamp) -> NsightTruth {
        let devices = self.nsight_devices(0..self.nsight.places, at).map(|device| self.nsight_details(device, at));
        NsightTruth {
            time_zone: ACCOUNT_ZONE,
            clients: self.nsight.clients.iter().filter_map(|client| self.nsight_client(client.id, at)).collect(),
            sites: self.nsight.sites.iter().filter_map(|site| self.nsight_site(site.id, at)).collect(),
            devices: devices.collect(),
            licenses: self.nsight.clients.iter().flat_map(|client| self.nsight_licenses(client, at)).collect(),
            directory: self.nsight.sites.iter().filter_map(|site| self.nsight_directory(site.id, at)).collect(),
            definitions: self.nsight_products(at),
        }
    }

    /// A device with everything that is true of it.
    #[must_use]
    pub fn nsight_details(&self, device: NsightDevice, at: Timestamp) -> NsightDeviceTruth {
        NsightDeviceTruth {
            checks: self.nsight_checks(&device, at),
            antivirus: self.nsight_antivirus(&device, at),
            backup: self.nsight_backup(&device, at),
            patches: self.nsight_patches(&device, at),
            threats: self.nsight_threats(&device, at),
            quarantine: self.nsight_quarantine(&device, at),
            scans: self.nsight_scans(&device, at),
            sessions: self.nsight_sessions(&device, at),
            selection: self.nsight_selection(&device, at),
            outages: self.nsight_outages(&device, at),
            performance: self.nsight_performance(&device, 15, at),
            drives: self.nsight_drives(&device, at),
            stores: self.nsight_stores(&device, at),
            assets: self.nsight_assets(&device, at),
            device,
        }
    }

    /// A client with its counts.
    #[must_use]
    pub fn nsight_client(&self, id: u64, at: Timestamp) -> Option<NsightClient> {
        let plan = self.nsight.client(id)?;
        let (mut servers, mut workstations, mut mobiles) = (0, 0, 0);
        for place in self.nsight.sites_of(plan).iter().flat_map(|site| site.places.clone()) {
            if self.nsight_generation(place, at.as_millisecond()).is_some() {
                match kind_of(place) {
                    NsightKind::Server => servers += 1,
                    NsightKind::Workstation => workstations += 1,
                    NsightKind::Mobile => mobiles += 1,
                    NsightKind::Agentless => {}
                }
            }
        }
        let timezone = if id % 3 == 1 { "Europe/London" } else { "" };
        Some(NsightClient { id, name: plan.name.clone(), timezone, servers, workstations, mobiles })
    }

    /// A site.
    #[must_use]
    pub fn nsight_site(&self, id: u64, at: Timestamp) -> Option<NsightSite> {
        let plan = self.nsight.site(id)?;
        let client_id = self.nsight.clients.get(plan.client)?.id;
        let connection_ok = self.site_down(id, at.as_millisecond()).is_none();
        Some(NsightSite { id, client_id, name: plan.name.clone(), connection_ok })
    }

    fn site_down(&self, site: u64, at: i64) -> Option<i64> {
        self.seed.of(3).of(site).episode(self.minutes(12), 40, at)
    }

    fn nsight_generation(&self, place: usize, at: i64) -> Option<Generation> {
        generation(place, self.seed.of(4).of(place as u64), self.minutes(15), at)
    }

    /// The devices that stood in these places before, as far as anybody remembers them: the last one of each place in which
    /// devices come and go.
    pub fn nsight_removed(
        &self,
        places: std::ops::Range<usize>,
        at: Timestamp,
    ) -> impl Iterator<Item = NsightRemoved> + use<'_> {
        places.filter_map(move |place| {
            // A period ago stood the one before, or the place was vacant for a moment.
            let before = self.nsight_generation(place, at.as_millisecond() - self.minutes(15))?;
            let former = time(before.since?);
            let mut device = self.nsight_device_at(place, former)?;
            device.features.push("mob");
            let slots = self.nsight_selection(&device, former);
            matches!(device.kind, NsightKind::Server | NsightKind::Workstation).then_some(NsightRemoved {
                id: device.id,
                kind: device.kind,
                slots,
            })
        })
    }

    /// The devices that stand in these places.
    pub fn nsight_devices(
        &self,
        places: std::ops::Range<usize>,
        at: Timestamp,
    ) -> impl Iterator<Item = NsightDevice> + use<'_> {
        places.filter_map(move |place| self.nsight_device_at(place, at))
    }

    /// The device with that id, when it exists now.
    #[must_use]
    pub fn nsight_device(&self, id: u64, at: Timestamp) -> Option<NsightDevice> {
        let place = usize::try_from(id.checked_sub(FIRST_DEVICE)? / 1_000).ok()?;
        self.nsight_device_at(place, at).filter(|device| device.id == id)
    }

    fn nsight_device_at(&self, place: usize, at: Timestamp) -> Option<NsightDevice> {
        let site = self.nsight.site_of(place)?;
        let now = at.as_millisecond();
        let generation = self.nsight_generation(place, now)?;
        let id = FIRST_DEVICE + place as u64 * 1_000 + generation.number;
        let chance = self.seed.of(5).of(id);
        let kind = kind_of(place);
        let mut device = NsightDevice {
            id,
            client_id: self.nsight.clients.get(site.client)?.id,
            site_id: site.id,
            kind,
            name: name_of(place, kind, generation),
            description: chance
                .of(1)
                .pick(&["", "Domain controller", "Empfang", "Büro 3. OG", "Don't touch! <b>"])
                .to_owned(),
            os: os_of(kind, chance).to_owned(),
            agent_version: chance.of(3).pick(&["10.13.8", "10.13.8", "10.14.0"]).to_owned(),
            manufacturer: chance.of(4).pick(&["ExampleCorp", "Muster & Cie", ""]).to_owned(),
            model: chance.of(5).pick(&["Rack 200", "Note 5", "Büro-PC \"M\"", ""]).to_owned(),
            memory: (4 << chance.of(6).below(5)) * (1 << 30),
            installed: install_day(generation, chance, at),
            boot: None,
            active_247: place % 16 != 13,
            check_interval: if kind == NsightKind::Server { 5 } else { 15 << chance.of(7).below(3) },
            utc_offset: utc_offset_of(place),
            last_report: None,
            online_flag: true,
            missed: false,
            problem: None,
            features: features_of(place, kind, chance),
            chance,
            since: generation.since,
            silent_since: None,
        };
        match kind {
            NsightKind::Server => self.server_state(&mut device, now),
            NsightKind::Workstation => self.workstation_state(&mut device, place, now),
            NsightKind::Mobile | NsightKind::Agentless => {
                device.active_247 = false;
                device.check_interval = 0;
                device.online_flag = false;
                device.agent_version.clear();
            }
        }
        Some(device)
    }

    fn server_state(&self, device: &mut NsightDevice, now: i64) {
        let site_down = self.site_down(device.site_id, now);
        let down = device.chance.of(20).episode(self.minutes(10), 130, now);
        if let Some(since) = site_down.or(down) {
            let announced = device.chance.of(21).of(since.unsigned_abs()).happens(350);
            let kind = match (site_down, announced) {
                (Some(_), _) => ProblemKind::Unreachable,
                (None, true) => ProblemKind::Offline,
                (None, false) => ProblemKind::Overdue,
            };
            device.problem = Some(Problem { kind, since: whole_second(since) });
            device.missed = kind == ProblemKind::Overdue;
            device.online_flag = false;
            device.silent_since = Some(since);
        }
        device.last_report = Some(self.last_report(device, now));
        // One server in four restarts every now and then; the others every nine days.
        let period = if device.chance.of(22).happens(250) { self.minutes(35) } else { 9 * 24 * 3_600_000 };
        device.boot = Some(time(last_tick(device.chance.of(23), period, now)));
    }

    fn workstation_state(&self, device: &mut NsightDevice, place: usize, now: i64) {
        if place % 32 == 22 {
            return; // Installed, but it never reported.
        }
        if !device.active_247 {
            return;
        }
        if let Some(since) = device.chance.of(24).episode(self.minutes(15), 90, now) {
            device.problem = Some(Problem { kind: ProblemKind::Offline, since: whole_second(since) });
            device.silent_since = Some(since);
        } else if let Some(since) = device.chance.of(25).episode(SILENCE, 70, now) {
            device.silent_since = Some(since);
        }
        device.last_report = Some(self.last_report(device, now));
        device.boot = match device.chance.of(26).below(5) {
            0 => None,
            _ => Some(time(last_tick(device.chance.of(23), 31 * 3_600_000, now))),
        };
    }

    /// The last 24x7 report of a device that may have fallen silent.
    fn last_report(&self, device: &NsightDevice, now: i64) -> Timestamp {
        let until = device.silent_since.map_or(now, |since| since - 1_000);
        time(last_tick(device.chance.of(27), self.report_period(device), until))
    }

    /// Time between two reports, ms: the interval, but never so long that a viewer sees nothing happen.
    pub(super) fn report_period(&self, device: &NsightDevice) -> i64 {
        let interval = i64::try_from(device.check_interval).unwrap_or(5).max(1) * 60_000;
        interval.min(self.minutes(3))
    }
}

const fn kind_of(place: usize) -> NsightKind {
    match (place % 4, place % 16) {
        (0, _) => NsightKind::Server,
        (_, 7) => NsightKind::Mobile,
        (_, 11) => NsightKind::Agentless,
        _ => NsightKind::Workstation,
    }
}

fn name_of(place: usize, kind: NsightKind, generation: Generation) -> String {
    if let Some(&name) = NAMES.get(place)
        && generation.since.is_none()
    {
        return name.to_owned();
    }
    let prefix = match kind {
        NsightKind::Server => "SRV",
        NsightKind::Workstation => "WS",
        NsightKind::Mobile => "iPhone",
        NsightKind::Agentless => "Drucker",
    };
    match generation.since {
        None => format!("{prefix}-{place:05}"),
        Some(_) => format!("{prefix}-{place:05}-{}", generation.number),
    }
}

fn os_of(kind: NsightKind, chance: Chance) -> &'static str {
    let systems: &[&str] = match kind {
        NsightKind::Server => &[
            "Microsoft Windows Server 2022 Standard",
            "Microsoft Windows Server 2019 Standard",
            "Microsoft® Windows Server® 2016 Standard",
            "Ubuntu 24.04.1 LTS",
        ],
        NsightKind::Workstation => {
            &["Microsoft Windows 11 Pro", "Microsoft Windows 11 Pro", "Microsoft Windows 10 Pro", "macOS 15.1 (24B83)"]
        }
        NsightKind::Mobile => &["iOS 18.1"],
        NsightKind::Agentless => &[""],
    };
    chance.of(2).pick(systems)
}

fn features_of(place: usize, kind: NsightKind, chance: Chance) -> Vec<&'static str> {
    let likely: &[(&str, u64)] = match kind {
        NsightKind::Server => &[
            ("takecontrol", 900),
            ("patch", 800),
            ("mav", 100),
            ("mob", 700),
            ("mavbreck", 700),
            ("riskintelligence", 100),
        ],
        NsightKind::Workstation => &[
            ("takecontrol", 950),
            ("patch", 850),
            ("mob", 100),
            ("systray", 600),
            ("mavbreck", 850),
            ("webprotection", 400),
        ],
        NsightKind::Mobile | NsightKind::Agentless => &[],
    };
    let on = likely.iter().zip(10..).filter(|((_, often), part)| chance.of(*part).happens(*often));
    let mut features: Vec<_> = on.map(|((name, _), _)| *name).collect();
    // The older antivirus engine is rare: a few places have it alone, or beside the newer one.
    match (kind, place % 12) {
        (NsightKind::Server | NsightKind::Workstation, 5 | 8) => {
            features.retain(|name| *name != "mavbreck" && *name != "mav");
            features.push("mav");
        }
        (NsightKind::Server, 4) => {
            features.retain(|name| *name != "mavbreck" && *name != "mav");
            features.extend(["mav", "mavbreck"]);
        }
        _ => {}
    }
    features
}

/// Seconds from UTC to local time. Most devices stand where the account is, some far away, and not all by whole hours.
const fn utc_offset_of(place: usize) -> i32 {
    match place % 9 {
        1 => 0,
        3 => -5 * 3_600,
        4 => 5 * 3_600 + 1_800,
        6 => -3 * 3_600 - 1_800,
        8 => 10 * 3_600,
        _ => 3_600,
    }
}

fn install_day(generation: Generation, chance: Chance, at: Timestamp) -> Date {
    let days_ago = i64::try_from(chance.of(8).below(1_500)).unwrap_or(0) + 10;
    let installed = generation.since.unwrap_or_else(|| at.as_millisecond() - days_ago * 86_400_000);
    time(installed).to_zoned(jiff::tz::TimeZone::UTC).date()
}
