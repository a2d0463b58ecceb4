//! The Active Directory users that N-sight watches at some sites.

use jiff::Timestamp;

use super::World;
use super::nsight::NsightKind;

/// The users of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightDirectory {
    /// The site.
    pub site_id: u64,
    /// The server that tells of them.
    pub device_id: u64,
    /// Of each user its status: 0 unchanged, 1 change unknown, 2 modified, 3 new, 4 deleted, 5 restored. Empty at most sites.
    pub statuses: Vec<u8>,
}

impl World {
    /// The users of a site; `None` when there is no such site.
    #[must_use]
    pub fn nsight_directory(&self, site: u64, at: Timestamp) -> Option<NsightDirectory> {
        let plan = self.nsight.site(site)?;
        let chance = self.seed.of(8).of(site);
        // The first site of the account always has users, so that a small fleet shows some.
        let watched = chance.of(1).happens(200) || self.nsight.sites.first().is_some_and(|first| first.id == site);
        let server = watched
            .then(|| self.nsight_devices(plan.places.clone(), at).find(|device| device.kind == NsightKind::Server))
            .flatten();
        let Some(server) = server else {
            return Some(NsightDirectory { site_id: site, device_id: 0, statuses: Vec::new() });
        };
        let status = |user: u64| {
            let chance = chance.of(2).of(user);
            let window = chance.window(self.minutes(15), at.as_millisecond());
            let luck = chance.of(window.number.unsigned_abs());
            if luck.happens(600) { 0 } else { u8::try_from(luck.of(1).below(6)).unwrap_or(0) }
        };
        let count = 8 + chance.of(3).below(60);
        Some(NsightDirectory { site_id: site, device_id: server.id, statuses: (0..count).map(status).collect() })
    }
}
