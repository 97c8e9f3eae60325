//! The rules of the form kinds: what a text becomes, and whether it is what the kind wants.

pub(crate) mod country;
pub(crate) mod date;
pub(crate) mod email;
pub(crate) mod phone;
pub(crate) mod text;

pub use phone::National;
