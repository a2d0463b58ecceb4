//! What is left out when there are too many series.

use super::*;

#[test]
fn beyond_the_limit_whole_families_are_withheld() {
    let view = shared(synthetic(4));
    let all = render(Nsight, "a", &view, &Limits::default());
    let whole = |limit: usize| {
        let rendered = render(Nsight, "a", &view, &Limits { max_series: limit, exclude: Vec::new() });
        assert!(rendered.series <= limit as u64, "{limit}: {}", rendered.series);
        assert_eq!(rendered.series + rendered.dropped(), all.series, "{limit}");
        for (index, piece) in &rendered.families {
            let (_, complete) = all.families.iter().find(|(other, _)| other == index).unwrap();
            assert!(piece == complete, "{limit}: {} is cut", catalogue::families()[*index].name);
        }
        rendered
    };
    let exact = usize::try_from(all.series).unwrap();
    assert!(whole(exact).withheld.is_empty());
    for limit in [0, 1, 9, exact / 3, exact / 2, exact - 1] {
        let rendered = whole(limit);
        assert_eq!(rendered.families.len() + rendered.withheld.families().len(), all.families.len());
    }
    assert_eq!(whole(0).series, 0);
    let names: Vec<_> = whole(9).families.iter().map(|(index, _)| catalogue::families()[*index].name).collect();
    assert!(
        names.iter().all(|name| name.contains("_client_")
            || name.contains("_site_")
            || name.contains("device_info")
            || name.contains("device_online")),
        "the basic ones remain: {names:?}"
    );
    assert!(!names.is_empty());
}

/// The view with this many devices, published under a limit.
fn published(publisher: &Publisher, devices: usize) -> Vec<&'static str> {
    publisher.publish_fleet("a", &shared(synthetic(devices)));
    let snapshot = publisher.snapshot();
    let rendered = snapshot.account("a").unwrap().rendered().unwrap();
    rendered.withheld.families().iter().map(|family| family.name).collect()
}

#[test]
fn what_was_withheld_stays_so_until_it_fits_with_room_to_spare() {
    let count = |devices| render(Nsight, "a", &shared(synthetic(devices)), &Limits::default()).series;
    let max_series = usize::try_from(count(100)).unwrap();
    let with = |max_series| AccountSetup { limits: Limits { max_series, ..Limits::default() }, ..setup(Nsight, "a") };
    let publisher = Publisher::new();
    publisher.configure(vec![with(max_series)]);
    assert!(published(&publisher, 100).is_empty());
    let out = published(&publisher, 101);
    assert!(!out.is_empty());
    assert_eq!(published(&publisher, 99), out, "it fits again, but hardly");
    assert_eq!(published(&publisher, 101), out);
    assert!(published(&publisher, 90).is_empty(), "with room to spare");
    assert_eq!(published(&publisher, 101), out);
    publisher.configure(vec![with(max_series * 2)]);
    assert!(published(&publisher, 101).is_empty(), "another limit");
}
