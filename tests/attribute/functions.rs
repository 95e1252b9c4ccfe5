//! Kinds of functions that can be annotated. They compile without warnings, and run as without the attribute.
#![deny(warnings, clippy::all, clippy::pedantic)]
#![allow(unsafe_code)]
#![allow(clippy::unnecessary_wraps, clippy::unused_async, clippy::needless_pass_by_value, clippy::must_use_candidate)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use tracing_failure::computation;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[computation("Eq. 1")]
pub(crate) fn nothing() {}

#[computation("Eq. 1")]
fn diverges() {
    panic!("always")
}

#[computation("Eq. 1")]
fn exits() -> ! {
    std::process::exit(0)
}

#[computation("Eq. 1")]
async fn diverges_later() {
    panic!("always")
}

#[computation]
fn without_reference(x: f64) -> f64 {
    x + 1.0
}

#[computation("Eq. 1")]
fn early_return(n: u32) -> Result<u32, String> {
    if n == 0 {
        return Ok(0);
    }
    let n = n.checked_sub(5).ok_or("below five")?;
    Ok(n)
}

#[computation("Eq. 1")]
fn recursive(n: u64) -> u64 {
    if n < 2 { n } else { recursive(n - 1) + recursive(n - 2) }
}

#[computation("Eq. 1")]
fn generic<T: Copy + Debug, F>(value: T, map: F) -> T
where
    F: Fn(T) -> T,
{
    map(value)
}

#[computation("Eq. 1")]
fn unbounded<T>(value: T) -> T {
    value
}

#[computation("Eq. 1")]
fn constants<const N: usize>(values: [f64; N]) -> f64 {
    values.iter().sum()
}

#[computation("Eq. 1")]
fn lifetimes<'a>(first: &'a str, _second: &str) -> &'a str {
    &first[1..]
}

#[computation("Eq. 1")]
fn elided(text: &str) -> Cow<'_, str> {
    text.into()
}

#[computation("Eq. 1")]
fn opaque(n: usize) -> impl Iterator<Item = usize> + Debug {
    0..n
}

#[computation("Eq. 1")]
fn opaque_within(n: usize) -> Result<impl Iterator<Item = usize>, String> {
    if n > 3 {
        return Err("too many".to_owned());
    }
    Ok(0..n)
}

#[computation("Eq. 1")]
fn boxed(n: usize) -> Box<dyn Iterator<Item = usize>> {
    if n == 0 {
        return Box::new(std::iter::empty());
    }
    Box::new(0..n)
}

#[computation("Eq. 1")]
fn aliased(n: usize) -> Outcome<usize> {
    let text = n.to_string();
    Ok(text.parse::<usize>()?)
}

#[computation("Eq. 1")]
fn mutated(mut x: f64, values: &mut Vec<f64>, mut owned: Vec<f64>) -> Vec<f64> {
    x *= 2.0;
    values.push(x);
    owned.push(x);
    owned
}

#[computation("Eq. 1")]
fn last_mut(values: &mut [f64]) -> Option<&mut f64> {
    values.last_mut()
}

#[computation("Eq. 1")]
fn patterns((a, b): (f64, f64), [c, d]: [f64; 2], Pair { x, y: z }: Pair, &e: &f64, _: u8) -> f64 {
    a + b + c + d + x + z + e
}

#[derive(Clone, Copy)]
struct Pair {
    x: f64,
    y: f64,
}

#[computation("Eq. 1")]
fn raw_names(r#type: f64, r#fn: u32) -> f64 {
    r#type * f64::from(r#fn)
}

#[computation("Eq. 1")]
fn by_name(name: &str, message: &str, target: u32, level: u32, span: u32, error: f64, field: f64) -> String {
    format!("{name} {message} {target} {level} {span} {error} {field}")
}

#[computation("Eq. 1")]
fn closures(f: impl Fn(f64) -> f64, g: &dyn Fn(f64) -> f64, h: fn(f64) -> f64, k: Box<dyn FnOnce() -> f64>) -> f64 {
    f(1.0) + g(1.0) + h(1.0) + k()
}

