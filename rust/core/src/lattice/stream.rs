//! A random stream in registers.

use crate::{
    bits::{Chunk, Lanes},
    rng::Xoshiro8,
};

/// The state of a [`Xoshiro8`] while a kernel draws from it: xoshiro256++ (Blackman and Vigna, ACM
/// Trans. Math. Softw. 47, 36 (2021)), a lane of the definition in a lane of the vector.
pub(super) struct Stream<L> {
    state: [L; 4],
}

impl<L: Lanes> Stream<L> {
    #[inline(always)]
    pub(super) fn resume(generator: &Xoshiro8) -> Self {
        let [a, b, c, d] = generator.state();
        Self { state: [L::gather(a, 0), L::gather(b, 0), L::gather(c, 0), L::gather(d, 0)] }
    }

    #[inline(always)]
    pub(super) fn save(self, generator: &mut Xoshiro8) {
        let mut words = [Chunk::default(); 4];
        for k in 0..4 {
            self.state[k].store(&mut words[k]);
        }
        *generator = Xoshiro8::from_state(words.map(|chunk| chunk.0));
    }

    /// The next 512 bits.
    #[inline(always)]
    pub(super) fn draw(&mut self) -> L {
        let [a, b, c, d] = self.state;
        let out = a.plus(d).rotate::<23>().plus(a);
        let (sum, mixed) = (a.xor(c), b.xor(d));
        self.state = [a.xor(mixed), b.xor(sum), sum.xor(b.shift_up(17)), mixed.rotate::<45>()];
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "x86_64")]
    use crate::bits::{Pair, Register};
    use crate::{
        bits::Words,
        rng::{Philox, Purpose},
        simd::{Level, kernel_table},
    };

    kernel_table! {
        struct Draws for Vector in [Words, Pair, Register] {
            draw: fn(generator: &mut Xoshiro8, out: &mut [Chunk]) = draw::<Vector>;
        }
    }

    #[inline(always)]
    fn draw<L: Lanes>(generator: &mut Xoshiro8, out: &mut [Chunk]) {
        let mut stream = Stream::<L>::resume(generator);
        for chunk in out {
            stream.draw().store(chunk);
        }
        stream.save(generator);
    }

    #[test]
    fn a_stream_in_registers_is_the_generators() {
        let first = Xoshiro8::new(&Philox::new(1, Purpose::Dynamics, 2));
        for level in Level::available() {
            let (mut plain, mut fast) = (first.clone(), first.clone());
            for _ in 0..3 {
                let mut out = [Chunk::default(); 5];
                (Draws::of(level).draw)(&mut fast, &mut out);
                assert_eq!(out, [(); 5].map(|()| Chunk(plain.step())), "{level}");
                assert_eq!(fast.state(), plain.state(), "{level}");
            }
        }
    }
}
