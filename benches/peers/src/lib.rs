//! The cost of `tracing-failure` compared with other layers.

pub mod failure;
pub mod measure;
pub mod operations;
pub mod subscribers;
