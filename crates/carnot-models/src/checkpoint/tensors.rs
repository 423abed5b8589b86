//! Named tensors in a file: how parameters are laid out in it, and how it is read back.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Metadata, TensorView, serialize};

use super::CheckpointError;
use crate::Architecture;
use crate::engine::Scalar;
use crate::parameters::{Place, places};

/// Tensors to be written, in the order given.
#[derive(Default)]
pub(super) struct Tensors(Vec<(String, Vec<usize>, Vec<u8>)>);

impl Tensors {
    /// Adds one number for each parameter of a model, under the parameters' names after `prefix`.
    pub(super) fn push<T: Scalar>(&mut self, prefix: &str, architecture: &Architecture, values: &[T]) {
        for place in places(architecture) {
            let mut bytes = Vec::new();
            for value in values.get(place.range()).unwrap_or_default() {
                value.store(&mut bytes);
            }
            self.0.push((format!("{prefix}{}", place.name), shape(&place), bytes));
        }
    }

    /// The bytes of all, in their order.
    pub(super) fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|(_, _, bytes)| bytes.as_slice())
    }

    /// The file.
    pub(super) fn serialised<T: Scalar>(
        &self,
        header: Option<HashMap<String, String>>,
    ) -> Result<Vec<u8>, CheckpointError> {
        let mut views = Vec::with_capacity(self.0.len());
        for (name, shape, bytes) in &self.0 {
            views.push((name, TensorView::new(T::DTYPE, shape.clone(), bytes)?));
        }
        Ok(serialize(views, header)?)
    }
}

/// The tensors of a file that are still to be asked for.
pub(super) struct Remaining<'a>(HashMap<String, TensorView<'a>>);

impl<'a> Remaining<'a> {
    /// The tensors of a file, and its header.
    pub(super) fn of(bytes: &'a [u8]) -> Result<(Self, Metadata), CheckpointError> {
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let tensors = SafeTensors::deserialize(bytes)?;
        Ok((Self(tensors.tensors().into_iter().collect()), header))
    }

    /// Takes one number for each parameter of a model, from the tensors named as they are after `prefix`; and gives the bytes to
    /// `seen`.
    pub(super) fn take<T: Scalar>(
        &mut self,
        prefix: &str,
        architecture: &Architecture,
        mut seen: impl FnMut(&[u8]),
    ) -> Result<Vec<T>, CheckpointError> {
        let mut values = Vec::new();
        for place in places(architecture) {
            let name = format!("{prefix}{}", place.name);
            let Some(view) = self.0.remove(&name) else { return Err(CheckpointError::Missing { name }) };
            let (found, expected) = (view.shape().to_vec(), shape(&place));
            if found != expected {
                return Err(CheckpointError::Shape { name, found, expected });
            }
            if view.dtype() != T::DTYPE {
                let [found, expected] = [view.dtype(), T::DTYPE].map(|dtype| format!("{dtype:?}"));
                return Err(CheckpointError::Type { name, found, expected });
            }
            seen(view.data());
            values.extend(T::restore(view.data()));
        }
        Ok(values)
    }

    /// Refuses what was not asked for.
    pub(super) fn finish(self) -> Result<(), CheckpointError> {
        match self.0.into_keys().min() {
            Some(name) => Err(CheckpointError::Unknown { name }),
            None => Ok(()),
        }
    }
}

/// (outputs, inputs) of a weight, (features) of anything else.
fn shape(place: &Place) -> Vec<usize> {
    let (rows, columns) = place.shape;
    if place.name.ends_with(".weight") { vec![rows, columns] } else { vec![columns] }
}

/// Replaces a file by bytes that are on the disk before it is: whoever reads it, and whenever it is killed, finds the old
/// file or the new one. The temporary name beside it is always the same: what a killed writer left is overwritten.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let write = || -> io::Result<()> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let partial = path.with_file_name(format!(".{name}.partial"));
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|source| CheckpointError::Write { path: path.to_owned(), source })
}
