//! Block Gibbs sampling: all hidden units given the visible ones, all visible units given the
//! hidden ones, and again.

use std::{ops::Range, sync::Mutex};

use super::{
    half_step::{Stop, Streams, Workspace, finish, lock, share},
    kernels::Kernels,
    machine::Rbm,
    states::States,
};
use crate::{
    control::Control,
    elementary::sigmoid::factor,
    error::{Error, Result},
    rng::Purpose,
    simd::Level,
    team::Team,
};

/// Multiplications below which a second thread costs more than it brings.
const WORTH_SHARING: usize = 1 << 21;

/// Which layer the chains start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Each step first draws the hidden units.
    Visible,
    /// Each step first draws the visible units.
    Hidden,
}

/// A run of chains.
#[derive(Clone, Copy, Debug)]
pub struct Gibbs<'a> {
    /// Steps, of both layers each.
    pub steps: usize,
    /// The seed of the streams.
    pub seed: u64,
    /// The layer that `start` has.
    pub from: From,
    /// A byte a visible unit, not zero for those that keep the value they start with.
    pub clamped: Option<&'a [u8]>,
    /// Keep the visible states after every so many steps.
    pub every: Option<usize>,
}

/// The chains after a run, a byte a unit, chain after chain.
#[derive(Clone, Debug)]
pub struct Chains {
    /// Visible states.
    pub visible: Vec<u8>,
    /// Hidden states.
    pub hidden: Vec<u8>,
    /// The visible states that were kept, one time after another.
    pub kept: Vec<u8>,
}

impl Rbm {
    /// Members of a team that `rows` rows are worth.
    pub(in crate::rbm) fn members(&self, rows: usize) -> usize {
        let work = rows.saturating_mul(self.n_hidden()).saturating_mul(self.n_visible());
        if work < WORTH_SHARING { 1 } else { usize::MAX }
    }

    /// Runs one chain from each row of `start`, which holds bytes that are zero or not.
    ///
    /// # Errors
    /// [`Error::Value`] for rows or a mask of another length, or clamped units without values;
    /// [`Error::Cancelled`].
    pub fn gibbs(
        &self,
        start: &[u8],
        run: &Gibbs<'_>,
        team: &Team,
        level: Level,
        control: &Control,
    ) -> Result<Chains> {
        let (n_visible, n_hidden) = (self.n_visible(), self.n_hidden());
        let width = if run.from == From::Visible { n_visible } else { n_hidden };
        if !start.len().is_multiple_of(width) {
            return Err(Error::expected(
                "start",
                format_args!("rows of {width} units"),
                start.len(),
            ));
        }
        if let Some(clamped) = run.clamped
            && (clamped.len() != n_visible || run.from == From::Hidden)
        {
            return Err(Error::expected(
                "clamp",
                format_args!("one flag for each of {n_visible} visible units that start"),
                clamped.len(),
            ));
        }
        let rows = start.len() / width;
        let (visible, hidden) = match run.from {
            From::Visible => (States::from_bytes(n_visible, start), States::new(n_hidden, rows)),
            From::Hidden => (States::new(n_visible, rows), States::from_bytes(n_hidden, start)),
        };
        let chains = Running {
            machine: self,
            clamped: run.clamped.map(|mask| {
                let flags = States::from_bytes(n_visible, mask);
                (flags, States::from_bytes(n_visible, start))
            }),
            visible,
            hidden,
            visible_streams: Streams::new(run.seed, Purpose::Visible, self.visible.n_tiles()),
            hidden_streams: Streams::new(run.seed, Purpose::Hidden, self.hidden.n_tiles()),
            factors: vec![factor(self.scale, 1.0); rows],
        };
        let (kept, stop) = (Mutex::new(Vec::new()), Stop::default());
        team.run(self.members(rows), |member, barrier| {
            let mut work = Workspace::new(Kernels::of(level));
            let of = |states: &States| share(states.tiles(), member, barrier.members());
            let (own_visible, own_hidden) = (of(&chains.visible), of(&chains.hidden));
            for step in 1..=run.steps {
                if run.from == From::Visible {
                    chains.draw_hidden(&mut work, own_hidden.clone());
                    barrier.wait();
                }
                chains.draw_visible(&mut work, own_visible.clone());
                if member == 0 && run.from == From::Visible {
                    stop.check(control);
                }
                barrier.wait();
                // Nobody writes visible states before the next barrier.
                if member == 0 && run.every.is_some_and(|every| step.is_multiple_of(every)) {
                    lock(&kept).extend_from_slice(&chains.visible.to_bytes(rows));
                }
                if run.from == From::Hidden {
                    chains.draw_hidden(&mut work, own_hidden.clone());
                    if member == 0 {
                        stop.check(control);
                    }
                    barrier.wait();
                }
                if stop.agreed() {
                    break;
                }
                if member == 0 {
                    control.advance(1);
                }
            }
        });
        finish(&stop, control)?;
        let [visible, hidden] = [&chains.visible, &chains.hidden].map(|s| s.to_bytes(rows));
        Ok(Chains { visible, hidden, kept: std::mem::take(&mut lock(&kept)) })
    }
}

/// Chains on their way.
struct Running<'a> {
    machine: &'a Rbm,
    visible: States,
    hidden: States,
    visible_streams: Streams,
    hidden_streams: Streams,
    /// Which units are clamped, and the states they have.
    clamped: Option<(States, States)>,
    factors: Vec<f32>,
}

impl Running<'_> {
    fn draw_hidden(&self, work: &mut Workspace, tiles: Range<usize>) {
        let (layer, scale) = (&self.machine.hidden, self.machine.scale);
        work.load(&self.visible, self.factors.len());
        for tile in tiles {
            let streams = &self.hidden_streams;
            work.draw(layer, tile, scale, &self.factors, streams, |first, _, states| {
                self.hidden.write(tile, first, states);
            });
        }
    }

    fn draw_visible(&self, work: &mut Workspace, tiles: Range<usize>) {
        let (layer, scale) = (&self.machine.visible, self.machine.scale);
        work.load(&self.hidden, self.factors.len());
        for tile in tiles {
            let streams = &self.visible_streams;
            work.draw(layer, tile, scale, &self.factors, streams, |first, _, states| {
                if let Some((flags, values)) = &self.clamped {
                    let flags = flags.word(tile, 0);
                    for (row, word) in states.iter_mut().enumerate() {
                        *word = *word & !flags | values.word(tile, first + row) & flags;
                    }
                }
                self.visible.write(tile, first, states);
            });
        }
    }
}
