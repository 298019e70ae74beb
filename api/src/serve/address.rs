//! Where a server listens, and whether in the clear.

use std::net::SocketAddr;

/// How a server talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In the clear, on the loopback interface only.
    Plaintext,
    /// Over TLS.
    Tls,
}

impl Transport {
    /// What an address calls for: the clear on loopback, unless TLS is asked for, and TLS everywhere else.
    pub(crate) fn of(address: SocketAddr, wish: TlsWish) -> Transport {
        match wish {
            TlsWish::WhereNeeded if address.ip().is_loopback() => Transport::Plaintext,
            TlsWish::WhereNeeded | TlsWish::Always => Transport::Tls,
        }
    }

    /// The scheme of the server's address.
    pub(crate) const fn scheme(self) -> &'static str {
        match self {
            Transport::Plaintext => "http",
            Transport::Tls => "https",
        }
    }
}

/// What was asked for on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsWish {
    /// Only where the address calls for it.
    WhereNeeded,
    /// On loopback as well.
    Always,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_loopback_is_in_the_clear() {
        let of = |address: &str| Transport::of(address.parse().unwrap(), TlsWish::WhereNeeded);
        assert_eq!(["127.0.0.1:0", "[::1]:7070"].map(of), [Transport::Plaintext; 2]);
        assert_eq!(["0.0.0.0:0", "10.1.2.3:7070", "[::]:1"].map(of), [Transport::Tls; 3]);
        assert_eq!(Transport::of("127.0.0.1:0".parse().unwrap(), TlsWish::Always), Transport::Tls);
    }
}
