//! How rates of requests and addresses of proxies are written.
//!
//! Total like all of `value`: any text gives a value or a sentence.

use std::net::IpAddr;
use std::time::Duration;

use crate::resilience::token_bucket::Rate;

/// Units of a rate.
const PERIODS: [(&str, Duration); 3] =
    [("/s", Duration::from_secs(1)), ("/m", Duration::from_secs(60)), ("/h", Duration::from_secs(3_600))];
/// Highest rate: beyond a million a second there is nothing left to limit.
const REQUESTS_MAX: u32 = 1_000_000;

/// Limits of requests. Both are off unless configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitsConfig {
    /// Of each key. `limits.per_key`, `limits.per_key_burst`.
    pub per_key: Option<Rate>,
    /// Of each address. `limits.per_address`, `limits.per_address_burst`.
    pub per_address: Option<Rate>,
}

/// A network: the addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Requests and their period; the burst is a key of its own.
pub(super) type Requests = Option<(u32, Duration)>;

/// Reads `off`, `100/s`, `600/m`, `10/h`.
pub(super) fn requests(text: &str) -> Result<Requests, String> {
    let text = text.trim();
    if text == "off" {
        return Ok(None);
    }
    let expected = || "expected `off` or a rate such as \"100/s\", \"600/m\" or \"10/h\"".to_owned();
    let (number, period) = PERIODS
        .iter()
        .find_map(|(unit, period)| text.strip_suffix(unit).map(|number| (number, *period)))
        .ok_or_else(expected)?;
    match number.trim().replace('_', "").parse() {
        Ok(requests @ 1..=REQUESTS_MAX) => Ok(Some((requests, period))),
        Ok(0) => Err("a rate of 0 would refuse everything; `off` sets no limit".to_owned()),
        Ok(_) => Err(format!("a rate is at most {REQUESTS_MAX} requests")),
        Err(_) => Err(expected()),
    }
}

/// Rate and burst together; a burst of 0 is one second of the rate.
pub(super) fn rate(requests: Requests, burst: usize) -> Option<Rate> {
    let (requests, period) = requests?;
    let a_second = u64::from(requests) / period.as_secs().max(1);
    let burst = if burst == 0 { a_second } else { burst as u64 };
    Some(Rate::new(requests, period, u32::try_from(burst).unwrap_or(u32::MAX)))
}

/// Reads addresses and networks, separated by commas.
pub(super) fn networks(text: &str) -> Result<Vec<Network>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect()
}

fn network(text: &str) -> Result<Network, String> {
    let expected = || format!("`{text}` is not an address or a network such as \"10.0.0.0/8\"");
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| expected())?;
    let bits_max = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => bits_max,
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= bits_max).ok_or_else(expected)?,
    };
    Ok(Network { address, bits })
}

impl Network {
    /// Whether an address lies in it. An IPv4 address in IPv6 clothes is the IPv4 address.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(u32::from(self.bits));
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128_u32.saturating_sub(u32::from(self.bits));
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_with_their_period() {
        let seconds = Duration::from_secs;
        for (text, expected) in [
            ("off", Some(None)),
            ("100/s", Some(Some((100, seconds(1))))),
            ("6_00/m", Some(Some((600, seconds(60))))),
            ("1/h", Some(Some((1, seconds(3_600))))),
            ("1000000/s", Some(Some((1_000_000, seconds(1))))),
            ("1000001/s", None),
            ("0/s", None),
            ("-1/s", None),
            ("100", None),
            ("100/d", None),
            ("", None),
        ] {
            assert_eq!(requests(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_burst_of_nothing_is_a_second_of_the_rate_and_at_least_one() {
        let burst = |text: &str, burst| rate(requests(text).unwrap(), burst).map(Rate::burst);
        assert_eq!(burst("100/s", 0), Some(100));
        assert_eq!(burst("100/s", 7), Some(7));
        assert_eq!(burst("600/m", 0), Some(10));
        assert_eq!(burst("10/h", 0), Some(1));
        assert_eq!(burst("off", 7), None);
    }

    #[test]
    fn an_address_lies_in_a_network_when_its_first_bits_do() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fdab::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::/0", "fe80::1", true),
        ] {
            let network = networks(network).unwrap()[0];
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
        for bad in ["10.0.0.0/33", "::/129", "ten", "10.0.0.0/", "10.0.0.0/-1", "shop.example"] {
            assert!(networks(bad).is_err(), "{bad}");
        }
        assert_eq!(networks(" 10.0.0.1 , ::1,").unwrap().len(), 2);
    }
}
