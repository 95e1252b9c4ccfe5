//! Reports as HTML: one page about all computations of a corpus, and one page about a single failure.
//!
//! A page is one file without scripts and without external resources. Its content security policy permits neither.
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.

mod chart;
mod data;
mod figure;
mod page;
mod record_page;
mod report_page;
mod section;
mod shown;

pub use data::{CorpusReport, ReportGroup, ReportTable};
pub use record_page::render_failure;
pub use report_page::render;
