//! The contrast of every pair of colours, by the formula of WCAG 2.2.

use std::collections::HashMap;

use super::super::STYLE;

/// The colours of both schemes, by name.
fn schemes() -> [HashMap<&'static str, [f64; 3]>; 2] {
    let mut blocks = STYLE.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap());
    let colours = |block: &'static str| {
        let declarations = block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
        declarations.map(|(name, value)| (name, rgb(value))).collect::<HashMap<_, _>>()
    };
    let (light, dark) = (colours(blocks.next().unwrap()), colours(blocks.next().unwrap()));
    assert!(blocks.next().is_none() && light.len() == 15, "{light:?}");
    assert!(light.keys().all(|name| dark.contains_key(name)) && dark.len() == light.len());
    [light, dark]
}

fn rgb(hex: &str) -> [f64; 3] {
    assert_eq!(hex.len(), 6, "{hex}");
    [0, 2, 4].map(|start| f64::from(u8::from_str_radix(&hex[start..start + 2], 16).unwrap()) / 255.0)
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] =
        colour.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn the_formula_is_that_of_wcag() {
    assert!((contrast(rgb("000000"), rgb("ffffff")) - 21.0).abs() < 1e-9);
    assert!((contrast(rgb("777777"), rgb("ffffff")) - 4.48).abs() < 0.01, "just not enough");
}

#[test]
fn text_and_focus_stand_out_in_both_schemes() {
    for (scheme, colours) in ["light", "dark"].into_iter().zip(schemes()) {
        let check = |front: &str, back: &str, least: f64| {
            let found = contrast(colours[front], colours[back]);
            assert!(found >= least, "{scheme}: {front} on {back} is {found:.2}, not {least}");
        };
        for text in ["ink", "soft", "link"] {
            check(text, "page", 4.5);
            check(text, "card", 4.5);
        }
        for tone in ["good", "bad", "warn", "calm"] {
            check(tone, &format!("{tone}-back"), 4.5);
            // The bar at the side, and counts of what failed.
            check(tone, "card", 4.5);
        }
        check("focus", "page", 3.0);
        check("focus", "card", 3.0);
    }
}

#[test]
fn every_colour_has_a_name() {
    let rest = STYLE.rsplit(":root {").next().unwrap().split_once('}').unwrap().1;
    assert!(!rest.contains('#') && !rest.contains("rgb"), "a colour that is not checked");
    for name in rest.split("var(--").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(schemes()[0].contains_key(name), "{name}");
    }
}
