//! Signatures and bodies that are harder to annotate. They compile without warnings, as without the attribute.
#![deny(warnings, clippy::all)]
#![allow(dead_code, clippy::type_complexity, clippy::needless_lifetimes, clippy::unused_unit, clippy::useless_format)]
#![allow(
    clippy::never_loop,
    clippy::let_and_return,
    clippy::boxed_local,
    clippy::useless_vec,
    clippy::redundant_allocation
)]

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use tracing_failure::computation;

// HRTB
#[computation("Eq. 1")]
fn hrtb<F>(rhs: F) -> f64
where
    F: for<'a> Fn(&'a [f64]) -> &'a f64,
{
    *rhs(&[1.0])
}

#[computation("Eq. 1")]
fn dyn_hrtb(rhs: &dyn for<'a> Fn(&'a [f64]) -> &'a f64, b: &mut dyn FnMut(f64) -> f64) -> f64 {
    b(*rhs(&[1.0]))
}

#[computation("Eq. 1")]
fn impl_args(rhs: impl FnMut(f64) -> f64, it: impl IntoIterator<Item = impl Into<f64>>) -> f64 {
    let mut rhs = rhs;
    it.into_iter().map(Into::into).map(&mut rhs).sum()
}

#[computation("Eq. 1")]
fn dyn_lifetimes<'a>(e: &'a (dyn std::error::Error + 'a), d: Box<dyn Debug + 'a>) -> Box<dyn Debug + 'a> {
    let _ = e;
    d
}

#[computation("Eq. 1")]
fn static_dyn(e: Box<dyn std::error::Error + Send + Sync>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err(e)
}

struct S {
    a: Vec<f64>,
    b: String,
}
impl S {
    #[computation("Eq. 1")]
    fn boxed(self: Box<Self>) -> Vec<f64> {
        self.a
    }
    #[computation("Eq. 1")]
    fn pinned(self: Pin<&mut Self>, x: f64) -> f64 {
        self.a.len() as f64 + x
    }
    #[computation("Eq. 1")]
    fn arced(self: &Arc<Self>) -> usize {
        self.a.len()
    }
    #[computation("Eq. 1")]
    fn reborrow(&mut self, i: usize) -> Result<&mut f64, String> {
        self.a.get_mut(i).ok_or_else(|| format!("{i}"))
    }
    #[computation("Eq. 1")]
    fn two(&mut self) -> (&mut Vec<f64>, &mut String) {
        (&mut self.a, &mut self.b)
    }
    #[computation("Eq. 1")]
    fn builder(mut self, x: f64) -> Self {
        self.a.push(x);
        self
    }
    #[computation("Eq. 1")]
    fn iter(&self) -> impl Iterator<Item = &f64> + '_ {
        self.a.iter()
    }
    #[computation("Eq. 1")]
    fn iter_mut<'a>(&'a mut self, scale: &'a f64) -> impl Iterator<Item = f64> + 'a {
        self.a.iter_mut().map(move |x| {
            *x *= scale;
            *x
        })
    }
    #[computation("Eq. 1")]
    async fn async_ref(&self, other: &mut Vec<f64>) -> Result<usize, String> {
        other.push(1.0);
        std::future::ready(()).await;
        Ok(self.a.len() + other.len())
    }
    #[computation("Eq. 1")]
    async fn by_value(mut self, n: usize) -> usize {
        self.a.push(n as f64);
        std::future::ready(()).await;
        self.a.len()
    }
}

#[computation("Eq. 1")]
fn partial(s: S) -> (Vec<f64>, usize) {
    let a = s.a;
    (a, s.b.len())
}

#[computation("Eq. 1")]
fn destructured(S { a, b }: S, (mut x, ref y): (f64, String)) -> f64 {
    x += 1.0;
    a.len() as f64 + b.len() as f64 + x + y.len() as f64
}

#[computation("Eq. 1")]
fn shadowed(x: f64) -> String {
    let x = x.to_string();
    let x = x + "a";
    x
}

#[computation("Eq. 1")]
fn at_pattern(whole @ (a, b): (f64, f64), [first, .., last]: [f64; 4]) -> f64 {
    whole.0 + a + b + first + last
}

#[derive(Debug)]
enum E1 {
    Parse(std::num::ParseFloatError),
    Text(String),
}
impl From<std::num::ParseFloatError> for E1 {
    fn from(e: std::num::ParseFloatError) -> Self {
        E1::Parse(e)
    }
}
impl From<String> for E1 {
    fn from(e: String) -> Self {
        E1::Text(e)
    }
}

