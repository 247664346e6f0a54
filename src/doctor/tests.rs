//! The judgement, told from findings; and the probes, against servers of this test's own.

mod judgement;
pub(super) mod probes;
mod relays;
