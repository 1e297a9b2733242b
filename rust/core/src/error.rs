//! The one error type of the core.
//!
//! Messages name the argument, what was expected and what came. The bindings turn each kind into
//! one Python exception, in one place.

/// Why the core refused or stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An argument has a value that the model does not allow.
    #[error("{0}")]
    Value(String),
    /// A number does not fit in the type that was asked for.
    #[error("{0}")]
    Overflow(String),
    /// The memory that the result needs cannot be had.
    #[error("{0}")]
    Memory(String),
    /// The caller asked for the work to stop; what was finished is kept.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// An [`Error::Value`] in the house's form: the argument, what was expected, what came.
    pub fn expected(
        name: &str,
        expected: impl std::fmt::Display,
        got: impl std::fmt::Display,
    ) -> Self {
        Self::Value(format!("{name} must be {expected}, got {got}"))
    }
}

/// What the core returns.
pub type Result<T> = std::result::Result<T, Error>;
