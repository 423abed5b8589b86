#![doc = include_str!("../README.md")]

pub mod chart;
pub mod cli;
mod data;
pub mod figure;
pub mod figures;
pub mod metric;
pub mod output;
pub mod progress;
mod request;
pub mod run;
pub mod table;
