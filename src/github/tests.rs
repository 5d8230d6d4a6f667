//! The calls against a small server that plays GitHub and remembers what arrived.
//!
//! Where octocrab 0.54 errs, and what shows that we do not:
//!
//! | octocrab | here |
//! |---|---|
//! | typed models reject real answers | `shapes::every_call_has_the_shape_that_github_describes` |
//! | `update_comment` sends POST | the same: `PATCH` |
//! | POSTs are sent again after a 502 | `fate::a_502_on_a_dispatch_is_unknown_and_not_sent_again` |
//! | no bound for connecting | `fate::a_connection_that_does_not_come_about_in_time_means_that_nothing_was_sent` |
//! | no bound for reading | `fate::a_silence_longer_than_the_read_bound_ends_the_call`, `fate::an_answer_that_stops_leaves_it_unknown` |
//! | no bound for the whole call | `fate::the_total_bound_tells_a_sent_call_from_one_without_token` |
//! | 20 cold calls, 20 tokens | `tokens::cold_calls_share_one_token` |
//! | page two goes out without authorization, to another base | `pages::every_page_goes_to_our_base_with_authorization_and_headers` |
//! | no `Accept`, two `User-Agent`s | `pages::every_call_has_each_header_once` |

mod answers;
mod checks;
mod deliveries;
mod fate;
mod limits;
mod pages;
mod sandbox;
mod server;
mod shapes;
mod tokens;