#[computation("Eq. 1")]
fn from_conversion(t: &str) -> Result<f64, E1> {
    let x: f64 = t.parse()?;
    if x < 0.0 {
        Err(format!("neg"))?
    }
    Ok(x)
}

#[computation("Eq. 1")]
fn option_q(v: &[f64]) -> Option<f64> {
    let x = v.first()?;
    Some(*x)
}

#[computation("Eq. 1")]
fn loops(n: usize) -> usize {
    let v = 'outer: loop {
        for i in 0..n {
            if i == 3 {
                break 'outer i;
            }
            if i > 5 {
                return 7;
            }
            if i > 7 {
                continue 'outer;
            }
        }
        break 9;
    };
    let w = 'b: {
        if v > 2 {
            break 'b 1;
        }
        2
    };
    let f = || {
        if w > 1 {
            return 4;
        }
        5
    };
    f() + w
}

#[computation("Eq. 1")]
#[inline]
#[must_use]
#[track_caller]
/// Doc
fn attrs(
    #[allow(unused_variables)] x: f64,
    #[cfg(any())] missing: Unknown,
    #[cfg(not(target_os = "none"))] y: f64,
) -> f64 {
    y
}

#[computation("Eq. 1")]
pub(crate) extern "C" fn ext(x: f64) -> f64 {
    x
}

#[computation("Eq. 1")]
fn nested(x: f64) -> f64 {
    #[computation("Eq. 2")]
    fn inner(x: f64) -> f64 {
        x
    }
    inner(x)
}

#[computation("Eq. 1")]
fn uses_fn_name(x: f64) -> f64 {
    let run = x;
    let returned = run;
    let failure = returned;
    let span = failure;
    span
}

#[computation("Eq. 1")]
fn slices(a: &[&str], b: &[String], c: &mut [String], d: &[Box<dyn Fn()>], e: [S; 2], f: &HashMap<String, S>) -> usize {
    a.len() + b.len() + c.len() + d.len() + e.len() + f.len()
}

#[computation("Eq. 1")]
fn generic_many<'a, T: ?Sized + Debug, U, const N: usize>(t: &'a T, u: U, n: [U; N]) -> (&'a T, U, [U; N]) {
    (t, u, n)
}

#[computation("Eq. 1")]
fn generic_err<T, E: std::error::Error + 'static>(f: impl Fn() -> Result<T, E>) -> Result<T, E> {
    f()
}

#[computation("Eq. 1")]
fn generic_err2<T, E>(f: impl Fn() -> Result<T, E>) -> Result<T, E> {
    f()
}

#[computation("Eq. 1")]
fn generic_err3<T, E: Debug>(f: impl Fn() -> Result<T, E>) -> Result<T, E> {
    f()
}

#[computation("Eq. 1")]
fn into_err<T, E: Into<Box<dyn std::error::Error>>>(f: impl Fn() -> Result<T, E>) -> Result<T, E> {
    f()
}

#[computation("Eq. 1")]
fn assoc<I: Iterator>(i: I) -> Option<I::Item>
where
    I::Item: Clone,
{
    i.last()
}

#[computation("Eq. 1")]
fn rec_async(n: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async move { if n == 0 { 0 } else { rec_async(n - 1).await + 1 } })
}

#[computation("Eq. 1")]
async fn rec_async2(n: u32) -> u32 {
    if n == 0 { 0 } else { Box::pin(rec_async2(n - 1)).await + 1 }
}

#[computation("Eq. 1")]
async fn rec_async3(n: u32, o: &S) -> Result<u32, String> {
    if n == 0 {
        return Err("x".into());
    }
    Ok(Box::pin(rec_async3(n - 1, o)).await? + 1)
}

#[computation("Eq. 1")]
async fn async_generic<T: Debug + Send + Clone, F: Future<Output = T>>(f: F, t: &T) -> T {
    let _ = f.await;
    t.clone()
}

#[computation("Eq. 1")]
async fn async_loop(v: Vec<f64>) -> Option<f64> {
    for x in &v {
        if *x > 1.0 {
            return Some(*x);
        }
        std::future::ready(()).await;
    }
    None
}

#[computation("Eq. 1")]
async fn async_never() -> ! {
    loop {
        std::future::pending::<()>().await
    }
}

#[computation("Eq. 1")]
fn unit_ret() -> () {}

#[computation("Eq. 1", skip(x))]
fn rets_closure(x: f64) -> impl Fn(f64) -> f64 {
    move |y| x + y
}

#[computation("Eq. 1")]
fn rets_fn(x: f64) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |y| x + y)
}

