//! Records what the binary was built from: the git revision, when this is a checkout, and the compiler; and lists the documents,
//! which the program serves.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// The folders of the documents. One that is missing ends the build, so that no program is without its runbooks.
const DOCUMENTS: [&str; 3] = ["docs", "docs/decisions", "docs/runbooks"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RMM_EXPORTER_REVISION");
    let given = env::var("RMM_EXPORTER_REVISION").ok().filter(|revision| !revision.trim().is_empty());
    let revision = given.or_else(git_revision).unwrap_or_else(|| "unknown".to_owned());
    let compiler = env::var("RUSTC").ok().and_then(|rustc| output(&rustc, &["--version"]));
    // "rustc 1.95.0 (59807616e 2026-04-14)": only the number matters in a label.
    let version = compiler.as_deref().and_then(|text| text.split_whitespace().nth(1)).unwrap_or("unknown");
    println!("cargo::rustc-env=RMM_EXPORTER_REVISION={}", revision.trim());
    println!("cargo::rustc-env=RMM_EXPORTER_RUSTC={version}");
    list_documents()
}

/// Writes the list of all documents as Rust: path and text, in the order of the paths.
fn list_documents() -> io::Result<()> {
    let variable = |name| env::var(name).map_err(io::Error::other);
    let root = variable("CARGO_MANIFEST_DIR")?;
    let mut documents = Vec::new();
    for folder in DOCUMENTS {
        println!("cargo::rerun-if-changed={folder}");
        for entry in fs::read_dir(Path::new(&root).join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md")
                && let Some(name) = path.file_name().and_then(|name| name.to_str())
            {
                documents.push(format!("/{folder}/{name}"));
            }
        }
    }
    documents.sort();
    let mut list = String::from("&[\n");
    for path in documents {
        // Writing to a string does not fail.
        let _ = writeln!(list, "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),");
    }
    fs::write(Path::new(&variable("OUT_DIR")?).join("documents.rs"), list + "]\n")
}

/// The revision of this checkout. A copy of the sources inside another project's checkout has none.
fn git_revision() -> Option<String> {
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = output("git", &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&here).canonicalize().ok()? {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        // A file that does not exist would make every build run this again.
        if let Some(path) = output("git", &["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    output("git", &["rev-parse", "--short=12", "HEAD"])
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = output.status.success().then(|| String::from_utf8(output.stdout).ok())??;
    Some(text.trim().to_owned())
}
