//! Text in lines that are not too long.

/// The text in rows of at most `room` characters, broken at blanks; only a single word that is longer goes beyond. There is at
/// least one row.
#[must_use]
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match rows.last_mut() {
            Some(row) if row.chars().count() + 1 + word.chars().count() <= room => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    if rows.is_empty() { vec![String::new()] } else { rows }
}
