//! The chains of a training: what the machine itself would do.
//!
//! A chain starts from the hidden states it was left with, or from those that the data give. With
//! several temperatures there are as many chains at each, and after every step neighbouring
//! temperatures may exchange their chains, with probability min(1, exp((beta - beta') (E - E')))
//! (Geyer 1991; Desjardins et al., AISTATS 2010): rows keep their states and change their beta.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

use super::{
    bernoulli_trainer::{BernoulliState, BernoulliTrainer},
    gradient::{SharedGradient, WorkerBuffers},
    trainer::check_len,
};
use crate::{
    elementary::sigmoid::factor,
    error::{Error, Result},
    rbm::units::{
        half_step::{Streams, Workspace, lock},
        kernels::{GROUP, LANES, Row, VECTORS},
        layer::fixed_point,
        machine::Rbm,
        states::States,
    },
    rng::{Philox, Purpose},
    spins::acceptance::metropolis,
    team::Barrier,
};

/// States and streams of all chains.
#[derive(Debug)]
pub(super) struct TrainingChains {
    /// Chains at each temperature.
    count: usize,
    pub(super) hidden: States,
    visible: States,
    hidden_streams: Streams,
    visible_streams: Streams,
    /// The temperature, by number, of each row.
    temperatures: Mutex<Vec<usize>>,
    /// The energy of each row in units of 1 / scale, with its sign reversed.
    depths: Vec<AtomicI64>,
    seed: u64,
    exchanges: AtomicU64,
}

impl TrainingChains {
    pub(super) fn new(machine: &Rbm, hidden: &[u8], seed: u64, n_temperatures: usize) -> Self {
        let bytes = hidden.repeat(n_temperatures);
        let hidden = States::from_bytes(machine.n_hidden(), &bytes);
        let rows = hidden.capacity();
        let count = rows / n_temperatures;
        Self {
            count,
            hidden,
            visible: States::new(machine.n_visible(), rows),
            hidden_streams: Streams::new(seed, Purpose::Hidden, machine.hidden.n_tiles()),
            visible_streams: Streams::new(seed, Purpose::Visible, machine.visible.n_tiles()),
            temperatures: Mutex::new((0..rows).map(|row| row / count).collect()),
            depths: (0..rows).map(|_| AtomicI64::new(0)).collect(),
            seed,
            exchanges: AtomicU64::new(0),
        }
    }

    /// Rows, at all temperatures.
    pub(super) fn rows(&self) -> usize {
        self.depths.len()
    }

    /// Rows of statistics: the chains at temperature one, or `batch` if they start from the data.
    pub(super) fn cold_rows(&self, batch: usize) -> usize {
        self.count.max(batch)
    }

    /// Makes space for chains from `rows` rows of data.
    pub(super) fn reserve(&mut self, rows: usize) {
        if rows > self.hidden.capacity() {
            self.hidden = self.hidden.with_capacity(rows);
            self.visible = self.visible.with_capacity(rows);
        }
    }

    /// The streams of the hidden units.
    pub(super) fn hidden_streams(&self) -> &Streams {
        &self.hidden_streams
    }

    /// The rows at temperature one.
    fn cold(&self) -> Vec<usize> {
        let temperatures = lock(&self.temperatures);
        let coldest = temperatures.iter().copied().max().unwrap_or(0);
        (0..temperatures.len()).filter(|&row| temperatures[row] == coldest).collect()
    }

    /// Hidden and visible states at temperature one.
    pub(super) fn cold_bytes(&self) -> [Vec<u8>; 2] {
        let cold = self.cold();
        self.bytes().map(|bytes| {
            let width = bytes.len() / self.rows();
            cold.iter().flat_map(|row| &bytes[row * width..][..width]).copied().collect()
        })
    }

