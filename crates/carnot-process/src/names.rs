//! Names of events that were read.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// A name. An alias, because serde would take a `&'static str` for something to be borrowed from what is read.
pub(crate) type Name = &'static str;

/// The names that have been read. Events are few and named in source text, so that keeping each of them once is little.
static READ: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());

/// A name as it was written.
pub(crate) fn read<'de, Z: Deserializer<'de>>(from: Z) -> Result<Name, Z::Error> {
    let name = String::deserialize(from)?;
    let mut known = READ.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(known.get(name.as_str()).copied().unwrap_or_else(|| {
        let kept: Name = Box::leak(name.into_boxed_str());
        known.insert(kept);
        kept
    }))
}
