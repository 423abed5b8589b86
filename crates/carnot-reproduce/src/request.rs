//! What the arguments ask for, checked before anything is computed.

use std::path::PathBuf;

use crate::cli::Reproduce;
use crate::figure::{DataChoice, Figure, Options};
use crate::figures::Entry;
use crate::run::Environment;

/// The files of MNIST in the folder `mnist` of the data directory.
const MNIST_FILES: &str = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, \
    t10k-labels-idx1-ubyte";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Misuse {
    #[error("there is no figure '{name}'; the figures are: {known}")]
    UnknownFigure { name: String, known: String },
    #[error("the figure '{name}' is to come; `--list` shows which are available")]
    ToCome { name: String },
    #[error("no figure uses the data set cifar10 yet; choose synthetic or mnist")]
    Cifar10,
    #[error(
        "no place to look for data: give --data-dir DIR or set CARNOT_DATA, and put the four MNIST files into \
         DIR/mnist, with or without .gz: {MNIST_FILES}"
    )]
    NoDataDir,
    #[error(
        "the data directory {} does not exist or is not a directory; put the four MNIST files into {}, with or \
         without .gz: {MNIST_FILES}",
        .0.display(),
        .0.join("mnist").display()
    )]
    DataDir(PathBuf),
}

/// Refuses names that are in no registry.
pub(crate) fn check_names(names: &[String], registry: &[Entry<'_>]) -> Result<(), Misuse> {
    match names.iter().find(|name| registry.iter().all(|entry| entry.name != *name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<&str> = registry.iter().map(|entry| entry.name).collect();
            Err(Misuse::UnknownFigure { name: name.clone(), known: known.join(", ") })
        }
    }
}

/// The figures named, each once and in the order of the registry; all available ones if none is.
pub(crate) fn selected<'a>(names: &[String], registry: &[Entry<'a>]) -> Result<Vec<&'a dyn Figure>, Misuse> {
    check_names(names, registry)?;
    let is_named = |entry: &&Entry<'a>| names.iter().any(|name| name == entry.name);
    if let Some(entry) = registry.iter().filter(is_named).find(|entry| entry.figure.is_none()) {
        return Err(Misuse::ToCome { name: entry.name.to_owned() });
    }
    let wanted = |entry: &&Entry<'a>| names.is_empty() || is_named(entry);
    Ok(registry.iter().filter(wanted).filter_map(|entry| entry.figure).collect())
}

pub(crate) fn options(arguments: &Reproduce, environment: &Environment) -> Result<Options, Misuse> {
    let data_dir = arguments.data_dir.clone().or_else(|| environment.data_dir.clone());
    match arguments.data {
        DataChoice::Synthetic => {}
        DataChoice::Cifar10 => return Err(Misuse::Cifar10),
        DataChoice::Mnist => match &data_dir {
            None => return Err(Misuse::NoDataDir),
            Some(directory) if !directory.is_dir() => return Err(Misuse::DataDir(directory.clone())),
            Some(_) => {}
        },
    }
    Ok(Options {
        data: arguments.data,
        data_dir,
        tier: arguments.tier,
        seeds: arguments.seeds,
        threads: environment.threads,
    })
}
