//! What several screens draw: marks, states, sheets, navigation.

mod dialog;
mod icon;
mod nav;
mod parts;
mod proof;
mod states;
mod switcher;
mod thumb;

pub use dialog::{Sheet, sheet};
pub use icon::{Icon, icon};
pub use nav::dock;
pub use parts::{avatar, back_link, busy_button, copy_button, field_problem, heading, option, qr};
pub use proof::{chain_state, fact, how_do_we_know, mark, trouble};
pub use states::{empty, failed, notice, progress, shown, skeleton};
pub use switcher::switcher;
pub use thumb::thumbnail;
