//! Software licences, one call for each client.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{ClientKey, Label, License, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::licenses::list_client_license_count;
use crate::platform::nsight::xml::Tally;

/// Daily.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Licenses, enabled: false, interval: Duration::from_hours(24) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    view.clients.iter().map(|client| Call::ListClientLicenseCount(client.key.clone())).collect()
}

/// What list_client_license_count says. Counts of one name are added up; a sum with an unknown part is unknown. A nameless
/// licence that has an id counts under the empty name.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, client: &ClientKey, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    type Sums = (Option<u64>, Option<u64>);
    let mut sums: BTreeMap<Label, Sums> = BTreeMap::new();
    for count in list_client_license_count(text, tally)? {
        let (owned, installed) = sums.entry(count.name).or_insert((Some(0), Some(0)));
        let add = |sum: Option<u64>, part: Option<u64>| sum?.checked_add(part?);
        *owned = add(*owned, count.owned);
        *installed = add(*installed, count.installed);
    }
    let licenses = sums.into_iter().map(|(name, (owned, installed))| License { name, owned, installed });
    Ok(vec![Update::Licenses(client.clone(), licenses.collect())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChecksMode;
    use crate::fleet::{ClientView, KindCounts};
    use crate::planner::{Outcome, ReadCall};
    use crate::platform::nsight::collectors::tests::{read, read_text};

    fn license(name: &str, owned: Option<u64>, installed: Option<u64>) -> License {
        License { name: name.into(), owned, installed }
    }

    fn call() -> Call {
        Call::ListClientLicenseCount(ClientKey::new("41007"))
    }

    fn licenses(update: Update) -> Vec<License> {
        match update {
            Update::Licenses(client, licenses) => {
                assert_eq!(client, ClientKey::new("41007"));
                licenses.to_vec()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn licences_of_one_name_are_one() {
        let expected = [
            license("", Some(1), Some(0)),
            license("Example \"CAD\" \\ 3D", Some(5), Some(7)),
            license("Example Office", Some(35), Some(25)),
        ];
        assert_eq!(licenses(read(&call(), "list_client_license_count.41007")), expected);
        let expected = [
            license("Büropaket", None, Some(4)),
            license("Lagerverwaltung", Some(0), Some(0)),
            // A sum without its unknown part would be too small.
            license("Zeichner", None, Some(3)),
        ];
        assert_eq!(licenses(read(&call(), "list_client_license_count.41008")), expected);
        assert_eq!(licenses(read(&call(), "list_client_license_count.41009")), []);
    }

    #[test]
    fn what_cannot_be_told_apart_is_left_out_and_no_sum_overflows() {
        let read = |records: &str| {
            let text = format!("<result><items>{records}</items></result>");
            read_text(&call(), &text, ChecksMode::Failing)
                .map(|(mut updates, left_out)| (licenses(updates.remove(0)), left_out))
        };
        let much = "<license_count><name>A\nB</name><count>18446744073709551615</count></license_count>";
        let more = "<license_count><name> A  B </name><count>1</count><installed>1</installed></license_count>";
        let bad = "<license_count><count>4</count><installed>1</installed></license_count>";
        let good = read(&format!("{much}{bad}{more}")).expect("good");
        assert_eq!(good, (vec![license("A B", None, None)], 1), "names that make one label are one name");
        assert_eq!(read(bad).expect_err("bad").outcome(), Outcome::InvalidResponse);
    }

    #[test]
    fn a_count_that_is_named_twice_is_added_once() {
        let count = |id: &str| {
            let ids = format!("<license_count_id>{id}</license_count_id><swgrpid>7</swgrpid>");
            format!("<license_count><name>A</name><count>5</count><installed>2</installed>{ids}</license_count>")
        };
        let text = format!("<result><items>{}{}{}</items></result>", count("1"), count("1"), count("2"));
        let (mut updates, left_out) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
        let expected = (vec![license("A", Some(10), Some(4))], 0);
        assert_eq!((licenses(updates.remove(0)), left_out), expected, "several counts may share a group");
    }

    #[test]
    fn one_call_for_each_client() {
        let client = |id: &str| ClientView {
            key: ClientKey::new(id),
            id: id.into(),
            name: "Twin Ltd".into(),
            timezone: None,
            devices: KindCounts::default(),
            licenses: None,
        };
        let view = View { clients: vec![client("41007"), client("41008")], ..View::default() };
        let identities: Vec<_> = calls(&view).iter().map(ReadCall::identity).collect();
        assert_eq!(
            identities,
            ["list_client_license_count?clientid=41007", "list_client_license_count?clientid=41008"]
        );
    }
}
