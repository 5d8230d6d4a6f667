//! The stories, by theme.

mod answers;
mod cancels;
mod crashes;
mod deliveries;
mod dispatches;
mod endings;
mod lifecycle;
mod main_job;
mod manual_runs;
mod order;
mod policies;
mod reconcile;
mod storm;
mod strangers;
mod the_end;
mod words;
