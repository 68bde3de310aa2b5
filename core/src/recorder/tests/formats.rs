//! What older versions have left in a spool is read. The fixture is a segment as the first one wrote it: three intents,
//! and the ends of two of them, the first without the numbers that requests carry since.

use super::super::journal::{self, Intent};
use crate::{
    spool::{Frames, Kind},
    store::TraceRecord,
    types::trace::StatusClass,
};

const FORMAT_1: &[u8] = include_bytes!("fixtures/format_1.seg");

#[test]
fn the_first_format_is_read() {
    let mut frames = Frames::of(FORMAT_1).unwrap();
    let all: Vec<_> = frames.by_ref().collect();
    assert_eq!((all.len(), frames.damaged), (5, 0));
    let rows: Vec<TraceRecord> = all
        .iter()
        .filter(|frame| frame.kind == Kind::Outcome)
        .map(|frame| journal::read(frame.payload).unwrap())
        .collect();
    assert!(rows.iter().all(|row| row.status_class == StatusClass::Ok && row.tenant_id.as_str() == "acme"));
    assert!(rows.iter().all(|row| row.model.as_deref() == Some("gpt-4o") && row.request.is_some()));
    assert_eq!((rows[0].instance, rows[0].number), (None, None));
    assert!(rows[1].instance.is_some() && rows[1].number == Some(2));
    for (row, frame) in rows.iter().zip(&all) {
        assert_eq!((frame.kind, frame.id), (Kind::Intent, row.id));
    }
    let open = journal::read::<Intent<'_>>(all[2].payload).unwrap().abandoned(all[2].id);
    assert_eq!((open.status_class, open.number, open.stream), (StatusClass::Abandoned, None, false));
    assert_eq!(open.requested_model.as_deref(), Some("gpt-4o"));
}
