//! Hosts: their names and addresses, and whether one is private.
//!
//! Addresses are read as browsers read them (<https://url.spec.whatwg.org/#host-parsing>), so `0x7f.1` is `127.0.0.1`.
//! What different programs may read differently, such as a backslash, is no host here.

use std::cell::Cell;
use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, SyntaxViolation, Url};

#[cfg(test)]
mod tests;

/// Names that no public DNS has: RFC 6761, 6762, 8375, and ICANN's reservation of `internal`.
const PRIVATE_ENDS: [&str; 5] = ["local", "localhost", "internal", "lan", "home.arpa"];

/// Whether the host that a text names, perhaps with scheme, user, port and path, is in nobody's public network.
/// `None`: it names no host.
pub fn is_private_host(text: &str) -> Option<bool> {
    let url = read(text)?;
    Some(match url.host()? {
        Host::Ipv4(address) => is_private_v4(address),
        Host::Ipv6(address) => is_private_v6(address),
        Host::Domain(name) => is_private_name(name.strip_suffix('.').unwrap_or(name)),
    })
}

/// A host's name or address, perhaps with scheme and port, and nothing else.
pub(super) fn is_host(text: &str) -> bool {
    read(text).is_some_and(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.path() == "/";
        bare && url.username().is_empty() && url.password().is_none()
    })
}

/// An address of the web.
pub(super) fn is_web_url(text: &str) -> bool {
    let web = scheme(text).is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    });
    web && read(text).is_some()
}

/// The text as a URL of the web, whatever its scheme: of other schemes the library leaves hosts unread.
fn read(text: &str) -> Option<Url> {
    let text = text.trim();
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Url::parse(&format!("http://[{address}]")).ok();
    }
    let rest = scheme(text).map_or(text, |(_, rest)| rest);
    let doubtful = Cell::new(false);
    let note = |violation: SyntaxViolation| {
        use SyntaxViolation::{EmbeddedCredentials, NonUrlCodePoint, PercentDecode};
        if !matches!(violation, EmbeddedCredentials | NonUrlCodePoint | PercentDecode) {
            doubtful.set(true);
        }
    };
    let url = Url::options().syntax_violation_callback(Some(&note)).parse(&format!("http://{rest}")).ok()?;
    let named = match url.host()? {
        Host::Domain(name) => is_name(name),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    (named && !doubtful.get()).then_some(url)
}

/// The scheme, and what follows its `://`.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let known = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    known.then_some((scheme, rest))
}

/// Labels as DNS and its users have them; the library lets through what a shell would run.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253 && name.split('.').all(label)
}

fn is_private_name(name: &str) -> bool {
    let ends = |end: &str| name == end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    !name.contains('.') || PRIVATE_ENDS.into_iter().any(ends)
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    // RFC 6598: shared by a carrier's customers.
    let carrier = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || carrier
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().map_or_else(
        || {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        },
        is_private_v4,
    )
}
