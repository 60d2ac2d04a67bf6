//! The wallet on validators of the real engine: `DHC_NODE` names the node's program, `DHC_BIN` the
//! wallet's. The faults are in the long run.

mod away;
mod embedded;
mod evidence;
mod faults;
mod job;
mod people;
mod transfer;