    /// Goes on with other hidden states at temperature one.
    pub(super) fn set_cold_hidden(&self, states: &[u8]) -> Result<()> {
        let [mut bytes, _] = self.bytes();
        let width = bytes.len() / self.rows();
        check_len("chains", states.len(), self.count * width)?;
        for (row, states) in self.cold().into_iter().zip(states.chunks_exact(width)) {
            bytes[row * width..][..width].copy_from_slice(states);
        }
        self.hidden.read_bytes(&bytes);
        Ok(())
    }

    /// Hidden and visible states of all rows.
    pub(super) fn bytes(&self) -> [Vec<u8>; 2] {
        [&self.hidden, &self.visible].map(|states| states.to_bytes(self.rows()))
    }

    pub(super) fn temperatures(&self) -> Vec<u64> {
        lock(&self.temperatures).iter().map(|&number| number as u64).collect()
    }

    pub(super) fn stream_state(&self) -> [Vec<u64>; 2] {
        [self.hidden_streams.state(), self.visible_streams.state()]
    }

    pub(super) fn exchange_state(&self) -> [u64; 2] {
        [self.seed, self.exchanges.load(Relaxed)]
    }

    /// Goes on from a state.
    pub(super) fn restore(&mut self, state: &BernoulliState) -> Result<()> {
        let now = [self.bytes()[0].len(), self.bytes()[1].len(), self.rows()];
        let then = [state.chains[0].len(), state.chains[1].len(), state.temperatures.len()];
        let streams = self.stream_state().each_ref().map(Vec::len);
        let known = self.temperatures();
        let ladder = |numbers: &[u64]| {
            let mut numbers = numbers.to_vec();
            numbers.sort_unstable();
            numbers
        };
        if now != then
            || ladder(&known) != ladder(&state.temperatures)
            || streams != state.streams.each_ref().map(Vec::len)
        {
            return Err(Error::expected(
                "the state",
                "one of a training with as many chains and units",
                "one of another",
            ));
        }
        self.hidden.read_bytes(&state.chains[0]);
        self.visible.read_bytes(&state.chains[1]);
        *lock(&self.temperatures) =
            state.temperatures.iter().map(|&number| number as usize).collect();
        self.hidden_streams.restore(&state.streams[0]);
        self.visible_streams.restore(&state.streams[1]);
        [self.seed, *self.exchanges.get_mut()] = state.exchanges;
        Ok(())
    }

    /// Tries to exchange neighbouring temperatures, odd and even pairs alternately.
    fn exchange(&self, betas: &[f64], scale: f64) {
        let round = self.exchanges.fetch_add(1, Relaxed);
        let mut temperatures = lock(&self.temperatures);
        let mut rows = vec![Vec::with_capacity(self.count); betas.len()];
        for (row, &number) in temperatures.iter().enumerate() {
            rows[number].push(row);
        }
        let philox = Philox::new(self.seed, Purpose::Exchange, 0);
        let pairs = self.count * betas.len();
        let mut words = philox.words_from(round * pairs as u64);
        for number in (round as usize % 2..betas.len() - 1).step_by(2) {
            for (&warm, &cold) in rows[number].iter().zip(&rows[number + 1]) {
                let depth = |row: usize| self.depths[row].load(Relaxed) as f64 / scale;
                let cost = depth(cold) - depth(warm);
                if metropolis(betas[number + 1] - betas[number], cost, words.uniform()) {
                    temperatures.swap(warm, cold);
                }
            }
        }
    }
}

/// The negated energy that the units of a tile have in their fields.
fn depth(fields: &Row, word: u32) -> i64 {
    let mut sum = 0;
    for vector in 0..VECTORS {
        for lane in 0..LANES {
            let on = word >> (LANES * vector + lane) & 1;
            sum += i64::from(fields.0[vector][lane]) * i64::from(on);
        }
    }
    sum
}

