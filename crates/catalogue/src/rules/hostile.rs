//! Every rule on systems that no sane reader makes: nothing panics, and what is said is complete.

use model::Predicts;
use model::config::{
    CheckKind, Cidr, Direction, FilterId, FilterKind, HopId, Key, LinkId, Peer, Prediction, Rule,
    SubnetId, System, Task, Value, Via,
};

use super::test_support::{Made, assert_complete, secs, text};

type Look = fn(&System) -> Vec<Prediction>;

/// All rules that look for themselves.
fn looks() -> Vec<(&'static str, Look)> {
    let of = |cause: &&'static model::Cause| match cause.predicts {
        Predicts::By(rules) => rules
            .iter()
            .filter_map(|rule| if let Rule::Look(look) = rule { Some(*look) } else { None })
            .map(|look| (cause.slug, look))
            .collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    crate::ALL.iter().flat_map(of).collect()
}

#[test]
fn an_empty_system_is_fine() {
    for (slug, look) in looks() {
        assert!(look(&System::default()).is_empty(), "{slug}");
    }
}

#[test]
fn no_rule_panics_and_none_leaves_a_gap() {
    let mut said = 0;
    for seed in 0..1500 {
        let system = system(&mut Dice(seed * 0x9e37_79b9 + 1));
        for (slug, look) in looks() {
            for one in look(&system) {
                assert!(one.hops.iter().all(|hop| (hop.0 as usize) < system.hops.len()), "{slug}");
                assert_complete(&one);
                said += 1;
            }
        }
    }
    assert!(said > 1000, "the systems are too tame to show anything: {said}");
}

/// A generator of numbers (Numerical Recipes' linear congruential one, 64 bits).
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % (most + 1)
    }

    fn of<T: Clone>(&mut self, any: &[T]) -> T {
        any[self.up_to(any.len() - 1)].clone()
    }

    fn chance(&mut self) -> bool {
        self.up_to(1) == 1
    }
}

const ADDRESSES: &[&str] = &[
    "app:3000",
    "localhost:3000",
    "https://api.example.com:443",
    "unix:/run/app.sock",
    "10.0.0.9:5432",
    "203.0.114.9:5432",
    "[::1]:80",
    "",
    "$host",
    "https://d1.cloudfront.net",
    "//:@[",
];
const PRODUCTS: &[&str] = &[
    "AWS ALB",
    "AWS Lambda",
    "Amazon API Gateway",
    "Node.js",
    "gunicorn",
    "Puma",
    "PHP-FPM",
    "Cloud Run",
    "Google Cloud Load Balancing",
];
const WORDS: &[&str] = &[
    "all-traffic",
    "private-ranges-only",
    "h2c",
    "fastcgi",
    "http/1.1",
    "a.example.com",
    "2026-11-01T00:00:00Z",
    "ü$",
    "",
];

fn value(dice: &mut Dice, key: Key) -> Value {
    let name = key.as_str();
    let numbers = [0, 1, 2, 5, 64, 80, 100, 443, 3000, 100_000, u64::MAX];
    match dice.up_to(11) {
        0 => Value::Unlimited,
        1 => Value::Unknown("var.x".to_owned()),
        2 => text(dice.of(WORDS)),
        3 => Value::Names(vec![dice.of(WORDS).to_owned()]),
        4 => Value::Share(dice.of(&[0.0, 0.25, 1.0, -1.0, f64::NAN, f64::INFINITY])),
        5 => Value::Bytes(dice.of(&[0, 1 << 20, 1 << 40, u64::MAX])),
        _ if name.ends_with("timeout")
            || name.contains("delay")
            || name.contains("interval")
            || name.contains("grace")
            || name.contains("wait")
            || name.contains("period")
            || name.contains("lifetime") =>
        {
            match dice.up_to(6) {
                0 => Value::Time(model::Micros(i64::MAX)),
                1 => Value::Time(model::Micros(i64::MIN)),
                _ => secs(dice.of(&[0, 1, 5, 10, 30, 60, 65, 300, 3600])),
            }
        }
        6 | 7 => Value::Flag(dice.chance()),
        _ => Value::Count(dice.of(&numbers)),
    }
}

