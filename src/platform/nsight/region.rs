//! Where N-sight's regional servers are.

/// A regional server.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// The word for the configuration.
    pub name: &'static str,
    /// Other words for it, in lower case: the territory as N-able's documentation spells it, and the country's code.
    pub other_names: &'static [&'static str],
    /// The base URL of the server, without a slash at its end.
    pub server: &'static str,
}

impl Region {
    const fn new(name: &'static str, other_names: &'static [&'static str], server: &'static str) -> Self {
        Self { name, other_names, server }
    }
}

/// The regions, by name.
pub const REGIONS: [Region; 11] = [
    Region::new("americas", &[], "https://www.am.remote.management"),
    Region::new("asia", &[], "https://wwwasia.system-monitor.com"),
    Region::new("au", &["australia"], "https://www.system-monitor.com"),
    Region::new("de", &["germany"], "https://wwwgermany1.systemmonitor.eu.com"),
    Region::new("eu", &["europe"], "https://wwweurope1.systemmonitor.eu.com"),
    Region::new("fr", &["france"], "https://wwwfrance.systemmonitor.eu.com"),
    Region::new("fr1", &["france1"], "https://wwwfrance1.systemmonitor.eu.com"),
    Region::new("ie", &["ireland"], "https://wwwireland.systemmonitor.eu.com"),
    Region::new("pl", &["poland"], "https://wwwpoland1.systemmonitor.eu.com"),
    Region::new("uk", &["gb", "united kingdom"], "https://www.systemmonitor.co.uk"),
    Region::new("us", &["usa", "united states"], "https://www.systemmonitor.us"),
];

/// The names of the regions, as a list for people.
#[must_use]
pub fn names() -> String {
    REGIONS.map(|region| region.name).join(", ")
}

/// The base URL of a region's server, without a slash at its end. The name is that of one of [`REGIONS`] or another of its names,
/// in any case.
#[must_use]
pub fn server_of_region(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    let is_meant = |region: &&Region| region.name == name || region.other_names.contains(&name.as_str());
    REGIONS.iter().find(is_meant).map(|region| region.server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_its_own_https_server() {
        let mut servers: Vec<_> = REGIONS.iter().map(|region| server_of_region(region.name).expect("known")).collect();
        assert!(servers.iter().all(|server| server.starts_with("https://www") && !server.ends_with('/')));
        servers.sort_unstable();
        servers.dedup();
        assert_eq!(servers.len(), 11);
    }

    #[test]
    fn no_two_regions_share_a_name_and_they_are_in_order() {
        let mut names: Vec<_> = REGIONS.iter().flat_map(|one| one.other_names.iter().chain([&one.name])).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(REGIONS.is_sorted_by_key(|region| region.name));
    }

    /// As the documentation lists them, each with its other names.
    #[test]
    fn the_documents_have_the_same_list() {
        let document = include_str!("../../../docs/configuration.md");
        let listed = REGIONS.map(|region| {
            let others = region.other_names.join("`, `");
            if others.is_empty() { format!("`{}`", region.name) } else { format!("`{}` (`{others}`)", region.name) }
        });
        assert!(
            document.contains(&format!("| `region` | | {}; in capitals or not |", listed.join(", "))),
            "{listed:?}"
        );
        let example = include_str!("../../../rmm-exporter.example.yml");
        assert!(example.contains(&format!("# {}\n", names().replace(',', ""))), "{}", names());
    }

    #[test]
    fn regions_by_word_and_by_territory() {
        assert_eq!(server_of_region(" UK "), Some("https://www.systemmonitor.co.uk"));
        assert_eq!(server_of_region("United Kingdom"), Some("https://www.systemmonitor.co.uk"));
        assert_eq!(server_of_region("Germany"), server_of_region("de"));
        assert_eq!(server_of_region("france1"), Some("https://wwwfrance1.systemmonitor.eu.com"));
        assert_eq!(server_of_region("GB"), server_of_region("uk"));
        assert_eq!(server_of_region("mars"), None);
        assert_eq!(server_of_region(""), None);
    }
}
