//! Publishing in real repositories, to real remotes.
#![cfg(unix)]
#![allow(unreachable_pub)]

mod auto;
mod between;
#[path = "../../support/mod.rs"]
mod child;
mod current;
mod destination;
mod harm;
mod odd;
mod own;
mod pruned;
mod remotes;
mod removed;
mod secrets;
mod shared;
mod staged;
mod support;
mod together;
