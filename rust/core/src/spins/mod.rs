//! What all spin models share.

pub mod acceptance;
