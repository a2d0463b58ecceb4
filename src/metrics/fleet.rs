//! Fleet → series: a pure function of what is true of an account at one moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use regex::Regex;

use super::blocks::{Blocks, Counts};
use super::cap::{self, Withheld};
use super::catalogue;
use super::lines::Lines;
use super::parts::{Parts, Writer};
use super::piece::Piece;
use crate::fleet::View;
use crate::platform::PlatformName;

/// What of an account's fleet may be exposed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most series. When the fleet has more, whole families are withheld, those of the largest collector first, and counted.
    pub max_series: usize,
    /// Families that are not exposed: a name that matches one of these.
    pub exclude: Vec<Regex>,
}

impl Default for Limits {
    /// No limits.
    fn default() -> Self {
        Self { max_series: usize::MAX, exclude: Vec::new() }
    }
}

/// The fleet series of an account.
#[derive(Clone, Debug, Default)]
pub struct RenderedAccount {
    /// The samples of each family that has some, by its index in the catalogue, ascending.
    pub families: Vec<(usize, Piece)>,
    /// Series that are exposed.
    pub series: u64,
    /// Families that are left out because there were too many series.
    pub withheld: Withheld,
    /// Series dropped because another one has the same name and labels, and records dropped because their object had been
    /// named before.
    pub duplicates: u64,
    /// Name of the family of the first duplicate series.
    pub first_duplicate: Option<&'static str>,
    /// How long the rendering took.
    pub render_duration: Duration,
    /// What the pieces are made of, in the same order.
    parts: Vec<Parts>,
    blocks: Blocks,
}

impl RenderedAccount {
    /// Series that are not exposed although the fleet has them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.withheld.series() + self.duplicates
    }

    /// A family that was rendered.
    fn family(&self, index: usize) -> Option<(&Piece, &Parts)> {
        let found = self.families.binary_search_by_key(&index, |(family, _)| *family).ok()?;
        Some((&self.families.get(found)?.1, self.parts.get(found)?))
    }
}

/// Renders the fleet of one account, as if for the first time.
#[must_use]
pub fn render(platform: PlatformName, account: &str, view: &Arc<View>, limits: &Limits) -> RenderedAccount {
    render_again(platform, account, view, limits, &RenderedAccount::default())
}

/// Renders the fleet of one account. `before` is the last rendering of the same account: what did not change since is taken
/// from it.
#[must_use]
pub fn render_again(
    platform: PlatformName,
    account: &str,
    view: &Arc<View>,
    limits: &Limits,
    before: &RenderedAccount,
) -> RenderedAccount {
    let start = Instant::now();
    let blocks = Blocks::new(Arc::clone(view), &before.blocks);
    let counts = counts(blocks.counts(), limits);
    let withheld = cap::withhold(platform, &counts, limits.max_series as u64, &before.withheld);
    let mut lines = Lines::new(&[("platform", platform.name()), ("account", account)]);
    let mut rendered = RenderedAccount { withheld, duplicates: view.duplicates, ..RenderedAccount::default() };
    let mut writer = Writer::new();
    for (index, _) in counts.iter().filter(|(index, _)| !rendered.withheld.holds(*index)) {
        let Some(family) = catalogue::families().get(*index) else { continue };
        writer.begin(before.family(*index));
        blocks.write(family, *index, &mut lines, &mut writer);
        let (piece, parts) = writer.finish();
        rendered.series += parts.series();
        if parts.duplicates() > 0 {
            rendered.duplicates += parts.duplicates();
            rendered.first_duplicate = rendered.first_duplicate.or(Some(family.name));
        }
        rendered.families.push((*index, piece));
        rendered.parts.push(parts);
    }
    rendered.blocks = blocks;
    rendered.render_duration = start.elapsed();
    rendered
}

/// How many series each family has that may be exposed, by its index in the catalogue; none without any. Duplicates count:
/// they are told apart only when they are text.
fn counts(counts: Counts, limits: &Limits) -> Vec<(usize, u64)> {
    let may_be_exposed = |index: usize| {
        let name = catalogue::families().get(index).map_or("", |family| family.name);
        !limits.exclude.iter().any(|expression| expression.is_match(name))
    };
    (0..).zip(counts).filter(|(index, count)| *count > 0 && may_be_exposed(*index)).collect()
}
