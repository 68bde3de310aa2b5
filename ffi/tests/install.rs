//! The library under test, installed once for all tests the way `make install` does it, into a directory of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::program::run;

/// Where the library is installed.
pub(crate) fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        // Beside the library rather than in the system's directory, so that it goes with `cargo clean`; the next run
        // replaces it.
        let prefix = library().with_file_name("libgateway-test-install");
        drop(std::fs::remove_dir_all(&prefix));
        install(&library(), &prefix, Path::new(""));
        prefix
    })
}

/// Installs a library.
pub(crate) fn install(library: &Path, prefix: &Path, destination: &Path) {
    let mut command = Command::new(root().join("ffi/install"));
    run(command.arg(library).env("PREFIX", prefix).env("DESTDIR", destination));
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Whether the library under test is one that was built elsewhere.
pub(crate) fn is_given() -> bool {
    env::var_os("LIBGATEWAY_TEST_LIBRARY").is_some()
}

/// The shared library: the one that is named, as by `make test-memory`, else one that is built now. Cargo builds no
/// `cdylib` for tests by itself.
pub(crate) fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        if let Some(library) = env::var_os("LIBGATEWAY_TEST_LIBRARY") {
            return library.into();
        }
        // All of the workspace, or much of the graph is built again with other features.
        run(Command::new(env!("CARGO")).args(["build", "--quiet", "--workspace", "--lib"]).current_dir(root()));
        let test = env::current_exe().expect("this program");
        test.parent().and_then(Path::parent).expect("the directory of the profile").join("libgateway.so")
    };
    LIBRARY.get_or_init(build).clone()
}

#[test]
fn the_installed_library_is_complete_and_nothing_else_is() {
    let directory = TempDir::new().unwrap();
    install(&library(), Path::new("/opt/gateway"), directory.path());
    let installed = directory.path().join("opt/gateway");
    let mut files: Vec<String> = libgateway_tests::files(directory.path())
        .iter()
        .map(|file| file.strip_prefix(&installed).unwrap().display().to_string())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "include/gateway.h",
            "lib/cmake/libgateway/libgateway-config-version.cmake",
            "lib/cmake/libgateway/libgateway-config.cmake",
            "lib/libgateway.so",
            "lib/libgateway.so.1",
            concat!("lib/libgateway.so.1.", env!("CARGO_PKG_VERSION")),
            "lib/pkgconfig/libgateway.pc",
        ]
    );
    let pc = std::fs::read_to_string(installed.join("lib/pkgconfig/libgateway.pc")).unwrap();
    assert!(pc.contains("prefix=/opt/gateway\n"), "the destination is no part of the prefix:\n{pc}");
    assert!(pc.contains(concat!("Version: ", env!("CARGO_PKG_VERSION"))), "{pc}");
}

#[test]
fn the_library_says_which_interface_it_has() {
    let dynamic = run(Command::new("readelf").arg("-d").arg(library()));
    assert!(dynamic.contains("[libgateway.so.1]"), "the soname has the number of GATEWAY_ABI_VERSION:\n{dynamic}");
    assert!(dynamic.contains("NODELETE"), "it stays loaded, since its threads do:\n{dynamic}");
}
