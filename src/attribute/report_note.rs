//! Adds the path of the record to a returned report, which color-eyre prints at the end of the program.

/// The value that a failed function returns.
pub struct FailedResult<R>(pub R);

#[cfg(feature = "color-eyre")]
impl<T> FailedResult<Result<T, color_eyre::eyre::Report>> {
    /// Returns the value. A report gets a note with the path of its record.
    #[cold]
    pub fn with_record_note(self) -> Result<T, color_eyre::eyre::Report> {
        use record::Limits;

        use crate::layer::layer_core::LayerCore;
        use crate::observe::error_chain::ErrorChain;
        use crate::observe::eyre;
        use crate::observe::thread::Busy;

        self.0.map_err(|report| {
            let Some(_busy) = Busy::enter() else { return report };
            let entries = ErrorChain::of(report.as_ref(), None, &Limits::DEFAULT).entries;
            let messages: Vec<String> = entries.into_iter().map(|entry| entry.message).collect();
            let path =
                || LayerCore::with_current(|core, _, _| core.recorder.take_unreported_path(None, &messages)).flatten();
            eyre::add_note(report, path)
        })
    }
}

/// Any other value. Methods of the type itself take precedence over this trait.
pub trait WithoutNote<R> {
    fn with_record_note(self) -> R;
}

impl<R> WithoutNote<R> for FailedResult<R> {
    #[inline]
    fn with_record_note(self) -> R {
        self.0
    }
}
