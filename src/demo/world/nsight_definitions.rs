//! The antivirus products that N-sight knows, and when their definitions came out.

use jiff::Timestamp;

use super::{World, whole_second};

/// How many definitions the platform keeps of a product.
const KEPT: i64 = 40;

/// An antivirus product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightProduct {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its definitions, in the order of the answer.
    pub definitions: Vec<NsightDefinition>,
}

/// One set of definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightDefinition {
    /// Version.
    pub version: String,
    /// When it came out.
    pub released: Timestamp,
}

/// Id and name.
const PRODUCTS: [(&str, &str); 10] = [
    ("sophos", "Sophos Anti-Virus"),
    ("symantec__u", "Symantec Endpoint Protection (unmanaged)"),
    ("mcafee", "McAfee VirusScan & Firewall"),
    ("trend", "Trend Micro \"Worry-Free\""),
    ("avg", "AVG AntiVirus"),
    ("kaspersky", "Kaspersky Endpoint Security"),
    ("bitdefender", "Managed Antivirus (Bitdefender)"),
    ("windefend", "Windows Defender für Server"),
    // Its maker stopped long ago.
    ("norton", "Norton <2012>"),
    // In the catalogue, but without any definitions.
    ("fsecure", "F-Secure"),
];

impl World {
    /// The whole catalogue, each product with the definitions that are sent unasked: the newest 20.
    #[must_use]
    pub fn nsight_products(&self, at: Timestamp) -> Vec<NsightProduct> {
        PRODUCTS.iter().filter_map(|(id, _)| self.nsight_product(id, 20, at)).collect()
    }

    /// A product with so many of its newest definitions.
    #[must_use]
    pub fn nsight_product(&self, id: &str, newest: u64, at: Timestamp) -> Option<NsightProduct> {
        let ((id, name), index) = PRODUCTS.into_iter().zip(0_u64..).find(|((known, _), _)| *known == id)?;
        let chance = self.seed.of(6).of(index);
        let now = match id {
            "norton" => at.as_millisecond() - 400 * 86_400_000,
            _ => at.as_millisecond(),
        };
        let step = self.minutes(7 + u32::try_from(index).unwrap_or(0));
        let window = chance.window(step, now);
        let listed = if id == "fsecure" { 0 } else { i64::try_from(newest).unwrap_or(KEPT).min(KEPT) };
        let mut definitions: Vec<_> = (0..listed)
            .map(|back| NsightDefinition {
                version: format!("{}.{}", 5 + index, window.number - back),
                released: whole_second(window.start - back * step),
            })
            .collect();
        // Nothing is said about the order.
        if index % 2 == 1 {
            definitions.reverse();
        }
        Some(NsightProduct { id, name, definitions })
    }
}
