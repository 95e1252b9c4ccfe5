//! What `tracing-failure` costs beside its peers.

pub mod failure;
pub mod measure;
pub mod operations;
pub mod subscribers;
