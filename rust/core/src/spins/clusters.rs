//! Cluster moves for any model given by its bonds, as long as it is not frustrated.
//!
//! A bond with J_ij s_i s_j > 0 is active with probability 1 - exp(-2 beta J_ij s_i s_j), the others
//! never; spins connected by active bonds form a cluster (Fortuin and Kasteleyn, Physica 57, 536
//! (1972)), and the clusters may be flipped independently. Where no state satisfies all bonds the
//! clusters grow through the whole model long before its critical point, and nothing is gained: such
//! models are refused, and so are fields, which the clusters do not know of. Antiferromagnets on
//! bipartite graphs and all other gauge transforms of a ferromagnet pass.
//!
//! A Swendsen-Wang sweep (Phys. Rev. Lett. 58, 86 (1987)) flips every cluster with probability 1/2.
//! A Wolff sweep (Phys. Rev. Lett. 62, 361 (1989)) flips the cluster around a random site, and with
//! probability 1/2 a second one: at infinite temperature every cluster is a single spin, and with
//! exactly one flipped a sweep, the number of spins up would be even and odd in turn, for ever.
//!
//! Random numbers stand where their sweep says: a run continues from its sweep number alone.

use super::{Dynamics, Start, Walkers};
use crate::{
    control::Control,
    elementary::exp_alone,
    error::{Error, Result},
    rng::{Philox, Purpose, Words},
    team::Team,
};

/// Sites between two looks at the cancel flag.
const SITES_PER_CHECK: usize = 1 << 14;

/// What cluster moves must know of a model.
pub trait Bonds: Send + Sync {
    /// N, at most 2^32 - 1.
    fn n_spins(&self) -> usize;

    /// Calls `visit` with each neighbour of a site and their coupling, always in the same order; a
    /// neighbour by several bonds comes several times.
    fn each_neighbour(&self, site: usize, visit: impl FnMut(usize, f64));

    /// Whether a field acts on some spin.
    fn has_fields(&self) -> bool;

    /// The total energy of a state.
    fn energy(&self, spins: &[i8]) -> f64;
}

impl<B: Bonds> Bonds for &B {
    fn n_spins(&self) -> usize {
        (**self).n_spins()
    }
    fn each_neighbour(&self, site: usize, visit: impl FnMut(usize, f64)) {
        (**self).each_neighbour(site, visit);
    }
    fn has_fields(&self) -> bool {
        (**self).has_fields()
    }
    fn energy(&self, spins: &[i8]) -> f64 {
        (**self).energy(spins)
    }
}

/// Replicas that move by clusters.
///
/// # Errors
/// [`Error::Value`] if `dynamics` is local, or the model frustrated or in a field, or the start of
/// another size.
pub fn cluster_walkers<'a, B: Bonds + 'a>(
    bonds: B,
    dynamics: Dynamics,
    start: &Start<'_>,
) -> Result<Box<dyn Walkers + 'a>> {
    let n = bonds.n_spins();
    let got = format!("'{}'", dynamics.name());
    if dynamics.is_local() {
        return Err(Error::expected("dynamics", "\"wolff\" or \"swendsen-wang\"", got));
    }
    if start.spins.len() != n * start.n_replicas() {
        let expected = format_args!("{} x {n} long", start.n_replicas());
        return Err(Error::expected("spins", expected, start.spins.len()));
    }
    let reason = if start.held.contains(&true) {
        Some("a run with a clamp".to_owned())
    } else if bonds.has_fields() {
        Some("a model with fields".to_owned())
    } else {
        frustrated_loop(&bonds)
            .map(|[i, j]| format!("a frustrated model (a loop through the sites {i} and {j} is)"))
    };
    if let Some(reason) = reason {
        let expected = format_args!("\"metropolis\" or \"heat-bath\" in {reason}");
        return Err(Error::expected("dynamics", expected, got));
    }
    let mut n_bonds = 0;
    for site in 0..n {
        bonds.each_neighbour(site, |other, _| n_bonds += u64::from(other > site));
    }
    let replicas = start.spins.chunks(n.max(1)).zip(start.betas).zip(start.first..);
    let replicas = replicas.map(|((spins, &beta), number)| Replica {
        spins: spins.to_vec(),
        activation: Activation::new(beta),
        philox: Philox::new(start.seed, Purpose::Dynamics, number),
        flips: 0,
        sweeps: start.sweeps,
    });
    let replicas = replicas.collect();
    let swendsen_wang = dynamics == Dynamics::SwendsenWang;
    Ok(Box::new(ClusterWalkers { bonds, n_bonds, swendsen_wang, replicas, sites: Vec::new() }))
}

