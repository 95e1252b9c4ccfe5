//! color-eyre: how errors and panics look on the terminal, and the note that says where the record is.

#[cfg(feature = "color-eyre")]
pub(crate) use enabled::{add_details, install, note};

#[cfg(not(feature = "color-eyre"))]
pub(crate) use disabled::{add_details, install, note};

#[cfg(feature = "color-eyre")]
mod enabled {
    use std::any::Any;
    use std::fmt::Write;
    use std::io::IsTerminal;
    use std::path::PathBuf;

    use color_eyre::Section;
    use color_eyre::config::{HookBuilder, Theme};
    use color_eyre::eyre::Report;

    use crate::observe::error_chain::{ErrorChain, bounded, read_span_trace};
    use crate::observe::report_text::{RECORDED, ReportText};
    use record::Limits;
    use runtime::stderr::shown;

    /// Installs color-eyre. What somebody else has installed stays.
    pub(crate) fn install() {
        let in_colour = std::io::stderr().is_terminal() && !is_set("NO_COLOR");
        let theme = if in_colour { Theme::dark() } else { Theme::new() };
        let hooks = HookBuilder::default().theme(theme).display_env_section(false).try_into_hooks();
        let Ok((panic_hook, eyre_hook)) = hooks else { return };
        if eyre_hook.install().is_err() {
            return;
        }
        let before = std::panic::take_hook();
        let default = std::panic::take_hook();
        if is_same(&*before, &*default) {
            std::panic::set_hook(panic_hook.into_panic_hook());
        } else {
            std::panic::set_hook(before);
        }
    }

    /// A variable that is empty counts as unset: <https://no-color.org>.
    fn is_set(variable: &str) -> bool {
        std::env::var_os(variable).is_some_and(|value| !value.is_empty())
    }

    type Hook<'a> = &'a dyn Fn(&std::panic::PanicHookInfo<'_>);

    /// Without a hook of the program's own, taking the hook gives the standard library's every time: the same code.
    #[allow(ambiguous_wide_pointer_comparisons)]
    fn is_same(a: Hook<'_>, b: Hook<'_>) -> bool {
        std::ptr::eq(a, b)
    }

    /// Bytes that are read of the text of a report: the notes follow the backtrace.
    const REPORT: usize = 256 << 10;

    /// color-eyre keeps the SpanTrace of a report, its backtrace, notes and suggestions beside the error. All but the
    /// first it shows in its `Debug` text only.
    pub(crate) fn add_details(report: &dyn Any, chain: &mut ErrorChain, limits: &Limits) {
        let Some(report) = report.downcast_ref::<Report>() else { return };
        let handler = report.handler().downcast_ref::<color_eyre::Handler>();
        if let Some(trace) = handler.and_then(color_eyre::Handler::span_trace)
            && chain.created_in.is_empty()
        {
            chain.created_in = read_span_trace(trace);
        }
        let most = limits.clone().with_text(REPORT);
        let text = bounded(&most, |sink| write!(sink, "{report:?}"));
        if let Some(details) = ReportText::parse(&text) {
            chain.add_details(details, limits);
        }
    }

    /// Adds the place of the record to a report; other errors stay as they are.
    pub(crate) fn note<E: 'static>(error: E, path: impl FnOnce() -> Option<PathBuf>) -> E {
        let mut error = Some(error);
        if let Some(report) = (&mut error as &mut dyn Any).downcast_mut::<Option<Report>>()
            && let Some(path) = path()
        {
            let text = format!("{RECORDED}{}", shown(&path));
            *report = report.take().map(|report| report.note(text));
        }
        match error {
            Some(error) => error,
            None => unreachable!("a report that was given a note is still there"),
        }
    }
}

#[cfg(not(feature = "color-eyre"))]
mod disabled {
    use std::any::Any;
    use std::error::Error;
    use std::path::PathBuf;

    use crate::observe::error_chain::ErrorChain;
    use record::Limits;

    pub(crate) fn install() {}

    pub(crate) fn add_details(_: &dyn Any, _: &mut ErrorChain, _: &Limits) {}

    pub(crate) fn note<E>(error: E, _: impl FnOnce() -> Option<PathBuf>) -> E {
        error
    }
}
