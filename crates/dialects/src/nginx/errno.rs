//! Operating system error numbers as nginx and Apache httpd print them, and what they mean for a
//! connection to a target.

use model::Mechanism;

/// An error number by its meaning; the numbers differ between Linux, BSD and Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errno {
    NotFound,
    WouldBlock,
    Forbidden,
    TooManyFiles,
    BrokenPipe,
    AddressNotAvailable,
    AddressInUse,
    NetworkUnreachable,
    ConnectionAborted,
    ConnectionReset,
    TimedOut,
    Refused,
    HostUnreachable,
    /// Apache's own: the timeout specified has expired.
    AprTimeUp,
    /// Apache's own: end of file.
    AprEndOfFile,
    Other,
}

/// The meaning of a number: Linux first, then the BSDs' and Windows Sockets' numbers that Linux
/// does not use for anything a socket can return, then APR's (`apr_errno.h`).
pub(crate) fn of(number: u32) -> Errno {
    match number {
        2 => Errno::NotFound,
        11 | 35 => Errno::WouldBlock,
        13 | 10_013 => Errno::Forbidden,
        23 | 24 | 10_024 => Errno::TooManyFiles,
        32 => Errno::BrokenPipe,
        99 | 49 | 10_049 => Errno::AddressNotAvailable,
        98 | 48 | 10_048 => Errno::AddressInUse,
        101 | 51 | 10_051 => Errno::NetworkUnreachable,
        103 | 53 | 10_053 => Errno::ConnectionAborted,
        104 | 54 | 10_054 => Errno::ConnectionReset,
        110 | 60 | 10_060 => Errno::TimedOut,
        111 | 61 | 10_061 => Errno::Refused,
        113 | 65 | 10_065 => Errno::HostUnreachable,
        70_007 => Errno::AprTimeUp,
        70_014 => Errno::AprEndOfFile,
        _ => Errno::Other,
    }
}

/// What a failed `connect()` with this error says.
pub(crate) fn connect_failure(errno: Errno, unix: bool) -> Mechanism {
    match errno {
        Errno::Refused => Mechanism::ConnectRefused,
        Errno::TimedOut | Errno::AprTimeUp => Mechanism::ConnectTimeout,
        Errno::HostUnreachable | Errno::NetworkUnreachable => Mechanism::ConnectUnreachable,
        Errno::AddressNotAvailable => Mechanism::NoLocalPort,
        Errno::Forbidden if unix => Mechanism::SocketForbidden,
        Errno::Forbidden => Mechanism::ConnectForbidden,
        // connect(2): EAGAIN of a unix socket is a full listen queue; of TCP it is not.
        Errno::WouldBlock if unix => Mechanism::ListenQueueFull,
        Errno::NotFound if unix => Mechanism::SocketMissing,
        Errno::TooManyFiles => Mechanism::ProxyLimit,
        _ => Mechanism::ConnectFailed,
    }
}
