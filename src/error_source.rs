//! The types that `record_failure` and `log_failure` accept as errors.

use std::any::Any;
use std::error::Error;
use std::path::PathBuf;

use crate::observe::error_chain::ErrorChain;
use crate::observe::eyre;
use record::Limits;

/// A value that can be recorded as the cause of a failure: any [`Error`], `Box<dyn Error>`, a report such as
/// `eyre::Report` or `anyhow::Error`, or the payload of a panic from `catch_unwind` or `JoinHandle::join`.
///
/// The type parameter only distinguishes these implementations and is always inferred. Do not implement this trait
/// outside of this crate.
///
/// ```
/// fn takes_any<Via>(error: impl tracing_failure::ErrorSource<Via>) {}
///
/// takes_any("x".parse::<f64>().unwrap_err());
/// takes_any(Box::<dyn std::error::Error + Send + Sync>::from("no convergence"));
/// takes_any(Box::<dyn std::error::Error>::from("no convergence"));
/// takes_any(std::panic::catch_unwind(|| panic!("no convergence")).unwrap_err());
/// ```
pub trait ErrorSource<Via> {
    #[doc(hidden)]
    fn chain(&self, limits: &Limits) -> Chain;

    /// Adds a note with the path of the record, if the error can carry one.
    #[doc(hidden)]
    fn with_note(self, _path: impl FnOnce() -> Option<PathBuf>) -> Self
    where
        Self: Sized,
    {
        self
    }
}

/// An error and its sources.
#[doc(hidden)]
pub struct Chain(pub(crate) ErrorChain);

#[doc(hidden)]
pub struct ViaError;
#[doc(hidden)]
pub struct ViaReport;
#[doc(hidden)]
pub struct ViaBox;
#[doc(hidden)]
pub struct ViaDyn;
#[doc(hidden)]
pub struct ViaPanic;

impl<E: Error + 'static> ErrorSource<ViaError> for E {
    fn chain(&self, limits: &Limits) -> Chain {
        Chain(ErrorChain::of(self, Some(std::any::type_name::<E>()), limits))
    }
}

impl<E: AsRef<dyn Error + 'static> + 'static> ErrorSource<ViaReport> for E {
    fn chain(&self, limits: &Limits) -> Chain {
        let mut chain = ErrorChain::of(self.as_ref(), None, limits);
        eyre::add_details(self, &mut chain, limits);
        Chain(chain)
    }

    fn with_note(self, path: impl FnOnce() -> Option<PathBuf>) -> Self {
        eyre::add_note(self, path)
    }
}

impl ErrorSource<ViaBox> for Box<dyn Error + Send + Sync + 'static> {
    fn chain(&self, limits: &Limits) -> Chain {
        Chain(ErrorChain::of(&**self, None, limits))
    }
}

impl ErrorSource<ViaPanic> for Box<dyn Any + Send + 'static> {
    fn chain(&self, limits: &Limits) -> Chain {
        Chain(ErrorChain::of_payload(&**self, limits))
    }
}

impl ErrorSource<ViaDyn> for dyn Error + 'static {
    fn chain(&self, limits: &Limits) -> Chain {
        Chain(ErrorChain::of(self, None, limits))
    }
}

impl ErrorSource<ViaDyn> for dyn Error + Send + Sync + 'static {
    fn chain(&self, limits: &Limits) -> Chain {
        Chain(ErrorChain::of(self, None, limits))
    }
}
