//! How each kind of network is built from routers.

use anyhow::Result;
use patchbay::{Firewall, FirewallConfig, IpSupport, Lab, Nat, PortPolicy, Router, RouterBuilder};

use crate::kinds::Kind;

/// Builds a network of this kind; devices are plugged into the router that is returned.
pub async fn build(lab: &Lab, name: &str, kind: Kind) -> Result<Router> {
    let v4 = |name: &str, nat: Nat| lab.add_router(name).ip_support(IpSupport::V4Only).nat(nat);
    let builder: RouterBuilder = match kind {
        Kind::Public => lab.add_router(name).ip_support(IpSupport::DualStack),
        Kind::Open => v4(name, Nat::Open),
        Kind::Moderate => v4(name, Nat::Moderate),
        Kind::Strict => v4(name, Nat::Strict),
        Kind::Carrier => {
            let carrier = v4(&format!("{name}-carrier"), Nat::Moderate).build().await?;
            v4(name, Nat::Moderate).upstream(carrier.id())
        }
        Kind::Blocked => v4(name, Nat::Moderate).firewall(Firewall::Custom(no_udp())),
        Kind::Ipv6 => lab.add_router(name).preset(patchbay::RouterPreset::Public).ip_support(IpSupport::V6Only),
    };
    // The one kind without NAT but with a firewall.
    let builder = if kind == Kind::Ipv6 { builder.firewall(Firewall::BlockInbound) } else { builder };
    builder.build().await
}

fn no_udp() -> FirewallConfig {
    let mut rules = FirewallConfig::builder();
    rules.block_inbound().outbound_tcp(PortPolicy::AllowAll).outbound_udp(PortPolicy::BlockAll);
    rules.build()
}
