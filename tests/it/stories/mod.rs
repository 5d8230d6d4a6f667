//! The stories, by theme.

mod answers;
mod audit;
mod cancels;
mod crashes;
mod dead;
mod deliveries;
mod dispatches;
mod endings;
mod lifecycle;
mod limits;
mod main_job;
mod manual_runs;
mod order;
mod policies;
mod reconcile;
mod storm;
mod strangers;
mod the_end;
mod windows;
mod words;
