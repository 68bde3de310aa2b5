//! Files for their owner alone, made without a moment in which others may read them.

use std::{fs, io, path::Path};

/// Creates the file for its owner alone, unless it exists. Linked into place when it is finished: to open and close a
/// database's file beside SQLite would drop the locks this process holds on it.
pub(super) fn create_private(file: &Path) -> io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    new_private_file(Path::new(&draft))?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links.
        Err(_) => new_private_file(file),
        Ok(()) => Ok(()),
    }
}

/// Makes an empty file for its owner alone.
pub(super) fn new_private_file(file: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}
