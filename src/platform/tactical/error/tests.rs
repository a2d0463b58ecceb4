use super::*;

fn answer(status: u16, content_type: &str, body: &str) -> RawAnswer {
    RawAnswer {
        status,
        content_type: content_type.to_owned(),
        retry_after: None,
        date: None,
        body: body.as_bytes().to_vec(),
    }
}

fn outcome(answer: &RawAnswer) -> Option<Outcome> {
    ApiError::of(&Call::Agents, answer).map(|error| error.into_failure(&Call::Agents, 0).outcome)
}

#[test]
fn what_comes_as_html_or_json_is_told_by_the_body_first() {
    for (status, content_type, body, expected) in [
        (200, "application/json", "[]", None),
        (200, "text/html", "[]", None),
        (200, "", "", None),
        (200, "text/html", " \n", None),
        (200, "text/html", "<html>", Some(Outcome::Blocked)),
        (200, "application/json", "\n <!doctype html>", Some(Outcome::Blocked)),
        (200, "text/html", "Please log in", Some(Outcome::Blocked)),
        (403, "application/json", "", Some(Outcome::Forbidden)),
        (403, "text/html", "", Some(Outcome::Blocked)),
        (403, "text/html", "<h1>403 Forbidden</h1>", Some(Outcome::Blocked)),
        (403, "text/plain", "no", Some(Outcome::HttpError)),
        (401, "text/html", "<h1>401</h1>", Some(Outcome::AuthError)),
        (429, "", "", Some(Outcome::Throttled)),
        (503, "text/html", "<h1>503</h1>", Some(Outcome::HttpError)),
        (302, "text/html", "", Some(Outcome::HttpError)),
        (201, "application/json", "[]", Some(Outcome::HttpError)),
        (202, "application/json", "[]", Some(Outcome::HttpError)),
        (203, "application/json", "[]", Some(Outcome::HttpError)),
        (204, "", "", Some(Outcome::HttpError)),
        (206, "application/json", "[]", Some(Outcome::HttpError)),
        (206, "text/html", "<html>", Some(Outcome::Blocked)),
        (404, "application/json", r#"{"detail":"Not found."}"#, Some(Outcome::HttpError)),
    ] {
        assert_eq!(outcome(&answer(status, content_type, body)), expected, "{status} {content_type} {body}");
    }
}

#[test]
fn a_refused_monitoring_token_is_no_refused_key() {
    for (content_type, body, remedy) in [
        ("text/html; charset=utf-8", "Missing X-Mon-Token header", "header X-Mon-Token"),
        ("text/html; charset=utf-8", "Missing mon token", "set MON_TOKEN in its local_settings.py"),
        ("text/html; charset=utf-8", "Not authenticated\n", "give the MON_TOKEN of its local_settings.py"),
        (
            "application/json",
            r#"{"detail":"Invalid token."}"#,
            "MON_TOKEN in its local_settings.py (401: Invalid token.)",
        ),
        ("text/html", "<h1>401</h1>", "wants a login of its own"),
        ("", "", "MON_TOKEN in its local_settings.py (401)"),
    ] {
        let error = ApiError::of(&Call::Status, &answer(401, content_type, body)).expect("an error");
        let failure = error.into_failure(&Call::Status, 7);
        assert_eq!((failure.outcome, failure.effect()), (Outcome::AuthError, Outcome::Forbidden), "{body}");
        assert!(failure.message.contains(remedy) && !failure.message.contains("API key"), "{failure}");
    }
    let key = ApiError::of(&Call::DashInfo, &answer(401, "text/html", "Not authenticated")).expect("an error");
    assert_eq!(key.into_failure(&Call::DashInfo, 0).effect(), Outcome::AuthError);
    let old = ApiError::of(&Call::Status, &answer(404, "text/html", "<h1>Not Found</h1>")).expect("an error");
    assert!(old.to_string().contains("from version 1.0 on"), "{old}");
}

#[test]
fn what_is_forbidden_names_the_permission() {
    for (call, permission) in [
        (Call::Alerts, "can_list_alerts"),
        (Call::CustomFields, "can_view_customfields"),
        (Call::Agent(DeviceId::new("a")), "can_list_agents, and must cover the client and site"),
    ] {
        let refusal = answer(403, "application/json", r#"{"detail":"You do not have permission."}"#);
        let failure = ApiError::of(&call, &refusal).expect("an error").into_failure(&call, 0);
        assert_eq!((failure.outcome, failure.effect()), (Outcome::Forbidden, Outcome::Forbidden));
        assert!(failure.message.contains(&format!("needs {permission}")), "{failure}");
    }
}

#[test]
fn retry_after_makes_a_503_a_pause_and_is_handed_on() {
    for status in [429, 503] {
        let mut raw = answer(status, "text/html", "<h1>busy</h1>");
        raw.retry_after = Some(Duration::from_secs(57));
        let failure = ApiError::of(&Call::Agents, &raw).expect("an error").into_failure(&Call::Agents, 13);
        assert_eq!((failure.outcome, failure.retry_after), (Outcome::Throttled, raw.retry_after));
        assert_eq!((failure.gone, failure.bytes), (None, 13));
    }
}

#[test]
fn only_a_json_detail_for_one_device_means_that_it_is_gone() {
    let id = DeviceId::new("HAvmqbOSIqaWUSLOWCNjqWNloCPPXkGkEmeOejrj");
    let gone = |call: &Call, content_type, body| {
        ApiError::of(call, &answer(404, content_type, body)).expect("an error").into_failure(call, 0).gone
    };
    let json = r#"{"detail":"No Agent matches the given query."}"#;
    for call in [Call::AgentChecks(id.clone()), Call::AgentTasks(id.clone()), Call::AgentUpdates(id.clone())] {
        assert_eq!(gone(&call, "application/json", json), Some(Gone::Device(id.clone())));
        assert_eq!(gone(&call, "text/html", "<h1>Not Found</h1>"), None);
        assert_eq!(gone(&call, "application/json", r#"{"detail":"Not Found"}"#), None, "another program's");
        assert_eq!(gone(&call, "application/json", "{}"), None);
    }
    assert_eq!(gone(&Call::Agents, "application/json", json), None);
}

#[test]
fn quotes_are_short_and_on_one_line() {
    let detail = format!("first\\nsecond {}", "x".repeat(500));
    let raw = answer(418, "application/json", &format!(r#"{{"detail":"{detail}"}}"#));
    let message = ApiError::of(&Call::Agents, &raw).expect("an error").to_string();
    assert!(message.contains("418: first second xxx"), "{message}");
    assert!(message.ends_with('…') && message.matches('x').count() < MAX_QUOTE, "{message}");
}

#[test]
fn transport_errors_keep_their_meaning() {
    for (error, outcome) in [
        (TransportError::Timeout(Duration::from_secs(30)), Outcome::Timeout),
        (TransportError::Connect("refused".to_owned()), Outcome::ConnectError),
        (TransportError::Interrupted("reset".to_owned()), Outcome::ConnectError),
        (TransportError::TooLarge(7), Outcome::TooLarge),
        (TransportError::Encoding("gzip".to_owned()), Outcome::InvalidResponse),
    ] {
        assert_eq!(ApiError::Transport(error).outcome(), outcome);
    }
}
