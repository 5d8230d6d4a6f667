//! The stories, by theme.

mod answers;
mod cancels;
mod crashes;
mod dead;
mod deliveries;
mod dispatches;
mod endings;
mod limits;
mod main_job;
mod order;
mod policies;
mod storm;
mod strangers;
mod the_end;
mod windows;
mod words;
