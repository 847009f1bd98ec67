//! Values as clients and servers write them, many shapes of each.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::random::Random;

/// An IPv4 address.
pub(crate) fn ipv4(random: &mut Random) -> String {
    let [a, b, c, d] = (random.next() as u32).to_be_bytes();
    Ipv4Addr::new(a.max(1), b, c, d).to_string()
}

/// An IPv6 address in its usual short form.
pub(crate) fn ipv6(random: &mut Random) -> String {
    let part = |random: &mut Random| random.below(0x1_0000) as u16;
    let (a, b) = (part(random), part(random));
    let address = match random.below(5) {
        0 => Ipv6Addr::new(0x2001, 0xdb8, a, b, part(random), part(random), part(random), 7),
        1 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, a.max(1)),
        2 => Ipv6Addr::LOCALHOST,
        3 => Ipv6Addr::new(0xfe80, 0, 0, 0, a, b, part(random), part(random)),
        _ => Ipv4Addr::new(192, 0, 2, 17).to_ipv6_mapped(),
    };
    address.to_string()
}

/// A port of a client.
pub(crate) fn port(random: &mut Random) -> u64 {
    random.between(1024, 65_535)
}

/// Hexadecimal digits.
pub(crate) fn hex(random: &mut Random, digits: usize) -> String {
    (0..digits).map(|_| char::from(*random.pick(b"0123456789abcdef"))).collect()
}

/// A method that clients use every day.
pub(crate) fn method(random: &mut Random) -> &'static str {
    *random.pick(&["GET", "GET", "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH"])
}

/// A protocol.
pub(crate) fn protocol(random: &mut Random) -> &'static str {
    *random.pick(&["HTTP/1.1", "HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/3.0"])
}

/// A path, with a query now and then.
pub(crate) fn path(random: &mut Random) -> String {
    let mut path = (*random.pick(&[
        "/",
        "/index.html",
        "/api/orders",
        "/a/b/c.js",
        "/~user/",
        "/%E6%BC%A2%E5%AD%97",
        "/a//b",
        "/search;v=1",
        "/wp-login.php",
    ]))
    .to_owned();
    match random.below(4) {
        0 => path.push_str("?page=2"),
        1 => path.push_str("?q=a+b&to=http://h/x&e=a%40b"),
        _ => {}
    }
    path
}

/// A host name.
pub(crate) fn host(random: &mut Random) -> &'static str {
    *random.pick(&["shop.example.com", "example.com", "api-1.internal", "localhost", "a"])
}

/// A user agent.
pub(crate) fn agent(random: &mut Random) -> &'static str {
    *random.pick(&[
        "curl/8.5.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) [FBAN/FBIOS;FBAV/1.0]",
        "Go-http-client/2.0",
        "-",
    ])
}

/// A referer.
pub(crate) fn referer(random: &mut Random) -> &'static str {
    *random.pick(&["-", "https://example.com/", "https://example.com/?a=b&c=%22"])
}

/// A status that servers send, failures among them more often than in life.
pub(crate) fn status(random: &mut Random) -> &'static str {
    *random.pick(&[
        "200", "200", "204", "206", "301", "304", "400", "403", "404", "408", "413", "429", "499",
        "500", "502", "502", "503", "504", "504",
    ])
}

/// Seconds with three decimals.
pub(crate) fn seconds(random: &mut Random) -> String {
    let millis = match random.below(4) {
        0 => 0,
        1 => random.below(60),
        2 => random.below(5_000),
        _ => random.below(70_000),
    };
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// A text of so many characters.
pub(crate) fn long(length: usize) -> String {
    "abcdefghij".chars().cycle().take(length).collect()
}