#[computation("Eq. 1")]
unsafe fn dangerous(value: *const f64) -> f64 {
    // SAFETY: the test passes a valid pointer.
    unsafe { *value }
}

#[computation("Eq. 1")]
extern "C" fn exported(x: f64) -> f64 {
    x
}

#[computation("Eq. 1", skip_all, fields(half = x / 2.0, label, ?shown, text = %shown, dotted.name = 3, "quoted name" = 1))]
fn with_fields(x: f64, label: &str, shown: &str) -> f64 {
    let _ = (label, shown);
    x
}

struct Solver {
    calls: usize,
    state: Vec<f64>,
}

impl Solver {
    const FIRST: f64 = 1.0;

    #[computation("Eq. 1")]
    fn new(n: usize) -> Self {
        Self { calls: 0, state: vec![Self::FIRST; n] }
    }

    #[computation("Eq. 1")]
    fn step(&mut self, dt: f64) -> Result<&mut f64, String> {
        self.calls += 1;
        if dt <= 0.0 {
            return Err("no time".to_owned());
        }
        self.state.iter_mut().for_each(|x| *x *= dt);
        self.state.first_mut().ok_or_else(|| "empty".to_owned())
    }

    #[computation("Eq. 1")]
    fn norm(&self) -> f64 {
        self.state.iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    #[computation("Eq. 1")]
    fn finish(self) -> Vec<f64> {
        self.state
    }

    #[computation("Eq. 1", skip(self))]
    fn shared(self: Rc<Self>) -> usize {
        self.calls
    }

    #[computation("Eq. 1")]
    async fn step_later(&mut self, dt: f64) -> Result<f64, String> {
        std::future::ready(()).await;
        self.step(dt).map(|x| *x)
    }
}

trait Integrate {
    type Error: Debug;

    fn integrate(&self, t: f64) -> Result<f64, Self::Error>;

    #[computation("Eq. 1")]
    fn twice(&self, t: f64) -> Result<f64, Self::Error> {
        self.integrate(t)?;
        self.integrate(2.0 * t)
    }
}

impl Integrate for Solver {
    type Error = String;

    #[computation("Eq. 1")]
    fn integrate(&self, t: f64) -> Result<f64, String> {
        if t.is_nan() { Err("t is NaN".to_owned()) } else { Ok(t) }
    }
}

#[computation("Eq. 1")]
async fn asynchronous(n: usize, text: &str, values: Vec<f64>) -> Result<usize, String> {
    if n == 0 {
        return Err("zero".to_owned());
    }
    std::future::ready(()).await;
    Ok(n + text.len() + values.len())
}

#[computation("Eq. 1")]
fn returns_boxed_future<'a>(
    n: usize,
    text: &'a str,
) -> Pin<Box<dyn Future<Output = Result<usize, String>> + Send + 'a>> {
    Box::pin(async move {
        std::future::ready(()).await;
        if n == 0 { Err("zero".to_owned()) } else { Ok(n + text.len()) }
    })
}

#[computation("Eq. 1")]
fn returns_future(n: usize) -> impl Future<Output = usize> + Send {
    let m = n + 1;
    async move { m }
}

#[computation("Eq. 1")]
async fn opaque_later(n: usize) -> impl Iterator<Item = usize> {
    0..n
}

#[computation("Eq. 1")]
fn borrowed_error(text: &str) -> Result<f64, BorrowedError<'_>> {
    text.parse().map_err(|_| BorrowedError { text })
}

#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no number")]
struct BorrowedError<'a> {
    text: &'a str,
}

#[computation("Eq. 1")]
fn unit_error(ok: bool) -> Result<(), ()> {
    if ok { Ok(()) } else { Err(()) }
}

struct Silent;

