//! The manual of this very version, for machines without a way to the Internet: every file in `docs/` that is text. The paths are
//! those of the repository, so that relative links between documents lead where they should.

/// The index.
pub(super) const INDEX: &str = "/docs/";

/// Path and text of every document, by path. `build.rs` makes the list of what is there.
pub(super) const DOCUMENTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// What the landing page names.
pub(super) const NAMED: [(&str, &str); 8] = [
    ("operations", "/docs/operations.md"),
    ("configuration", "/docs/configuration.md"),
    ("metrics", "/docs/metrics.md"),
    ("limits", "/docs/limits.md"),
    ("alerting", "/docs/alerting.md"),
    ("dashboards", "/docs/dashboards.md"),
    ("runbooks", "/docs/runbooks/README.md"),
    ("everything", INDEX),
];

/// The document at `path`; of a folder its README.
pub(super) fn at(path: &str) -> Option<&'static str> {
    let readme = path.ends_with('/').then(|| format!("{path}README.md"));
    let path = readme.as_deref().unwrap_or(path);
    let place = DOCUMENTS.binary_search_by_key(&path, |(path, _)| path).ok()?;
    DOCUMENTS.get(place).map(|(_, text)| *text)
}

/// The first heading of a document; its path where it has none.
pub(super) fn title<'a>(path: &'a str, text: &'a str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_named_is_there_and_every_document_has_a_title() {
        assert!(DOCUMENTS.is_sorted(), "it is searched by halves");
        for (name, path) in NAMED {
            assert!(path == INDEX || at(path).is_some(), "{name}");
        }
        for (path, text) in DOCUMENTS {
            assert_eq!(at(path), Some(*text));
            assert_ne!(title(path, text), *path);
        }
        assert_eq!(at("/docs/runbooks/"), at("/docs/runbooks/README.md"));
        assert_eq!((at(INDEX), at("/docs/nothing.md"), at("/docs/../Cargo.toml")), (None, None, None));
    }

    /// A link from document to document, as a browser would follow it from where the first one is served.
    #[test]
    fn links_between_documents_lead_to_documents() {
        let mut followed = 0;
        for (path, text) in DOCUMENTS {
            let here = url::Url::parse("http://exporter").and_then(|exporter| exporter.join(path)).expect("path");
            let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
            for there in links.filter_map(|link| here.join(link).ok()) {
                let is_ours = there.host_str() == Some("exporter") && there.path().starts_with(INDEX);
                if is_ours && !there.path().starts_with("/docs/images/") {
                    assert!(at(there.path()).is_some(), "{path}: {there}");
                    followed += 1;
                }
            }
        }
        assert!(followed > 100, "only {followed} links: is the search right?");
    }
}