impl BernoulliTrainer {
    /// Moves the chains by the steps of an update, and leaves in `buffers` and `shared` what the
    /// statistics need: the fields of the own hidden units, and the columns of the own visible ones.
    pub(super) fn negative_phase(
        &self,
        work: &mut Workspace,
        buffers: &mut WorkerBuffers,
        shared: &SharedGradient,
        scale: f32,
        batch: usize,
        barrier: &Barrier,
    ) {
        let (chains, rules) = (&self.chains, &self.rules);
        let rows = if rules.persistent { chains.rows() } else { batch };
        let tempered = rules.betas.len() > 1;
        for step in 1..=rules.steps {
            let last = step == rules.steps;
            buffers.factors.clear();
            if tempered {
                let temperatures = lock(&chains.temperatures);
                let betas = temperatures.iter().map(|&number| rules.betas[number] as f32);
                buffers.factors.extend(betas.map(|beta| factor(scale, beta)));
            } else {
                buffers.factors.resize(rows, factor(scale, 1.0));
            }
            work.load(&chains.hidden, rows);
            for number in buffers.visible.clone() {
                let (layer, streams) = (&self.machine.visible, &chains.visible_streams);
                work.draw(layer, number, scale, &buffers.factors, streams, |first, _, states| {
                    chains.visible.write(number, first, states);
                });
                if last && !tempered {
                    shared.chains.write(number, rows, |row| chains.visible.word(number, row));
                }
            }
            barrier.wait();
            work.load(&chains.visible, rows);
            for (slot, number) in buffers.hidden.clone().enumerate() {
                let (layer, streams) = (&self.machine.hidden, &chains.hidden_streams);
                let kept = &mut buffers.negative[slot];
                kept.resize(rows, Row::ZERO);
                work.draw(
                    layer,
                    number,
                    scale,
                    &buffers.factors,
                    streams,
                    |first, fields, states| {
                        chains.hidden.write(number, first, states);
                        if last {
                            kept[first..][..fields.len()].copy_from_slice(fields);
                        }
                        if tempered {
                            for (row, (fields, &word)) in fields.iter().zip(&*states).enumerate() {
                                chains.depths[first + row].fetch_add(depth(fields, word), Relaxed);
                            }
                        }
                    },
                );
            }
            if tempered {
                self.temper(buffers, shared, scale, last, barrier);
            } else if !last {
                barrier.wait();
            }
        }
        let factor = factor(scale, 1.0);
        let cold = if tempered { chains.count } else { rows };
        for (slot, number) in buffers.hidden.clone().enumerate() {
            let kept = &mut buffers.negative[slot];
            (work.kernels.probabilities)(
                &mut kept[..cold],
                factor,
                self.machine.hidden.units(number),
            );
            kept.truncate(cold);
            kept.resize(cold.next_multiple_of(GROUP), Row::ZERO);
        }
        buffers.cold = cold;
    }

    /// Exchanges temperatures; after the last step, brings the chains at temperature one together.
    fn temper(
        &self,
        buffers: &mut WorkerBuffers,
        shared: &SharedGradient,
        scale: f32,
        last: bool,
        barrier: &Barrier,
    ) {
        let chains = &self.chains;
        for number in buffers.visible.clone() {
            let bias = fixed_point(&self.machine.visible.tile(number).bias, scale);
            for (row, sum) in chains.depths.iter().enumerate() {
                sum.fetch_add(depth(&bias, chains.visible.word(number, row)), Relaxed);
            }
        }
        barrier.wait();
        if barrier.members() == 1 || buffers.first {
            chains.exchange(&self.rules.betas, f64::from(scale));
            for sum in &chains.depths {
                sum.store(0, Relaxed);
            }
        }
        barrier.wait();
        if last {
            let cold = chains.cold();
            for kept in &mut buffers.negative {
                for (to, &from) in cold.iter().enumerate() {
                    kept[to] = kept[from];
                }
            }
            for number in buffers.visible.clone() {
                shared
                    .chains
                    .write(number, cold.len(), |row| chains.visible.word(number, cold[row]));
            }
            barrier.wait();
        }
    }
}
