//! What a machine says of given rows: the probabilities of the units of the other layer, and free
//! energies.

use rayon::prelude::*;

use super::{
    data::Data,
    half_step::Workspace,
    kernels::{Kernels, Row, UNITS},
    layer::Layer,
    machine::Rbm,
    softplus::Softplus,
    states::States,
};
use crate::{
    control::Control,
    elementary::{sigmoid::factor, single::exp2},
    error::{Error, Result},
    simd::Level,
};

/// Rows that one task works on.
const ROWS: usize = 256;

impl Rbm {
    /// P(h_j = 1 | v) for each row of `data`, row after row.
    ///
    /// # Errors
    /// [`Error::Value`] for rows of another length, [`Error::Cancelled`].
    pub fn hidden_probabilities(
        &self,
        data: &Data,
        level: Level,
        control: &Control,
    ) -> Result<Vec<f32>> {
        let factor = factor(self.scale, 1.0);
        let mut out = vec![0.0; data.n_rows() * self.n_hidden()];
        self.hidden_fields(
            data,
            self.n_hidden(),
            &mut out,
            level,
            control,
            |row, tile, fields| {
                for (to, &field) in row[tile * UNITS..].iter_mut().zip(fields) {
                    *to = 1.0 / (1.0 + exp2(field as f32 * factor));
                }
            },
        )?;
        Ok(out)
    }

    /// The free energy of each row of `data`: F(v) = -sum_i a_i v_i - sum_j ln(1 + e^{x_j}), where
    /// x_j is the field of hidden unit j.
    ///
    /// # Errors
    /// As [`Rbm::hidden_probabilities`].
    pub fn free_energy(&self, data: &Data, level: Level, control: &Control) -> Result<Vec<f64>> {
        let (bias, unit) = (self.visible_bias(), 1.0 / f64::from(self.scale));
        let softplus = Softplus::of(level);
        let mut out = vec![0.0; data.n_rows()];
        let n_hidden = self.n_hidden();
        self.hidden_fields(data, 1, &mut out, level, control, |row, tile, fields| {
            row[0] -= (softplus.sum)(fields, unit, n_hidden - tile * UNITS);
        })?;
        out.par_iter_mut().enumerate().for_each(|(row, energy)| {
            let aligned = |i: usize| match data.real(row, 1) {
                Some(values) => f64::from(values[i]) * f64::from(bias[i]),
                None => {
                    f64::from(data.word(row, i / UNITS) >> (i % UNITS) & 1) * f64::from(bias[i])
                }
            };
            *energy -= (0..bias.len()).map(aligned).sum::<f64>();
        });
        Ok(out)
    }

    /// P(v_i = 1 | h) for each row of `hidden`, a byte a unit.
    ///
    /// # Errors
    /// As [`Rbm::hidden_probabilities`].
    pub fn visible_probabilities(
        &self,
        hidden: &[u8],
        level: Level,
        control: &Control,
    ) -> Result<Vec<f32>> {
        let (n_hidden, n_visible) = (self.n_hidden(), self.n_visible());
        if !hidden.len().is_multiple_of(n_hidden) {
            let expected = format_args!("rows of {n_hidden} units").to_string();
            return Err(Error::expected("hidden", expected, hidden.len()));
        }
        let factor = factor(self.scale, 1.0);
        let mut out = vec![0.0; hidden.len() / n_hidden * n_visible];
        out.par_chunks_mut(ROWS * n_visible).zip(hidden.par_chunks(ROWS * n_hidden)).try_for_each(
            |(out, hidden)| {
                control.check()?;
                let mut work = Workspace::new(Kernels::of(level));
                work.load(&States::from_bytes(n_hidden, hidden), hidden.len() / n_hidden);
                self.each_tile(&self.visible, &mut work, n_visible, out, None, |row, tile, x| {
                    for (to, &field) in row[tile * UNITS..].iter_mut().zip(x) {
                        *to = 1.0 / (1.0 + exp2(field as f32 * factor));
                    }
                });
                Ok(())
            },
        )?;
        Ok(out)
    }

    /// Calls `each(row of out, tile, fields)` for each row of `data` and tile of hidden units.
    fn hidden_fields<T: Send>(
        &self,
        data: &Data,
        width: usize,
        out: &mut [T],
        level: Level,
        control: &Control,
        each: impl Fn(&mut [T], usize, &[i32]) + Sync,
    ) -> Result<()> {
        self.check_rows(data)?;
        out.par_chunks_mut(ROWS * width).enumerate().try_for_each(|(block, out)| {
            control.check()?;
            let mut work = Workspace::new(Kernels::of(level));
            let (first, rows) = (block * ROWS, out.len() / width);
            work.load_data(data, first, rows);
            let real = data.real(first, rows);
            self.each_tile(&self.hidden, &mut work, width, out, real, &each);
            control.advance(rows as u64);
            Ok(())
        })
    }

    fn each_tile<T>(
        &self,
        layer: &Layer,
        work: &mut Workspace,
        width: usize,
        out: &mut [T],
        real: Option<&[f32]>,
        each: impl Fn(&mut [T], usize, &[i32]),
    ) {
        for number in 0..layer.n_tiles() {
            let tile = layer.tile(number);
            let rows = |first: usize, fields: &mut [Row], _: &mut Vec<u32>| {
                for (row, fields) in out[first * width..].chunks_exact_mut(width).zip(fields) {
                    each(row, number, fields.0.as_flattened());
                }
            };
            match real {
                Some(values) => {
                    work.real_fields(&tile, self.scale, values, layer.n_inputs, rows);
                }
                None => work.fields(&tile, self.scale, rows),
            }
        }
    }

    /// Fails, by name, if rows do not fit the visible layer.
    pub(in crate::rbm) fn check_rows(&self, data: &Data) -> Result<()> {
        if data.n_visible() == self.n_visible() {
            return Ok(());
        }
        let expected = format_args!("rows of {} features", self.n_visible()).to_string();
        Err(Error::expected("X", expected, data.n_visible()))
    }
}
