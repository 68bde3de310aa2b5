//! What stays on disk, and for how long.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{fs, path::PathBuf, time::Instant};

use tempfile::TempDir;
use uuid::Uuid;

use super::{current::SEGMENT_BYTES, frame::Foreign, segments::PAUSE, *};
use crate::error::ErrorCode;

const ROOM: u64 = 1 << 30;

struct Bench {
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("spool")
    }

    fn open(&self) -> Spool {
        Spool::open(&self.path(), ROOM).unwrap()
    }

    /// The segment files of all folders, damaged ones apart.
    fn segments(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir() && !path.ends_with("damaged"))
            .flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
            .collect();
        files.sort();
        files
    }
}

fn id(number: u128) -> TraceId {
    Uuid::from_u128(number).into()
}

fn append(spool: &Spool, ids: &[TraceId], room: bool) -> Placed {
    spool.append(ids.iter().map(|id| (*id, b"outcome".as_slice())), room).unwrap().placed
}

/// What a folder says: ids by kind.
fn read(orphan: &Orphan) -> Vec<(Kind, TraceId)> {
    let mut found = Vec::new();
    for segment in orphan.segments().unwrap() {
        let bytes = orphan.read(segment).unwrap();
        found.extend(Frames::of(&bytes).unwrap().map(|frame| (frame.kind, frame.id)));
    }
    found
}

#[test]
fn a_clean_end_leaves_nothing() {
    let bench = Bench::new();
    let spool = bench.open();
    spool.intend(id(1), b"intent").unwrap();
    let Placed::Pending(segment) = append(&spool, &[id(1)], true) else { panic!("there is room") };
    spool.settle(segment, 1);
    spool.leave();
    assert_eq!(bench.segments(), [""; 0].map(PathBuf::from));
    assert!(bench.open().orphans().unwrap().is_empty());
    assert!(spool.intend(id(2), b"intent").is_err(), "nothing is written after the end");
}

#[test]
fn what_is_not_settled_is_found_by_the_next_one_and_by_one_only() {
    let bench = Bench::new();
    let (first, waiting) = (bench.open(), [id(1), id(2)]);
    first.intend(id(3), b"intent").unwrap();
    append(&first, &waiting, true);
    let (second, third) = (bench.open(), bench.open());
    assert!(second.orphans().unwrap().is_empty(), "its gateway lives, in this very process");
    drop(first);
    let orphans = second.orphans().unwrap();
    assert!(third.orphans().unwrap().is_empty(), "another one reads it already");
    let [orphan] = &orphans[..] else { panic!("one folder was left") };
    assert_eq!(read(orphan), [(Kind::Intent, id(3)), (Kind::Outcome, id(1)), (Kind::Outcome, id(2))]);
    for segment in orphan.segments().unwrap() {
        orphan.settle(segment).unwrap();
    }
    orphan.leave().unwrap();
    drop(orphans);
    assert!(third.orphans().unwrap().is_empty());
}

#[test]
fn one_that_gives_up_half_way_leaves_it_to_the_next() {
    let bench = Bench::new();
    append(&bench.open(), &[id(1)], true);
    let second = bench.open();
    drop(second.orphans().unwrap());
    assert_eq!(second.orphans().unwrap().len(), 1);
}

#[test]
fn open_intents_are_carried_and_their_segments_go() {
    let bench = Bench::new();
    let spool = bench.open();
    spool.intend(id(0), b"the one that lasts").unwrap();
    let large = vec![0; 300 << 10];
    for number in 1..100 {
        let appended = spool.append([(id(number), large.as_slice())].into_iter(), true).unwrap();
        let Placed::Pending(segment) = appended.placed else { panic!("there is room") };
        spool.settle(segment, 1);
    }
    assert!(bench.segments().len() <= 2, "{:?}", bench.segments());
    assert!(spool.status().bytes < 2 * SEGMENT_BYTES);
    drop(spool);
    let orphans = bench.open().orphans().unwrap();
    assert!(read(&orphans[0]).contains(&(Kind::Intent, id(0))));
}

#[test]
fn what_is_behind_comes_back_in_order_and_what_follows_waits_for_it() {
    let bench = Bench::new();
    let spool = bench.open();
    let Placed::Pending(pending) = append(&spool, &[id(1)], true) else { panic!("there is room") };
    assert!(matches!(append(&spool, &[id(2), id(3)], false), Placed::Behind(_)));
    assert!(matches!(append(&spool, &[id(4)], true), Placed::Behind(_)), "the first come first");
    let mut back = Vec::new();
    while let Some((segment, rows, bytes)) = spool.next_behind() {
        let bytes = bytes.unwrap();
        let ids: Vec<_> = Frames::of(&bytes).unwrap().map(|frame| frame.id).collect();
        assert_eq!(ids.len(), rows);
        back.extend(ids);
        if back.len() == 3 {
            assert!(matches!(append(&spool, &[id(5)], true), Placed::Behind(_)));
        }
        spool.settle_behind(segment);
    }
    assert_eq!(back, [id(2), id(3), id(4), id(5)], "and none that is pending");
    assert!(matches!(append(&spool, &[id(6)], true), Placed::Pending(_)));
    spool.settle(pending, 1);
    assert_eq!(bench.segments().len(), 1);
}

