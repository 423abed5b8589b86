#![doc = include_str!("../README.md")]

mod batches;
mod dataset;
mod error;
pub mod idx;
pub mod mnist;
mod random;
mod split;
pub mod synthetic;

pub use batches::{BatchPosition, Batches};
pub use dataset::{ImageDataset, ImageShape};
pub use error::{BatchError, DatasetError, IdxError, LoadError, SplitError};
pub use split::{Sizes, split, split_stratified};
