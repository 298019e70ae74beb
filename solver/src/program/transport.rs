//! The transportation problem: from places that have something to places that want it, at the least cost.
//!
//! Successive shortest paths over a network of sources and sinks, with potentials that keep reduced costs above zero, so that
//! each path is found by Dijkstra's algorithm (Jewell 1958; Edmonds & Karp 1972, "Theoretical improvements in algorithmic
//! efficiency for network flow problems", section 3). As much is sent as there is of the scarcer side, and no such amount can
//! be sent at less.

/// Sends as much as both sides have from sources to sinks, and says how much goes from where to where.
///
/// `costs` is by source, then sink. Ties go to the first. O((sources + sinks)^2) for each path, of which each empties a
/// source, fills a sink or takes back all of what was sent between two places.
#[must_use]
pub fn cheapest(sources: &[u64], sinks: &[u64], costs: &[Vec<u64>]) -> Vec<(usize, usize, u64)> {
    let mut flow = Flow::new(sources, sinks, costs);
    while let Some(path) = flow.shortest_path() {
        flow.send(&path);
    }
    let sent = flow.sent.iter().enumerate().flat_map(|(source, sent)| {
        let sinks = sent.iter().copied().enumerate().filter(|&(_, amount)| amount > 0);
        sinks.map(move |(sink, amount)| (source, sink, amount))
    });
    sent.collect()
}

struct Flow<'c> {
    costs: &'c [Vec<u64>],
    has: Vec<u64>,
    wants: Vec<u64>,
    sent: Vec<Vec<u64>>,
    /// Of sources, then of sinks: the length of the shortest path so far.
    potential: Vec<i128>,
}

/// A path from a source to a sink, node by node; sinks count on after the sources.
type Path = Vec<usize>;

