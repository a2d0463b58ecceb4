//! The index of the manual.

use std::fmt::{self, Write as _};

use axum::response::Response;

use super::words::Escaped;
use super::{STYLE, Tone, document};
use crate::http::documentation::{DOCUMENTS, title};
use crate::metrics::VERSION;

/// The parts: heading, and the folder of their documents.
const PARTS: [(&str, &str); 3] =
    [("Manual", "/docs/"), ("Runbooks", "/docs/runbooks/"), ("Decisions", "/docs/decisions/")];

/// The page.
pub(in crate::http) fn answer() -> Response {
    let mut html = String::with_capacity(16_384);
    // Writing to a string does not fail.
    let _ = write_page(&mut html);
    document(html)
}

fn write_page(html: &mut String) -> fmt::Result {
    writeln!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Documentation · rmm-exporter</title>\n\
         <link rel=\"icon\" href=\"{}\">\n<style>{STYLE}</style>\n</head>\n<body>\n<header class=\"top\">\n\
         <h1>Documentation of rmm-exporter {VERSION}</h1>\n\
         <nav aria-label=\"Pages\"><ul><li><a href=\"/\">Landing page</a></li></ul></nav>\n</header>\n<main>",
        Tone::Calm.icon()
    )?;
    for (heading, folder) in PARTS {
        writeln!(html, "<section>\n<h2>{heading}</h2>\n<ul>")?;
        for (path, text) in DOCUMENTS.iter().filter(|(path, _)| of_folder(path, folder)) {
            writeln!(html, "<li><a href=\"{}\">{}</a></li>", Escaped(path), Escaped(title(path, text)))?;
        }
        html.push_str("</ul>\n</section>\n");
    }
    html.push_str("</main>\n<footer><p>As it was written: Markdown, as plain text.</p></footer>\n</body>\n</html>\n");
    Ok(())
}

/// Whether it lies in the folder itself.
fn of_folder(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|name| !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_stands_in_the_index_once() {
        let mut html = String::new();
        write_page(&mut html).expect("written");
        for (path, _) in DOCUMENTS {
            assert_eq!(html.matches(&format!("<a href=\"{path}\">")).count(), 1, "{path}");
        }
    }
}