#[computation("Eq. 1")]
fn error_without_text(ok: bool) -> Result<(), Silent> {
    if ok { Ok(()) } else { Err(Silent) }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

macro_rules! annotated {
    ($name:ident, $argument:ident) => {
        #[computation("Eq. 1")]
        fn $name($argument: f64) -> f64 {
            $argument
        }
    };
}

annotated!(from_macro, x);

#[test]
fn annotated_functions_return_their_values() {
    nothing();
    let _ = (diverges as fn(), exits as fn() -> !, diverges_later);
    assert!((without_reference(1.0) - 2.0).abs() < 1e-15);
    assert_eq!((early_return(0), early_return(7)), (Ok(0), Ok(2)));
    assert_eq!(early_return(1), Err("below five".to_owned()));
    assert_eq!(recursive(10), 55);
    assert_eq!(generic(3, |x| x * 2), 6);
    assert_eq!(unbounded(String::from("x")), "x");
    assert!((constants([1.0, 2.0]) - 3.0).abs() < 1e-15);
    assert_eq!(lifetimes("abc", "d"), "bc");
    assert_eq!(elided("x"), "x");
    assert_eq!(opaque(3).count(), 3);
    assert_eq!(opaque_within(3).map(Iterator::count), Ok(3));
    assert!(opaque_within(4).is_err());
    assert_eq!(boxed(2).count(), 2);
    assert_eq!(aliased(5).unwrap(), 5);
    let mut values = vec![];
    assert_eq!(mutated(1.0, &mut values, vec![0.5]), [0.5, 2.0]);
    *last_mut(&mut values).unwrap() = 3.0;
    assert_eq!(values, [3.0]);
    let sum = patterns((1.0, 2.0), [3.0, 4.0], Pair { x: 5.0, y: 6.0 }, &7.0, 0);
    assert!((sum - 28.0).abs() < 1e-15);
    assert!((raw_names(2.0, 3) - 6.0).abs() < 1e-15);
    assert_eq!(by_name("a", "b", 1, 2, 3, 4.5, 5.5), "a b 1 2 3 4.5 5.5");
    assert!((closures(|x| x, &|x| x, |x| x, Box::new(|| 1.0)) - 4.0).abs() < 1e-15);
    // SAFETY: the pointer is valid.
    assert!((unsafe { dangerous(&1.5) } - 1.5).abs() < 1e-15);
    assert!((exported(1.5) - 1.5).abs() < 1e-15);
    assert!((with_fields(2.0, "l", "s") - 2.0).abs() < 1e-15);
    assert!((from_macro(2.0) - 2.0).abs() < 1e-15);
    assert!(borrowed_error("1.5").is_ok() && borrowed_error("x").is_err());
    assert!(unit_error(true).is_ok() && unit_error(false).is_err());
    assert!(error_without_text(true).is_ok() && error_without_text(false).is_err());
}

#[test]
fn annotated_methods_return_their_values() {
    let mut solver = Solver::new(2);
    *solver.step(2.0).unwrap() = 3.0;
    assert_eq!(solver.step(0.0).map(|x| *x), Err("no time".to_owned()));
    assert_eq!(solver.state, [3.0, 2.0]);
    assert!((solver.norm() - 13.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!(solver.twice(1.0), Ok(2.0));
    assert!(solver.integrate(f64::NAN).is_err());
    assert_eq!(Rc::new(Solver::new(1)).shared(), 0);
    assert_eq!(solver.finish(), [3.0, 2.0]);
}

#[tokio::test]
async fn annotated_futures_return_their_values() {
    let text = String::from("abc");
    assert_eq!(is_send(asynchronous(1, &text, vec![0.0; 2])).await, Ok(6));
    assert_eq!(asynchronous(0, &text, vec![]).await, Err("zero".to_owned()));
    assert_eq!(is_send(returns_boxed_future(1, &text)).await, Ok(4));
    assert_eq!(returns_boxed_future(0, &text).await, Err("zero".to_owned()));
    assert_eq!(is_send(returns_future(1)).await, 2);
    assert_eq!(opaque_later(3).await.count(), 3);
    let mut solver = Solver::new(1);
    assert_eq!(is_send(solver.step_later(2.0)).await, Ok(2.0));
    // A future that is not `Send` stays usable on its thread.
    assert_eq!(local(Rc::new(RefCell::new(1))).await, 2);
}

#[computation("Eq. 1")]
async fn local(counter: Rc<RefCell<u32>>) -> u32 {
    *counter.borrow_mut() += 1;
    std::future::ready(()).await;
    *counter.borrow()
}