#[computation("Eq. 1")]
fn rets_fnptr() -> fn(f64) -> f64 {
    |y| y
}

#[computation("Eq. 1")]
fn impl_in_nested() -> Result<Vec<Box<dyn Iterator<Item = u8>>>, Box<dyn std::error::Error>> {
    Ok(vec![Box::new(0..3)])
}

#[computation("Eq. 1")]
fn lifetimes_in_ret(x: &mut [f64]) -> (&[f64], std::slice::Iter<'_, f64>) {
    (&x[1..], x.iter())
}

#[computation("Eq. 1")]
fn coerced(n: usize) -> &'static dyn Debug {
    if n == 0 { &"a" } else { &1.5 }
}

#[computation("Eq. 1")]
fn coerced_err(n: usize) -> Result<&'static dyn Debug, String> {
    if n == 0 { Ok(&"a") } else { Ok(&1.5) }
}

#[computation("Eq. 1")]
fn noncopy_closure(mut f: Box<dyn FnMut(f64) -> f64 + '_>) -> f64 {
    f(1.0) + f(2.0)
}

#[computation("Eq. 1")]
fn rcs(a: Rc<S>, b: std::cell::Cell<f64>, c: *const f64) -> usize {
    let _ = (b, c);
    a.a.len()
}

#[computation("Eq. 1")]
fn mut_ref_generic<T: Default>(x: &mut T) -> T {
    std::mem::take(x)
}

#[computation("Eq. 1")]
fn mut_ref_iter<'a, I>(it: &mut I) -> Vec<I::Item>
where
    I: Iterator<Item = &'a f64>,
{
    it.by_ref().take(1).collect()
}

#[computation("Eq. 1", fields(n = it.len()))]
fn fields_then_move(it: Vec<f64>) -> Vec<f64> {
    it
}

#[computation("Eq. 1", fail_if = |r: &f64| r.is_nan())]
async fn async_fail(x: f64) -> f64 {
    x
}

#[computation("Eq. 1", fail_if = |r| { r.is_empty() }, finite)]
fn fail_slice(v: &[f64]) -> &[f64] {
    v
}
macro_rules! two {
    ($a:ident) => {
        #[computation("Eq. 1")]
        fn hyg($a: f64, x: f64) -> f64 {
            $a - x
        }
    };
}
two!(x);
macro_rules! expr {
    ($e:expr, $r:literal, $t:ty) => {
        #[computation($r, fields(k = $e))]
        fn mexpr(v: $t) -> Result<$t, String> {
            Ok(v + $e)
        }
    };
}
expr!(1.5, "Eq. 1", f64);
macro_rules! body { ($b:block) => { #[computation("Eq. 1")] fn mbody() -> Result<f64, std::num::ParseFloatError> $b } }
body!({
    let x: f64 = "1".parse()?;
    Ok(x)
});
#[computation("Eq. 1")]
fn statements_before(v: Vec<f64>, n: usize, text: &str) -> impl Future<Output = f64> + Send + use<> {
    let n = n.max(text.len());
    let sum: f64 = v.into_iter().sum();
    async move { sum + n as f64 }
}

#[computation("Eq. 1")]
fn boxed_static(text: &str, c: std::cell::Cell<f64>, m: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    let n = text.len();
    c.set(2.0);
    Box::pin(async move { n + m })
}

#[tokio::test]
async fn they_return_their_values() {
    assert!((hrtb(|x| &x[0]) - 1.0).abs() < 1e-15);
    assert_eq!(loops(9), 6);
    assert!(from_conversion("-1").is_err() && from_conversion("x").is_err() && from_conversion("2").is_ok());
    assert_eq!((rec_async(3).await, rec_async2(3).await), (3, 3));
    let mut solver = S { a: vec![1.0], b: "b".to_owned() };
    assert!(rec_async3(3, &solver).await.is_err());
    *solver.reborrow(0).unwrap() = 2.0;
    assert!(solver.reborrow(1).is_err());
    assert_eq!(solver.iter_mut(&2.0).collect::<Vec<_>>(), [4.0]);
    assert_eq!(solver.async_ref(&mut vec![]).await, Ok(2));
    assert_eq!(partial(solver), (vec![4.0], 1));
    assert!((statements_before(vec![1.0, 2.0], 1, "abc").await - 6.0).abs() < 1e-15);
    assert_eq!(boxed_static("abc", std::cell::Cell::new(1.0), 2).await, 5);
    assert!((hyg(3.0, 1.0) - 2.0).abs() < 1e-15);
    assert!((attrs(1.0, 2.0) - 2.0).abs() < 1e-15);
}
