//! Reproducible chance: every value is a hash of the seed and of what it is for, so nothing needs to be stored.

/// A source of numbers for one purpose. The same parts give the same numbers, in every run and on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    number: u64,
    /// How many times rarer trouble is than in a demonstration.
    calm: u64,
}

impl Chance {
    /// The source for a whole world.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { number: mix(seed), calm: 1 }
    }

    /// The same, with trouble twenty times as rare.
    #[must_use]
    pub const fn calm(self) -> Self {
        Self { calm: 20, ..self }
    }

    /// The source for a part: a device, a check of it, a day.
    #[must_use]
    pub const fn of(self, part: u64) -> Self {
        Self { number: mix(self.number ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15)), ..self }
    }

    /// The number itself.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }

    /// A number from 0 to `limit` − 1; 0 for a `limit` of 0.
    #[must_use]
    pub const fn below(self, limit: u64) -> u64 {
        match self.number.checked_rem(limit) {
            Some(rest) => rest,
            None => 0,
        }
    }

    /// True in `per_mille` of 1,000 cases.
    #[must_use]
    pub const fn happens(self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// The same for what is trouble: it is rarer where the world is calm.
    #[must_use]
    pub const fn fails(self, per_mille: u64) -> bool {
        self.below(1000 * self.calm) < per_mille
    }

    /// A number from 0 to 999, of which small ones mean trouble: they are rarer where the world is calm.
    #[must_use]
    pub const fn luck(self) -> u64 {
        let luck = self.below(1000 * self.calm);
        if luck < 999 { luck } else { 999 }
    }

    /// One of several texts; empty when there are none.
    #[must_use]
    pub fn pick<'a>(self, texts: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(texts.len() as u64)).unwrap_or(0);
        texts.get(index).copied().unwrap_or_default()
    }

    /// The window of length `period` (ms) that holds the time `at` (Unix ms). Windows of different sources are shifted
    /// against each other, so that not everything happens at once.
    #[must_use]
    pub fn window(self, period: i64, at: i64) -> Window {
        let period = period.max(1);
        let shift = i64::try_from(self.of(0x5_11f7).below(period.unsigned_abs())).unwrap_or(0);
        let number = (at - shift).div_euclid(period);
        Window { number, start: number * period + shift }
    }

    /// Whether a bad time is on at `at`: in each window of length `period` it is, with `per_mille`. Gives its beginning:
    /// neighbouring bad windows are one bad time.
    #[must_use]
    pub fn episode(self, period: i64, per_mille: u64, at: i64) -> Option<i64> {
        let now = self.window(period, at);
        let bad = |number: i64| self.of(number.cast_unsigned()).fails(per_mille);
        if !bad(now.number) {
            return None;
        }
        // A fixed look-back keeps the cost small; a longer bad time than that is as good as impossible.
        let earlier = (1..24).take_while(|back| bad(now.number - back)).last().unwrap_or(0);
        Some(now.start - earlier * period.max(1))
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its number, counted from 1970.
    pub number: i64,
    /// Its beginning, Unix ms.
    pub start: i64,
}

/// The finisher of SplitMix64.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_numbers_and_others_differ() {
        let one = Chance::new(7).of(1).of(2);
        assert_eq!(one, Chance::new(7).of(1).of(2));
        assert_ne!(one, Chance::new(7).of(2).of(1));
        assert_ne!(one, Chance::new(8).of(1).of(2));
        assert_eq!(one.below(0), 0);
    }

    #[test]
    fn things_happen_as_often_as_said() {
        let hits = (0..10_000).filter(|part| Chance::new(1).of(*part).happens(50)).count();
        assert!((400..600).contains(&hits), "{hits}");
    }

    #[test]
    fn trouble_is_rarer_in_a_calm_world() {
        let troubles = |chance: Chance| (0..10_000).filter(|part| chance.of(*part).fails(200)).count();
        assert!((1_800..2_200).contains(&troubles(Chance::new(1))));
        assert!((60..140).contains(&troubles(Chance::new(1).calm())), "a twentieth");
        let unlucky = |chance: Chance| (0..10_000).filter(|part| chance.of(*part).luck() < 200).count();
        assert!((1_800..2_200).contains(&unlucky(Chance::new(1))));
        assert!((60..140).contains(&unlucky(Chance::new(1).calm())));
        assert_eq!(Chance::new(1).of(2).calm().below(7), Chance::new(1).calm().of(2).below(7), "the rest is the same");
    }

    #[test]
    fn windows_hold_the_time_and_episodes_begin_before_it() {
        let mut seen = 0;
        for part in 0..2_000 {
            let chance = Chance::new(3).of(part);
            let at = 1_772_000_000_000 + i64::try_from(part).unwrap() * 777;
            let window = chance.window(60_000, at);
            assert!(window.start <= at && at < window.start + 60_000);
            if let Some(since) = chance.episode(60_000, 100, at) {
                seen += 1;
                assert!(since <= at);
                assert_eq!(chance.episode(60_000, 100, since), Some(since), "the beginning belongs to it");
                assert!(chance.episode(60_000, 100, since - 1).is_none(), "nothing before it");
            }
        }
        assert!((120..280).contains(&seen), "{seen}");
    }
}
