//! What people write: each command's answer and refusal.

mod answers;
mod forms;
mod permissions;
mod pulls;
mod unlock;
