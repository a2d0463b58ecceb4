use proptest::prelude::*;

use super::*;
use crate::planner::Outcome;
use crate::platform::nsight::noted::tests::logged;
use crate::platform::nsight::wire::fixture;

/// The texts of all `<a>` records.
fn texts(document: &str) -> Result<Vec<String>, Error> {
    let mut texts = Vec::new();
    read_list(document, &Shape::ITEMS, |name, element| {
        if name == "a" {
            texts.push(element.text()?.into_owned());
        }
        Ok(name == "a")
    })?;
    Ok(texts)
}

fn text(inner: &str) -> String {
    let mut texts = texts(&format!("<result><items><a>{inner}</a></items></result>")).expect("well-formed");
    texts.pop().expect("one")
}

fn failure(document: &str) -> (Outcome, String) {
    let error = texts(document).expect_err("must fail");
    (error.outcome(), error.to_string())
}

#[test]
fn text_and_cdata_and_nested_elements_are_one_text() {
    assert_eq!(text(" <![CDATA[ a ]]]]><![CDATA[> b]]> "), "a ]]> b");
    assert_eq!(text("x<b>y<i>z</i></b><!-- no -->w<?pi no?>"), "xyzw");
    assert_eq!(text(""), "");
    assert_eq!(text("<![CDATA[]]>"), "");
    assert_eq!(text("line\r\nline"), "line\r\nline");
}

#[test]
fn only_the_five_entities_and_numbers_are_resolved() {
    assert_eq!(text("&lt;&gt;&amp;&quot;&apos;"), "<>&\"'");
    assert_eq!(text("&#8364;&#x1F9B7;&#X20AC;"), "€🦷€");
    assert_eq!(text("a&#x1B;&#0;&#7;b"), "ab", "control characters are removed, however they are written");
    assert_eq!(text("&nbsp;&xxe;&#xZZ;&#x110000;"), "&nbsp;&xxe;&#xZZ;&#x110000;");
    assert_eq!(text("AT&T & co"), "AT&T & co");
    assert_eq!(text("<![CDATA[&amp;]]>"), "&amp;");
}

/// Found by fuzzing: the names that a message repeats may be megabytes, and hold control characters.
#[test]
fn what_a_message_repeats_of_a_document_is_short_and_on_one_line() {
    let long = "x".repeat(100_000);
    for document in [
        "<result><items></ite\r\nms></result>".to_owned(),
        format!("<result><{long}></y></result>"),
        format!("<result><y></{long}></result>"),
        "<result><ite\u{85}ms></items></result>".to_owned(),
        format!("<ro\u{85}ot{long}/>"),
    ] {
        let (_, message) = failure(&document);
        assert!(message.len() < 400 && !message.contains(char::is_control), "{message:?}");
    }
}

#[test]
fn attributes_by_name() {
    let mut values = Vec::new();
    let document = "<result><items><a Active = ' true\n' id=\"\" n:x='1' bad/><a/></items></result>";
    read_list(document, &Shape::ITEMS, |_, element| {
        values.push(["active", "id", "x", "bad", "none"].map(|name| element.attribute(name)));
        Ok(true)
    })
    .expect("well-formed");
    let value = |text: &str| Some(text.to_owned());
    assert_eq!(values, [[value("true"), value(""), value("1"), None, None], [const { None }; 5]]);
}

#[test]
fn every_envelope() {
    for document in [
        "<result><items><a>1</a></items></result>",
        "<result status='OK'><items><a>1</a></items></result>",
        "<result status=\" ok \"><a>1</a></result>",
        "<result created='2015-07-20T08T08:47:41+01:00'><example><items><a>1</a></items></example></result>",
        "<!-- c --><?pi?>\n<result><junk><deep><b/></deep></junk><items><x/><a>1</a></items></result>\n<!-- c -->",
        "<n:result xmlns:n='u'><n:items><n:a>1</n:a></n:items></n:result>",
    ] {
        assert_eq!(texts(document).ok(), Some(vec!["1".to_owned()]), "{document}");
    }
    assert_eq!(texts("<result><items/></result>").ok(), Some(vec![]));
    let bare = Shape { root: Some("patches"), containers: &["patches"] };
    for document in ["<patches/>", "<patches></patches>", "<result><patches/></result>"] {
        assert!(read_list(document, &bare, |_, _| Ok(false)).is_ok(), "{document}");
    }
    assert!(read_list("<result><items/></result>", &bare, |_, _| Ok(false)).is_ok());
    assert!(read_list("<result/>", &bare, |_, _| Ok(false)).is_err());
}

