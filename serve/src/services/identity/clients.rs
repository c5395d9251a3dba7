//! [`Visitor`]: from where somebody asks.

use std::net::{IpAddr, Ipv6Addr};

use super::devices;
use super::names::cut;
use crate::store::people::{Client, Device};

/// From where somebody asks. None of it is proof of anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The address, as far as proxies are trusted.
    pub address: IpAddr,
    /// What the program says that it is.
    pub agent: Option<String>,
}

/// How much of what a program says that it is is kept, in bytes.
const AGENT_BYTES: usize = 256;

impl Visitor {
    /// Returns whose attempts are counted together: an address, and of IPv6 the 2^64 that one household has.
    pub(super) fn network(&self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        }
    }

    /// Returns what it is known again by: the program, and as much of the address as a provider has, so that
    /// somebody who moves about is not told each time.
    pub(super) fn device(&self) -> Device {
        let name = self.agent.as_deref().and_then(devices::device);
        let network = match self.address.to_canonical() {
            IpAddr::V4(address) => address.octets()[..2].to_vec(),
            IpAddr::V6(address) => address.octets()[..4].to_vec(),
        };
        let text = format!("{}\n{network:?}", name.as_deref().unwrap_or_default());
        let address = self.address.to_canonical().to_string();
        Device { digest: *blake3::hash(text.as_bytes()).as_bytes(), name, address }
    }

    pub(super) fn client(&self) -> Client {
        let is_shown = |it: &char| !it.is_control();
        let agent =
            self.agent.as_ref().map(|agent| cut(agent, AGENT_BYTES).chars().filter(is_shown).collect());
        Client { agent, address: Some(self.address.to_canonical().to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_household_are_one() {
        let network = |text: &str| Visitor { address: text.parse().unwrap(), agent: None }.network();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:1.2.3.4"), network("1.2.3.4"));
        assert_ne!(network("1.2.3.4"), network("1.2.3.5"));
    }

    #[test]
    fn what_a_program_says_is_cut_and_cleaned() {
        let visitor =
            Visitor { address: [127, 0, 0, 1].into(), agent: Some(format!("a\r\n{}", "é".repeat(400))) };
        let client = visitor.client();
        assert_eq!(client.agent.unwrap().len(), 253);
        assert_eq!(client.address.unwrap(), "127.0.0.1");
    }
}
