//! Pushes a commit of records, without pushing any commit of the user.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use crate::commit::NewCommit;
use crate::error::PublishError;
use crate::git::{path_of, split_nul};
use crate::ledger::PushLedger;
use crate::message::is_record_commit;
use crate::outcome::NotPushed;
use crate::remote::{PushResult, Remote};
use crate::repository::Repository;
use crate::scan::Scan;
use crate::target::{Target, find_other_file};
use crate::tree::{Change, Entry, changed_files, parse_changes};
use crate::withdrawn::WithdrawnRecords;

/// Maximum number of attempts if others push at the same time.
const MAX_ATTEMPTS: u32 = 16;

/// Maximum number of rejected attempts although the tip has not moved.
const MAX_UNEXPLAINED_LOSSES: u32 = 2;

/// Maximum number of commits that are examined one by one, unless all of them are commits of records.
const MAX_COMMITS: usize = 1000;

/// A push of one branch to one remote.
pub(crate) struct Push<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) target: &'a Target,
    pub(crate) remote: &'a Remote,
    pub(crate) scan: &'a mut Scan,
    pub(crate) ledger: PushLedger,
    /// The local commit of the branch.
    pub(crate) local: &'a str,
    /// True if this publishing creates a separate branch for records.
    pub(crate) is_new: bool,
    /// True if this publishing committed records.
    pub(crate) has_new_records: bool,
}

/// A commit, and the tip that it is pushed onto.
struct PushStep {
    new: NewCommit,
    tip: Option<String>,
    entries: Vec<Entry>,
}

