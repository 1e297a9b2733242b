//! What cluster moves ask of the model.

use super::Dense;
use crate::spins::{SpinModel, clusters::Bonds};

impl Bonds for Dense {
    fn n_spins(&self) -> usize {
        SpinModel::n_spins(self)
    }
    fn each_neighbour(&self, site: usize, mut visit: impl FnMut(usize, f64)) {
        let bonds = self.row(site).iter().enumerate().filter(|&(_, &coupling)| coupling != 0.0);
        bonds.for_each(|(other, &coupling)| visit(other, coupling));
    }
    fn has_fields(&self) -> bool {
        self.fields().is_some_and(|fields| fields.iter().any(|&field| field != 0.0))
    }
    fn energy(&self, spins: &[i8]) -> f64 {
        SpinModel::energy(self, spins)
    }
}
