//! The few pieces of netfilter's netlink protocol that the lab needs: a socket, messages,
//! attributes. Source: Linux `include/uapi/linux/netlink.h`, `netfilter/nfnetlink.h`.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with,
};

/// `NLM_F_REQUEST`.
pub(super) const REQUEST: u16 = 0x1;
/// `NLM_F_ACK`.
pub(super) const ACK: u16 = 0x4;
/// `NLM_F_ROOT | NLM_F_MATCH`, which is `NLM_F_DUMP`.
pub(super) const DUMP: u16 = 0x300;
/// `NLM_F_EXCL | NLM_F_CREATE`.
pub(super) const CREATE: u16 = 0x600;

/// `NLMSG_ERROR`: an error, or with the number 0 the confirmation asked for with [`ACK`].
pub(super) const ERROR: u16 = 2;
/// `NLMSG_DONE`: a dump has ended.
pub(super) const DONE: u16 = 3;

const MESSAGE_HEADER: usize = 16;
const NETFILTER_HEADER: usize = 4;
const NESTED: u16 = 0x8000;
const KIND: u16 = 0x3fff;

/// A socket to netfilter in the network namespace of the thread that opened it.
pub(super) struct Socket(OwnedFd);

impl Socket {
    pub(super) fn open() -> io::Result<Socket> {
        let fd = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(NETFILTER),
        )?;
        bind(&fd, &SocketAddrNetlink::new(0, 0))?;
        Ok(Socket(fd))
    }

    /// Room for what arrives while nobody reads, as far as the system allows.
    pub(super) fn receive_buffer(&self, bytes: usize) -> io::Result<()> {
        sockopt::set_socket_recv_buffer_size(&self.0, bytes)?;
        Ok(())
    }

    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        send(&self.0, message, SendFlags::empty())?;
        Ok(())
    }

    /// The next datagram, or `None` if none came in that time; does not wait at all for zero.
    pub(super) fn receive<'b>(
        &self,
        buffer: &'b mut [u8],
        within: Duration,
    ) -> io::Result<Option<&'b [u8]>> {
        let mut flags = RecvFlags::empty();
        if within.is_zero() {
            flags = RecvFlags::DONTWAIT;
        } else {
            sockopt::set_socket_timeout(&self.0, Timeout::Recv, Some(within))?;
        }
        match recv(&self.0, &mut *buffer, flags) {
            Ok((length, _)) => Ok(Some(&buffer[..length])),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends one request and waits for its confirmation.
    pub(super) fn confirmed(&self, request: Request) -> io::Result<()> {
        self.send(&request.finish())?;
        let mut buffer = vec![0; 8192];
        while let Some(answer) = self.receive(&mut buffer, Duration::from_secs(5))? {
            for message in messages(answer) {
                if message.kind == ERROR {
                    return error_of(message.body).map_or(Ok(()), Err);
                }
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the kernel did not answer within 5 seconds"))
    }

    /// The name of a network interface in the socket's namespace.
    pub(super) fn interface(&self, index: u32) -> Option<String> {
        rustix::net::netdevice::index_to_name(&self.0, index).ok()
    }
}

/// The error an [`ERROR`] message carries; `None` for a confirmation.
pub(super) fn error_of(body: &[u8]) -> Option<io::Error> {
    let number = body.first_chunk().map_or(-5, |bytes| i32::from_ne_bytes(*bytes));
    (number != 0).then(|| io::Error::from_raw_os_error(-number))
}

/// A message being written.
pub(super) struct Request(Vec<u8>);

impl Request {
    /// `kind` is subsystem and message, `family` an address family, `resource` such as a group.
    pub(super) fn new(kind: u16, flags: u16, family: u8, resource: u16) -> Request {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&(REQUEST | flags).to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&[family, 0]);
        bytes.extend_from_slice(&resource.to_be_bytes());
        Request(bytes)
    }

    pub(super) fn attribute(mut self, kind: u16, value: &[u8]) -> Request {
        self.push(kind, value.len(), |bytes| bytes.extend_from_slice(value));
        self
    }

    /// An attribute that holds attributes.
    pub(super) fn nested(mut self, kind: u16, inside: impl FnOnce(Request) -> Request) -> Request {
        let start = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        self = inside(self);
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        self.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.0[start + 2..start + 4].copy_from_slice(&(kind | NESTED).to_ne_bytes());
        self
    }

    fn push(&mut self, kind: u16, length: usize, value: impl FnOnce(&mut Vec<u8>)) {
        let total = u16::try_from(length + 4).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&total.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        value(&mut self.0);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// One message of a datagram.
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    /// After the general header; for netfilter's messages see [`Message::attributes`].
    pub(super) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The resource, such as the log group, of netfilter's own header.
    pub(super) fn resource(&self) -> u16 {
        self.body.get(2..4).map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// The attributes behind netfilter's own header.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        attributes(self.body.get(NETFILTER_HEADER..).unwrap_or_default())
    }
}

/// The messages of a datagram; ends at the first that is cut short.
pub(super) fn messages(mut datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(*datagram.first_chunk()?) as usize;
        let whole = datagram.get(..length).filter(|whole| whole.len() >= MESSAGE_HEADER)?;
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        let kind = u16::from_ne_bytes([whole[4], whole[5]]);
        Some(Message { kind, body: &whole[MESSAGE_HEADER..] })
    })
}

/// Kind and value of attributes; ends at the first that is cut short.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let header: [u8; 4] = *bytes.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([header[2], header[3]]) & KIND, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = Request::new(0x0401, ACK, 2, 7)
            .attribute(1, b"abc")
            .nested(2, |inner| inner.attribute(3, &[1, 2, 3, 4]))
            .finish();
        let message = messages(&bytes).next().unwrap();
        assert_eq!((message.kind, message.resource()), (0x0401, 7));
        let found: Vec<_> = message.attributes().collect();
        assert_eq!(found[0], (1, &b"abc"[..]));
        let inner: Vec<_> = attributes(found[1].1).collect();
        assert_eq!((found[1].0, inner), (2, vec![(3, &[1u8, 2, 3, 4][..])]));
    }

    #[test]
    fn nothing_cut_short_is_read_past_its_end() {
        let bytes = Request::new(0x0401, 0, 2, 7).attribute(1, b"abcdefgh").finish();
        for end in 0..bytes.len() {
            for message in messages(&bytes[..end]) {
                assert_eq!(message.attributes().count(), 0);
            }
            for (_, value) in attributes(&bytes[..end]) {
                assert!(value.len() < end);
            }
        }
    }
}
