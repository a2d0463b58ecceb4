//! Who the clients and sites are, and which places of the fleet belong to them.

use std::ops::Range;

use super::chance::Chance;

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPlan {
    /// The platform's number for it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Indices of its sites in [`Layout::sites`].
    pub sites: Range<usize>,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePlan {
    /// The platform's number for it.
    pub id: u64,
    /// Index of its client in [`Layout::clients`].
    pub client: usize,
    /// Its name.
    pub name: String,
    /// The places for devices at it.
    pub places: Range<usize>,
}

/// The clients and sites of one platform. A *place* is where a device stands; the device in it may change with time.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Clients, by id.
    pub clients: Vec<ClientPlan>,
    /// Sites, by id, in the order of the clients.
    pub sites: Vec<SitePlan>,
    /// Number of places.
    pub places: usize,
}

/// What a layout is made of.
pub(super) struct Blueprint {
    /// The first clients, with the names of their sites; the one without sites' places has no devices.
    pub first: &'static [(&'static str, &'static [&'static str])],
    /// Index of the client whose sites stay empty.
    pub empty: usize,
    /// Number of the first client and of the first site.
    pub ids: (u64, u64),
    /// About how many places a client has.
    pub client_places: usize,
    /// How many sites a client has: one of these.
    pub client_sites: &'static [usize],
}

const TRADES: [&str; 12] = [
    "Bäckerei",
    "Praxis Dr.",
    "Kanzlei",
    "Autohaus",
    "Dental",
    "Steuerberatung",
    "Logistics",
    "Foods",
    "Architekten",
    "Hôtel",
    "Elektro",
    "Garden & Home",
];
const FAMILIES: [&str; 12] = [
    "Schröder",
    "Weiß",
    "O'Neill",
    "Larkspur",
    "Jäger",
    "García",
    "Nowak",
    "Østergaard",
    "Kowalski",
    "Brünn",
    "Lefèvre",
    "van Dijk",
];
const SITES: [&str; 6] = ["Zentrale", "Lager Süd", "Harbour Street", "Filiale Köln", "Werk 2", "Home office"];

impl Layout {
    /// Lays out `places` places: the named clients first, then one more client for about every `client_places`.
    pub(super) fn new(blueprint: &Blueprint, places: usize, chance: Chance) -> Self {
        let mut names: Vec<(String, Vec<String>)> = blueprint
            .first
            .iter()
            .map(|(name, sites)| ((*name).to_owned(), sites.iter().map(|&site| site.to_owned()).collect()))
            .collect();
        let first = names.len();
        for index in first..first.max(places / blueprint.client_places) {
            let chance = chance.of(index as u64);
            let name = format!("{} {} {index}", chance.of(1).pick(&TRADES), chance.of(2).pick(&FAMILIES));
            let sites = blueprint.client_sites;
            let pick = usize::try_from(chance.of(3).below(sites.len() as u64)).unwrap_or(0);
            let count = sites.get(pick).copied().unwrap_or(1);
            names.push((name, SITES.iter().take(count).map(|&site| site.to_owned()).collect()));
        }
        let inhabited: usize = names
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != blueprint.empty)
            .map(|(_, (_, sites))| sites.len())
            .sum();
        let mut layout = Self { clients: Vec::new(), sites: Vec::new(), places };
        let (mut given, mut seen) = (0, 0);
        for (client, (name, sites)) in names.into_iter().enumerate() {
            let first_site = layout.sites.len();
            for name in sites {
                let end = if client == blueprint.empty {
                    given
                } else {
                    seen += 1;
                    // Shares as even as whole numbers allow; the last site ends at the last place.
                    (places * seen).checked_div(inhabited).unwrap_or(0)
                };
                let id = blueprint.ids.1 + layout.sites.len() as u64;
                layout.sites.push(SitePlan { id, client, name, places: given..end });
                given = end;
            }
            let id = blueprint.ids.0 + client as u64;
            layout.clients.push(ClientPlan { id, name, sites: first_site..layout.sites.len() });
        }
        layout
    }

    /// The site of a place.
    #[must_use]
    pub fn site_of(&self, place: usize) -> Option<&SitePlan> {
        let index = self.sites.partition_point(|site| site.places.end <= place);
        self.sites.get(index).filter(|site| site.places.contains(&place))
    }

    /// The client with that id.
    #[must_use]
    pub fn client(&self, id: u64) -> Option<&ClientPlan> {
        let index = id.checked_sub(self.clients.first()?.id)?;
        self.clients.get(usize::try_from(index).ok()?)
    }

    /// The site with that id.
    #[must_use]
    pub fn site(&self, id: u64) -> Option<&SitePlan> {
        let index = id.checked_sub(self.sites.first()?.id)?;
        self.sites.get(usize::try_from(index).ok()?)
    }

    /// The sites of a client.
    #[must_use]
    pub fn sites_of(&self, client: &ClientPlan) -> &[SitePlan] {
        self.sites.get(client.sites.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLUEPRINT: Blueprint = Blueprint {
        first: &[("A", &["x", "y"]), ("None", &["empty"]), ("B", &["z"])],
        empty: 1,
        ids: (100, 900),
        client_places: 25,
        client_sites: &[1, 2, 3],
    };

    #[test]
    fn every_place_has_one_site_and_the_empty_client_none() {
        for places in [0, 1, 2, 30, 1_000] {
            let layout = Layout::new(&BLUEPRINT, places, Chance::new(1));
            let covered: usize = layout.sites.iter().map(|site| site.places.len()).sum();
            assert_eq!(covered, places);
            for place in 0..places {
                assert!(layout.site_of(place).unwrap().places.contains(&place));
            }
            assert!(layout.site_of(places).is_none());
            assert!(layout.sites_of(&layout.clients[1]).iter().all(|site| site.places.is_empty()));
        }
    }

    #[test]
    fn large_fleets_get_more_clients_and_ids_lead_back() {
        let layout = Layout::new(&BLUEPRINT, 1_000, Chance::new(1));
        assert_eq!(layout.clients.len(), 40);
        assert_eq!(layout.client(101).unwrap().name, "None");
        assert_eq!(layout.site(903).unwrap().client, 2);
        assert!(layout.client(99).is_none() && layout.client(140).is_none() && layout.site(899).is_none());
    }
}
