//! Words for what a key sees.

use std::collections::BTreeMap;

use super::report::Line;
use crate::config::AccountConfig;
use crate::fleet::{Filter, Kind};

/// The most names that a line lists.
const MOST_NAMES: usize = 10;

/// The first names, in words; `None` without any.
#[must_use]
pub fn listed(names: &[impl AsRef<str>], separator: &str) -> Option<String> {
    let mut shown: Vec<String> =
        names.iter().take(MOST_NAMES).map(|name| or_without(name.as_ref()).to_owned()).collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("and {} more", names.len() - MOST_NAMES));
    }
    (!shown.is_empty()).then(|| shown.join(separator))
}

/// The names of clients, each given as name and id. Where several have one name, the ids tell them apart.
#[must_use]
pub fn told_apart(clients: &[(&str, &str)]) -> Vec<String> {
    let count = counted(clients);
    let is_one_of_many = |name: &str| count.get(name).is_some_and(|count| *count > 1);
    clients
        .iter()
        .map(
            |(name, id)| {
                if is_one_of_many(name) { format!("{} (id {id})", or_without(name)) } else { (*name).to_owned() }
            },
        )
        .collect()
}

/// What is to be said when several clients, each given as name and id, have one name.
#[must_use]
pub fn of_one_name(clients: &[(&str, &str)]) -> Option<Line> {
    let several: Vec<String> = counted(clients)
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(name, count)| format!("{count} are called \"{name}\""))
        .collect();
    let several = listed(&several, "; ")?;
    Some(Line::warn(
        "clients",
        format!("{several}: they share one value of the label client"),
        "rename one of them in the RMM. Until then join metrics of clients and sites on client_id; metrics of devices have no \
         such label, so tell those apart by site or device_id",
    ))
}

fn or_without(name: &str) -> &str {
    if name.is_empty() { "(without name)" } else { name }
}

fn counted<'a>(clients: &[(&'a str, &str)]) -> BTreeMap<&'a str, usize> {
    let mut count = BTreeMap::new();
    for (name, _) in clients {
        *count.entry(*name).or_default() += 1;
    }
    count
}

/// The devices of an N-sight account by kind, as its clients count them.
#[must_use]
pub fn devices(filter: &Filter, count: impl Fn(Kind) -> u64) -> Line {
    let (left, out): (Vec<Kind>, Vec<Kind>) = Kind::ALL.into_iter().partition(|kind| filter.admits_kind(*kind));
    let sum = |kinds: &[Kind]| kinds.iter().map(|kind| count(*kind)).fold(0, u64::saturating_add);
    let words = |kinds: &[Kind]| kinds.iter().map(|kind| in_words(*kind, count(*kind))).collect::<Vec<_>>().join(", ");
    let finding =
        if out.is_empty() { words(&left) } else { format!("{} ({} left out by filter)", words(&left), words(&out)) };
    if sum(&left) == 0 && sum(&out) > 0 {
        return Line::warn("devices", finding, "compare filter.device_kinds with the devices that there are");
    }
    if sum(&[Kind::Server, Kind::Workstation]) == 0 {
        return Line::warn(
            "devices",
            finding,
            "N-sight counts active devices only: are agents installed, and may the key's user see them (Client Groups)?",
        );
    }
    Line::ok("devices", finding)
}

fn in_words(kind: Kind, count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    match kind {
        Kind::Server | Kind::Workstation => format!("{count} {}{plural}", kind.name()),
        Kind::Mobile => format!("{count} mobile device{plural}"),
    }
}

/// What is to be said when the key sees clients and the filter leaves none of them.
#[must_use]
pub fn with_filter(account: &AccountConfig, seen: usize, admitted: usize) -> Option<Line> {
    let filter = &account.filter.clients;
    let filters = !filter.include.is_empty() || !filter.exclude.is_empty();
    (filters && seen > 0 && admitted == 0).then(|| {
        Line::warn(
            "clients",
            format!("the key sees {seen} clients, and filter leaves none of them"),
            "compare filter.clients with the names in the RMM: expressions match whole names, with capitals",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn the_first_names() {
        assert_eq!(listed(&[""; 0], ", "), None);
        assert_eq!(listed(&["a", ""], "; ").as_deref(), Some("a; (without name)"));
        let many = listed(&["x"; MOST_NAMES + 2], ",").expect("names");
        assert!(many.ends_with(",x,and 2 more"), "{many}");
    }

    #[test]
    fn devices_by_kind() {
        let of = |kinds: &[Kind], counts: [u64; 3]| {
            let filter = Filter { kinds: kinds.to_vec(), ..Filter::default() };
            let count = |kind| match kind {
                Kind::Server => counts[0],
                Kind::Workstation => counts[1],
                Kind::Mobile => counts[2],
            };
            let line = devices(&filter, count);
            (line.verdict, line.finding)
        };
        let all = "8 servers, 18 workstations, 1 mobile device".to_owned();
        assert_eq!(of(&[], [8, 18, 1]), (Verdict::Ok, all));
        let servers = "8 servers (18 workstations, 2 mobile devices left out by filter)".to_owned();
        assert_eq!(of(&[Kind::Server], [8, 18, 2]), (Verdict::Ok, servers));
        let phones = "2 mobile devices (8 servers, 0 workstations left out by filter)".to_owned();
        assert_eq!(of(&[Kind::Mobile], [8, 0, 2]), (Verdict::Ok, phones));
        assert_eq!(of(&[Kind::Server], [0, 18, 2]).0, Verdict::Warn);
        assert_eq!(of(&[], [0, 0, 2]).0, Verdict::Warn);
    }

    #[test]
    fn clients_of_one_name() {
        let clients = [("Larkspur", "41007"), ("Acme", "1"), ("Larkspur", "41012"), ("larkspur", "2")];
        assert_eq!(told_apart(&clients), ["Larkspur (id 41007)", "Acme", "Larkspur (id 41012)", "larkspur"]);
        assert_eq!(told_apart(&[("", "7"), ("", "8")]), ["(without name) (id 7)", "(without name) (id 8)"]);
        let line = of_one_name(&clients).expect("a warning");
        assert_eq!(line.verdict, Verdict::Warn);
        assert_eq!(line.finding, "2 are called \"Larkspur\": they share one value of the label client");
        assert!(line.remedy.is_some_and(|remedy| remedy.contains("client_id")));
        assert_eq!(of_one_name(&clients[1..]), None);
    }
}
