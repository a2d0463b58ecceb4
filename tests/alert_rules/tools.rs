//! What promtool says. Skipped where the program is missing, unless RMM_REQUIRE_TOOLS=1.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::{fs, iter, thread};

use crate::rules::{FILES, root};
use crate::tool::is_missing;

fn promtool(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("promtool");
    // With more memory it spends a quarter less time on collecting garbage.
    command.args(arguments).current_dir(folder).env("GOGC", "400");
    let Output { status, stdout, stderr } = command.output().expect("promtool");
    (status.success(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

#[test]
fn promtool_has_nothing_against_the_rules() {
    if is_missing("promtool") {
        return;
    }
    let (well, said) = promtool(&root(), &["check", "rules", "--lint-fatal", FILES[0], FILES[1]]);
    assert!(well && said.matches("SUCCESS").count() == FILES.len(), "{said}");
}

#[test]
fn promtool_finds_rules_that_are_wrong() {
    if is_missing("promtool") {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let rule = "      - { record: \"a:b\", expr: vector(1) }\n";
    for (rules, complaint) in [(rule.repeat(2), "duplicate"), (rule.replace("vector(1)", "vector(("), "parse")] {
        fs::write(folder.path().join("rules.yml"), format!("groups:\n  - name: g\n    rules:\n{rules}")).expect("file");
        let (well, said) = promtool(folder.path(), &["check", "rules", "--lint-fatal", "rules.yml"]);
        assert!(!well && said.contains(complaint), "{said}");
    }
}

#[test]
fn every_case_holds() {
    if is_missing("promtool") {
        return;
    }
    let folder = root().join("alerts/tests");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"));
    let mut cases: Vec<String> =
        names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "yml")).collect();
    cases.sort();
    assert!(!cases.is_empty(), "there are no cases in {}", folder.display());
    // Days of minutes take it seconds, one file after the other: two of it at once.
    let waiting = Mutex::new(cases.into_iter());
    let next = || waiting.lock().expect("the cases").next();
    let work = || -> Vec<String> {
        let said = iter::from_fn(next).map(|case| promtool(&folder, &["test", "rules", &case]));
        said.filter(|(well, _)| !well).map(|(_, said)| said).collect()
    };
    let failed = thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut failed = work();
        failed.extend(other.join().expect("the other half"));
        failed
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
