//! Publishing in real repositories, to real remotes.
#![cfg(unix)]
#![allow(unreachable_pub)]

mod auto;
mod current;
mod harm;
mod odd;
mod own;
mod remotes;
mod support;
mod together;
