//! The logistic function and 2^t, from the ground floor.

pub(in crate::rbm) use crate::elementary::{
    sigmoid::{ONE, factor, fires, probability},
    single::exp2,
};
