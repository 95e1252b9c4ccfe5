//! The examples, run as a user runs them, from another folder. `cargo test` builds them; `cargo test --test examples`
//! alone does not.

mod support;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Command, Output};

use support::{failures, log};
use tracing_failure::{Category, Failure, Value};

/// Where cargo puts the examples that it builds with the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

struct Ran {
    dir: tempfile::TempDir,
    output: Output,
}

fn run(name: &str, arguments: &[&str]) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(example(name))
        .args(arguments)
        .current_dir(dir.path())
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    Ran { dir, output }
}

impl Ran {
    fn failures(&self) -> Vec<Failure> {
        failures(&self.dir.path().join("io/failures"))
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

#[test]
fn rg_flow_leaves_the_record_of_a_step_size_underflow() {
    let ran = run("rg_flow", &[]);
    assert_eq!(ran.output.status.code(), Some(1));
    let [failure] = &ran.failures()[..] else { panic!("{}", ran.stderr()) };
    assert_eq!(failure.theoretical_ref, "IRH v21.4 Part 1 §1.2, Eq. 1.12");
    assert_eq!(failure.error_type, "IntegrationError");
    assert_eq!(failure.context.reason.as_deref(), Some("StepSizeUnderflow"));
    assert_eq!(failure.context.category, Some(Category::StepSizeUnderflow));
    let pole = failure.context.errors[0].data.as_ref().and_then(|data| data.get("x")?.as_f64()).unwrap();
    assert!((pole + 9.7839).abs() < 1e-4, "{pole}");
    let couplings = failure.parameters.get("initial_couplings").unwrap();
    assert_eq!(*couplings, Value::from(vec![50.0, 100.0, 150.0]));
    assert_eq!(*failure.parameters.get("t_range").unwrap(), Value::from(vec![-10.0, 10.0]));
    assert_eq!(*failure.parameters.get("method").unwrap(), Value::from("RK45"));
    let [steps] = &failure.context.trail[..] else { panic!("{:?}", failure.context.trail) };
    assert_eq!(steps.message.as_deref(), Some("step accepted"));
    let column = |name| steps.columns.get(name).and_then(Value::as_list).unwrap().iter().map(|x| x.as_f64().unwrap());
    assert!((column("t").next_back().unwrap() - pole).abs() < 1e-9, "the last step is at the pole");
    assert!(column("norm").next_back().unwrap() > 1e6 * column("norm").next().unwrap());
    let mine: Vec<&str> = failure.context.frames.iter().filter(|f| f.in_app).map(|f| &*f.function).collect();
    assert_eq!(mine, ["rg_flow::integrate", "rg_flow::main"]);
    let lines = log(&ran.dir.path().join("io/logs"));
    assert!(lines.iter().any(|line| line["outcome"] == "failed"), "{lines:?}");
}

#[test]
#[cfg(feature = "color-eyre")]
fn output_of_color_eyre_ends_with_the_path_of_the_record() {
    for example in ["rg_flow", "observable", "topology"] {
        let ran = run(example, &[]);
        let stderr = ran.stderr();
        let last = stderr.trim_end().lines().last().unwrap();
        assert!(last.starts_with(&format!("Note: the failure is recorded in io/failures/{example}_")), "{stderr}");
        assert!(ran.dir.path().join(last.rsplit(' ').next().unwrap()).exists(), "{last}");
    }
}

#[test]
fn rg_flow_with_dense_output_leaves_the_record_of_a_panic() {
    let ran = run("rg_flow", &["elsewhere", "--dense"]);
    assert_eq!(ran.output.status.code(), Some(101));
    let [failure] = &failures(&ran.dir.path().join("elsewhere/failures"))[..] else { panic!("{}", ran.stderr()) };
    assert_eq!(failure.error_type, "Panic");
    assert!(failure.context.location.as_ref().unwrap().file.as_ref().unwrap().contains("ode_solvers"));
    assert!(failure.stack_trace.contains("rg_flow::integrate"));
    assert!(
        ran.stderr().trim_end().lines().last().unwrap().starts_with("The panic is recorded in elsewhere/failures/")
    );
}

#[test]
fn observable_leaves_one_record_of_an_iteration_that_does_not_converge() {
    let ran = run("observable", &[]);
    assert_eq!(ran.output.status.code(), Some(1));
    let [failure] = &ran.failures()[..] else { panic!("{}", ran.stderr()) };
    assert_eq!((failure.error_type.as_str(), failure.context.category), ("NewtonError", Some(Category::MaxIterations)));
    let [steps] = &failure.context.trail[..] else { panic!("{:?}", failure.context.trail) };
    let iterations = steps.columns.get("iteration").and_then(Value::as_list).unwrap();
    assert_eq!(
        iterations.to_vec(),
        (0..50).map(Value::from).collect::<Vec<_>>(),
        "of the run that failed, not of the other"
    );
    let outcomes: Vec<_> = log(&ran.dir.path().join("io/logs"))
        .into_iter()
        .filter_map(|line| Some((line["parameters"]["coupling"].as_f64()?, line["outcome"].as_str()?.to_owned())))
        .collect();
    assert_eq!(outcomes, [(-2.25, "ok".to_owned()), (0.75, "failed".to_owned())]);
}

#[test]
fn topology_leaves_the_matrices_that_are_no_complex() {
    let ran = run("topology", &[]);
    assert_eq!(ran.output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.output.stdout).contains("sphere: [1, 0, 1]"));
    let [failure] = &ran.failures()[..] else { panic!("{}", ran.stderr()) };
    let rows = failure.parameters.get("boundary_2").unwrap().as_list().unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[3], Value::from(vec![-1.0, 0.0, 0.0, 1.0]));
}

