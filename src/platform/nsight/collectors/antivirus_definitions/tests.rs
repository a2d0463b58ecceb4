use super::*;
use crate::config::ChecksMode;
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{read, read_in, read_text};
use crate::platform::nsight::noted::tests::logged;
use crate::platform::nsight::wire::fixture;

fn catalogue() -> Arc<[AntivirusProduct]> {
    match read(&Call::ListSupportedAvProducts, "list_supported_av_products") {
        Update::AntivirusProducts(products) => products,
        other => panic!("{other:?}"),
    }
}

fn product(id: &str, name: &str) -> AntivirusProduct {
    AntivirusProduct { id: id.into(), name: name.into() }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn products_under_either_root() {
    let expected = [
        product("mcafee", "McAfee"),
        product("sophos", "Sophos Endpoint"),
        product("symantec__u", "Symantec (übergreifend)"),
        product("trend", "Trend Micro"),
        product("vipre", ""),
    ];
    assert_eq!(&*catalogue(), expected);
    let call = Call::ListSupportedAvProducts;
    let (updates, left_out) =
        read_in(&call, "quirks/list_supported_av_products.in-result", ChecksMode::Failing).expect("good");
    let [Update::AntivirusProducts(products)] = updates.as_slice() else { panic!("wrong update") };
    assert_eq!(&**products, [product("mcafee", "McAfee"), product("trend", "Trend Micro")], "one id is one product");
    assert_eq!(left_out, 1, "one without id");
}

#[test]
fn a_failure_is_none_whatever_the_root() {
    let read = |text: &str| read_text(&Call::ListSupportedAvProducts, text, ChecksMode::Failing);
    let error = "<error><errorcode>3</errorcode><message>Login failed</message></error>";
    for text in [format!("<result status=\"FAIL\">{error}</result>"), format!("<products>{error}</products>")] {
        assert_eq!(read(&text).expect_err("a failure").outcome(), Outcome::AuthError, "{text}");
    }
    let nothing = read("<result status=\"OK\"></result>").expect_err("nothing");
    assert_eq!(nothing.outcome(), Outcome::InvalidResponse);
    let long = format!("<products><product><id>{}</id></product></products>", "x".repeat(101));
    for bad in [&long, "<products><product><id>tr end</id></product></products>"] {
        assert_eq!(read(bad).expect_err("no id").outcome(), Outcome::InvalidResponse, "{bad}");
    }
}

#[test]
fn the_newest_definitions_that_are_out() {
    let newest = |product: &str| {
        let call = Call::ListAvDefinitions(product.into());
        match read(&call, &format!("list_av_definitions.{product}")) {
            Update::AntivirusDefinitions(id, released) => (id.to_string(), released.map(|time| time.to_string())),
            other => panic!("{other:?}"),
        }
    };
    // Not the newest in the list is the newest that is out; neither the future nor a zero date counts.
    assert_eq!(newest("sophos"), ("sophos".to_owned(), Some("2026-03-04T06:00:00Z".to_owned())));
    assert_eq!(newest("trend"), ("trend".to_owned(), None));
}

#[test]
fn a_date_that_cannot_be_read_spoils_its_definition() {
    let call = Call::ListAvDefinitions("trend".into());
    let read = |dates: &[&str]| {
        let definition = |date: &&str| format!("<definition><date>{date}</date></definition>");
        let definitions: String = dates.iter().map(definition).collect();
        let text = format!("<result><definitions>{definitions}</definitions></result>");
        let (updates, left_out) = read_text(&call, &text, ChecksMode::Failing)?;
        let [Update::AntivirusDefinitions(_, released)] = updates.as_slice() else { panic!("wrong update") };
        Ok::<_, Error>((released.map(|time| time.to_string()), left_out))
    };
    let good = read(&["2026-03-01 10:00:00", "04/03/2026", "1969-12-31 00:00:00"]).expect("good");
    assert_eq!(good, (Some("2026-03-01T10:00:00Z".to_owned()), 2));
    assert_eq!(read(&["", "0000-00-00 00:00:00", "2027-01-01 00:00:00"]).expect("good"), (None, 0));
    assert_eq!(read(&["04/03/2026"]).expect_err("bad").outcome(), Outcome::InvalidResponse);
    let nothing = read_text(&call, &fixture::text("list_mav_threats.770480.v2"), ChecksMode::Failing);
    assert!(nothing.is_err(), "no definitions at all is no list");
}

#[test]
fn calls_for_the_products_that_are_wanted_and_known() {
    let identities = |wanted: &[&str], view: &View| -> Vec<String> {
        calls(&words(wanted), view).iter().map(ReadCall::identity).collect()
    };
    let (empty, known) = (View::default(), View { antivirus_products: Some(catalogue()), ..View::default() });
    assert_eq!(identities(&[], &known), [""; 0]);
    assert_eq!(identities(&["trend"], &empty), ["list_supported_av_products"], "the catalogue comes first");
    assert_eq!(
        identities(&["Trend Micro ", "SOPHOS", "sophos endpoint", "sofos"], &known),
        ["list_supported_av_products", "list_av_definitions?product=sophos", "list_av_definitions?product=trend"]
    );
}

#[test]
fn a_product_that_is_not_known_is_logged_once_with_the_nearest() {
    let noted = Noted::new("msp");
    let view = View { antivirus_products: Some(catalogue()), ..View::default() };
    let wanted = words(&["trend", "sofos", "Symantec"]);
    let log = logged(|| {
        note_unknown(&wanted, &View::default(), &noted);
        note_unknown(&wanted, &view, &noted);
        note_unknown(&wanted, &view, &noted);
    });
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains("WARN") && lines[0].contains("sofos"), "{log}");
    assert!(lines[0].contains("nearest=\"sophos, "), "{log}");
    assert!(lines[1].contains("nearest=\"symantec__u, "), "{log}");
}
