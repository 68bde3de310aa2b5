//! The README's program is the example that is compiled and run: no line of it may differ. Its links work wherever the
//! crate is unpacked.

use std::fs;

#[test]
fn the_readmes_program_is_the_quickstart_example() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = fs::read_to_string(format!("{root}/README.md")).unwrap();
    let example = fs::read_to_string(format!("{root}/examples/quickstart.rs")).unwrap();
    let program = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();

    let mut lines = example.lines().map(str::trim);
    for wanted in program.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(lines.any(|line| line == wanted), "not in the example, or not in this order: {wanted}");
    }
}

#[test]
fn the_readmes_links_lead_somewhere_outside_the_repository_too() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for link in readme.split("](").skip(1) {
        assert!(link.starts_with("https://"), "relative: {}", link.split(')').next().unwrap_or_default());
    }
}