#[test]
fn no_data_is_not_an_empty_list() {
    for (document, hint) in [
        ("<result status='OK'/>", "no <items>"),
        ("<result status='OK'><message>done</message></result>", "no <items>"),
        ("<settings/>", "root is <settings>"),
        ("", "no XML element"),
        ("  \n", "no XML element"),
        ("[]", "not XML"),
        ("<!-- nothing -->", "no XML element"),
        ("<result><items/></result><result/>", "follows its root"),
        ("<result><items/></result> Warning: something", "follows its root"),
        ("Warning: something <result><items/></result>", "not XML"),
        ("<result><items>", "ends too early"),
        ("<result><items/></resu", "malformed"),
        ("<result><items></result>", "malformed"),
        ("<result><items/></result", "malformed"),
        ("<!DOCTYPE result []><result><items/></result>", "DOCTYPE"),
    ] {
        let (outcome, message) = failure(document);
        assert_eq!(outcome, Outcome::InvalidResponse, "{document}: {message}");
        assert!(message.contains(hint), "{document}: {message}");
    }
}

#[test]
fn failures_in_every_dress() {
    for (name, outcome, hint) in [
        ("fail-3", Outcome::AuthError, "Login failed"),
        ("fail-4-deviceid", Outcome::ApiError, "Invalid value for parameter: deviceid (errorcode 4)"),
        ("fail-5", Outcome::ApiError, "errorcode 5"),
        ("fail-without-code", Outcome::ApiError, "must be 15 or 60 (minutes) (errorcode none)"),
        ("fail-with-msg", Outcome::ApiError, "scan is not running"),
        ("fail-with-nothing", Outcome::ApiError, "it gives no reason (errorcode none)"),
        ("error-with-status-ok", Outcome::AuthError, "Login failed"),
        ("error-without-status", Outcome::ApiError, "deviceid"),
        ("rate-limit", Outcome::Throttled, "Too many requests"),
        ("wrong-root", Outcome::InvalidResponse, "root is <feed>"),
        ("truncated", Outcome::InvalidResponse, "ends too early"),
        ("mismatched", Outcome::InvalidResponse, "malformed"),
        ("doctype", Outcome::InvalidResponse, "DOCTYPE"),
        ("too-deep", Outcome::InvalidResponse, "nested deeper"),
    ] {
        let (got, message) = failure(&fixture::text(&format!("errors/{name}")));
        assert_eq!(got, outcome, "{name}: {message}");
        assert!(message.contains(hint), "{name}: {message}");
    }
    assert_eq!(failure("<error><errorcode>3</errorcode></error>").0, Outcome::AuthError);
    assert_eq!(failure("<result status='PARTIAL'><items><a>1</a></items></result>").0, Outcome::ApiError);
    assert_eq!(failure("<result><items><a>1</a><error>api key</error></items></result>").0, Outcome::AuthError);
}

#[test]
fn a_long_message_is_cut_and_on_one_line() {
    let document = format!("<result status='FAIL'><error><message>a\nb{}</message></error></result>", "x".repeat(999));
    let (_, message) = failure(&document);
    assert!(message.contains("a bxxx") && message.len() < 300, "{message}");
}

#[test]
fn html_is_blocked_wherever_it_shows() {
    for document in [
        "<html><body/></html>",
        "<!DOCTYPE html><html></html>",
        "<?xml version='1.0'?><!DOCTYPE HTML PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'><html/>",
        "<!-- hi --><HTML></HTML>",
        "<head></head>",
    ] {
        assert_eq!(failure(document).0, Outcome::Blocked, "{document}");
    }
}

#[test]
fn depth_is_bounded_at_64() {
    let nested = |depth: usize| format!("{}{}", "<b>".repeat(depth), "</b>".repeat(depth));
    // result, items and a are three of the 64.
    assert!(texts(&format!("<result><items><a>{}</a></items></result>", nested(61))).is_ok());
    assert!(failure(&format!("<result><items><a>{}</a></items></result>", nested(62))).1.contains("nested deeper"));
    // Also when it is all skipped.
    assert!(failure(&format!("<result><items>{}</items></result>", nested(100_000))).1.contains("nested deeper"));
}

fn fields(inner: &str) -> Fields<'static> {
    const WANTED: &[&str] = &["id", "other", "n", "d", "t", "e", "f", "m"];
    let mut found = None;
    let document = Box::leak(format!("<result><a>{inner}</a></result>").into_boxed_str());
    read_list(document, &Shape::ITEMS, |_, element| {
        found = Some(Fields::read(element, WANTED, Names::Exact)?);
        Ok(true)
    })
    .expect("well-formed");
    found.expect("record")
}