#[test]
fn a_full_spool_says_so_and_takes_more_when_there_is_room_again() {
    let bench = Bench::new();
    let spool = Spool::open(&bench.path(), 200).unwrap();
    let Placed::Pending(segment) = append(&spool, &[id(1), id(2)], true) else { panic!("there is room") };
    assert!(spool.append([(id(3), [0; 200].as_slice())].into_iter(), true).is_err());
    assert!(spool.status().error.unwrap().contains("spool_bytes"));
    assert!(spool.intend(id(4), b"").is_err(), "the disk is left alone for a while");
    spool.settle(segment, 2);
    let begun = Instant::now();
    while spool.intend(id(4), b"").is_err() {
        assert!(begun.elapsed() < 10 * PAUSE, "it is left alone for ever");
        std::thread::yield_now();
    }
    assert_eq!(spool.status().error, None);
}

#[test]
fn a_full_spool_with_open_intents_empties_itself() {
    let bench = Bench::new();
    let spool = Spool::open(&bench.path(), 1_000).unwrap();
    spool.intend(id(1), &[0; 100]).unwrap();
    let Placed::Pending(segment) = append(&spool, &[id(2)], true) else { panic!("there is room") };
    assert!(spool.append([(id(3), [0; 2_000].as_slice())].into_iter(), true).is_err());
    spool.settle(segment, 1);
    assert_eq!(bench.segments().len(), 1, "the intent was carried");
    spool.forget(id(1));
    spool.leave();
    assert_eq!(bench.segments(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_by_its_name() {
    let bench = Bench::new();
    fs::write(bench.path(), "a file").unwrap();
    let error = Spool::open(&bench.path(), ROOM).unwrap_err();
    assert_eq!((error.code(), error.param()), (ErrorCode::InvalidConfig, Some("spool_dir")));
}

#[test]
fn what_is_not_ours_stays() {
    let bench = Bench::new();
    let spool = bench.open();
    fs::create_dir(bench.path().join("1-something")).unwrap();
    fs::write(bench.path().join("notes.txt"), "mine").unwrap();
    append(&spool, &[id(1)], true);
    drop(spool);
    let newer = bench.segments()[0].with_file_name("99999999.seg");
    fs::write(&newer, b"GWSPOOL\x7f").unwrap();

    let orphans = bench.open().orphans().unwrap();
    let [orphan] = &orphans[..] else { panic!("one folder was left") };
    let [ours, foreign] = orphan.segments().unwrap()[..] else { panic!("two segments are there") };
    assert_eq!(Frames::of(&orphan.read(foreign).unwrap()).unwrap_err(), Foreign);
    orphan.settle(ours).unwrap();
    orphan.leave().unwrap();
    assert_eq!(bench.segments().len(), 1, "the newer one is kept");
    assert!(bench.path().join("1-something").exists() && bench.path().join("notes.txt").exists());
    drop(orphans);

    // With nothing else in it, its folder is left alone, and said to be there.
    let (kept, next) = (bench.segments(), bench.open());
    next.orphans().unwrap().iter().for_each(|empty| empty.leave().unwrap());
    for _ in 0..2 {
        assert!(next.orphans().unwrap().is_empty());
        assert_eq!((bench.segments(), next.status().foreign), (kept.clone(), 1));
    }
    fs::remove_file(&kept[0]).unwrap();
    next.orphans().unwrap();
    assert_eq!(next.status().foreign, 0);
}

#[test]
fn what_a_kill_leaves_half_made_or_half_removed_goes() {
    let bench = Bench::new();
    let spool = bench.open();
    let id = Uuid::new_v4().simple();
    let [old, new, fresh, strange] =
        [format!("old-{id}"), format!("new-1-{id}"), format!("new-2-{id}"), "old-something".to_owned()]
            .map(|name| bench.path().join(name));
    for folder in [&old, &new, &fresh, &strange] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("lock"), "").unwrap();
    }
    let made = fs::metadata(&new).unwrap().modified().unwrap();
    let yesterday = made - std::time::Duration::from_secs(86_400);
    File::open(&new).unwrap().set_modified(yesterday).unwrap();
    spool.orphans().unwrap();
    assert_eq!([&old, &new, &fresh, &strange].map(|folder| folder.exists()), [false, false, true, true]);
}

#[test]
fn damaged_segments_are_kept_for_people() {
    let bench = Bench::new();
    append(&bench.open(), &[id(1)], true);
    let orphans = bench.open().orphans().unwrap();
    let segment = orphans[0].segments().unwrap()[0];
    orphans[0].settle_damaged(segment).unwrap();
    orphans[0].leave().unwrap();
    assert_eq!(fs::read_dir(bench.path().join("damaged")).unwrap().count(), 1);
}