/// Two neighbours on a loop that no state satisfies, if there is one: the sites take the signs that
/// satisfy a spanning forest, and every other bond must be satisfied by them too.
fn frustrated_loop(bonds: &impl Bonds) -> Option<[usize; 2]> {
    let n = bonds.n_spins();
    let mut signs = vec![0i8; n];
    let mut queue = Vec::new();
    let mut found = None;
    for root in 0..n {
        if signs[root] != 0 {
            continue;
        }
        signs[root] = 1;
        queue.push(root as u32);
        while let Some(site) = queue.pop() {
            let site = site as usize;
            bonds.each_neighbour(site, |other, coupling| {
                if coupling == 0.0 {
                    return;
                }
                let wanted = if coupling > 0.0 { signs[site] } else { -signs[site] };
                if signs[other] == 0 {
                    signs[other] = wanted;
                    queue.push(other as u32);
                } else if signs[other] != wanted {
                    found = Some([site, other]);
                }
            });
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// How often bonds are active. Couplings repeat, so the last probability is kept.
#[derive(Clone, Debug)]
struct Activation {
    beta: f64,
    strength: f64,
    probability: f64,
}

impl Activation {
    fn new(beta: f64) -> Self {
        Self { beta, strength: 0.0, probability: 0.0 }
    }

    /// Whether a satisfied bond of this |J| > 0 is active, given a uniform number on (0, 1).
    #[inline]
    fn is_active(&mut self, strength: f64, u: f64) -> bool {
        if strength.to_bits() != self.strength.to_bits() {
            self.strength = strength;
            self.probability = 1.0 - exp_alone(-2.0 * (self.beta * strength));
        }
        u < self.probability
    }
}

struct ClusterWalkers<B> {
    bonds: B,
    n_bonds: u64,
    swendsen_wang: bool,
    replicas: Vec<Replica>,
    /// Sites of a growing cluster, or of each site one of its cluster with a smaller number.
    sites: Vec<u32>,
}

struct Replica {
    spins: Vec<i8>,
    activation: Activation,
    philox: Philox,
    flips: u64,
    sweeps: u64,
}

impl Replica {
    fn wolff_sweep<B: Bonds>(
        &mut self,
        bonds: &B,
        n_bonds: u64,
        stack: &mut Vec<u32>,
        control: &Control,
    ) -> Result<()> {
        // Two clusters, each of which asks for every bond at most twice; their sites; the coin.
        let range = 4 * n_bonds + 3;
        let mut words = self.philox.words_from(self.sweeps.wrapping_mul(range));
        let Self { spins, activation, flips, .. } = self;
        *flips += flip_cluster(bonds, spins, activation, &mut words, stack, control)?;
        if words.next_word() >> 63 == 1 {
            *flips += flip_cluster(bonds, spins, activation, &mut words, stack, control)?;
        }
        Ok(())
    }

    fn swendsen_wang_sweep<B: Bonds>(
        &mut self,
        bonds: &B,
        n_bonds: u64,
        parents: &mut Vec<u32>,
        control: &Control,
    ) -> Result<()> {
        let n = self.spins.len();
        // A word for each bond, in the order of its smaller site; then one for each cluster, at its
        // smallest site.
        let first = self.sweeps.wrapping_mul(n_bonds + n as u64);
        let mut words = self.philox.words_from(first);
        let Self { spins, activation, flips, .. } = self;
        parents.clear();
        parents.extend(0..n as u32);
        let mut bond = first;
        for site in 0..n {
            if site.is_multiple_of(SITES_PER_CHECK) {
                control.check()?;
            }
            let spin = spins[site];
            bonds.each_neighbour(site, |other, coupling| {
                if other <= site {
                    return;
                }
                if is_satisfied(coupling, spin, spins[other]) {
                    words.seek(bond);
                    if activation.is_active(coupling.abs(), words.uniform()) {
                        join(parents, site, other);
                    }
                }
                bond = bond.wrapping_add(1);
            });
        }
        let signs = first.wrapping_add(n_bonds);
        for site in 0..n {
            // Roots are smallest, and come before all others of their cluster.
            let root = parents[parents[site] as usize] as usize;
            if root == site {
                words.seek(signs.wrapping_add(site as u64));
                let is_flipped = words.next_word() >> 63 == 1;
                spins[site] = if is_flipped { -spins[site] } else { spins[site] };
                *flips += u64::from(is_flipped);
                // From here on the mark on its spin says that a root is flipped.
                spins[site] *= if is_flipped { 2 } else { 1 };
            } else {
                parents[site] = root as u32;
                let is_flipped = spins[root].abs() == 2;
                spins[site] = if is_flipped { -spins[site] } else { spins[site] };
                *flips += u64::from(is_flipped);
            }
        }
        for spin in spins {
            *spin = spin.signum();
        }
        Ok(())
    }
}

/// Whether J s_i s_j > 0.
#[inline]
fn is_satisfied(coupling: f64, spin: i8, other: i8) -> bool {
    if spin == other { coupling > 0.0 } else { coupling < 0.0 }
}

/// Grows a cluster around a random site and flips it; returns its size. A spin is flipped when it
/// joins: its bonds into the cluster are then not satisfied any more, and are not asked again.
fn flip_cluster<B: Bonds>(
    bonds: &B,
    spins: &mut [i8],
    activation: &mut Activation,
    words: &mut Words<'_>,
    stack: &mut Vec<u32>,
    control: &Control,
) -> Result<u64> {
    let root = words.below(spins.len());
    spins[root] = -spins[root];
    stack.clear();
    stack.push(root as u32);
    let mut size = 0u64;
    while let Some(site) = stack.pop() {
        if (size as usize).is_multiple_of(SITES_PER_CHECK) {
            control.check()?;
        }
        size += 1;
        let before = -spins[site as usize];
        bonds.each_neighbour(site as usize, |other, coupling| {
            if is_satisfied(coupling, before, spins[other])
                && activation.is_active(coupling.abs(), words.uniform())
            {
                spins[other] = -spins[other];
                stack.push(other as u32);
            }
        });
    }
    Ok(size)
}

/// The smallest site of a cluster, halving the path to it.
#[inline]
fn root(parents: &mut [u32], mut site: u32) -> u32 {
    loop {
        let parent = parents[site as usize];
        if parent == site {
            return site;
        }
        let above = parents[parent as usize];
        parents[site as usize] = above;
        site = above;
    }
}

/// Makes two clusters one.
#[inline]
fn join(parents: &mut [u32], a: usize, b: usize) {
    let (a, b) = (root(parents, a as u32), root(parents, b as u32));
    parents[a.max(b) as usize] = a.min(b);
}

impl<B: Bonds> Walkers for ClusterWalkers<B> {
    fn sweep(&mut self, sweeps: u64, _team: &Team, control: &Control) -> Result<()> {
        let Self { bonds, n_bonds, sites, .. } = self;
        for replica in &mut self.replicas {
            for sweep in 0..sweeps {
                if sweep % 64 == 0 {
                    control.check()?;
                }
                if self.swendsen_wang {
                    replica.swendsen_wang_sweep(bonds, *n_bonds, sites, control)?;
                } else {
                    replica.wolff_sweep(bonds, *n_bonds, sites, control)?;
                }
                replica.sweeps += 1;
            }
        }
        Ok(())
    }

    fn set_betas(&mut self, betas: &[f64]) {
        for (replica, &beta) in self.replicas.iter_mut().zip(betas) {
            replica.activation = Activation::new(beta);
        }
    }

    fn energies(&self, out: &mut [f64]) {
        for (energy, replica) in out.iter_mut().zip(&self.replicas) {
            *energy = self.bonds.energy(&replica.spins);
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        for (magnetization, replica) in out.iter_mut().zip(&self.replicas) {
            *magnetization = replica.spins.iter().map(|&spin| i64::from(spin)).sum();
        }
    }

    fn flips(&self, out: &mut [u64]) {
        for (flips, replica) in out.iter_mut().zip(&self.replicas) {
            *flips = replica.flips;
        }
    }

    fn spins(&self, replica: usize, out: &mut [i8]) {
        out.copy_from_slice(&self.replicas[replica].spins);
    }
}
