//! The film viewer's parts that know nothing of screens: geometry, window, frames, drawing.

pub mod cache;
pub mod frame;
pub mod geometry;
pub mod gl;
pub mod loader;
pub mod marks;
pub mod measure;
pub mod planes;
pub mod volume;
pub mod window;
