//! An instance as arrays that the kernels read: types that differ, in fractions of a bin and in exact integers.

use std::collections::BTreeMap;

use lessor_models::families::vector_packing::VectorPackingInstance;

/// What a bin holds: types and how many of each, by type.
pub(super) type Pattern = Vec<(u32, u32)>;

/// What a bin of such types holds, in any order and each as often as it is there.
pub(super) fn pattern_of(mut items: Vec<u32>) -> Pattern {
    items.sort_unstable();
    items.chunk_by(|a, b| a == b).map(|equal| (equal[0], narrow(equal.len()))).collect()
}

/// A type, or a number of items, in 32 bits.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("types and items are counted in 32 bits")
}

/// An instance; sizes hold every dimension of the first type, then of the second, and so on.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) dimensions: usize,
    /// How many items there are of each type; none is zero.
    pub(super) demands: Vec<u32>,
    capacities: Vec<i64>,
    sizes: Vec<i64>,
    /// The sizes as fractions of a bin.
    fractions: Vec<f64>,
    /// The type here of each type of the instance; those not demanded have none.
    types: Vec<Option<u32>>,
}

impl Lowered {
    /// Types of equal sizes become one.
    pub(super) fn new(instance: &VectorPackingInstance) -> Lowered {
        let mut known: BTreeMap<&[i64], u32> = BTreeMap::new();
        let (mut demands, mut sizes, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for (item, &demand) in instance.demands().iter().enumerate() {
            if demand == 0 {
                types.push(None);
                continue;
            }
            let next = narrow(demands.len());
            let found = *known.entry(instance.sizes(item)).or_insert(next);
            if found == next {
                demands.push(0);
                sizes.extend_from_slice(instance.sizes(item));
            }
            demands[found as usize] += demand;
            types.push(Some(found));
        }
        let signed = |&capacity: &u64| i64::try_from(capacity).expect("coefficients are at most 2^53");
        let capacities: Vec<i64> = instance.capacities().iter().map(signed).collect();
        let fraction = |(at, &size): (usize, &i64)| size as f64 / (capacities[at % capacities.len()] as f64).max(1.0);
        let fractions = sizes.iter().enumerate().map(fraction).collect();
        Lowered { dimensions: capacities.len(), demands, capacities, sizes, fractions, types }
    }

    pub(super) fn capacities(&self) -> &[i64] {
        &self.capacities
    }

    pub(super) fn sizes(&self, item: usize) -> &[i64] {
        &self.sizes[item * self.dimensions..][..self.dimensions]
    }

    pub(super) fn fractions(&self, item: usize) -> &[f64] {
        &self.fractions[item * self.dimensions..][..self.dimensions]
    }

    /// How many of a type fit a room, of at most so many.
    pub(super) fn most(&self, item: usize, room: &[i64], limit: u32) -> u32 {
        if limit == 1 {
            return u32::from(self.fits(item, room));
        }
        let fits = room.iter().zip(self.sizes(item)).filter(|&(_, &size)| size > 0).map(|(room, size)| room / size);
        fits.min().map_or(limit, |fits| u32::try_from(fits.max(0)).unwrap_or(u32::MAX).min(limit))
    }

    pub(super) fn fits(&self, item: usize, room: &[i64]) -> bool {
        room.iter().zip(self.sizes(item)).all(|(room, size)| size <= room)
    }

    /// Whether a type makes room for others in some dimension.
    pub(super) fn makes_room(&self, item: usize) -> bool {
        self.sizes(item).iter().any(|&size| size < 0)
    }

    /// The bins of the items of each type, by what bins hold; nothing where an item is in none. What bins hold beyond the
    /// demand is left out, and so are bins that then hold nothing.
    pub(super) fn bins(&self, patterns: &[Pattern]) -> Option<Vec<Vec<u32>>> {
        let mut places: Vec<Vec<u32>> = vec![Vec::new(); self.demands.len()];
        let mut next = 0;
        for pattern in patterns {
            let mut is_used = false;
            for &(item, count) in pattern {
                let places = &mut places[item as usize];
                let taken = (self.demands[item as usize] as usize - places.len()).min(count as usize);
                places.extend(std::iter::repeat_n(next, taken));
                is_used |= taken > 0;
            }
            next += u32::from(is_used);
        }
        let is_whole = places.iter().zip(&self.demands).all(|(places, &demand)| places.len() == demand as usize);
        is_whole.then_some(places)
    }

    /// What so many bins hold, by the bins of the items of each type.
    pub(super) fn patterns(places: &[Vec<u32>], count: usize) -> Vec<Pattern> {
        let mut held = vec![Vec::new(); count];
        for (item, places) in (0..).zip(places) {
            places.iter().for_each(|&bin| held[bin as usize].push(item));
        }
        held.into_iter().map(pattern_of).collect()
    }

    /// What so many of each type make, with the type here of each type there.
    pub(super) fn rest(&self, left: &[u32]) -> (Lowered, Vec<u32>) {
        let names: Vec<u32> = (0..).zip(left).filter(|&(_, &left)| left > 0).map(|(item, _)| item).collect();
        let mut renamed = vec![None; left.len()];
        (0..).zip(&names).for_each(|(new, &old)| renamed[old as usize] = Some(new));
        let rest = Lowered {
            dimensions: self.dimensions,
            demands: names.iter().map(|&item| left[item as usize]).collect(),
            capacities: self.capacities.clone(),
            sizes: names.iter().flat_map(|&item| self.sizes(item as usize)).copied().collect(),
            fractions: names.iter().flat_map(|&item| self.fractions(item as usize)).copied().collect(),
            types: self.types.iter().map(|item| item.and_then(|item| renamed[item as usize])).collect(),
        };
        (rest, names)
    }

    /// The type here of a type of the instance.
    pub(super) fn type_of(&self, item: usize) -> Option<u32> {
        self.types[item]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_has_new_names_for_what_is_left() {
        let instance = VectorPackingInstance::new(vec![10], vec![5, 4, 3], vec![1, 1, 2]).unwrap();
        let (rest, names) = Lowered::new(&instance).rest(&[1, 0, 1]);
        assert_eq!((rest.demands.as_slice(), names.as_slice()), (&[1, 1][..], &[0, 2][..]));
        assert_eq!((rest.sizes(1), rest.fractions(1)), (&[3][..], &[0.3][..]));
        assert_eq!([0, 1, 2].map(|item| rest.type_of(item)), [Some(0), None, Some(1)]);
    }
}
