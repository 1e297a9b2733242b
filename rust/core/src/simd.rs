//! Which instruction set the kernels use: chosen once, at run time.
//!
//! Wheels are built for the baseline of their architecture. The environment variable
//! `SPINGLASS_SIMD` forces a path (`portable`, `avx2`, `avx512`); to ask for one that the machine
//! lacks is an error, never a silent fallback. All paths give the same bits.

use std::{fmt, sync::OnceLock};

use crate::error::{Error, Result};

/// The environment variable that forces a level.
pub const VARIABLE: &str = "SPINGLASS_SIMD";

/// An instruction set for which there are kernels, from the plainest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Plain Rust: any machine.
    Portable,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL, VBMI, VBMI2, VNNI, VPOPCNTDQ.
    Avx512,
}

impl Level {
    const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The name that `SPINGLASS_SIMD` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this machine can run it.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vbmi")
                    && is_x86_feature_detected!("avx512vbmi2")
                    && is_x86_feature_detected!("avx512vnni")
                    && is_x86_feature_detected!("avx512vpopcntdq")
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Portable
        }
    }

    /// Every level that this machine can run.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|level| level.is_available())
    }

    /// The level that `choice` asks for; the widest one for `None`.
    ///
    /// # Errors
    /// [`Error::Value`] if `choice` is no level or one that this machine lacks.
    pub fn choose(choice: Option<&str>) -> Result<Self> {
        let Some(name) = choice else {
            return Ok(Self::available().last().unwrap_or(Self::Portable));
        };
        match Self::ALL.into_iter().find(|level| level.name() == name) {
            Some(level) if level.is_available() => Ok(level),
            Some(_) => Err(Error::Value(format!(
                "{VARIABLE} asks for {name}, but this machine has only {}",
                Self::available().map(Self::name).collect::<Vec<_>>().join(", ")
            ))),
            None => Err(Error::expected(
                VARIABLE,
                "one of portable, avx2, avx512",
                format_args!("{name:?}"),
            )),
        }
    }

    /// The level of this process, read from the environment the first time it is asked for.
    ///
    /// # Errors
    /// As [`Level::choose`].
    pub fn current() -> Result<Self> {
        static CURRENT: OnceLock<Result<Level>> = OnceLock::new();
        CURRENT
            .get_or_init(|| {
                let text = std::env::var(VARIABLE).ok();
                Self::choose(text.as_deref().filter(|text| !text.is_empty()))
            })
            .clone()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A table of kernels, each compiled once an instruction set.
///
/// A kernel is an `inline(always)` function: in plain Rust, which the compiler vectorises anew for
/// each set, or generic over a type that stands for the set. That type has the name given before the braces
/// and is one of three:
///
/// ```ignore
/// kernel_table! {
///     /// The kernels of one instruction set.
///     pub(super) struct Kernels for Vector in [Words, Pair, Register] {
///         /// Adds.
///         pub add: fn(&mut [i32], &[i32]) = add::<Vector>;
///     }
/// }
/// ```
///
/// `Kernels::of(level)` gives the table of a level, and is the one place that asks whether the
/// machine has it: the fields are safe to call.
macro_rules! kernel_table {
    (
        $(#[$meta:meta])*
        $vis:vis struct $table:ident for $vector:ident
        in [$portable:ty, $avx2:ty, $avx512:ty] {
            $($(#[$doc:meta])* $field_vis:vis $name:ident:
                fn($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? = $body:expr;)*
        }
    ) => {
        $(#[$meta])*
        $vis struct $table {
            $($(#[$doc])* $field_vis $name: fn($($type),*) $(-> $out)?,)*
        }

        impl $table {
            /// The kernels of `level`.
            ///
            /// # Panics
            /// If this machine lacks it.
            $vis fn of(level: $crate::simd::Level) -> &'static Self {
                assert!(level.is_available(), "this machine has no {level}");
                match level {
                    #[cfg(target_arch = "x86_64")]
                    $crate::simd::Level::Avx512 => $crate::simd::kernel_table!(
                        @set $table, $vector = $avx512,
                        ["avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vnni,avx512vpopcntdq"],
                        $($name: fn($($arg: $type),*) $(-> $out)? = $body;)*
                    ),
                    #[cfg(target_arch = "x86_64")]
                    $crate::simd::Level::Avx2 => $crate::simd::kernel_table!(
                        @set $table, $vector = $avx2, ["avx2"],
                        $($name: fn($($arg: $type),*) $(-> $out)? = $body;)*
                    ),
                    _ => $crate::simd::kernel_table!(
                        @set $table, $vector = $portable, [],
                        $($name: fn($($arg: $type),*) $(-> $out)? = $body;)*
                    ),
                }
            }
        }
    };
    (
        @set $table:ident, $vector:ident = $lanes:ty, $features:tt,
        $($name:ident: fn($($arg:ident: $type:ty),*) $(-> $out:ty)? = $body:expr;)*
    ) => {{
        #[allow(dead_code, reason = "a table of plain Rust names no vector")]
        type $vector = $lanes;
        static TABLE: $table = $table {
            $($name: $crate::simd::kernel_table!(
                @kernel $features, fn($($arg: $type),*) $(-> $out)? = $body
            ),)*
        };
        &TABLE
    }};
    (@kernel [], fn($($arg:ident: $type:ty),*) $(-> $out:ty)? = $body:expr) => {{
        fn compiled($($arg: $type),*) $(-> $out)? {
            ($body)($($arg),*)
        }
        // An entry around it would have the same code compiled twice.
        compiled
    }};
    (@kernel [$feature:literal], fn($($arg:ident: $type:ty),*) $(-> $out:ty)? = $body:expr) => {{
        #[target_feature(enable = $feature)]
        fn compiled($($arg: $type),*) $(-> $out)? {
            ($body)($($arg),*)
        }
        fn entry($($arg: $type),*) $(-> $out)? {
            // SAFETY: `of` hands its table out only where the machine has the instructions; the
            // kernel is otherwise safe.
            unsafe { compiled($($arg),*) }
        }
        entry
    }};
}
pub(crate) use kernel_table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_available_level_can_be_asked_for_by_name() {
        for level in Level::available() {
            assert_eq!(Level::choose(Some(level.name())), Ok(level));
        }
        assert!(Level::available().any(|level| level == Level::Portable));
    }

    kernel_table! {
        struct Sums for Number in [u8, u16, u32] {
            bits: fn() -> u32 = || Number::BITS;
            sum: fn(values: &[u64]) -> u64 = |values: &[u64]| values.iter().sum();
        }
    }

    #[test]
    fn a_kernel_table_has_the_kernels_of_its_level() {
        for level in Level::available() {
            let table = Sums::of(level);
            assert_eq!((table.bits)(), 8 << level as u32);
            assert_eq!((table.sum)(&[1, 2, 3]), 6);
        }
    }

    #[test]
    fn an_unknown_level_is_refused_by_name() {
        let message = Level::choose(Some("sse9")).unwrap_err().to_string();
        assert_eq!(message, "SPINGLASS_SIMD must be one of portable, avx2, avx512, got \"sse9\"");
    }
}
