use serde_json::json;

use crate::queue::{Access, Event};

#[test]
fn the_statement_writes_the_event_that_the_lane_reads() {
    use Access::{Active, Archived, Deleted, Removed, Suspended, Transferred};
    for access in [Active, Suspended, Archived, Removed, Deleted, Transferred] {
        let written = json!({ "event": "access", "access": access.as_str() });
        assert_eq!(serde_json::from_value::<Event>(written).unwrap(), Event::Access { access });
    }
}
