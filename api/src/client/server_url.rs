//! Where a server is, and whether to talk to it in the clear.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// The port of a server whose address names none.
const PORT: u16 = 7070;

/// The longest time for one attempt to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a server: in the clear on loopback only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    is_tls: bool,
    host: String,
    port: u16,
}

/// Why an address was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// Not an address.
    #[error("{text:?} is not the address of a server; write http://127.0.0.1:7070 or https://HOST:PORT")]
    Malformed {
        /// What was written.
        text: String,
    },
    /// In the clear to somewhere else.
    #[error("{text:?} is not on loopback, so it is spoken to over TLS only; write https://")]
    Plaintext {
        /// What was written.
        text: String,
    },
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A certificate that cannot be read.
    #[error("{}: cannot be read", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file without a certificate: nobody would be trusted by it.
    #[error("{}: holds no certificate in PEM; give one such as the server's tls/certificate.pem", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// Somebody answers there who is not trusted, or not over TLS.
    #[error(
        "{url}: is not trusted; give the server's certificate as --certificate and a name that it has as --server, or write \
         http:// where it talks in the clear"
    )]
    Untrusted {
        /// The address.
        url: String,
        /// Why.
        source: tonic::transport::Error,
    },
    /// Nobody answers there.
    #[error("{url}: cannot be reached; is `lessor serve` running there?")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        source: tonic::transport::Error,
    },
}

impl ServerUrl {
    /// Reads an address. Without a scheme it is in the clear on loopback, and TLS elsewhere.
    ///
    /// # Errors
    /// Text that is no address, or an address elsewhere in the clear.
    pub fn parse(text: &str) -> Result<ServerUrl, ServerUrlError> {
        let malformed = || ServerUrlError::Malformed { text: text.to_owned() };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest)).ok_or_else(malformed)?;
        let is_tls = match scheme {
            None => !is_loopback(&host),
            Some("https") => true,
            Some("http") if is_loopback(&host) => false,
            Some("http") => return Err(ServerUrlError::Plaintext { text: text.to_owned() }),
            Some(_) => return Err(malformed()),
        };
        Ok(ServerUrl { is_tls, host, port })
    }

    /// Connects, trusting the certificates of a PEM file where one is given.
    ///
    /// # Errors
    /// A file that cannot be read or holds none; nobody at the address, or somebody who is not trusted.
    pub async fn connect(&self, certificate: Option<&PathBuf>) -> Result<Channel, ConnectError> {
        let unreachable = |source| ConnectError::Unreachable { url: self.to_string(), source };
        let mut endpoint = Endpoint::from_shared(self.to_string()).map_err(unreachable)?;
        endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true);
        if self.is_tls {
            let mut config = ClientTlsConfig::new();
            if let Some(path) = certificate {
                let read = tokio::fs::read(path).await;
                let pem = read.map_err(|source| ConnectError::Certificate { path: path.clone(), source })?;
                if !is_certificate(&pem) {
                    return Err(ConnectError::NoCertificate { path: path.clone() });
                }
                config = config.ca_certificate(Certificate::from_pem(pem));
            }
            endpoint = endpoint.tls_config(config).map_err(unreachable)?;
        }
        endpoint.connect().await.map_err(|source| {
            let url = self.to_string();
            if is_of_tls(&source) {
                ConnectError::Untrusted { url, source }
            } else {
                ConnectError::Unreachable { url, source }
            }
        })
    }
}

impl std::fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// Whether a file holds a certificate in PEM; whoever reads the file passes over everything else.
fn is_certificate(pem: &[u8]) -> bool {
    let begins = b"-----BEGIN CERTIFICATE-----";
    pem.windows(begins.len()).any(|window| window == begins)
}

/// Whether a connection failed as the two sides agreed on keys: TLS tells so as data that makes no sense.
fn is_of_tls(error: &tonic::transport::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |&error| error.source());
    let mut systems = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    systems.any(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

/// A host, an IPv6 address in brackets, and the port.
fn split_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok().filter(|&port| port > 0)?),
        _ => (text, PORT),
    };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    let is_address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    (is_address || (!host.is_empty() && host.chars().all(is_plain))).then(|| (host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_the_clear_on_loopback_only() {
        let read = |text| ServerUrl::parse(text).map(|url| url.to_string());
        for (text, url) in [
            ("127.0.0.1:7070", "http://127.0.0.1:7070"),
            ("localhost", "http://localhost:7070"),
            ("http://[::1]:9/", "http://[::1]:9"),
            ("https://127.0.0.1:7071", "https://127.0.0.1:7071"),
            ("lessor.example", "https://lessor.example:7070"),
            ("https://10.0.0.1:1", "https://10.0.0.1:1"),
        ] {
            assert_eq!(read(text), Ok(url.to_owned()));
        }
        assert!(matches!(read("http://lessor.example:7070"), Err(ServerUrlError::Plaintext { .. })));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ftp://127.0.0.1", "http://", "127.0.0.1:0", "127.0.0.1:70700", "a b", "http://a/b", "::1"] {
            assert!(matches!(ServerUrl::parse(text), Err(ServerUrlError::Malformed { .. })), "{text}");
        }
    }
}
