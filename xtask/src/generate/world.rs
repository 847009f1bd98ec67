//! The made-up shop whose traffic is generated: clients, user agents, paths and targets, and what
//! becomes of a request.

use crate::random::Random;

/// User agents seen at a shop's front door, most frequent first.
pub(crate) const AGENTS: &[&str] = &[
    "ShopApp/7.14.2 (iOS 18.6; iPhone15,3)",
    "okhttp/4.12.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];

/// One kind of request.
#[derive(Debug)]
pub(crate) struct Route {
    /// How often, relative to the others.
    pub(crate) weight: u16,
    /// Method.
    pub(crate) method: &'static str,
    /// Path and query; `#` stands for a number.
    pub(crate) path: &'static str,
    /// Median time to answer in microseconds.
    pub(crate) micros: u64,
    /// Median response size in bytes.
    pub(crate) bytes: u64,
    /// Status in the good case.
    pub(crate) status: u16,
}

const fn route(
    weight: u16,
    method: &'static str,
    path: &'static str,
    micros: u64,
    bytes: u64,
    status: u16,
) -> Route {
    Route { weight, method, path, micros, bytes, status }
}

/// The shop's routes; the weights add up to 256.
pub(crate) const ROUTES: &[Route] = &[
    route(52, "GET", "/api/v1/products/#", 9_000, 2_100, 200),
    route(40, "GET", "/api/v1/products?category=#&page=2&sort=price", 24_000, 18_400, 200),
    route(30, "GET", "/static/js/main.#.js", 1_500, 84_000, 200),
    route(26, "GET", "/api/v1/cart", 7_000, 900, 200),
    route(20, "POST", "/api/v1/cart/items", 16_000, 640, 201),
    route(18, "GET", "/", 31_000, 14_200, 200),
    route(16, "GET", "/api/v1/search?q=winter+jacket&offset=#", 62_000, 22_700, 200),
    route(12, "GET", "/images/p/#/large.webp", 2_200, 48_000, 304),
    route(12, "POST", "/api/v1/events", 3_000, 0, 204),
    route(10, "GET", "/api/v1/users/#/orders", 21_000, 5_200, 200),
    route(8, "POST", "/api/v1/orders", 88_000, 1_300, 201),
    route(5, "GET", "/account/login", 18_000, 6_100, 302),
    route(4, "GET", "/favicon.ico", 800, 170, 404),
    route(2, "DELETE", "/api/v1/cart/items/#", 12_000, 0, 204),
    route(1, "GET", "/wp-login.php", 900, 170, 404),
];

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Answered.
    Served,
    /// The target closed a connection that was being used again.
    ReuseRace,
    /// The target refused the connection.
    Refused,
    /// No answer before the load balancer's timer.
    TimedOut,
    /// Nobody to send it to.
    NoTarget,
}

impl Fate {
    /// Fails with this probability, in one of the usual ways.
    #[inline]
    pub(crate) fn draw(random: &mut Random, failing: f64) -> Fate {
        if !random.chance(failing) {
            return Fate::Served;
        }
        match random.below(10) {
            0..=4 => Fate::ReuseRace,
            5..=6 => Fate::Refused,
            7..=8 => Fate::TimedOut,
            _ => Fate::NoTarget,
        }
    }
}

/// Everything a generated log refers to.
#[derive(Debug)]
pub(crate) struct World {
    /// Client addresses as text.
    pub(crate) clients: Vec<String>,
    /// Target addresses, `ip:port`.
    pub(crate) targets: Vec<String>,
    /// Index into `ROUTES` by the low byte of a random number.
    routes: [u8; 256],
}

impl World {
    /// A world that follows from the seed: 8 to 40 targets, 4096 clients.
    pub(crate) fn new(seed: u64) -> World {
        let mut random = Random::part(seed, "world");
        let targets = (0..random.between(8, 40))
            .map(|n| format!("10.0.{}.{}:8080", 16 + n % 3 * 16, 20 + n * 5 + random.below(5)))
            .collect();
        let clients = (0..4096).map(|_| client_address(&mut random)).collect();
        let mut routes = [0; 256];
        let mut slots = routes.iter_mut();
        for (index, route) in ROUTES.iter().enumerate() {
            for slot in slots.by_ref().take(route.weight.into()) {
                *slot = index as u8;
            }
        }
        World { clients, targets, routes }
    }

    /// A route by its weight.
    #[inline]
    pub(crate) fn route(&self, random: &mut Random) -> &'static Route {
        &ROUTES[usize::from(self.routes[(random.next() & 255) as usize])]
    }

    /// A user agent; the first ones are the most frequent.
    #[inline]
    pub(crate) fn agent(random: &mut Random) -> &'static str {
        let (a, b) = (random.below(AGENTS.len() as u64), random.below(AGENTS.len() as u64));
        AGENTS[a.min(b) as usize]
    }
}

/// An address out of the networks reserved for documentation and benchmarking (RFC 5737,
/// RFC 2544), so that no generated log names a real client.
pub(crate) fn client_address(random: &mut Random) -> String {
    let host = random.between(1, 254);
    match random.below(8) {
        0 => format!("192.0.2.{host}"),
        1 => format!("203.0.113.{host}"),
        2 => format!("198.51.100.{host}"),
        _ => format!("198.{}.{}.{host}", random.between(18, 19), random.below(256)),
    }
}

/// Appends a path with its `#` replaced by a number.
#[inline]
pub(crate) fn push_path(out: &mut Vec<u8>, path: &str, id: u64) {
    for &byte in path.as_bytes() {
        if byte == b'#' { crate::text::number(out, id) } else { out.push(byte) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fill_the_table() {
        assert_eq!(ROUTES.iter().map(|r| u32::from(r.weight)).sum::<u32>(), 256);
        for seed in 0..50 {
            let world = World::new(seed);
            assert!((8..=40).contains(&world.targets.len()));
            let mut targets = world.targets.clone();
            targets.sort();
            targets.dedup();
            assert_eq!(targets.len(), world.targets.len(), "two targets share an address");
        }
    }
}
