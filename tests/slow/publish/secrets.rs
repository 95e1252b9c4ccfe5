//! Records that hold what looks like secrets.

use serde_json::Value as Json;

use super::support::{Repo, World, walk};

fn token() -> String {
    ["ghp", "_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"].concat()
}

/// A record with a token in its message.
fn fail_with_secret(repo: &Repo) -> String {
    let record = repo.fail("leaky");
    let path = repo.dir.join(&record);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace("\"pole\"", &format!("\"401 for {}\"", token()))).unwrap();
    record
}

/// A record in which a place, given by a JSON pointer, has this text.
fn fail_with(repo: &Repo, pointer: &str, text: &str) -> String {
    let record = repo.fail("leaky");
    let path = repo.dir.join(&record);
    let mut json: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    match pointer.rsplit_once('/') {
        Some((parent, key)) if parent == "/parameters" => json[&parent[1..]][key] = text.into(),
        _ => *json.pointer_mut(pointer).unwrap() = text.into(),
    }
    std::fs::write(path, json.to_string()).unwrap();
    record
}

#[test]
fn records_with_secrets_are_left_out_and_the_others_published() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let leaky = fail_with_secret(&clone);
    let good = clone.fail("rg_flow");
    let finding = format!("{leaky}: /error_message (a GitHub token) [");
    assert!(clone.publisher().plan().expect("Plan", 1).text().contains(&finding));
    let answer = clone.publish().pushed(1);
    assert!(answer.text().contains(&finding) && !answer.text().contains("ghp_"), "{}", answer.text());
    assert_eq!(origin.files("main"), ["README", &good]);
    let blob = clone.git(&["hash-object", &leaky]);
    assert!(!clone.try_git(&["cat-file", "-e", blob.trim()]).status.success(), "the secret is in the repository");
    assert!(clone.publisher().branch("failures").run().pushed(1).text().contains(&finding));
    let path = clone.dir.join(&leaky);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace(&token(), "[redacted]")).unwrap();
    clone.publish().pushed(1);
}

/// Values that readers of JSON refuse, in a text that is a record all the same.
fn with_odd_values(text: &str) -> [String; 4] {
    let with = |parameter: &str| text.replace("\"parameters\": {", &format!("\"parameters\": {{\"odd\": {parameter}"));
    [format!("\u{feff}{text}"), with("\"half a pair: \\ud800\""), with("1e400"), with("NaN")]
}

#[test]
fn values_that_are_invalid_in_json_hide_no_secret_and_block_no_record() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let leaky = clone.dir.join(fail_with_secret(&clone));
    let good = clone.dir.join(clone.fail("rg_flow"));
    let mut names = vec![];
    for (record, name) in [(&leaky, "leaky"), (&good, "good")] {
        for (number, text) in with_odd_values(&std::fs::read_to_string(record).unwrap()).iter().enumerate() {
            let name = format!("io/failures/{name}{number}.json");
            std::fs::write(clone.dir.join(&name), text).unwrap();
            names.push(name);
        }
        std::fs::remove_file(record).unwrap();
    }
    let answer = clone.publish().pushed(4);
    for name in &names[..4] {
        assert!(answer.text().contains(&format!("{name}: /error_message (a GitHub token) [")), "{}", answer.text());
    }
    assert_eq!(origin.files("main")[1..], names[4..]);
}

#[test]
fn every_form_of_a_secret_is_refused() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let random =
        "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nM9pR1sT3vX5zA7cE9gJ1lN3pQ5sU7wY9bD1fH3jL5nP7rT9vX1zB3dF5hJ7lM";
    let key = |label: &str| ["-----BEGIN ", label, "-----\n\nMIIEpAIBAAKCAQEA\n-----END ", label, "-----"].concat();
    let texts = [
        "password: hunter22x".to_owned(),
        "{\"api_key\": \"abc123\"}".to_owned(),
        format!("sk_live_{}", &random[..24]),
        "{name: DB_PASSWORD, value: hunter2}".to_owned(),
        "API_KEY = \"abc123\"".to_owned(),
        "solve --password hunter2".to_owned(),
        key("PGP PRIVATE KEY BLOCK"),
        key("RSA PRIVATE KEY"),
        "https://a.blob.core.windows.net/c?sv=2022-11-02&sr=b&sig=abcd%2Fefgh%3D&se=2025".to_owned(),
        format!("pypi-AgEIcHlwaS5vcmc{random}"),
        format!("https://hooks.slack.com/services/T000/B000/{}", &random[..24]),
        format!("hvs.{}", &random[..90]),
        "Authorization: Bearer 0123456789abcdef0123456789abcdef".to_owned(),
        format!("https://{}@github.com/x/y.git", &random[..30]),
    ];
    let leaky = texts.iter().map(|text| (fail_with(&clone, "/error_message", text), text));
    let leaky: Vec<(String, &String)> = leaky.collect();
    let lines: Json = key("RSA PRIVATE KEY").lines().collect();
    let list = clone.fail("list");
    rewrite(&clone, &list, |text| {
        text.replace("\"parameters\": {}", &format!("\"parameters\": {{\"key\": {}}}", lines))
    });
    let twice = clone.fail("twice");
    rewrite(&clone, &twice, |text| {
        text.replace("\"parameters\": {}", "\"parameters\": {\"password\": \"hunter2\", \"password\": \"[redacted]\"}")
    });
    let original = clone.fail("named");
    let named = original.replace("general_", &format!("ghp_{}", &random[..36]));
    std::fs::rename(clone.dir.join(original), clone.dir.join(named)).unwrap();
    let answer = clone.publish().expect("NothingToDo", 0);
    assert_eq!(origin.files("main"), ["README"], "{}", answer.text());
    for (record, text) in &leaky {
        assert!(answer.text().contains(record), "{text}: {}", answer.text());
    }
    assert!(!answer.text().contains(&random[..20]) && !answer.text().contains("hunter2"), "{}", answer.text());
    assert!(answer.text().starts_with("nothing to publish\n17 records left out"), "{}", answer.text());
}

