//! The compiled half of the Python package `tracing_failure`: recorder, values, rules and schema of the Rust library.
//!
//! `tracing_failure/_native.pyi` documents its interface. It calls a few Python functions, which
//! `tests/test_architecture.py` lists.

mod advice;
mod bounds;
mod breadcrumbs;
mod caller;
mod columns;
mod computation;
mod corpus_tables;
mod fork;
mod from_python;
mod python_counter;
mod reading;
mod recorder;
mod region_report;
mod row;
mod shorten;
mod signals;
mod stack;
mod text;
mod to_python;
mod trail;

use pyo3::pymodule;

#[pymodule]
mod _native {
    use pyo3::prelude::*;
    use tracing_failure::record::Limits;

    #[pymodule_export]
    use crate::advice::{AdviceError, ask_model};
    #[pymodule_export]
    use crate::computation::Computation;
    #[pymodule_export]
    use crate::corpus_tables::CorpusTables;
    #[pymodule_export]
    use crate::fork::{after_fork, after_fork_in_child, before_fork};
    #[pymodule_export]
    use crate::from_python::{ArraySummary, summarize, value_text};
    #[pymodule_export]
    use crate::python_counter::find_regions;
    #[pymodule_export]
    use crate::reading::{
        add_resolution, conflict_copies, diagnose, format_record, parse_record, read_record, record_paths, schema,
    };
    #[pymodule_export]
    use crate::recorder::{Recorder, category_names, new_id};
    #[pymodule_export]
    use crate::stack::{call_on_new_stack, stack_owner, wait_for_stacks};

    #[pymodule_init]
    fn add_constants(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("version", env!("CARGO_PKG_VERSION"))?;
        module.add("MAX_ENTRIES", crate::bounds::MAX_ENTRIES)?;
        module.add("MAX_ERRORS", Limits::DEFAULT.errors)?;
        module.add("MAX_FRAMES", Limits::DEFAULT.frames)?;
        module.add("MAX_ROW_ENTRIES", crate::row::MAX_ROW_ENTRIES)?;
        module.add("SUMMARY_ENDS", crate::bounds::SUMMARY_ENDS)
    }
}
