//! A short run of every fuzz target: the corpus (`tests/fixtures/fuzz`), and changed copies of it that are the same in every
//! run. What long runs of `cargo fuzz` find becomes a file of the corpus, so that it is looked at here for ever.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod mutate;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mutate::Mutator;
use rmm_exporter::fuzz::TARGETS;

/// How many changed copies of each file are tried; `RMM_FUZZ_COPIES` sets another number.
const COPIES: u32 = 8;

/// No input of this size may take more of a processor's time, without optimization: what takes the square of the length takes
/// minutes.
const MOST_TIME: Duration = Duration::from_secs(5);

/// The whole corpus stays small enough to be read by people.
const MOST_BYTES: u64 = 500_000;

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read(path).expect("a file"))).collect()
}

/// What this thread has used so far. Time by the clock would depend on what else the machine does.
fn processor_time() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).try_into().expect("not negative")
}

fn run(target: &str) {
    let (_, function) = TARGETS.into_iter().find(|(name, _)| *name == target).expect("a target");
    let corpus = corpus(target);
    assert!(corpus.len() >= 10, "{target} has a corpus");
    let copies =
        std::env::var("RMM_FUZZ_COPIES").map_or(COPIES, |copies| copies.parse().expect("RMM_FUZZ_COPIES is a number"));
    let texts: Vec<&[u8]> = corpus.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    for (number, (name, bytes)) in corpus.iter().enumerate() {
        let mut mutator = Mutator::new(number as u64);
        let copies = (0..copies).map(|_| mutator.change(bytes, &texts));
        for (copy, input) in std::iter::once(bytes.clone()).chain(copies).enumerate() {
            let start = processor_time();
            let result = catch_unwind(AssertUnwindSafe(|| function(&input)));
            let took = processor_time().saturating_sub(start);
            assert!(result.is_ok(), "{target}/{name}, copy {copy}: \"{}\"", input.escape_ascii());
            assert!(took < MOST_TIME, "{target}/{name}, copy {copy}: {took:?} for {} bytes", input.len());
        }
    }
}

macro_rules! targets {
    ($($target:ident)+) => {
        $(#[test]
        fn $target() {
            run(stringify!($target));
        })+

        #[test]
        fn every_target_is_run_here() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$(stringify!($target)),+]);
        }
    };
}

targets!(config negotiation nsight query state tactical xml);

#[test]
fn cargo_fuzz_runs_the_same_functions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("fuzz/Cargo.toml");
    for (name, _) in TARGETS {
        let program = fs::read_to_string(folder.join(format!("targets/{name}.rs"))).unwrap_or_default();
        let call =
            format!("#![no_main]\n\nlibfuzzer_sys::fuzz_target!(|data: &[u8]| rmm_exporter::fuzz::{name}(data));\n");
        assert!(program == call, "fuzz/targets/{name}.rs should be\n{call}");
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"targets/{name}.rs\"\n")),
            "{name} is in fuzz/Cargo.toml"
        );
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len(), "nothing else is in fuzz/Cargo.toml");
}

#[test]
fn the_corpus_is_small_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz");
    let folders = fs::read_dir(&root).expect("the corpus").map(|entry| entry.expect("entry").file_name());
    let mut folders: Vec<_> = folders.map(|name| name.into_string().expect("UTF-8")).collect();
    folders.sort();
    assert_eq!(folders, TARGETS.map(|(name, _)| name));
    let bytes: u64 = folders.iter().flat_map(|target| corpus(target)).map(|(_, bytes)| bytes.len() as u64).sum();
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
}