impl Push<'_> {
    /// Returns the number of records that the remote lacks, as far as is known locally.
    pub(crate) fn count_missing(&mut self) -> Result<usize, PublishError> {
        let known = self.ledger.tip().map(str::to_owned);
        let tip = known.map_or_else(|| self.remote.last_known(self.repository), |tip| Ok(Some(tip)))?;
        let published = tip.clone().unwrap_or_else(|| format!("--remotes={}", self.remote.name));
        Ok(self.missing_records(tip.as_deref(), &[published])?.len())
    }

    /// Pushes all records that the remote lacks. Returns `None` if it lacks none.
    ///
    /// # Errors
    ///
    /// Returns the reason if the records could not be pushed. The next publishing tries again.
    pub(crate) fn push(&mut self) -> Result<Option<NewCommit>, NotPushed> {
        if !self.has_new_records && self.is_known_to_have_all()? {
            return Ok(None);
        }
        self.remote.check_single_branch()?;
        let started = Instant::now();
        let mut rejection = String::new();
        let mut lost_tip = None;
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(backoff(attempt));
            }
            let tip = self.remote.fetch_tip(self.repository)?;
            if lost_tip.as_ref() == Some(&tip) && attempt > MAX_UNEXPLAINED_LOSSES {
                // The tip has not moved, so the push is refused for another reason.
                return Err(NotPushed::Rejected(rejection));
            }
            lost_tip = Some(tip.clone());
            let Some(step) = self.prepare_step(tip)? else { return Ok(None) };
            match self.remote.push(&step.new.commit, step.tip.as_deref())? {
                PushResult::Accepted => {
                    // The push succeeded, even if the local state cannot be updated.
                    let _ = self.append_ledger(&step.new.commit, &step.entries);
                    let _ = self.move_local_branch(&step.new.commit);
                    return Ok(Some(step.new));
                }
                PushResult::Refused(why) => return Err(why),
                PushResult::LostRace(text) => rejection = text,
            }
            if started.elapsed() > self.repository.git.timeout {
                break;
            }
        }
        Err(NotPushed::Rejected(format!("other pushes came first at each attempt: {rejection}")))
    }

    /// Returns true if the remote lacked no records and has not moved since the last contact.
    fn is_known_to_have_all(&mut self) -> Result<bool, PublishError> {
        let Some(tip) = self.ledger.tip().map(str::to_owned) else { return Ok(false) };
        let tracked = if self.ledger.is_same_place() { self.remote.last_known(self.repository)? } else { None };
        Ok(tracked.is_none_or(|tracked| tracked == tip) && self.count_missing()? == 0)
    }

    /// Adds the records of the remote's commit, and the pushed records, to the ledger.
    fn append_ledger(&mut self, commit: &str, pushed: &[Entry]) -> Result<(), PublishError> {
        let git = &self.repository.git;
        let mut records = changed_files(git, &self.repository.empty_tree()?, commit, !self.target.is_current)?;
        records.retain(|entry| self.target.has_record_name(self.repository, &entry.path));
        self.ledger.append(self.repository, commit, &records, pushed);
        Ok(())
    }

    /// Returns the commit to push onto the tip, or `None` if the tip has all records.
    fn prepare_step(&mut self, tip: Option<String>) -> Result<Option<PushStep>, NotPushed> {
        if tip.is_none() {
            self.refuse_deleted()?;
        }
        let published = tip.clone().map_or_else(|| self.remote.local_tips(self.repository), |tip| Ok(vec![tip]))?;
        let mut entries = self.missing_records(tip.as_deref(), &published)?;
        let secrets = self.scan.take_secrets(&mut entries);
        if entries.is_empty() && !secrets.is_empty() {
            return Err(NotPushed::Secrets(secrets));
        }
        if entries.is_empty() {
            if let Some(tip) = &tip {
                self.append_ledger(tip, &[])?;
                self.move_local_branch(tip)?;
            }
            return Ok(None);
        }
        if self.can_push_local_commit(tip.as_deref(), &published)? {
            let commit = self.local.to_owned();
            let computations = crate::message::tally(self.scan.computations(&entries));
            let new = NewCommit { commit, records: entries.len(), computations, left_out: secrets };
            return Ok(Some(PushStep { new, tip, entries }));
        }
        let Some(tip) = tip else {
            let (branch, remote) = (self.target.branch.to_string(), self.remote.display_name());
            return Err(NotPushed::NotOnRemote { branch, remote });
        };
        self.refuse_other_files(&tip)?;
        let made = NewCommit::create(self.repository, self.scan, Some(&tip), &entries)?;
        let new = NewCommit { left_out: secrets, ..made };
        Ok(Some(PushStep { new, tip: Some(tip), entries }))
    }

    /// Refuses to restore a branch that was deleted or renamed on the remote.
    fn refuse_deleted(&self) -> Result<(), NotPushed> {
        let was_pushed = self.ledger.tip().is_some() && !self.is_new;
        let was_tracked = self.ledger.is_same_place() && self.remote.last_known(self.repository)?.is_some();
        if !was_pushed && !was_tracked {
            return Ok(());
        }
        Err(NotPushed::Deleted { branch: self.remote.branch.to_string(), remote: self.remote.display_name() })
    }

    /// Moves a separate branch to the pushed commit. A branch that is checked out, or that has commits of the user,
    /// stays.
    fn move_local_branch(&mut self, commit: &str) -> Result<(), NotPushed> {
        if self.target.is_current || commit == self.local || !self.are_all_record_commits(&[commit.to_owned()])? {
            return Ok(());
        }
        self.refuse_other_files(commit)?;
        // If another process moved it meanwhile, the next publishing handles it.
        self.repository.move_branch(&self.target.branch, commit, Some(self.local))?;
        Ok(())
    }

    /// Refuses to use a separate branch that contains files other than records.
    fn refuse_other_files(&mut self, tip: &str) -> Result<(), NotPushed> {
        if self.target.is_current {
            return Ok(());
        }
        match find_other_file(&self.repository.git, self.scan, tip)? {
            Some(other) => {
                Err(NotPushed::ForeignFile { branch: self.remote.branch.to_string(), file: path_of(&other.path) })
            }
            None => Ok(()),
        }
    }

    /// Returns the records that were added or changed locally since the merge base, and that differ from the tip.
    ///
    /// Records that were changed or deleted on the remote are not included. `published` are commits that the remote
    /// has.
    fn missing_records(&mut self, tip: Option<&str>, published: &[String]) -> Result<Vec<Entry>, PublishError> {
        let git = &self.repository.git;
        let empty = self.repository.empty_tree()?;
        let base = match tip {
            Some(tip) => git.try_output_line(&["merge-base", tip, self.local])?,
            None => None,
        };
        let everywhere = !self.target.is_current;
        let mut entries = changed_files(git, base.as_deref().unwrap_or(&empty), self.local, everywhere)?;
        // A new branch of the user brings only records that no other branch of the remote has.
        if tip.is_none()
            && self.target.is_current
            && let Some(commits) = self.unpublished(published, MAX_COMMITS)?
        {
            let touched: HashSet<&[u8]> = commits.iter().flatten().map(Change::path).collect();
            entries.retain(|entry| touched.contains(&entry.path[..]));
        }
        if let Some(tip) = tip.filter(|tip| base.as_deref() != Some(tip)) {
            let other = changed_files(git, tip, self.local, everywhere)?;
            let other: HashSet<&[u8]> = other.iter().map(|entry| &entry.path[..]).collect();
            entries.retain(|entry| other.contains(&entry.path[..]));
        }
        entries.retain(|entry| self.target.has_record_name(self.repository, &entry.path));
        let builds_on_tip = tip.is_some() && base.as_deref() == tip;
        self.remove_withdrawn(&mut entries, tip, published, builds_on_tip)?;
        self.scan.read(git, &entries)?;
        entries.retain(|entry| self.scan.rejection(entry).is_none());
        Ok(entries)
    }

    /// Removes versions that the branch has had and that were removed from it on the remote.
    fn remove_withdrawn(
        &self,
        entries: &mut Vec<Entry>,
        tip: Option<&str>,
        published: &[String],
        builds_on_tip: bool,
    ) -> Result<(), PublishError> {
        if entries.is_empty() {
            return Ok(());
        }
        // A new separate branch gets all local records.
        if tip.is_none() && !self.target.is_current {
            return Ok(());
        }
        let withdrawn = WithdrawnRecords::find(self.repository, self.remote, &self.ledger, tip, published)?;
        // If the tip is an ancestor and the branch was never set back, every difference is a local change.
        if builds_on_tip && !withdrawn.is_set_back() {
            return Ok(());
        }
        let was_there = |entry: &Entry| withdrawn.has(entry) || tip.is_some() && self.ledger.has(entry);
        entries.retain(|entry| !was_there(entry) || self.ledger.is_reverted(entry));
        Ok(())
    }

    /// Returns true if all commits that the remote lacks are commits of records, and contain only records without
    /// secrets.
    fn can_push_local_commit(&mut self, tip: Option<&str>, published: &[String]) -> Result<bool, PublishError> {
        let git = &self.repository.git;
        if let Some(tip) = tip
            && !git.run(&["merge-base", "--is-ancestor", tip, self.local], Vec::new())?.succeeded
        {
            return Ok(false);
        }
        // A commit of the user has its own message, even if it contains only records.
        if !self.are_all_record_commits(published)? {
            return Ok(false);
        }
        let Some(commits) = self.unpublished(published, usize::MAX)? else { return Ok(false) };
        let changes = commits.into_iter().flatten();
        let Some(mut entries) = changes.map(Change::into_entry).collect::<Option<Vec<Entry>>>() else {
            return Ok(false);
        };
        if !entries.iter().all(|entry| self.target.has_record_name(self.repository, &entry.path)) {
            return Ok(false);
        }
        self.scan.read(git, &entries)?;
        let all_records = entries.iter().all(|entry| self.scan.rejection(entry).is_none());
        if !all_records || !self.scan.secrets(&entries).is_empty() {
            return Ok(false);
        }
        let count = entries.len();
        self.remove_withdrawn(&mut entries, tip, published, tip.is_some())?;
        Ok(entries.len() == count)
    }

    /// Returns true if all unpublished commits are commits of records.
    fn are_all_record_commits(&self, published: &[String]) -> Result<bool, PublishError> {
        // The mark distinguishes an empty subject from a missing one.
        let mut words = vec!["log", "-z", "--format=>%s", self.local, "--not"];
        words.extend(published.iter().map(String::as_str));
        words.push("--");
        let text = self.repository.git.read(&words, Vec::new())?;
        Ok(split_nul(&text).all(|subject| is_record_commit(&subject[1..])))
    }

    /// Returns the changes of the unpublished commits, or `None` if there are more than `max`, or merges.
    fn unpublished(&self, published: &[String], max: usize) -> Result<Option<Vec<Vec<Change>>>, PublishError> {
        let git = &self.repository.git;
        let limit = format!("--max-count={}", max.saturating_add(1).min(i32::MAX as usize));
        let mut words = vec!["rev-list", &limit, self.local, "--not"];
        words.extend(published.iter().map(String::as_str));
        let commits = git.read(&words, Vec::new())?;
        let count = commits.iter().filter(|byte| **byte == b'\n').count();
        if count > max {
            return Ok(None);
        }
        let text =
            git.read(&["diff-tree", "--stdin", "-r", "-z", "-m", "--root", "--no-renames", "--always"], commits)?;
        let changes: Vec<Vec<Change>> = parse_changes(&text).into_iter().skip(1).collect();
        // A merge appears once for each parent.
        Ok(Some(changes).filter(|changes| changes.len() == count))
    }
}

/// Returns a random pause that grows with each attempt.
fn backoff(attempt: u32) -> Duration {
    let max_millis = 50u64 << attempt.min(6);
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(max_millis / 4 + random % max_millis)
}
