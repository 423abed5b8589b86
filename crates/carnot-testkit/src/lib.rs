#![doc = include_str!("../README.md")]

pub mod close;
pub mod finite_difference;
pub mod strategies;
