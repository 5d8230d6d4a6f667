//! The stories, by theme.

mod answers;
mod audit;
mod cancels;
mod crashes;
mod deliveries;
mod dispatches;
mod endings;
mod main_job;
mod manual_runs;
mod order;
mod policies;
mod storm;
mod strangers;
mod the_end;
mod words;
