//! The sandbox as the App and its webhooks' receiver see it, over HTTP.

mod auth;
mod branches;
mod checks;
mod control;
mod deliveries;
mod desk;
mod faults;
mod files;
mod issues;
mod runs;
mod table;
