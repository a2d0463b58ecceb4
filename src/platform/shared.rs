//! Texts that many records of one answer have: names of clients, sites and checks, systems, models.

use std::collections::HashSet;

use crate::fleet::Label;

/// Keeps each text once.
#[derive(Debug, Default)]
pub struct Shared(HashSet<Label>);

impl Shared {
    /// The text as a label; equal ones are one allocation.
    pub fn label(&mut self, text: &str) -> Label {
        // Nearly every text is as clean as its label.
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let label = Label::new(text);
        if let Some(known) = self.0.get(label.as_str()) {
            return known.clone();
        }
        self.0.insert(label.clone());
        label
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_are_one_allocation() {
        let mut shared = Shared::default();
        let first = shared.label("Müller & Söhne");
        for text in ["Müller & Söhne", " Müller  &\nSöhne "] {
            let label = shared.label(text);
            assert_eq!(
                (label.as_str(), label.as_str().as_ptr()),
                ("Müller & Söhne", first.as_str().as_ptr()),
                "{text}"
            );
        }
        assert_eq!(shared.label("Müller").as_str(), "Müller");
        assert_eq!(shared.label(&"x".repeat(300)).as_str(), "x".repeat(200));
    }
}
