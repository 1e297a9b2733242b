//! What cluster moves ask of the model.

use super::Lattice;
use crate::spins::{SpinModel, clusters::Bonds};

impl Bonds for Lattice {
    fn n_spins(&self) -> usize {
        SpinModel::n_spins(self)
    }
    fn each_neighbour(&self, site: usize, mut visit: impl FnMut(usize, f64)) {
        let coupling = self.coupling();
        Lattice::each_neighbour(self, site, |other| visit(other, coupling));
    }
    fn has_fields(&self) -> bool {
        self.field() != 0.0
    }
    fn energy(&self, spins: &[i8]) -> f64 {
        SpinModel::energy(self, spins)
    }
}