#[test]
fn numbers_and_flags_are_read_leniently() {
    for (text, number, flag) in [
        ("7", Some(7), None),
        (" <![CDATA[ 1 ]]> ", Some(1), Some(true)),
        ("0", Some(0), Some(false)),
        ("", None, None),
        ("none", None, None),
        ("Not Available", None, None),
        ("-1", None, None),
        ("1.5", None, None),
        ("99999999999999999999999", None, None),
    ] {
        let fields = fields(&format!("<n>{text}</n>"));
        assert_eq!((fields.number("n"), fields.flag("n")), (number, flag), "{text:?}");
    }
    assert_eq!((fields("").number("n"), fields("").has("n"), fields("<n/>").has("n")), (None, false, true));
}

#[test]
fn quantities_are_finite_and_not_negative() {
    for (text, quantity) in [
        ("7", Some(7.0)),
        (" <![CDATA[12.5]]> ", Some(12.5)),
        ("0", Some(0.0)),
        ("000.50", Some(0.5)),
        ("1000000000000", Some(1e12)),
    ] {
        assert_eq!(fields(&format!("<n>{text}</n>")).quantity("n"), quantity, "{text:?}");
    }
    for text in
        ["", "none", "n/a", "-1", "-0", "NaN", "inf", "1e3", "1,5", "1.2.3", ".", "12 %", "18446744073709551615"]
    {
        assert_eq!(fields(&format!("<n>{text}</n>")).quantity("n"), None, "{text:?}");
    }
    assert_eq!(fields(&format!("<n>{}</n>", "9".repeat(400))).quantity("n"), None);
}

#[test]
fn dates_and_times_are_read_leniently() {
    let date = |text: &str| fields(&format!("<d>{text}</d>")).date("d").map(|date| date.to_string());
    let time = |text: &str| fields(&format!("<t>{text}</t>")).utc("t").map(|time| time.to_string());
    assert_eq!(date(" 2026-03-04 ").as_deref(), Some("2026-03-04"));
    assert_eq!(time("<![CDATA[2026-03-04 09:12:10]]>").as_deref(), Some("2026-03-04T09:12:10Z"));
    for never in
        ["", "none", "Not Available", "0000-00-00", "0000-00-00 00:00:00", "0000-03-05:00T01:00:00", "2026-02-30"]
    {
        assert_eq!((date(never), time(never)), (None, None), "{never:?}");
    }
    assert_eq!(date("2026-03-04 09:00:00"), None);
    let epoch = |text: &str| fields(&format!("<e>{text}</e>")).epoch("e").map(|time| time.to_string());
    assert_eq!(epoch("1772450400").as_deref(), Some("2026-03-02T11:20:00Z"));
    for never in ["", "0", "Not Available", "31-Jul-2024", "-5", "99999999999999999"] {
        assert_eq!(epoch(never), None, "{never:?}");
    }
    let minutes = |text: &str| fields(&format!("<m>{text}</m>")).minutes("m").map(|time| time.as_secs());
    assert_eq!((minutes("5"), minutes("0"), minutes("")), (Some(300), None, None));
    assert_eq!(minutes("18446744073709551615"), None);
}

#[test]
fn an_id_is_a_number_and_the_first_name_wins() {
    let id = |inner: &str| fields(inner).id(&["id", "other"]).map(str::to_owned);
    assert_eq!(id("<other>2</other><id>1</id>").as_deref(), Some("1"));
    assert_eq!(id("<other>2</other><id/>").as_deref(), Some("2"));
    assert_eq!(id("<id>1</id><id>3</id>").as_deref(), Some("1"), "a user's own field comes later");
    for bad in ["", "none", "a&amp;b=1", "12 34", "-1", "123456789012345678901"] {
        assert_eq!(id(&format!("<id>{bad}</id>")), None, "{bad:?}");
    }
}

#[test]
fn an_attribute_is_what_stands_there() {
    let mut seen = Vec::new();
    let text = "<result><items><a id='1'  status=\" 2 \"/><a status=\"\" id=\"&lt;\">x</a><a statu=\"3\"/><a status/></items></result>";
    read_list(text, &Shape::ITEMS, |_, element| {
        seen.push((element.attribute("status"), element.attribute("id")));
        Ok(true)
    })
    .expect("well-formed");
    let value = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [(value("2"), value("1")), (value(""), value("&lt;")), (None, None), (None, None)]);
}