impl<'c> Flow<'c> {
    fn new(sources: &[u64], sinks: &[u64], costs: &'c [Vec<u64>]) -> Flow<'c> {
        let sent = vec![vec![0; sinks.len()]; sources.len()];
        let potential = vec![0; sources.len() + sinks.len()];
        Flow { costs, has: sources.to_vec(), wants: sinks.to_vec(), sent, potential }
    }

    /// What a step costs beyond the difference of potentials; `None` where there is no such step.
    fn reduced(&self, from: usize, to: usize) -> Option<i128> {
        let sources = self.has.len();
        let cost = if from < sources && to >= sources {
            i128::from(self.costs[from][to - sources])
        } else if from >= sources && to < sources && self.sent[to][from - sources] > 0 {
            -i128::from(self.costs[to][from - sources])
        } else {
            return None;
        };
        Some(cost + self.potential[from] - self.potential[to])
    }

    /// The shortest path from a source that has something to a sink that wants something.
    fn shortest_path(&mut self) -> Option<Path> {
        let (sources, nodes) = (self.has.len(), self.potential.len());
        let start = |node: usize| (node < sources && self.has[node] > 0).then_some(0);
        let mut length: Vec<Option<i128>> = (0..nodes).map(start).collect();
        let mut before: Vec<Option<usize>> = vec![None; nodes];
        let mut is_settled = vec![false; nodes];
        let nearest = |length: &[Option<i128>], is_settled: &[bool]| {
            let open = (0..nodes).filter(|&node| !is_settled[node]);
            open.filter_map(|node| Some((length[node]?, node))).min()
        };
        while let Some((reached, node)) = nearest(&length, &is_settled) {
            is_settled[node] = true;
            for next in (0..nodes).filter(|&next| !is_settled[next]) {
                let Some(step) = self.reduced(node, next) else { continue };
                if length[next].is_none_or(|known| reached + step < known) {
                    (length[next], before[next]) = (Some(reached + step), Some(node));
                }
            }
        }
        let wanting = (sources..nodes).filter(|&node| self.wants[node - sources] > 0);
        // Real lengths differ from reduced ones by the potentials of both ends; those of open sources are zero.
        let real = |node: usize| Some((length[node]? + self.potential[node], node));
        let (_, end) = wanting.filter_map(real).min()?;
        let most = length.iter().flatten().max().copied().unwrap_or(0);
        for (potential, length) in self.potential.iter_mut().zip(&length) {
            *potential += length.unwrap_or(most);
        }
        let mut path: Path = std::iter::successors(Some(end), |&node| before[node]).collect();
        path.reverse();
        Some(path)
    }

    /// Sends as much along a path as it takes.
    fn send(&mut self, path: &[usize]) {
        let sources = self.has.len();
        let (first, last) = (path[0], path[path.len() - 1] - sources);
        let taken_back = path.windows(2).filter(|step| step[0] >= sources);
        let least = taken_back.map(|step| self.sent[step[1]][step[0] - sources]).min().unwrap_or(u64::MAX);
        let amount = least.min(self.has[first]).min(self.wants[last]);
        for step in path.windows(2) {
            if step[0] < sources {
                self.sent[step[0]][step[1] - sources] += amount;
            } else {
                self.sent[step[1]][step[0] - sources] -= amount;
            }
        }
        self.has[first] -= amount;
        self.wants[last] -= amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::random::Random;

    /// Every way to send unit by unit.
    fn by_brute_force(units: &[usize], sinks: &mut [u64], costs: &[Vec<u64>]) -> u64 {
        let Some((&first, rest)) = units.split_first() else { return 0 };
        let mut best = u64::MAX;
        for sink in 0..sinks.len() {
            if sinks[sink] > 0 {
                sinks[sink] -= 1;
                best = best.min(costs[first][sink] + by_brute_force(rest, sinks, costs));
                sinks[sink] += 1;
            }
        }
        // Where there is more than is wanted, a unit may stay.
        let can_stay = units.len() as u64 > sinks.iter().sum();
        if can_stay { best.min(by_brute_force(rest, sinks, costs)) } else { best }
    }

    #[test]
    fn nothing_is_sent_for_less_whoever_is_scarce() {
        for seed in 0..2_000 {
            let mut random = Random::new(seed);
            let mut amounts = || (0..=random.below(3)).map(|_| random.below(4)).collect::<Vec<u64>>();
            let (sources, sinks) = (amounts(), amounts());
            let costs: Vec<Vec<u64>> =
                sources.iter().map(|_| sinks.iter().map(|_| random.below(10)).collect()).collect();
            let sent = cheapest(&sources, &sinks, &costs);
            let (all_sources, all_sinks): (u64, u64) = (sources.iter().sum(), sinks.iter().sum());
            assert_eq!(
                sent.iter().map(|&(_, _, amount)| amount).sum::<u64>(),
                all_sources.min(all_sinks),
                "seed {seed}"
            );
            for (source, &has) in sources.iter().enumerate() {
                assert!(sent.iter().filter(|sent| sent.0 == source).map(|sent| sent.2).sum::<u64>() <= has);
            }
            for (sink, &wants) in sinks.iter().enumerate() {
                assert!(sent.iter().filter(|sent| sent.1 == sink).map(|sent| sent.2).sum::<u64>() <= wants);
            }
            let paid: u64 = sent.iter().map(|&(source, sink, amount)| costs[source][sink] * amount).sum();
            let units: Vec<usize> =
                sources.iter().enumerate().flat_map(|(at, &has)| vec![at; usize::try_from(has).unwrap()]).collect();
            assert_eq!(paid, by_brute_force(&units, &mut sinks.clone(), &costs), "seed {seed}: {sent:?}");
        }
    }

    #[test]
    fn a_first_choice_is_taken_back_where_that_pays() {
        // The first source is nearest to the first sink, which the second one cannot do without.
        assert_eq!(cheapest(&[1, 1], &[1, 1], &[vec![0, 1], vec![0, 9]]), [(0, 1, 1), (1, 0, 1)]);
    }
}