fn rewrite(repo: &Repo, record: &str, change: impl Fn(&str) -> String) {
    let path = repo.dir.join(record);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text, "the record has another layout");
    std::fs::write(path, changed).unwrap();
}

#[test]
fn texts_similar_to_secrets_are_published() {
    let world = World::new();
    let (_, clone) = world.origin_and_clone();
    let texts = [
        "eos_token=128001",
        "token=0x7f3a12",
        "auth=2024001",
        "Basic GaussSeidelSolver2DPoisson",
        "ucx://rank0:mlx5_0@node7",
    ];
    for text in texts {
        fail_with(&clone, "/error_message", text);
    }
    clone.publish().pushed(texts.len());
}

#[test]
fn a_value_can_be_allowed_for_ever() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let first = fail_with(&clone, "/error_message", "no route to tcp://rank0:mlx5x0@node7");
    let outcome = clone.publish().expect("NothingToDo", 0);
    let number = outcome.text().split_once(" [").unwrap().1.split_once(']').unwrap().0.to_owned();
    clone.publisher().allow("0123456789ab").error("NoSuchSecret");
    clone.publisher().allow(&number[..4]).error("NoSuchSecret");
    clone.publisher().allow(&number).pushed(1);
    let list = std::fs::read_to_string(clone.failures_dir().join(".failures-allow")).unwrap();
    let line = list.lines().last().unwrap();
    assert!(line.starts_with(&number) && line.ends_with("addresses of nodes") && !line.contains("mlx5x0"), "{list}");
    let second = fail_with(&clone, "/error_message", "lost tcp://rank0:mlx5x0@node7");
    let other = fail_with(&clone, "/error_message", "lost tcp://rank0:mlx5x1@node7");
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &first, &second]);
    assert!(clone.publisher().plan().text().contains(&other));
    // It is protected again without its line.
    std::fs::remove_file(clone.failures_dir().join(".failures-allow")).unwrap();
    fail_with(&clone, "/error_message", "gone tcp://rank0:mlx5x0@node7");
    clone.publish().expect("NothingToDo", 0);
}

#[test]
fn records_that_the_user_committed_do_not_hold_up_others() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let leaky = fail_with_secret(&clone);
    clone.git(&["add", &leaky]);
    clone.git(&["commit", "--quiet", "-m", "by hand"]);
    let good = clone.fail("rg_flow");
    let answer = clone.publish().pushed(1);
    assert!(answer.text().contains(&leaky), "{}", answer.text());
    assert_eq!(origin.files("main"), ["README", &good]);
}

#[test]
fn secrets_committed_by_the_user_are_not_pushed() {
    let world = World::new();
    let (origin, clone) = world.origin_and_clone();
    let leaky = fail_with_secret(&clone);
    clone.git(&["add", &leaky]);
    clone.git(&["commit", "--quiet", "-m", "by hand"]);
    let secret = clone.head();
    clone.publish().expect("Committed: Secrets", 0);
    // It is taken out, but is still in the history.
    let path = clone.dir.join(&leaky);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace(&token(), "[redacted]")).unwrap();
    clone.publish().pushed(1);
    assert_eq!(origin.files("main"), ["README", &leaky]);
    assert!(!origin.try_git(&["cat-file", "-e", &secret]).status.success());
    for object in walk(&origin.dir.join("objects")) {
        let name = format!(
            "{}{}",
            object.parent().unwrap().file_name().unwrap().display(),
            object.file_name().unwrap().display()
        );
        let output = origin.try_git(&["cat-file", "-p", &name]);
        assert!(!String::from_utf8_lossy(&output.stdout).contains("ghp_"), "{name}");
    }
}
