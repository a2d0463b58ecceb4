//! Clients and their sites.

use super::*;

fn client_record(id: &str, name: &str, timezone: &str, counts: [u64; 3]) -> ClientRecord {
    let [server, workstation, mobile] = counts.map(Some);
    ClientRecord {
        key: ClientKey::new(id),
        id: id.into(),
        name: name.into(),
        timezone: Some(timezone.into()),
        devices: Some(KindCounts { server, workstation, mobile }),
    }
}

fn read_clients(fixture: &str) -> Vec<ClientRecord> {
    match read(&Call::ListClients, fixture) {
        Update::Clients(clients) => clients,
        other => panic!("{other:?}"),
    }
}

#[test]
fn clients_with_awkward_names() {
    let awkward = format!("The \"Quoted\" \\Backslash\\ & <Tag> Second line ]]> end {}", "x".repeat(300));
    let expected = vec![
        client_record("41007", "Larkspur Dental & Co", "", [2, 2, 0]),
        client_record("41008", "Müller & Söhne GmbH", "Europe/Berlin", [1, 2, 1]),
        client_record("41009", "", "", [0, 0, 0]),
        client_record("41010", "Twin Ltd", "", [1, 0, 0]),
        client_record("41011", "Twin Ltd", "", [1, 0, 0]),
        client_record("41012", &awkward[..200], "", [0, 0, 0]),
    ];
    assert_eq!(read_clients("list_clients"), expected);
}

#[test]
fn clients_in_every_encoding_and_envelope() {
    for (quirk, id, name) in [
        ("mislabelled-utf-8", "41020", "Zahnärzte Łódź 🦷"),
        ("mislabelled-latin-1", "41021", "Börse"),
        ("no-declaration", "41022", "Plain"),
        ("example-wrapper", "41025", "Wrapped"),
        ("single-without-items", "41026", "Bare"),
        ("control-characters", "41027", "Bell [31mred[0m"),
    ] {
        let clients = read_clients(&format!("quirks/list_clients.{quirk}"));
        assert_eq!(clients, [client_record(id, name, "", [0, 0, 0])], "{quirk}");
    }
    assert_eq!(read_clients("quirks/list_clients.empty"), []);
}

#[test]
fn mixed_nodes_unknown_elements_and_padded_numbers() {
    let mut expected = client_record("41023", "A & B & C <x> <d> € 😀 &nbsp; AT&Tbold", "", [3, 0, 0]);
    expected.name = "A & B & C <x> <d> € 😀 &nbsp; AT&T bold".into();
    // What the answer does not say is not 0.
    expected.devices = Some(KindCounts { server: Some(3), workstation: None, mobile: None });
    assert_eq!(read_clients("quirks/list_clients.mixed-nodes"), [expected]);
}

#[test]
fn a_bad_record_spoils_itself_alone() {
    let one_bad = read_in(&Call::ListClients, "quirks/list_clients.one-bad", ChecksMode::Failing).expect("good");
    assert!(matches!(one_bad.0.as_slice(), [Update::Clients(clients)] if clients.len() == 1));
    assert_eq!(one_bad.1, 2);
    let all_bad = read_in(&Call::ListClients, "quirks/list_clients.all-bad", ChecksMode::Failing).expect_err("bad");
    assert_eq!(all_bad.outcome(), Outcome::InvalidResponse);
}

#[test]
fn sites_of_a_client() {
    let site = |id: &str, client: &str, name: &str, connection_up| SiteRecord {
        key: SiteKey::new(id),
        client: ClientKey::new(client),
        id: id.into(),
        name: name.into(),
        connection_up,
    };
    for (client, expected) in [
        (
            "41007",
            vec![
                site("50311", "41007", "Harbour Street", Some(true)),
                site("50312", "41007", "Kiel Nord", Some(false)),
            ],
        ),
        ("41008", vec![site("50321", "41008", "Zürich Büro", Some(true))]),
        ("41009", vec![]),
        ("41011", vec![site("50331", "41011", "Head office", None)]),
    ] {
        let call = Call::ListSites(ClientKey::new(client));
        let Update::Sites(key, sites) = read(&call, &format!("list_sites.{client}")) else { panic!("wrong update") };
        assert_eq!((key, sites), (ClientKey::new(client), expected));
    }
}
