//! Files that appear under their name only when they are complete, and the lock of a directory.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::OutputError;

/// The lock of an output directory, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Creates `directory` where it does not exist, and locks it through its file `.lock`.
    ///
    /// # Errors
    ///
    /// [`OutputError::Unwritable`] when the directory or the file cannot be made, and
    /// [`OutputError::Busy`] when another process holds the lock.
    pub fn acquire(directory: &Path) -> Result<Self, OutputError> {
        let unwritable = |source| OutputError::Unwritable { directory: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(unwritable)?;
        let path = directory.join(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(DirectoryLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OutputError::Busy { directory: directory.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }
}

/// Finds out whether files can be written in `directory`, and leaves no trace of having done so.
///
/// # Errors
///
/// [`OutputError::Unwritable`] when the directory cannot be made or a file in it cannot be written.
pub fn check_writable(directory: &Path) -> Result<(), OutputError> {
    let unwritable = |source| OutputError::Unwritable { directory: directory.to_owned(), source };
    let is_new = !directory.exists();
    fs::create_dir_all(directory).map_err(unwritable)?;
    // Removed again when it is dropped.
    drop(Pending::write(directory.join("writable"), b"").map_err(unwritable)?);
    if is_new {
        // An empty folder that stays does no harm.
        let _ = fs::remove_dir(directory);
    }
    Ok(())
}

/// A complete file under a temporary name beside its final one; removed again when it is dropped
/// before [`Pending::publish`].
#[derive(Debug)]
struct Pending {
    partial: PathBuf,
    path: PathBuf,
    published: bool,
}

impl Pending {
    /// Writes the bytes and waits until they are on the disk. The temporary name is always the
    /// same: the lock keeps others away, and what a killed run left is overwritten.
    fn write(path: PathBuf, bytes: &[u8]) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial = path.with_file_name(format!(".{name}.partial"));
        let pending = Pending { partial, path, published: false };
        let mut file = File::create(&pending.partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(pending)
    }

    fn publish(mut self) -> io::Result<()> {
        fs::rename(&self.partial, &self.path)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.published {
            // Nothing to be done about a temporary file that cannot be removed either.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Replaces one file.
///
/// # Errors
///
/// [`OutputError::Write`]; the old file is then still there.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    Pending::write(path.to_owned(), bytes)
        .and_then(Pending::publish)
        .map_err(|source| OutputError::Write { path: path.to_owned(), source })
}

/// Replaces several files of one directory, making it where it does not exist. All are written
/// before the first is renamed. The last one, the seal, is removed first and comes last: where it
/// is there, the files belong together, even after a crash.
///
/// # Errors
///
/// [`OutputError::Write`]; the old files are then still there unless a renaming failed.
pub fn replace_all(directory: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), OutputError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| OutputError::Write { path, source }
    };
    fs::create_dir_all(directory).map_err(failed(directory))?;
    let mut pending = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = directory.join(name);
        pending.push(Pending::write(path.clone(), bytes).map_err(failed(&path))?);
    }
    if let Some(seal) = pending.last() {
        match fs::remove_file(&seal.path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(&seal.path)(e)),
            _ => {}
        }
    }
    for file in pending {
        let path = file.path.clone();
        file.publish().map_err(failed(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_replacement_leaves_every_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path();
        replace_all(out, &[("a", b"old".to_vec()), ("seal", b"old".to_vec())]).unwrap();
        // The second file cannot be written: a folder has its temporary name.
        fs::create_dir(out.join(".seal.partial")).unwrap();
        let error = replace_all(out, &[("a", b"new".to_vec()), ("seal", b"new".to_vec())]).unwrap_err();
        assert!(matches!(error, OutputError::Write { ref path, .. } if path.ends_with("seal")), "{error}");
        assert_eq!(fs::read(out.join("a")).unwrap(), b"old");
        assert_eq!(fs::read(out.join("seal")).unwrap(), b"old");
        assert_eq!(names(out), [".seal.partial", "a", "seal"]);
    }

    #[test]
    fn what_a_killed_run_left_is_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("trace.csv");
        fs::write(directory.path().join(".trace.csv.partial"), "half a li").unwrap();
        replace(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(directory.path()), ["trace.csv"]);
    }

    #[test]
    fn a_check_leaves_no_trace_and_finds_a_file_in_the_way() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("figure");
        check_writable(&folder).unwrap();
        assert!(!folder.exists());
        fs::create_dir(&folder).unwrap();
        check_writable(&folder).unwrap();
        assert_eq!(names(&folder), [""; 0]);
        fs::remove_dir(&folder).unwrap();
        fs::write(&folder, "in the way").unwrap();
        assert!(matches!(check_writable(&folder), Err(OutputError::Unwritable { .. })));
        // The trial file itself cannot be written: a folder has its name.
        fs::remove_file(&folder).unwrap();
        fs::create_dir_all(folder.join(".writable.partial")).unwrap();
        assert!(matches!(check_writable(&folder), Err(OutputError::Unwritable { .. })));
    }

    #[test]
    fn a_lock_is_exclusive_and_ends_with_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let held = DirectoryLock::acquire(directory.path()).unwrap();
        assert!(matches!(DirectoryLock::acquire(directory.path()), Err(OutputError::Busy { .. })));
        drop(held);
        // The file is still there, as after a kill, and does not block.
        assert!(directory.path().join(".lock").exists());
        DirectoryLock::acquire(directory.path()).unwrap();
    }
}
