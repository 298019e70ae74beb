//! The server's certificate: made on first start for development, kept in the data directory, replaced by whoever has a
//! better one.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tonic::transport::{Identity, ServerTlsConfig};

/// Where both files are, under the data directory.
pub(super) const DIRECTORY: &str = "tls";
/// What clients are told to trust.
const CERTIFICATE: &str = "certificate.pem";
/// What only the server reads.
const KEY: &str = "key.pem";
/// Where the system says what the machine is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Why there is no certificate. The server did not start.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read or written.
    #[error("{}: cannot be {action}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// One of the two files is there without the other.
    #[error("{}: is missing while its other half is there; bring it back, or remove both to have new ones made", path.display())]
    Half {
        /// The file that is missing.
        path: PathBuf,
    },
    /// Files that are there and are no certificate and its key.
    #[error(
        "{}: {CERTIFICATE} and {KEY} are not a certificate and its own key in PEM; put such a pair there, or remove both to have \
         new ones made", directory.display()
    )]
    Unusable {
        /// The directory of both.
        directory: PathBuf,
        /// Why.
        source: tonic::transport::Error,
    },
    /// No certificate could be made.
    #[error("no development certificate could be made")]
    Make(#[from] rcgen::Error),
}

/// What a server shows to its clients.
#[derive(Clone, Debug)]
pub(crate) struct ServerIdentity {
    /// The file that clients may trust.
    pub(crate) certificate: PathBuf,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
    /// For the transport.
    pub(crate) config: ServerTlsConfig,
}

/// The identity in a data directory; where there is none, one that is made for the loopback names and the address.
///
/// # Errors
/// Files that cannot be read or written, or one of the two without the other.
pub(crate) fn identity(data: &Path, address: IpAddr) -> Result<ServerIdentity, TlsError> {
    let directory = data.join(DIRECTORY);
    let (certificate, key) = (directory.join(CERTIFICATE), directory.join(KEY));
    let is_new = match (certificate.exists(), key.exists()) {
        (true, true) => false,
        (false, false) => {
            make(&directory, address)?;
            true
        }
        (true, false) => return Err(TlsError::Half { path: key }),
        (false, true) => return Err(TlsError::Half { path: certificate }),
    };
    let read =
        |path: &Path| fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), action: "read", source });
    if others_may_read(&key) {
        tracing::warn!(target: "lessor", file = %key.display(), "others may read the key of the certificate; take that right away");
    }
    let config = ServerTlsConfig::new().identity(Identity::from_pem(read(&certificate)?, read(&key)?));
    Ok(ServerIdentity { certificate, is_new, config })
}

/// Makes both files. The key comes first: a certificate without a key would be taken for one that lost it.
fn make(directory: &Path, address: IpAddr) -> Result<(), TlsError> {
    let made = rcgen::generate_simple_self_signed(names(address))?;
    fs::create_dir_all(directory).map_err(|source| TlsError::File {
        path: directory.to_owned(),
        action: "made",
        source,
    })?;
    write(&directory.join(KEY), &made.signing_key.serialize_pem(), 0o600)?;
    write(&directory.join(CERTIFICATE), &made.cert.pem(), 0o644)
}

/// What callers may call the server: by the loopback, and by where else it listens, which is everywhere the machine's name.
fn names(address: IpAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if address.is_unspecified() {
        let host = fs::read_to_string(HOST_NAME).unwrap_or_default();
        names.extend(Some(host.trim()).filter(|host| !host.is_empty()).map(str::to_owned));
    } else if !address.is_loopback() {
        names.push(address.to_string());
    }
    names
}

/// Whether anybody but the owner of a file may read it.
fn others_may_read(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let failed = |source| TlsError::File { path: path.to_owned(), action: "written", source };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn the_first_start_makes_an_identity_and_the_second_keeps_it() {
        let data = tempfile::tempdir().unwrap();
        let first = identity(data.path(), LOOPBACK).unwrap();
        let bytes = fs::read(&first.certificate).unwrap();
        let second = identity(data.path(), LOOPBACK).unwrap();
        assert_eq!((first.is_new, second.is_new), (true, false));
        assert_eq!(fs::read(&second.certificate).unwrap(), bytes);
    }

    #[test]
    fn nobody_else_reads_the_key() {
        let data = tempfile::tempdir().unwrap();
        identity(data.path(), LOOPBACK).unwrap();
        let key = fs::metadata(data.path().join(DIRECTORY).join(KEY)).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_may_read_is_told_from_one_that_they_may_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, told) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(others_may_read(file.path()), told, "{mode:o}");
        }
    }

    #[test]
    fn a_certificate_names_where_the_server_listens() {
        let loopback = ["localhost", "127.0.0.1", "::1"];
        assert_eq!(names(LOOPBACK), loopback);
        assert_eq!(names(IpAddr::from([10, 1, 2, 3]))[3..], ["10.1.2.3"]);
        let host = fs::read_to_string(HOST_NAME).unwrap_or_default();
        assert_eq!(names(IpAddr::V4(Ipv4Addr::UNSPECIFIED))[3..].concat(), host.trim());
    }

    #[test]
    fn half_an_identity_is_refused() {
        let data = tempfile::tempdir().unwrap();
        identity(data.path(), LOOPBACK).unwrap();
        fs::remove_file(data.path().join(DIRECTORY).join(KEY)).unwrap();
        assert!(matches!(identity(data.path(), LOOPBACK), Err(TlsError::Half { path }) if path.ends_with(KEY)));
    }
}
