//! Copies of a SQLite store. SQLite writes the copy under another name; it gets its own when it is whole.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{Store, db::Db, private::new_private_file};
use crate::{
    error::{Error, ErrorCode, Result},
    tasks::beside,
};

/// A copy that is not whole yet; removed when it is given up.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // It is gone already where the copy has its name.
        drop(fs::remove_file(&self.0));
    }
}

impl Store {
    /// Writes a copy of a SQLite store into a new file.
    pub(crate) async fn backup(&self, path: &Path) -> Result<()> {
        let Db::Sqlite(sqlite) = &self.db else {
            let message = "the store is PostgreSQL, which has tools of its own for backups: use pg_dump";
            return Err(Error::new(ErrorCode::UnsupportedOperation, message));
        };
        // SQLite takes names that begin with `file:` for URIs; an absolute path never does.
        let path = std::path::absolute(path).map_err(|error| not_writable(path, &error))?;
        let draft = {
            let path = path.clone();
            beside(move || create_draft(&path)).await?
        };
        let name = draft.0.to_str().ok_or_else(|| Error::invalid("path", "the path of a backup must be UTF-8"))?;
        sqlite.copy_into(name).await?;
        beside(move || publish(&draft, &path)).await
    }
}

fn create_draft(path: &Path) -> Result<Draft> {
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let draft = PathBuf::from(name);
    new_private_file(&draft).map_err(|error| not_writable(path, &error))?;
    Ok(Draft(draft))
}

/// Brings a copy to the disk and gives it its name, unless that is taken by now.
fn publish(Draft(draft): &Draft, path: &Path) -> Result<()> {
    let failed = |error| not_writable(path, &error);
    File::open(draft).and_then(|file| file.sync_all()).map_err(failed)?;
    match fs::hard_link(draft, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(path)),
        // A file system without links.
        Err(_) if path.symlink_metadata().is_ok() => return Err(exists(path)),
        Err(_) => fs::rename(draft, path).map_err(failed)?,
    }
    let folder = path.parent().map_or(Ok(()), |folder| File::open(folder).and_then(|folder| folder.sync_all()));
    folder.map_err(failed)
}

fn exists(path: &Path) -> Error {
    let message = format!("{} exists already; a backup goes into a new file", path.display());
    Error::new(ErrorCode::AlreadyExists, message).with_param("path")
}

fn not_writable(path: &Path, error: &io::Error) -> Error {
    let message = format!(
        "the backup {} cannot be written ({}): its folder must exist, and this process may write to it",
        path.display(),
        error.kind()
    );
    Error::invalid("path", message)
}
