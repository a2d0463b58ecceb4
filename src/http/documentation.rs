//! The manual of this very version, for machines without a way to the Internet.

/// What the landing page names, its path, and the text.
pub(super) const DOCUMENTS: [(&str, &str, &str); 4] = [
    ("operations", "/docs/operations.md", include_str!("../../docs/operations.md")),
    ("configuration", "/docs/configuration.md", include_str!("../../docs/configuration.md")),
    ("metrics", "/docs/metrics.md", include_str!("../../docs/metrics.md")),
    ("limits", "/docs/limits.md", include_str!("../../docs/limits.md")),
];

/// The document at `path`.
pub(super) fn at(path: &str) -> Option<&'static str> {
    DOCUMENTS.iter().find(|(_, at, _)| *at == path).map(|(.., text)| *text)
}
