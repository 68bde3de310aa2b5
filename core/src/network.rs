//! Which addresses may be called. Resolves nothing and connects to nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::{
    config::PrivateAddresses,
    error::{Error, ErrorCode, Result},
};

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressPolicy(pub(crate) PrivateAddresses);

impl AddressPolicy {
    /// Refuses a URL whose host is a literal address, or `localhost`, that the policy denies. Names are checked
    /// where they are resolved.
    pub(crate) fn check_url(self, url: &Url) -> Result<()> {
        let allowed = match url.host() {
            Some(Host::Ipv4(address)) => self.allows(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.allows(IpAddr::V6(address)),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                self.0 == PrivateAddresses::Allow
                    || !(name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost"))
            }
            None => false,
        };
        if allowed { Ok(()) } else { Err(Self::refusal()) }
    }

    /// Whether an address may be called.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        self.0 == PrivateAddresses::Allow || is_global(address)
    }

    /// The error of a refused address; it names the setting, never the address.
    pub(crate) fn refusal() -> Error {
        let message = "the provider's address is private, loopback or link-local; set network.private to \"allow\" if that is meant";
        Error::new(ErrorCode::ForbiddenAddress, message).with_param("base_url")
    }
}

/// Whether an address is one of the public internet.
fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (18..20).contains(&b);
    !(a == 0
        || a >= 224
        || shared
        || protocol
        || benchmark
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation())
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded_v4(address) {
        return is_global_v4(inner);
    }
    let [first, second, ..] = address.segments();
    let unicast = first & 0xe000 == 0x2000;
    let documentation = first == 0x2001 && second == 0x0db8;
    unicast && !documentation
}

/// The IPv4 address inside a mapped, NAT64 or 6to4 address: the packet ends up there.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_notation() {
        let policy = AddressPolicy(PrivateAddresses::Deny);
        for url in [
            "http://127.0.0.1",
            "http://0x7f.1",
            "http://2130706433",
            "http://10.0.0.1",
            "http://192.168.1.1",
            "http://172.16.0.1",
            "http://169.254.169.254",
            "http://0.0.0.0",
            "http://100.64.0.1",
            "http://[::1]",
            "http://[::]",
            "http://[::ffff:10.0.0.1]",
            "http://[64:ff9b::a00:1]",
            "http://[2002:a00:1::]",
            "http://[fe80::1]",
            "http://[fc00::1]",
            "http://localhost",
            "http://LOCALHOST.",
            "http://api.localhost",
            "http://224.0.0.1",
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(policy.check_url(&url).unwrap_err().code(), ErrorCode::ForbiddenAddress, "{url}");
            assert!(AddressPolicy(PrivateAddresses::Allow).check_url(&url).is_ok(), "{url}");
        }
        for url in ["https://api.openai.com", "http://8.8.8.8", "http://[2606:4700::1111]"] {
            assert!(policy.check_url(&Url::parse(url).unwrap()).is_ok(), "{url}");
        }
    }
}
