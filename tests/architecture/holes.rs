//! The checks find an import however it is written.

use std::collections::BTreeMap;

use crate::imports::{Imports, Package};
use crate::source::read_modules;
use crate::{cycle_in, duplicates, wrong_layers, wrong_uses_of_the_trail};

fn sources(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn package(files: &[(&str, &str)]) -> Package {
    Package::of(&sources(files))
}

fn pairs(imports: &[(&str, &str)]) -> Imports {
    imports.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

/// A package whose file `observe/a.rs` has this text.
fn package_with(text: &str) -> Package {
    package(&[
        (
            "lib.rs",
            "extern crate self as own;\nmod logger;\nmod observe;\npub use logger::{StructuredLogger, log};
             pub mod internal { pub use crate::logger::Level; }",
        ),
        ("logger.rs", "pub struct StructuredLogger;\npub enum Level { Error }\npub trait Log {}\npub fn log() {}"),
        ("observe/mod.rs", "pub(crate) mod a;\npub(crate) mod b;"),
        ("observe/a.rs", text),
        ("observe/b.rs", "pub(crate) struct Fields;"),
    ])
}

#[test]
fn every_way_to_write_an_import_counts() {
    for text in [
        "use crate::logger::StructuredLogger;",
        "#[cfg(unix)] use crate::logger::StructuredLogger;",
        "#[rustfmt::skip] #[allow(unused)] use crate::{\n    observe::b,\n    logger::{self, log as l},\n};",
        "use crate::logger::*;",
        "use super::super::logger as l;",
        // Names of the root
        "fn f(_: crate::StructuredLogger) {}",
        "fn f() { crate::log() }",
        "use crate::internal::Level;",
        "use crate::*;\nfn f(_: StructuredLogger) {}",
        "use crate::{self as root};\nfn f() { root::logger::log() }",
        "use crate as root;\nuse root::StructuredLogger;",
        "use ::own::StructuredLogger;",
        "fn f() { own::log() }",
        // Re-exports
        "pub(crate) use crate::logger::StructuredLogger;",
        "pub use crate::logger::*;",
        // Modules and functions
        "mod inner { use crate::logger::log; }",
        "mod inner { mod inner { fn f() { super::super::super::super::logger::log() } } }",
        "fn g() { use crate::{logger as r}; r::log() }",
        "impl X { #[inline] fn g() { if true { use crate::logger::log; } } }",
        // Paths in code
        "struct S(Vec<Option<crate::logger::Level>>);",
        "impl crate::logger::Log for S {}",
        "type A = <S as crate::logger::Log>::B;",
        "fn f<T>() where T: crate::logger::Log {}",
        "fn f(x: X) { match x { crate::logger::Level::Error => {} } }",
        "fn f() { r#try::<{ crate::logger::SIZE }>() }",
        // Macros and attributes
        "fn f() { println!(\"{}\", g(crate :: logger :: log())) }",
        "fn f() { crate::logger::log!() }",
        "thread_local! { static S: crate::StructuredLogger = const { new() }; }",
        "macro_rules! m { () => { $crate::logger::log() } }",
        "macro_rules! m { () => { use crate::{observe::b, logger::{self, log}}; } }",
        "#[serde(with = \"crate::logger\")] struct S;",
        "#[crate::logger::log] fn f() {}",
    ] {
        assert_eq!(wrong_layers(&package_with(text)), ["observe/a.rs imports logger.rs"], "{text}");
    }
}

#[test]
fn tests_comments_and_names_that_look_alike_do_not_count() {
    for text in [
        "// use crate::logger::log;\n/* crate::logger::log() */",
        "/// [`log`](crate::logger::log)\nconst S: &str = \"use crate::logger::log;\";",
        "#[cfg(test)]\nmod tests { use crate::logger::log; }",
        "#[cfg(all(test, unix))] use crate::logger::log;",
        "struct S;\nimpl S { #[cfg(test)] fn f() { crate::logger::log() } }",
        "pub(in crate::logger) fn f() {}",
        "use ::logger::log;",
        "use logger::log;",
        "fn f(logger: u8) { g(logger, self.logger, format!(\"{}\", logger)) }",
        "mod logger { pub fn log() {} }\nfn f() { logger::log(); self::logger::log() }",
    ] {
        assert_eq!(package_with(text).imports(), Imports::new(), "{text}");
    }
}

#[test]
fn an_import_through_a_file_counts_for_both() {
    let package = package(&[
        ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::Thing;"),
        ("a.rs", "pub struct Thing;"),
        ("b.rs", "pub(crate) use crate::Thing;"),
        ("c.rs", "use crate::b::Thing;"),
    ]);
    assert_eq!(package.imports(), pairs(&[("b.rs", "a.rs"), ("c.rs", "a.rs"), ("c.rs", "b.rs")]));
}

#[test]
fn a_submodule_and_its_parent_do_not_use_each_other() {
    let cycle = |parent: &str| {
        cycle_in(&package(&[("lib.rs", "mod a;"), ("a/mod.rs", parent), ("a/b.rs", "use super::SIZE;")]).imports())
    };
    for parent in [
        "mod b;\nconst SIZE: u8 = 1;\nfn f() { b::g() }",
        "mod b;\nconst SIZE: u8 = 1;\nuse b::g;",
        "mod b;\nconst SIZE: u8 = 1;\nstruct S(self::b::T);",
    ] {
        assert_eq!(cycle(parent), ["a/b.rs", "a/mod.rs", "a/b.rs"], "{parent}");
    }
    for parent in ["mod b;\nconst SIZE: u8 = 1;", "mod b;\nconst SIZE: u8 = 1;\npub(crate) use b::g;"] {
        assert_eq!(cycle(parent), [""; 0], "{parent}");
    }
}

#[test]
fn cycles_are_found_through_files_and_parents() {
    let imports = package(&[
        ("lib.rs", "mod a;\nmod b;\npub use a::Thing;\n"),
        ("a/mod.rs", "mod inner;\npub use inner::Other;\npub struct Thing;\n"),
        ("a/inner.rs", "use super::Thing;\nuse crate::b::{self, c::{D, E as F}};\n"),
        ("b.rs", "fn f() { crate::a::Other::g() }\n"),
    ])
    .imports();
    assert_eq!(imports, pairs(&[("a/inner.rs", "a/mod.rs"), ("a/inner.rs", "b.rs"), ("b.rs", "a/inner.rs")]));
    assert_eq!(cycle_in(&imports), ["a/inner.rs", "b.rs", "a/inner.rs"]);
}

#[test]
fn every_use_of_tracing_in_the_trail_is_wrong() {
    let wrong = |text: &str| {
        wrong_uses_of_the_trail(&package(&[
            ("lib.rs", "extern crate tracing_core as core_of_tracing;\nmod observe;"),
            ("observe/mod.rs", "mod clock;\nmod fields;\nmod trail;\nuse tracing::Span;"),
            ("observe/clock.rs", ""),
            ("observe/fields.rs", ""),
            ("observe/trail/mod.rs", "mod lane;\nmod rows;"),
            ("observe/trail/lane.rs", text),
            ("observe/trail/rows.rs", ""),
        ]))
    };
    for text in [
        "use tracing::Span;",
        "use ::{std::fmt, tracing as t};",
        "extern crate tracing_subscriber as s;",
        "#[tracing::instrument] fn f() {}",
        "fn f() { tracing::info!(\"\") }",
        "fn f() { g!(a, &tracing_core::callsite::C) }",
        "fn f(_: &tracing_core::Metadata) {}",
        "use crate::observe::Span;",
        "use core_of_tracing::Metadata;",
        "use crate::core_of_tracing as t;",
        "use crate::observe::{clock, fields};",
        "fn f() { super::super::fields::g() }",
    ] {
        assert!(!wrong(text).is_empty(), "{text}");
    }
    for text in [
        "use crate::observe::clock;\nuse super::rows;\nuse crate::observe::trail::rows as r;",
        "// tracing::Span\nconst S: &str = \"tracing::Span\";",
        "#[cfg(test)] mod tests { use tracing::Span; }",
    ] {
        assert_eq!(wrong(text), Imports::new(), "{text}");
    }
}

#[test]
fn types_of_every_kind_are_compared() {
    let modules = read_modules(&sources(&[(
        "lib.rs",
        "struct A;\npub enum B {}\ntrait C { type X; }\ntype D = u8;\nmod inner { union E { x: u8 } }
         fn f() { struct Local; }\n#[cfg(test)] mod tests { struct T; }\n#[cfg(test)] struct U;",
    )]));
    let types: Vec<_> = modules.values().flat_map(|module| &module.types).collect();
    assert_eq!(types, ["A", "B", "C", "D", "E"]);
    let duplicates = duplicates(pairs(&[("A", "a.rs"), ("A", "b.rs"), ("B", "a.rs")]));
    assert_eq!(
        duplicates.into_iter().collect::<Vec<_>>(),
        [("A".to_owned(), vec!["a.rs".to_owned(), "b.rs".to_owned()])]
    );
}
