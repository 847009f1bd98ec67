//! Interfaces, addresses and routes, by netlink.

use std::net::Ipv4Addr;

use rtnetlink::packet_route::route::RouteScope;
use rtnetlink::{Handle, LinkBridge, LinkUnspec, LinkVeth, RouteMessageBuilder};

use crate::error::{Error, Result};
use crate::namespace::NetSpace;

/// The bridge of a network, in the namespace of the lab process.
///
/// # Errors
///
/// The step the kernel refused.
pub(crate) fn bridge(home: &NetSpace, name: &str) -> Result<()> {
    let name = name.to_owned();
    netlink(home, "a bridge", move |handle| async move {
        handle.link().add(LinkBridge::new(&name).up().build()).execute().await
    })
}

/// Brings the loopback interface up.
///
/// # Errors
///
/// The step the kernel refused.
pub(crate) fn loopback(space: &NetSpace) -> Result<()> {
    netlink(space, "the loopback interface", |handle| async move {
        let lo = handle.link().get().match_name("lo").execute();
        let index = first(lo).await?;
        handle.link().set(LinkUnspec::new_with_index(index).up().build()).execute().await
    })
}

/// A cable from a bridge to a host: an interface `inside` on the host with this address.
#[derive(Clone, Debug)]
pub(crate) struct Cable<'a> {
    /// The bridge.
    pub(crate) bridge: &'a str,
    /// Unique number, for the name of the near end.
    pub(crate) number: u32,
    /// Name of the interface on the host.
    pub(crate) inside: &'a str,
    /// Its address.
    pub(crate) address: Ipv4Addr,
    /// Length of the network's prefix.
    pub(crate) prefix: u8,
    /// Where everything else is reached, if anywhere.
    pub(crate) gateway: Option<Ipv4Addr>,
}

/// Lays a cable from a bridge in `home` to the host in `space`.
///
/// # Errors
///
/// The step the kernel refused.
pub(crate) fn connect(home: &NetSpace, space: &NetSpace, cable: &Cable<'_>) -> Result<()> {
    let near = format!("h{}", cable.number);
    let far = format!("p{}", cable.number);
    let descriptor = space.raw();
    let bridge = cable.bridge.to_owned();
    let far_end = far.clone();
    netlink(home, "a cable", move |handle| async move {
        handle.link().add(LinkVeth::new(&near, &far_end).build()).execute().await?;
        let bridge = first(handle.link().get().match_name(&bridge).execute()).await?;
        let near = first(handle.link().get().match_name(&near).execute()).await?;
        let far = first(handle.link().get().match_name(&far_end).execute()).await?;
        let near = LinkUnspec::new_with_index(near).controller(bridge).up();
        handle.link().set(near.build()).execute().await?;
        let far = LinkUnspec::new_with_index(far).setns_by_fd(descriptor);
        handle.link().set(far.build()).execute().await
    })?;
    let Cable { inside, address, prefix, gateway, .. } = cable.clone();
    let inside = inside.to_owned();
    netlink(space, "a host's interface", move |handle| async move {
        let index = first(handle.link().get().match_name(&far).execute()).await?;
        let link = LinkUnspec::new_with_index(index).name(&inside);
        handle.link().set(link.build()).execute().await?;
        handle.link().set(LinkUnspec::new_with_index(index).up().build()).execute().await?;
        handle.address().add(index, address.into(), prefix).execute().await?;
        if let Some(gateway) = gateway {
            let route = RouteMessageBuilder::<Ipv4Addr>::new().gateway(gateway).build();
            handle.route().add(route).execute().await?;
        }
        Ok(())
    })
}

/// A further address on an interface.
///
/// # Errors
///
/// The step the kernel refused.
pub(crate) fn address(
    space: &NetSpace,
    interface: &str,
    address: Ipv4Addr,
    prefix: u8,
) -> Result<()> {
    let interface = interface.to_owned();
    netlink(space, "an address", move |handle| async move {
        let index = first(handle.link().get().match_name(&interface).execute()).await?;
        handle.address().add(index, address.into(), prefix).execute().await
    })
}

/// Makes every address a neighbour on an interface: a default route without a gateway.
///
/// # Errors
///
/// The step the kernel refused.
pub(crate) fn neighbours(space: &NetSpace, interface: &str) -> Result<()> {
    let interface = interface.to_owned();
    netlink(space, "a route", move |handle| async move {
        let index = first(handle.link().get().match_name(&interface).execute()).await?;
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .output_interface(index)
            .scope(RouteScope::Link)
            .build();
        handle.route().add(route).execute().await
    })
}

async fn first(
    mut links: impl futures_util::TryStream<
        Ok = rtnetlink::packet_route::link::LinkMessage,
        Error = rtnetlink::Error,
    > + Unpin,
) -> std::result::Result<u32, rtnetlink::Error> {
    use futures_util::TryStreamExt as _;
    links.try_next().await?.map(|link| link.header.index).ok_or(rtnetlink::Error::RequestFailed)
}

/// Runs requests of one connection to the kernel, inside a namespace.
fn netlink<F>(space: &NetSpace, what: &str, work: impl FnOnce(Handle) -> F + Send) -> Result<()>
where
    F: Future<Output = std::result::Result<(), rtnetlink::Error>>,
{
    space
        .within(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
            runtime.block_on(async {
                let (connection, handle, _) = rtnetlink::new_connection()?;
                let connection = tokio::spawn(connection);
                let result = work(handle).await.map_err(std::io::Error::other);
                connection.abort();
                result
            })
        })
        .and_then(std::convert::identity)
        .map_err(|why| Error::network(what, why))
}
