//! A commit of records goes to the remote, and no commit of the user's with it.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use super::commit::New;
use super::error::PublishError;
use super::git::{parts, path_of};
use super::message::is_ours;
use super::outcome::NotPushed;
use super::pushed::Pushed;
use super::remote::{Answer, Remote};
use super::repository::Repository;
use super::scan::Scan;
use super::target::{Target, other_file};
use super::tree::{Change, Entry, changed, changes};

/// How often others may come first.
const TRIES: u32 = 16;

/// Tries that may be lost although the tip is the same again.
const LOST_BY_CHANCE: u32 = 2;

/// More commits than this are not looked at one by one.
const MOST_COMMITS: usize = 1000;

pub(super) struct Push<'a> {
    pub(super) repository: &'a Repository,
    pub(super) target: &'a Target,
    pub(super) remote: &'a Remote,
    pub(super) scan: &'a mut Scan,
    pub(super) pushed: Pushed,
    /// Where the branch is here.
    pub(super) local: &'a str,
}

/// What is pushed on top of what.
struct Step {
    new: New,
    tip: Option<String>,
}

impl Push<'_> {
    /// How many records the remote lacks, by what was last heard of it.
    pub(super) fn waiting(&mut self) -> Result<usize, PublishError> {
        let tip = self.remote.last_known(self.repository)?;
        Ok(self.lacking(tip.as_deref())?.len())
    }

    /// Pushes all records that the remote lacks; `None` where it lacks none.
    ///
    /// # Errors
    ///
    /// Why they are not there. The next try begins where this one ended.
    pub(super) fn push(&mut self) -> Result<Option<New>, NotPushed> {
        if self.waiting()? == 0 {
            return Ok(None);
        }
        self.remote.is_one_place()?;
        let started = Instant::now();
        let mut lost = String::new();
        let mut lost_at = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                std::thread::sleep(pause(attempt));
            }
            let tip = self.remote.tip(self.repository)?;
            if lost_at.as_ref() == Some(&tip) && attempt > LOST_BY_CHANCE {
                // Nobody was first: it is refused for another reason.
                return Err(NotPushed::Rejected(lost));
            }
            lost_at = Some(tip.clone());
            let Some(step) = self.step(tip)? else { return Ok(None) };
            match self.remote.push(&step.new.commit, step.tip.as_deref())? {
                Answer::Done => {
                    // It is there, whatever becomes of what we know of it here.
                    let _ = self.remember(&step.new.commit);
                    let _ = self.follow(&step.new.commit);
                    return Ok(Some(step.new));
                }
                Answer::No(why) => return Err(why),
                Answer::Lost(words) => lost = words,
            }
            if started.elapsed() > self.repository.git.timeout {
                break;
            }
        }
        Err(NotPushed::Rejected(format!("others came first each time: {lost}")))
    }

    /// Takes note of all records that the remote has now.
    fn remember(&mut self, commit: &str) -> Result<(), PublishError> {
        let mut entries = self.all_of(commit)?;
        entries.retain(|entry| self.target.has_record_name(self.repository, &entry.path));
        self.pushed.add(&entries);
        Ok(())
    }

    fn all_of(&self, commit: &str) -> Result<Vec<Entry>, PublishError> {
        changed(&self.repository.git, &self.empty_tree()?, commit, !self.target.is_current)
    }

    fn empty_tree(&self) -> Result<String, PublishError> {
        self.repository.git.word(&["hash-object", "-t", "tree", "--stdin"], Vec::new())
    }

    /// What to push on this tip; `None` where it has all records.
    fn step(&mut self, tip: Option<String>) -> Result<Option<Step>, NotPushed> {
        let entries = self.lacking(tip.as_deref())?;
        if entries.is_empty() {
            if let Some(tip) = &tip {
                self.follow(tip)?;
            }
            return Ok(None);
        }
        self.refuse_secrets(&entries)?;
        if self.may_push_as_it_is(tip.as_deref())? {
            let commit = self.local.to_owned();
            let computations = super::message::tally(self.scan.computations(&entries));
            let new = New { commit, records: entries.len(), computations };
            return Ok(Some(Step { new, tip }));
        }
        let Some(tip) = tip else {
            let (branch, remote) = (self.target.branch.clone(), self.remote.shown());
            return Err(NotPushed::NotOnRemote { branch, remote });
        };
        self.refuse_others(&tip)?;
        let new = New::make(self.repository, self.scan, Some(&tip), &entries)?;
        Ok(Some(Step { new, tip: Some(tip) }))
    }

    /// A branch of our own follows the remote; one that is checked out, or that the user has committed to, stays where it is.
    fn follow(&mut self, commit: &str) -> Result<(), NotPushed> {
        if self.target.is_current || commit == self.local || !self.all_ours(Some(commit))? {
            return Ok(());
        }
        self.refuse_others(commit)?;
        // If somebody else moved it meanwhile, the next publishing sees to it.
        self.repository.move_branch(&self.target.branch, commit, Some(self.local))?;
        Ok(())
    }

    fn refuse_others(&mut self, tip: &str) -> Result<(), NotPushed> {
        if self.target.is_current {
            return Ok(());
        }
        match other_file(&self.repository.git, self.scan, tip)? {
            Some(other) => Err(NotPushed::NotOurs { branch: self.remote.branch.clone(), file: path_of(&other.path) }),
            None => Ok(()),
        }
    }

    fn refuse_secrets(&mut self, entries: &[Entry]) -> Result<(), NotPushed> {
        let secrets = self.scan.secrets(entries);
        if secrets.is_empty() { Ok(()) } else { Err(NotPushed::Secrets(secrets)) }
    }

    /// Records that came or changed here since the branches parted, and that the tip has not, or has otherwise. What was
    /// changed or deleted there stays so.
    fn lacking(&mut self, tip: Option<&str>) -> Result<Vec<Entry>, PublishError> {
        let git = &self.repository.git;
        let empty = self.empty_tree()?;
        let base = match tip {
            Some(tip) => git.look_up(&["merge-base", tip, self.local])?,
            None => None,
        };
        let everywhere = !self.target.is_current;
        let mut entries = changed(git, base.as_deref().unwrap_or(&empty), self.local, everywhere)?;
        // A branch of the user's that is not there brings only what is in none of the others.
        if let (None, true) = (tip, self.target.is_current)
            && let Some(commits) = self.unpublished(None)?
        {
            let touched: HashSet<&[u8]> = commits.iter().flatten().map(Change::path).collect();
            entries.retain(|entry| touched.contains(&entry.path[..]));
        }
        if let Some(tip) = tip.filter(|tip| base.as_deref() != Some(tip)) {
            let other = changed(git, tip, self.local, everywhere)?;
            let other: HashSet<&[u8]> = other.iter().map(|entry| &entry.path[..]).collect();
            entries.retain(|entry| other.contains(&entry.path[..]));
        }
        let is_record = |entry: &Entry| self.target.has_record_name(self.repository, &entry.path);
        entries.retain(|entry| is_record(entry) && (tip.is_none() || !self.pushed.has(entry)));
        self.scan.read(git, &entries)?;
        entries.retain(|entry| self.scan.why_not(entry).is_none());
        Ok(entries)
    }

    /// Whether our commit brings nothing to the remote but records without secrets, all the way from what it has.
    fn may_push_as_it_is(&mut self, tip: Option<&str>) -> Result<bool, PublishError> {
        let git = &self.repository.git;
        if let Some(tip) = tip
            && !git.run(&["merge-base", "--is-ancestor", tip, self.local], Vec::new())?.succeeded
        {
            return Ok(false);
        }
        let Some(commits) = self.unpublished(tip)? else { return Ok(false) };
        let changes = commits.into_iter().flatten();
        let Some(entries) = changes.map(Change::into_entry).collect::<Option<Vec<Entry>>>() else { return Ok(false) };
        let has_name = |entry: &Entry| self.target.has_record_name(self.repository, &entry.path);
        // A commit of the user's says something, even if it holds no more than records.
        if !entries.iter().all(has_name) || !self.all_ours(tip)? {
            return Ok(false);
        }
        self.scan.read(git, &entries)?;
        let all_records = entries.iter().all(|entry| self.scan.why_not(entry).is_none());
        Ok(all_records && self.scan.secrets(&entries).is_empty())
    }

    /// Whether all commits that these do not have were made by us.
    fn all_ours(&self, tip: Option<&str>) -> Result<bool, PublishError> {
        let remotes = format!("--remotes={}", self.remote.name);
        // The mark tells an empty subject from none.
        let words = ["log", "-z", "--format=>%s", self.local, "--not", tip.unwrap_or(&remotes), "--"];
        let text = self.repository.git.read(&words, Vec::new())?;
        Ok(parts(&text).all(|subject| is_ours(&subject[1..])))
    }

    /// What the commits change that are not on the remote's branch, or on none of its branches; `None` where they are many,
    /// or merges.
    fn unpublished(&self, tip: Option<&str>) -> Result<Option<Vec<Vec<Change>>>, PublishError> {
        let git = &self.repository.git;
        let most = format!("--max-count={}", MOST_COMMITS + 1);
        let remotes = format!("--remotes={}", self.remote.name);
        let commits = git.read(&["rev-list", &most, self.local, "--not", tip.unwrap_or(&remotes)], Vec::new())?;
        let count = commits.iter().filter(|byte| **byte == b'\n').count();
        if count > MOST_COMMITS {
            return Ok(None);
        }
        let text =
            git.read(&["diff-tree", "--stdin", "-r", "-z", "-m", "--root", "--no-renames", "--always"], commits)?;
        let changes: Vec<Vec<Change>> = changes(&text).into_iter().skip(1).collect();
        // A merge comes once for each of its parents.
        Ok(Some(changes).filter(|changes| changes.len() == count))
    }
}

/// Longer and longer, and not the same for all who wait.
fn pause(attempt: u32) -> Duration {
    let longest = 50u64 << attempt.min(6);
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(longest / 4 + random % longest)
}