fn system(dice: &mut Dice) -> System {
    let reader = dice.of(&["kubernetes", "compose", "nginx", "dockerfile", "terraform"]);
    let mut made = Made::new().read_as(reader);
    made.system.today = dice.of(&["", "2026-11-22", "tomorrow"]).to_owned();
    let hops: Vec<HopId> =
        (0..=dice.up_to(4)).map(|_| made.hop(dice.of(Task::ALL), "hop")).collect();
    let mut links: Vec<LinkId> = Vec::new();
    for _ in 0..=dice.up_to(6) {
        let (from, to) = (dice.of(&hops), dice.of(&hops));
        links.push(made.link(from, to, dice.of(ADDRESSES)));
    }
    for _ in 0..60 {
        let key = dice.of(Key::ALL);
        let value = value(dice, key);
        match (dice.chance(), dice.chance()) {
            (true, true) => made.set(dice.of(&hops), key, value),
            (true, false) => made.default(dice.of(&hops), key, value),
            (false, true) => made.set_link(dice.of(&links), key, value),
            (false, false) => made.default_link(dice.of(&links), key, value),
        }
    }
    for hop in &hops {
        made.runs(*hop, dice.of(PRODUCTS), dice.of(&["", "14", "18.1", "x.y", "99999999999"]));
        if dice.chance() {
            let address = dice.of(&["", "127.0.0.1", "::1", "/run/other.sock"]);
            made.listens(*hop, address, dice.of(&[0, 80, 443, 3000]), dice.chance());
        }
    }
    checks(dice, &mut made, &hops, &links);
    network(dice, &mut made, &hops);
    made.system
}

fn checks(dice: &mut Dice, made: &mut Made, hops: &[HopId], links: &[LinkId]) {
    let keys = [
        Key::CheckPort,
        Key::CheckTimeout,
        Key::CheckInterval,
        Key::CheckUnhealthyThreshold,
        Key::CheckStartPeriod,
    ];
    for _ in 0..3 {
        let settings: Vec<(Key, Value)> =
            keys.iter().map(|key| (*key, value(dice, *key))).collect();
        if dice.chance() {
            made.check_of(dice.of(hops), dice.of(CheckKind::ALL), &settings);
        } else {
            made.check_by(dice.of(links), &settings);
        }
    }
}

fn network(dice: &mut Dice, made: &mut Made, hops: &[HopId]) {
    let blocks = ["10.0.1.0/24", "10.0.2.0/28", "0.0.0.0/0", "::/0", "203.0.113.0/24"];
    let mut subnets: Vec<SubnetId> = Vec::new();
    for _ in 0..2 {
        let subnet = made.subnet(dice.of(&blocks), &[dice.of(hops)]);
        let via = [Via::Local, Via::Internet, Via::Nat("hop".to_owned()), Via::Blackhole];
        made.route(subnet, dice.of(&blocks), dice.of(&via));
        subnets.push(subnet);
    }
    for number in 0..3 {
        let filter = if dice.chance() {
            made.acl(dice.of(&subnets))
        } else {
            made.filter(dice.of(FilterKind::ALL), &[dice.of(hops)])
        };
        for _ in 0..dice.up_to(3) {
            let peer = match dice.up_to(2) {
                0 => Peer::Unknown("pl".to_owned()),
                1 => Peer::Group(FilterId(dice.of(&[0, number, 9999]))),
                _ => Peer::Block(Cidr::parse(dice.of(&blocks)).unwrap()),
            };
            let direction = dice.of(Direction::ALL);
            let (first, last) = dice.of(&[(0, 65535), (3000, 3000), (443, 80), (65535, 65535)]);
            made.rule(filter, (direction, dice.chance()), first..=last, vec![peer]);
        }
    }
}
