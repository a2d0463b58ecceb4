//! What went wrong, and what the message says.

use super::*;

#[test]
fn every_recorded_error_says_what_to_do() {
    let recordings = answers("errors");
    let expected = [
        ("GET_agents_key-none.json", "auth_error: the server saw no API key"),
        ("GET_agents_key-other.json", "auth_error: the server does not know this API key; make a new one"),
        ("GET_agents_key-expired.json", "auth_error: the API key has expired; give it a later expiry date"),
        ("GET_agents_key-inactive.json", "auth_error: the user of the API key is inactive or deleted; activate"),
        ("GET_agents_key-none_2.json", "auth_error: the server does not know this API key"),
        (
            "GET_agents_key-norole.json",
            "forbidden: the user of the API key may not do this; its role needs can_list_agents",
        ),
        ("GET_agents_tooshort.html", "http_error: the server answered with status 404; there is no such path"),
        ("GET_nosuch.html", "http_error: the server answered with status 404; there is no such path"),
        ("GET_agents.html", "http_error: the server answered with status 301; redirects are not followed"),
        (
            "GET_agents_2.html",
            "http_error: the server answered with status 400; the server name must be the API domain",
        ),
        ("GET_agents_client_abc.html", "http_error: the server answered with status 500; Tactical RMM failed"),
        ("GET_agents_monitoring_type_bogus.json", "http_error: the server answered with status 400"),
        ("GET_core_version_2.json", "http_error: the server answered with status 406: "),
    ];
    for (file, message) in expected {
        let recording = recordings.iter().find(|recording| recording.file == file).expect(file);
        let failure = recording.decode(ChecksMode::Failing).expect_err(file);
        assert!(failure.to_string().starts_with(message), "{file}: {failure}");
        assert_eq!((failure.gone, failure.retry_after), (None, None), "{file}");
        assert_eq!(failure.bytes, recording.body.len() as u64);
    }
    let mut gone = 0;
    for recording in recordings.iter().filter(|recording| recording.path.to_ascii_lowercase().contains("zzzzzzzz")) {
        let call = recording.call();
        let failure = recording.decode(ChecksMode::Failing).expect_err("an unknown agent");
        assert_eq!(failure.gone, call.device().cloned().map(Gone::Device), "{}", call.identity());
        assert!(failure.message.contains("No Agent matches the given query"), "{failure}");
        gone += 1;
    }
    assert_eq!(gone, 4);
    let empty = recordings.iter().find(|recording| recording.file == "GET_agents_client_9999.json").expect("recorded");
    assert!(matches!(update(empty, ChecksMode::Failing), Update::Devices(_, devices) if devices.is_empty()));
}

#[test]
fn a_server_that_is_down_is_an_http_error_and_nobody_is_gone() {
    for (scenario, path, status) in [
        ("down-app", "/agents/", 502),
        ("down-app", "/clients/", 502),
        ("down-database", "/agents/", 500),
        ("down-database", "/clients/", 500),
        ("down-redis", "/agents/", 500),
    ] {
        let failure = answer(scenario, path).decode(ChecksMode::Failing).expect_err(scenario);
        assert_eq!((failure.outcome, failure.gone.is_none()), (Outcome::HttpError, true));
        assert!(failure.message.contains(&format!("status {status};")), "{failure}");
    }
    // Without redis the clients are still there.
    assert_eq!(clients("down-redis").0.len(), 13);
}
