//! Support for color-eyre: installs it, reads its reports, and adds the path of the record as a note.

#[cfg(feature = "color-eyre")]
pub(crate) use enabled::{add_details, add_note, install};

#[cfg(not(feature = "color-eyre"))]
pub(crate) use disabled::{add_details, add_note, install};

#[cfg(feature = "color-eyre")]
mod enabled {
    use std::any::Any;
    use std::fmt::Write;
    use std::io::IsTerminal;
    use std::path::PathBuf;

    use color_eyre::Section;
    use color_eyre::config::{HookBuilder, Theme};
    use color_eyre::eyre::Report;

    use crate::observe::error_chain::{ErrorChain, format_within, read_span_trace};
    use crate::observe::report_parser::{ParsedReport, RECORD_NOTE_START};
    use record::Limits;
    use runtime::stderr::relative_path;

    /// Installs color-eyre. Existing hooks of the program stay.
    pub(crate) fn install() {
        let in_colour = std::io::stderr().is_terminal() && !is_set("NO_COLOR");
        let theme = if in_colour { Theme::dark() } else { Theme::new() };
        let hooks = HookBuilder::default().theme(theme).display_env_section(false).try_into_hooks();
        let Ok((panic_hook, eyre_hook)) = hooks else { return };
        if eyre_hook.install().is_err() {
            return;
        }
        let previous = std::panic::take_hook();
        let default = std::panic::take_hook();
        if is_same(&*previous, &*default) {
            std::panic::set_hook(panic_hook.into_panic_hook());
        } else {
            std::panic::set_hook(previous);
        }
    }

    /// An empty variable counts as unset: <https://no-color.org>.
    fn is_set(variable: &str) -> bool {
        std::env::var_os(variable).is_some_and(|value| !value.is_empty())
    }

    type PanicHook<'a> = &'a dyn Fn(&std::panic::PanicHookInfo<'_>);

    /// Compares two panic hooks. Without a custom hook, `take_hook` always returns the same standard hook.
    #[allow(ambiguous_wide_pointer_comparisons)]
    fn is_same(a: PanicHook<'_>, b: PanicHook<'_>) -> bool {
        std::ptr::eq(a, b)
    }

    /// Maximum number of bytes of a report's text. The notes follow the backtrace.
    const MAX_REPORT_BYTES: usize = 256 << 10;

    /// Adds the SpanTrace, backtrace, notes and suggestions of a color-eyre report. All but the SpanTrace are only in
    /// its `Debug` text.
    pub(crate) fn add_details(report: &dyn Any, chain: &mut ErrorChain, limits: &Limits) {
        let Some(report) = report.downcast_ref::<Report>() else { return };
        let handler = report.handler().downcast_ref::<color_eyre::Handler>();
        if let Some(trace) = handler.and_then(color_eyre::Handler::span_trace)
            && chain.created_in.is_empty()
        {
            chain.created_in = read_span_trace(trace);
        }
        let report_limits = limits.clone().with_text(MAX_REPORT_BYTES);
        let text = format_within(&report_limits, |sink| write!(sink, "{report:?}"));
        if let Some(details) = ParsedReport::parse(&text) {
            chain.add_details(details, limits);
        }
    }

    /// Adds the path of the record to a report. Other errors are returned unchanged.
    pub(crate) fn add_note<E: 'static>(error: E, path: impl FnOnce() -> Option<PathBuf>) -> E {
        let mut error = Some(error);
        if let Some(report) = (&mut error as &mut dyn Any).downcast_mut::<Option<Report>>()
            && let Some(path) = path()
        {
            let text = format!("{RECORD_NOTE_START}{}", relative_path(&path));
            *report = report.take().map(|report| report.note(text));
        }
        match error {
            Some(error) => error,
            None => unreachable!("a report keeps its place when a note is added"),
        }
    }
}

#[cfg(not(feature = "color-eyre"))]
mod disabled {
    use std::any::Any;
    use std::path::PathBuf;

    use crate::observe::error_chain::ErrorChain;
    use record::Limits;

    pub(crate) fn install() {}

    pub(crate) fn add_details(_: &dyn Any, _: &mut ErrorChain, _: &Limits) {}

    pub(crate) fn add_note<E>(error: E, _: impl FnOnce() -> Option<PathBuf>) -> E {
        error
    }
}
