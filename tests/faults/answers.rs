//! Answers with a good status and a bad body.

use std::time::Duration;

use rmm_exporter::demo::Fault::{
    Body, ControlCharacters, CutBody, DeepNesting, EmptyBody, EntityBomb, Gzip, GzipTwice, HtmlPage, InvalidBytes,
    Latin1AsUtf8, ResetMidBody, ShortBody, SkewedDate, SlowDrip, SlowFirstByte, UnknownRoot, Utf8AsLatin1,
    WrongContentLength,
};

use crate::table::{Case, both, each, nsight, tactical};
use crate::trial::{Pace, run};

const XML: &str = "text/xml";
const JSON: &str = "application/json";
const HOUR: i64 = 3600;

fn damaged() -> Vec<Case> {
    vec![
        both("page", HtmlPage, "blocked"),
        both("empty", EmptyBody, "invalid_response"),
        both("blank", Body(200, "text/plain", " \n\n "), "invalid_response"),
        both("cut", CutBody, "invalid_response"),
        both("short", ShortBody, "connect_error"),
        both("reset", ResetMidBody, "connect_error"),
        both("length too long", WrongContentLength(7), "connect_error"),
        both("length too short", WrongContentLength(-7), "invalid_response"),
        both("compressed twice", GzipTwice, "invalid_response"),
        both("nested", DeepNesting(100_000), "invalid_response"),
        each("entities", EntityBomb, "invalid_response", "blocked"),
        both("unknown root", UnknownRoot, "invalid_response"),
        nsight("external entity", Body(200, XML, EXTERNAL), "invalid_response"),
        nsight("two roots", Body(200, XML, "<result><items/></result><result/>"), "invalid_response"),
        nsight("no items", Body(200, XML, "<result status=\"OK\"/>"), "invalid_response"),
        tactical("null", Body(200, JSON, "null"), "invalid_response"),
        tactical("number", Body(200, JSON, "3"), "invalid_response"),
        tactical("text", Body(200, JSON, "\"[]\""), "invalid_response"),
        tactical("object", Body(200, JSON, "{}"), "invalid_response"),
        tactical("records of another sort", Body(200, JSON, "[1, [], null]"), "invalid_response"),
        // The server escapes them; whoever does not is not the server.
        tactical("control characters", Body(200, JSON, "[{\"id\":1,\"name\":\"a\u{7}b\"}]"), "invalid_response"),
        tactical("two roots", Body(200, JSON, "[][]"), "invalid_response"),
    ]
}

const EXTERNAL: &str = "<?xml version=\"1.0\"?><!DOCTYPE result SYSTEM \"file:///etc/hostname\" [<!ENTITY e SYSTEM \
                        \"file:///etc/hostname\">]><result status=\"OK\"><items><client>&e;</client></items></result>";

/// What is odd, but can be read all the same.
fn harmless() -> Vec<Case> {
    vec![
        both("invalid bytes", InvalidBytes, "ok"),
        nsight("control characters", ControlCharacters, "ok"),
        both("latin-1 as utf-8", Latin1AsUtf8, "ok"),
        both("utf-8 as latin-1", Utf8AsLatin1, "ok"),
        both("compressed", Gzip, "ok"),
        both("clock ahead", SkewedDate(7 * HOUR), "ok"),
        both("clock behind", SkewedDate(-7 * HOUR), "ok"),
        both("late", SlowFirstByte(Duration::from_millis(200)), "ok"),
        both("in drops", SlowDrip(4000, Duration::from_millis(5)), "ok"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_cannot_be_read() {
    run(damaged(), Pace::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_odd_but_readable_is_read() {
    run(harmless(), Pace::default()).await;
}
