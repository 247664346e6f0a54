//! The kinds of networks people are in, and the best path that there can be between any two. Pure.
//!
//! The table is what the lab is judged by: it says what the networks allow, never what Kith happens to do.

use std::fmt;

use clap::ValueEnum;

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A public address of both families, nothing in between.
    Public,
    /// One port for all destinations, and everybody may answer (RFC 4787: endpoint-independent mapping and filtering).
    Open,
    /// One port for all destinations, and only who was written to may answer: most homes (address- and port-dependent filtering).
    Moderate,
    /// A new random port for each destination: most companies and many mobile networks (endpoint-dependent mapping).
    Strict,
    /// A home's moderate NAT behind its carrier's.
    Carrier,
    /// A NAT that lets TCP out and no UDP at all.
    Blocked,
    /// IPv6 only, public addresses, behind a firewall that lets nobody in who was not written to first (RFC 6092).
    Ipv6,
}

/// All kinds, in the order of the matrix.
pub const KINDS: [Kind; 7] =
    [Kind::Public, Kind::Open, Kind::Moderate, Kind::Strict, Kind::Carrier, Kind::Blocked, Kind::Ipv6];

/// How a message travels, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From device to device.
    Direct,
    /// Through a TURN relay.
    Relay,
    /// Sealed, through a broker.
    Mail,
}

impl Way {
    /// As a node names it; nothing for none.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "direct" => Some(Self::Direct),
            "relay" => Some(Self::Relay),
            "mail" => Some(Self::Mail),
            _ => None,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Direct => "direct",
            Self::Relay => "relay",
            Self::Mail => "mail",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Public => "public",
            Self::Open => "open",
            Self::Moderate => "moderate",
            Self::Strict => "strict",
            Self::Carrier => "carrier",
            Self::Blocked => "blocked",
            Self::Ipv6 => "ipv6",
        })
    }
}

/// Two networks; which comes first makes no difference.
pub type Pair = (Kind, Kind);

/// The best path between any network of the first list and any of the second.
struct Row {
    one: &'static [Kind],
    other: &'static [Kind],
    best: Way,
    why: &'static str,
}

const fn row(one: &'static [Kind], other: &'static [Kind], best: Way, why: &'static str) -> Row {
    Row { one, other, best, why }
}

/// Every pair stands in exactly one row; a test counts.
#[rustfmt::skip] // One row a line reads as the table that it is.
const TABLE: &[Row] = {
    use Kind::{Blocked, Carrier, Ipv6, Moderate, Open, Public, Strict};
    use Way::{Direct, Mail, Relay};
    &[
        row(&[Public], &[Public, Open, Moderate, Strict, Carrier], Direct, "whoever is behind a NAT reaches the public address, and the answer comes back the same way"),
        row(&[Open], &[Open, Moderate, Strict, Carrier], Direct, "an open NAT lets in whoever writes to its port, which STUN tells, from whatever port"),
        row(&[Moderate, Carrier], &[Moderate, Carrier], Direct, "both ports are told by STUN; the first packet of each side opens its own NAT for the other's"),
        row(&[Strict], &[Moderate, Carrier], Relay, "the strict side's port towards the other is known to nobody, so the other's NAT cannot be opened for it"),
        row(&[Strict], &[Strict], Relay, "neither side's port towards the other is known"),
        row(&[Ipv6], &[Public], Direct, "the public side has an address of the same family"),
        row(&[Ipv6], &[Ipv6], Direct, "both addresses are public; the first packet of each side opens its own firewall for the other's"),
        row(&[Ipv6], &[Open, Moderate, Strict, Carrier], Relay, "no address of the same family; the relay has both"),
        row(&[Blocked], &[Public, Open, Moderate, Strict, Carrier, Blocked, Ipv6], Mail, "TURN is spoken over UDP only, so there is no path but the broker"),
    ]
};

/// The best path between these two, and why it is the best.
pub fn best(pair: Pair) -> (Way, &'static str) {
    TABLE
        .iter()
        .find(|row| row.holds(pair))
        .map_or((Way::Mail, "nothing is known of this pair"), |row| (row.best, row.why))
}

/// Every pair of kinds once, those of the same kind too.
pub fn pairs() -> Vec<Pair> {
    let from = |(index, one): (usize, Kind)| KINDS.into_iter().skip(index).map(move |other| (one, other));
    KINDS.into_iter().enumerate().flat_map(from).collect()
}

/// One pair for each reason why a path can be the best, for a run of a minute.
pub const SHORT: [Pair; 6] = [
    (Kind::Open, Kind::Strict),
    (Kind::Moderate, Kind::Carrier),
    (Kind::Strict, Kind::Strict),
    (Kind::Strict, Kind::Ipv6),
    (Kind::Public, Kind::Ipv6),
    (Kind::Moderate, Kind::Blocked),
];

impl Row {
    fn holds(&self, (one, other): Pair) -> bool {
        let in_order = |one, other| self.one.contains(&one) && self.other.contains(&other);
        in_order(one, other) || in_order(other, one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair has one best path and one reason.
    #[test]
    fn every_pair_stands_in_one_row() {
        assert_eq!(pairs().len(), KINDS.len() * (KINDS.len() + 1) / 2);
        for pair in pairs() {
            assert_eq!(TABLE.iter().filter(|row| row.holds(pair)).count(), 1, "{pair:?}");
        }
    }

    /// The order of a pair makes no difference.
    #[test]
    fn the_other_way_round_is_the_same() {
        pairs().into_iter().for_each(|(one, other)| assert_eq!(best((one, other)), best((other, one))));
    }

    /// The short form has every kind and every way in it.
    #[test]
    fn the_short_form_leaves_out_no_kind_and_no_way() {
        assert!(KINDS.iter().all(|kind| SHORT.iter().any(|(one, other)| one == kind || other == kind)));
        assert!([Way::Direct, Way::Relay, Way::Mail].iter().all(|way| SHORT.iter().any(|pair| best(*pair).0 == *way)));
    }
}