/// Runs the sweeps once and checks that every closing line agrees with the formula of its sweep.
#[test]
fn sweeps_fail_where_their_formulas_say() {
    let ran = run("sweep", &["io", "600"]);
    assert_eq!(ran.output.status.code(), Some(0), "{}", ran.stderr());
    let lines = log(&ran.dir.path().join("io/logs"));
    let closed: Vec<_> = lines.iter().filter(|line| line["message"] == "computation closed").collect();
    let two_over_a = 16.0 * std::f64::consts::PI.powi(2) / 9.0;
    let in_region = |line: &serde_json::Value| {
        let parameters = &line["parameters"];
        let number = |name: &str| parameters[name].as_f64().unwrap();
        match line["computation"].as_str().unwrap() {
            "rg_flow_integration" => {
                let threshold = two_over_a / (1.0 - (-2.0 * number("t_max")).exp());
                parameters["variable"] == "coupling" && number("lambda") >= threshold
            }
            "observable_limit_cycle" => {
                parameters["method"] == "RK4" && number("mu") > 2.785_293_563 / (3.0 * number("step"))
            }
            "observable_phase_zero" => parameters["damping"].is_null() && number("start").abs() > 1.391_745_2,
            other => panic!("an unknown computation: {other}"),
        }
    };
    for line in &closed {
        assert_eq!(line["outcome"] == "failed", in_region(line), "{line}");
    }
    for computation in ["observable_phase_zero", "rg_flow_integration", "observable_limit_cycle"] {
        let runs: Vec<_> = closed.iter().filter(|line| line["computation"] == computation).collect();
        assert_eq!(runs.len(), 600);
        let failed = runs.iter().filter(|line| line["outcome"] == "failed").count();
        assert!((100..300).contains(&failed), "{computation}: {failed}");
        let sessions: HashSet<_> = runs.iter().map(|line| line["session_id"].as_str().unwrap()).collect();
        assert_eq!(sessions.len(), 6);
    }
    let failed = closed.iter().filter(|line| line["outcome"] == "failed").count();
    assert_eq!(ran.failures().len(), failed, "every failed run has its record");
    assert_eq!(ran.stderr().matches("recorded in").count(), 5, "a burst is announced by its first failures");
}

#[test]
fn a_sweep_of_one_session_runs_its_part_of_the_points() {
    let ran = run("sweep", &["newton", "io", "60", "2"]);
    assert_eq!(ran.output.status.code(), Some(0), "{}", ran.stderr());
    let lines = log(&ran.dir.path().join("io/logs"));
    let closed: Vec<_> = lines.iter().filter(|line| line["message"] == "computation closed").collect();
    assert_eq!(closed.len(), 10);
    assert!(closed.iter().all(|line| line["computation"] == "observable_phase_zero"));

    let ran = run("sweep", &["newton", "io", "60", "6"]);
    assert_eq!(ran.output.status.code(), Some(1));
    assert!(ran.stderr().contains("there is no session 6"), "{}", ran.stderr());
}