#[test]
fn one_bad_record_is_one_bad_record_and_only_bad_ones_are_an_error() {
    let mut tally = Tally::new("list_clients");
    assert_eq!(tally.finish().ok(), Some(0));
    tally.bad("without id");
    assert_eq!(tally.finish().map_err(|error| error.outcome()), Err(Outcome::InvalidResponse));
    tally.good();
    assert_eq!(tally.finish().ok(), Some(1));
}

#[test]
fn the_log_has_the_first_bad_records_and_their_number() {
    let text = logged(|| {
        let mut tally = Tally::new("list_clients");
        tally.good();
        (0..5000).for_each(|_| tally.bad("client without id"));
        assert_eq!(tally.finish().ok(), Some(5000));
    });
    assert_eq!(text.lines().count(), 11, "{text}");
    assert!(text.contains("5000"), "{text}");
}

#[test]
fn what_was_before_1970_was_never() {
    let read = |inner: &str| {
        let document = format!("<result><items><a>{inner}</a></items></result>");
        let mut all = None;
        read_list(&document, &Shape::ITEMS, |_, element| {
            all = Some(Fields::read(element, &["time", "date"], Names::Exact)?);
            Ok(true)
        })
        .expect("well-formed");
        let fields = all.expect("a record");
        (fields.utc("time").is_some(), fields.date("date").is_some())
    };
    for bad in ["0001-01-01", "1969-12-31", "1900-01-01"] {
        assert_eq!(read(&format!("<time>{bad} 00:00:00</time><date>{bad}</date>")), (false, false), "{bad}");
    }
    assert_eq!(read("<time>1970-01-02 00:00:00</time><date>1970-01-02</date>"), (true, true));
}

#[test]
fn the_number_of_elements_is_bounded() {
    let mut cursor = Cursor::new("<a/><a/>");
    cursor.elements = MAX_ELEMENTS - 1;
    assert!(matches!(cursor.next(), Ok(Node::Start(_))));
    assert!(matches!(cursor.next(), Ok(Node::End)));
    assert!(cursor.next().is_err_and(|error| error.to_string().contains("more than")));
}

#[test]
fn no_beginning_of_an_answer_is_an_answer() {
    let whole = fixture::text("list_failing_checks");
    let read = |text: &str| read_list(text, &Shape::ITEMS, |_, element| element.text().map(|_| true));
    assert!(read(&whole).is_ok());
    for (end, _) in whole.char_indices() {
        let error = read(&whole[..end]).expect_err("cut off");
        assert_eq!(error.outcome(), Outcome::InvalidResponse, "cut at {end}: {error}");
    }
}

proptest! {
    #[test]
    fn nothing_that_arrives_is_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), markup in "(<|>|/|!|\\[|&|#|;|[a-e]|result|items|CDATA| ){0,60}") {
        for body in [bytes, format!("<result><items>{markup}").into_bytes(), markup.into_bytes()] {
            let text = crate::platform::nsight::encoding::decode(body);
            prop_assert!(text.chars().all(is_allowed));
            let _any = texts(&text);
        }
    }
}

/// Every fixture in a folder, by name.
fn fixtures(folder: &str) -> Vec<(String, String)> {
    let path = format!("{}/tests/fixtures/nsight/{folder}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(path).expect("folder").map(|entry| entry.expect("entry").path());
    let names = entries.filter(|path| path.extension().is_some_and(|extension| extension == "xml"));
    let names = names.map(|path| path.file_stem().expect("name").to_string_lossy().into_owned());
    names.map(|name| (name.clone(), fixture::text(&format!("{folder}{name}")))).collect()
}

#[test]
fn the_envelope_alone_tells_failures_from_answers() {
    for (name, document) in fixtures("") {
        check_envelope(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let failures = fixtures("errors/");
    assert!(failures.len() > 10);
    for (name, document) in failures {
        let Err(expected) = texts(&document) else { panic!("{name} is none") };
        match check_envelope(&document) {
            Err(error) => assert_eq!(error.outcome(), expected.outcome(), "{name}"),
            Ok(()) => assert_eq!(name, "wrong-root", "what it holds is not looked at"),
        }
    }
    assert_eq!(check_envelope("<!doctype html><html/>").expect_err("HTML").outcome(), Outcome::Blocked);
    assert!(check_envelope("").is_err() && check_envelope("text").is_err());
}
