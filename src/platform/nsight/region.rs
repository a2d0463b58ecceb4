//! Where N-sight's regional servers are.

/// The regions: the word for the configuration and the server's base URL.
pub const REGIONS: &[(&str, &str)] = &[
    ("americas", "https://www.am.remote.management"),
    ("asia", "https://wwwasia.system-monitor.com"),
    ("au", "https://www.system-monitor.com"),
    ("eu", "https://wwweurope1.systemmonitor.eu.com"),
    ("fr", "https://wwwfrance.systemmonitor.eu.com"),
    ("fr1", "https://wwwfrance1.systemmonitor.eu.com"),
    ("de", "https://wwwgermany1.systemmonitor.eu.com"),
    ("ie", "https://wwwireland.systemmonitor.eu.com"),
    ("pl", "https://wwwpoland1.systemmonitor.eu.com"),
    ("uk", "https://www.systemmonitor.co.uk"),
    ("us", "https://www.systemmonitor.us"),
];

/// The base URL of a region's server, without a slash at its end. The name is one of [`REGIONS`] or the territory as
/// N-able's documentation spells it, in any case.
#[must_use]
pub fn server_of_region(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    let word = match name.as_str() {
        "australia" => "au",
        "europe" => "eu",
        "france" => "fr",
        "france1" => "fr1",
        "germany" => "de",
        "ireland" => "ie",
        "poland" => "pl",
        "united kingdom" | "gb" => "uk",
        "united states" | "usa" => "us",
        other => other,
    };
    REGIONS.iter().find(|(region, _)| *region == word).map(|(_, server)| *server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_its_own_https_server() {
        let mut servers: Vec<_> = REGIONS.iter().map(|(region, _)| server_of_region(region).expect("known")).collect();
        assert!(servers.iter().all(|server| server.starts_with("https://www") && !server.ends_with('/')));
        servers.sort_unstable();
        servers.dedup();
        assert_eq!(servers.len(), 11);
    }

    #[test]
    fn regions_by_word_and_by_territory() {
        assert_eq!(server_of_region(" UK "), Some("https://www.systemmonitor.co.uk"));
        assert_eq!(server_of_region("United Kingdom"), Some("https://www.systemmonitor.co.uk"));
        assert_eq!(server_of_region("Germany"), server_of_region("de"));
        assert_eq!(server_of_region("france1"), Some("https://wwwfrance1.systemmonitor.eu.com"));
        assert_eq!(server_of_region("mars"), None);
        assert_eq!(server_of_region(""), None);
    }
}
