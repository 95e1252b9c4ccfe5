//! What counts as an error: anything that implements `std::error::Error`, and reports that do not.

use std::any::Any;
use std::error::Error;
use std::path::PathBuf;

use crate::observe::error_chain::ErrorChain;
use crate::observe::eyre;
use record::Limits;

/// Anything that a failure can be caused by: every [`Error`], `Box<dyn Error>`, and reports such as `eyre::Report` and
/// `anyhow::Error`, which lend a `dyn Error`; and the payload of a panic, which `catch_unwind` and `JoinHandle::join` return.
///
/// The parameter only tells these apart for the compiler; it is always inferred. Nothing outside of this crate needs to
/// implement the trait.
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

    /// The error with a note that says where its record is, where it can carry one and there is one to name.
    #[doc(hidden)]
    fn noting(self, _path: impl FnOnce() -> Option<PathBuf>) -> Self
    where
        Self: Sized,
    {
        self
    }
}

/// The error and its sources, taken apart.
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

    fn noting(self, path: impl FnOnce() -> Option<PathBuf>) -> Self {
        eyre::note(self, path)
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
