//! Evaluates the refspecs of `remote.<name>.push`.

/// Returns the full name on the remote that the refspecs give a branch, or `None` if none of them matches it.
pub(crate) fn destination(refspecs: &[String], branch: &str, is_current: bool) -> Option<String> {
    let full_name = format!("refs/heads/{branch}");
    if refspecs
        .iter()
        .filter_map(|refspec| refspec.strip_prefix('^'))
        .any(|not| wildcard_match(not, &full_name).is_some())
    {
        return None;
    }
    refspecs.iter().find_map(|refspec| {
        let refspec = refspec.strip_prefix('+').unwrap_or(refspec);
        let (from, to) = refspec.split_once(':').unwrap_or((refspec, refspec));
        match (from, to) {
            // `:` pushes all branches that exist on both sides.
            ("", "") => Some(full_name.clone()),
            // A deletion, or an exclusion.
            ("", _) | (_, "") => None,
            ("HEAD" | "@", to) => is_current.then(|| expand(if to == from { branch } else { to })),
            (from, to) if from.contains('*') => Some(to.replacen('*', wildcard_match(from, &full_name)?, 1)),
            (from, to) => (expand(from) == full_name).then(|| expand(to)),
        }
    })
}

/// Returns the part of the name that matches the `*`.
fn wildcard_match<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        Some((before, after)) => name.strip_prefix(before)?.strip_suffix(after),
        None => (expand(pattern) == name).then_some(""),
    }
}

/// Returns the full name. A short name is the name of a branch.
fn expand(name: &str) -> String {
    let name = name.strip_prefix("heads/").unwrap_or(name);
    if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refspecs_determine_the_remote_branch() {
        for (refspecs, to) in [
            (&["main:trunk"][..], Some("refs/heads/trunk")),
            (&["+refs/heads/*:refs/heads/ada/*"], Some("refs/heads/ada/main")),
            (&["refs/tags/*", "heads/main:refs/heads/x"], Some("refs/heads/x")),
            (&["HEAD:refs/for/main"], Some("refs/for/main")),
            (&["HEAD"], Some("refs/heads/main")),
            (&["main"], Some("refs/heads/main")),
            (&[":"], Some("refs/heads/main")),
            (&["^main", "refs/heads/*:refs/heads/ada/*"], None),
            (&["^refs/heads/m*", "refs/heads/*:refs/heads/ada/*"], None),
            (&["other:trunk", ":gone", "refs/tags/*:refs/tags/*"], None),
            (&[], None),
        ] {
            let refspecs: Vec<String> = refspecs.iter().map(|refspec| (*refspec).to_owned()).collect();
            assert_eq!(destination(&refspecs, "main", true).as_deref(), to, "{refspecs:?}");
        }
        assert_eq!(destination(&["HEAD:x".to_owned()], "main", false), None);
    }
}
