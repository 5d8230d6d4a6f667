//! What is not there any more: an issue, or the repository itself.

use super::{
    super::{Access, Gone},
    Build, BuildId, Ending, NotPlanned, Slots, Status, Turn, Verdict,
};

/// Why nothing that people write counts any more.
pub(super) const NOT_HERE: &str = "the repository is not here any more";

impl Turn {
    /// For ever: deleted, or another owner's.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state.access, Access::Deleted | Access::Transferred)
    }

    /// What waits is cancelled; what runs goes on to its end.
    pub(super) fn issue_gone(&mut self, issue: i64, why: Gone) -> Result<Verdict, NotPlanned> {
        let queued = self.ids(|build| build.status.waits() && build.issue == Some(issue));
        for id in &queued {
            self.end(*id, Status::Cancelled, Ending::IssueGone { why }, Slots::GiveBack)?;
        }
        Ok(if queued.is_empty() { Verdict::Ignored("nothing waits in this issue") } else { Verdict::Applied })
    }

    /// What every turn ends with: nothing is started where the App may not work, and nothing waits where it never will
    /// again.
    pub(super) fn go_on(&mut self) -> Result<(), NotPlanned> {
        self.keep_approvals()?;
        match self.state.access {
            Access::Active => self.promote(),
            Access::Suspended | Access::Archived | Access::Removed => Ok(()),
            // A live run keeps its slots until it ends.
            Access::Transferred => self.close_queue(&Ending::RepositoryMoved),
            Access::Deleted => {
                self.close_queue(&Ending::RepositoryGone)?;
                self.forget_runs()
            }
        }
    }

    fn close_queue(&mut self, why: &Ending) -> Result<(), NotPlanned> {
        for id in self.ids(|build| build.status.waits()) {
            self.end(id, Status::Cancelled, why.clone(), Slots::GiveBack)?;
        }
        self.out.look_again = self.state.unloaded > 0;
        Ok(())
    }

    /// A deleted repository has no runs.
    fn forget_runs(&mut self) -> Result<(), NotPlanned> {
        for id in self.ids(|build| build.status.is_holder()) {
            self.withdraw_dispatch(id);
            self.end(id, Status::Lost, Ending::RepositoryGone, Slots::GiveBack)?;
        }
        for id in self.ids(|build| build.status.is_terminal()) {
            self.release_all(id)?;
        }
        Ok(())
    }

    /// Can whoever asked be told how this build ended?
    pub(super) fn is_told(&self, id: BuildId) -> bool {
        let ending = self.state.builds.get(&id).and_then(|build| build.ending.as_ref());
        self.state.access != Access::Deleted && ending.is_some_and(Ending::is_told)
    }

    pub(super) fn ids(&self, which: impl Fn(&Build) -> bool) -> Vec<BuildId> {
        self.state.builds.values().filter(|build| which(build)).map(|build| build.build_id).collect()
    }
}
