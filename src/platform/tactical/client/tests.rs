use super::*;
use crate::fleet::DeviceId;

fn path(base: &str, call: &Call) -> String {
    let base = Url::parse(base).expect("a base URL");
    url(&base, call).expect("a URL").to_string()
}

#[test]
fn the_base_may_have_a_path_with_or_without_slash() {
    for (base, expected) in [
        ("https://api.example.com", "https://api.example.com/agents/"),
        ("https://api.example.com/", "https://api.example.com/agents/"),
        ("https://proxy.example.com:8443/rmm", "https://proxy.example.com:8443/rmm/agents/"),
        ("https://proxy.example.com/a/rmm/", "https://proxy.example.com/a/rmm/agents/"),
        ("https://user:word@api.example.com/", "https://api.example.com/agents/"),
        ("https://api.example.com/?x=1#y", "https://api.example.com/agents/"),
    ] {
        assert_eq!(path(base, &Call::Agents), expected);
    }
}

#[test]
fn every_call_has_its_path_and_ends_with_a_slash() {
    let id = DeviceId::new("HAvmqbOS");
    for (call, expected) in [
        (Call::Clients, "https://h/clients/"),
        (Call::Agents, "https://h/agents/"),
        (Call::AgentChecks(id.clone()), "https://h/agents/HAvmqbOS/checks/"),
        (Call::AgentTasks(id.clone()), "https://h/agents/HAvmqbOS/tasks/"),
        (Call::AgentUpdates(id.clone()), "https://h/winupdate/HAvmqbOS/"),
        (Call::Agent(id), "https://h/agents/HAvmqbOS/"),
        (Call::Alerts, "https://h/alerts/"),
        (Call::Status, "https://h/core/v2/status/"),
        (Call::DashInfo, "https://h/core/dashinfo/"),
        (Call::CustomFields, "https://h/core/customfields/"),
    ] {
        assert_eq!(path("https://h", &call), expected);
    }
}

#[test]
fn an_id_stays_one_segment() {
    for (id, expected) in [
        ("a b", "https://h/agents/a%20b/checks/"),
        ("ü", "https://h/agents/%C3%BC/checks/"),
        ("x?y#z", "https://h/agents/x%3Fy%23z/checks/"),
        ("%2e%2e", "https://h/agents/%252e%252e/checks/"),
        ("a%2Fb", "https://h/agents/a%252Fb/checks/"),
        ("@evil:80", "https://h/agents/@evil:80/checks/"),
    ] {
        assert_eq!(path("https://h", &Call::AgentChecks(DeviceId::new(id))), expected);
    }
    let base = Url::parse("https://h").expect("a base URL");
    for id in ["", ".", "..", "a/../../accounts/users", "a\\b", "a\r\n"] {
        let call = Call::AgentUpdates(DeviceId::new(id));
        assert!(matches!(url(&base, &call), Err(ApiError::UnsafeId)), "{id:?}");
    }
}

#[test]
fn the_key_is_taken_out_of_every_body() {
    const KEY: &str = "SECRETKEY0123456789";
    let clean = |status, body: &str, key| {
        let body = body.as_bytes().to_vec();
        let mut answer = RawAnswer { status, content_type: String::new(), retry_after: None, date: None, body };
        forget_secret(&mut answer, key);
        String::from_utf8(answer.body).expect("text")
    };
    assert_eq!(clean(200, r#"[{"name":"SECRETKEY0123456789"}]"#, KEY), r#"[{"name":"***"}]"#);
    assert_eq!(clean(401, r#"{"detail":"secretkey0123456789"}"#, KEY), r#"{"detail":"***"}"#);
    assert_eq!(clean(401, r#"{"detail":"bad \u0053ECRET\u004bEY0123456789."}"#, KEY), r#"{"detail":"bad ***."}"#);
    assert_eq!(clean(200, r#"[{"name":"Kiosk"}]"#, "k"), r#"[{"name":"Kiosk"}]"#);
}

#[test]
fn a_base_that_is_no_web_address_is_refused() {
    let base = Url::parse("mailto:x@example.com").expect("a URL");
    assert!(matches!(url(&base, &Call::Agents), Err(ApiError::NotABaseUrl)));
}
