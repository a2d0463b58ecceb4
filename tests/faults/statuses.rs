//! Statuses, refusals of the platforms themselves, and redirects.

use rmm_exporter::demo::Fault::{
    Body, Fail, ForbiddenHtml, ForbiddenJson, Redirect, Status, TooManyRequests, Unavailable,
};
use rmm_exporter::demo::RetryAfter::{Absent, Date, Seconds};
use rmm_exporter::demo::{self, DemoOptions};

use crate::table::{Case, both, each, nsight, tactical};
use crate::trial::{Pace, run};

const XML: &str = "text/xml";
const JSON: &str = "application/json";

fn statuses() -> Vec<Case> {
    vec![
        both("429", TooManyRequests(Absent), "throttled"),
        both("429 seconds", TooManyRequests(Seconds(3)), "throttled"),
        both("429 date", TooManyRequests(Date(3)), "throttled"),
        both("503", Status(503), "http_error"),
        both("503 seconds", Unavailable(Seconds(3)), "throttled"),
        both("503 date", Unavailable(Date(3)), "throttled"),
        both("500", Status(500), "http_error"),
        both("501", Status(501), "http_error"),
        both("502", Status(502), "http_error"),
        both("504", Status(504), "http_error"),
        both("401", Status(401), "auth_error"),
        both("403 page", ForbiddenHtml, "blocked"),
        both("403 json", ForbiddenJson, "forbidden"),
        both("403 empty", Body(403, "text/plain", ""), "http_error"),
        both("204", Body(204, "text/plain", ""), "http_error"),
        each("418 json", Body(418, JSON, r#"{"detail":"teapot"}"#), "http_error", "http_error"),
    ]
}

fn refusals() -> Vec<Case> {
    const fn fail(body: &'static str) -> rmm_exporter::demo::Fault {
        Body(200, XML, body)
    }
    vec![
        nsight("fail 2", Fail(2), "auth_error"),
        nsight("fail 3", Fail(3), "auth_error"),
        nsight("fail 4", Fail(4), "api_error"),
        nsight("fail 5", Fail(5), "api_error"),
        nsight("fail 17", Fail(17), "api_error"),
        nsight("fail key", fail(r#"<result status="FAIL"><msg>Invalid API key</msg></result>"#), "auth_error"),
        nsight("fail rate", fail(r#"<result status="FAIL"><msg>Rate limit exceeded</msg></result>"#), "throttled"),
        nsight("fail bare", fail(r#"<result status="FAIL"/>"#), "api_error"),
        nsight("fail text", fail(r#"<result status="FAIL">Invalid "interval"</result>"#), "api_error"),
        nsight("fail root", fail("<error><errorcode>9</errorcode></error>"), "api_error"),
        nsight("ok error", fail(r#"<result status="OK"><error><message>no</message></error></result>"#), "api_error"),
        tactical("400 text", Fail(0), "http_error"),
        tactical("400 fields", Body(400, JSON, r#"{"non_field_errors":["no"]}"#), "http_error"),
        tactical("400 page", Body(400, "text/html", "<h1>Bad Request (400)</h1>"), "http_error"),
        tactical("404 json", Body(404, JSON, r#"{"detail":"Not Found"}"#), "http_error"),
        tactical("405 json", Body(405, JSON, r#"{"detail":"Method \"GET\" not allowed."}"#), "http_error"),
        tactical("401 expired", Body(401, JSON, r#"{"detail":"The token has expired."}"#), "auth_error"),
        tactical("401 inactive", Body(401, JSON, r#"{"detail":"User inactive or deleted."}"#), "auth_error"),
        tactical("401 page", Body(401, "text/html", "<html>Sign in</html>"), "auth_error"),
        tactical("200 detail", Body(200, JSON, r#"{"detail":"Invalid page."}"#), "invalid_response"),
    ]
}

fn redirects(elsewhere: &str) -> Vec<Case> {
    let to = |status| Redirect(status, format!("{elsewhere}/api/?service=list_clients"));
    vec![
        both("301", to(301), "http_error"),
        both("302", to(302), "http_error"),
        both("307", to(307), "http_error"),
        both("308", to(308), "http_error"),
        both("302 login", Redirect(302, "/login/?next=/api/".to_owned()), "http_error"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_mean_what_they_say() {
    run(statuses(), Pace::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_and_redirects() {
    let elsewhere = demo::start(DemoOptions::default()).await.unwrap();
    let mut cases = refusals();
    // Another name of this machine is another host.
    cases.extend(redirects(&format!("http://localhost:{}", elsewhere.nsight.address.port())));
    run(cases, Pace::default()).await;
    assert_eq!(elsewhere.nsight.handle.audit().calls(), [], "nothing follows a redirect, least of all the key");
}
