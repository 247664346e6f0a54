//! stub until the link branch lands
use super::ConnectionId;
use minicbor::{Decode, Encode};
/// x
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Signal {
    /// x
    #[n(0)]
    Offer(#[n(0)] ConnectionId),
}
impl Signal {
    /// x
    #[must_use]
    pub fn within_limits(&self) -> bool {
        true
    }
}
