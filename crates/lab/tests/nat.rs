//! The NAT on the kernel: how many connections get through, and what is left of them in the logs.

#[path = "nat/namespaces.rs"]
mod namespaces;

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use lab::nat::firewall::{self, Forgotten};
use lab::nat::{
    Allocator, CloudLog, DropLog, FIREWALL_GROUP, KernelLog, LogFilter, Logged, NAT_GROUP,
    Settings, conntrack, load, log_line, shape, usage,
};
use namespaces::{Hosts, connect, eventually, exchange, in_namespaces, translate};

const API: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 10), 80);
const API_81: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 10), 81);
const OTHER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 11), 80);

fn servers() -> Hosts {
    let hosts = Hosts::new();
    hosts.serve("api", &[80, 81]);
    hosts.serve("other", &[80]);
    hosts
}

/// What is logged until so many entries have come, and in the moment after that.
fn logged(log: &mut DropLog, expected: usize) -> Vec<Logged> {
    let mut all = Vec::new();
    eventually(Duration::from_secs(3), || {
        all.extend(log.wait(Duration::from_millis(100)).unwrap());
        all.len() >= expected
    });
    all.extend(log.wait(Duration::from_millis(200)).unwrap());
    all
}

#[test]
fn each_instance_has_its_ports_towards_each_destination() {
    in_namespaces("each_instance_has_its_ports_towards_each_destination", || {
        let hosts = servers();
        translate(&Settings::new(64, 4, None, 1200).unwrap());
        let mut log = DropLog::open(&[NAT_GROUP]).unwrap();
        thread::scope(|scope| {
            let load =
                [("front-1", API), ("front-1", API_81), ("front-1", OTHER), ("front-2", API)];
            let all = load.map(|(host, to)| {
                let hosts = &hosts;
                (host, to, scope.spawn(move || hosts.short(host, to, 100)))
            });
            for (host, to, passed) in all {
                assert_eq!(passed.join().unwrap(), 64, "from {host} to {to}");
            }
        });
        let dropped = logged(&mut log, 4 * 36);
        assert_eq!((dropped.len(), log.lost()), (4 * 36, 0), "one entry for each dropped packet");
        let mut cloud = CloudLog::default();
        let entries: Vec<String> =
            dropped.iter().flat_map(|one| cloud.entry(one, |ip| hosts.name(ip))).collect();
        let from = |name: &str| entries.iter().filter(|line| line.contains(name)).count();
        assert_eq!((from("\"front-1\""), from("\"front-2\"")), (3 * 36, 36));

        assert_eq!(hosts.short("front-1", API, 3), 0, "the ports are held");
        assert_eq!(logged(&mut log, 3).len(), 3);
        let nobody = SocketAddrV4::new(*OTHER.ip(), 9);
        assert_eq!(hosts.short("front-2", nobody, 70), 0);
        assert_eq!(logged(&mut log, 6).len(), 6, "refused connections hold ports too");
        hosts.on("front-2", || {
            // All open at once: a port chosen at random must not be chosen twice.
            let sockets = [(); 70].map(|()| UdpSocket::bind("0.0.0.0:0").unwrap());
            for socket in &sockets {
                socket.send_to(b"x", nobody).unwrap();
            }
        });
        let dropped = logged(&mut log, 6);
        assert_eq!(dropped.len(), 6, "UDP has ports of its own");
        assert!(dropped.iter().all(|one| one.packet.protocol == 17));

        thread::sleep(Duration::from_millis(4300));
        assert_eq!(hosts.short("front-1", API, 100), 64, "and come free together");
    });
}

#[test]
fn one_connection_is_enough_for_any_number_of_requests() {
    in_namespaces("one_connection_is_enough_for_any_number_of_requests", || {
        let hosts = servers();
        translate(&Settings::new(1, 120, None, 2).unwrap());
        hosts.on("front-1", || {
            let mut kept = connect(API).unwrap();
            assert_eq!((0..100).map_while(|_| exchange(&mut kept)).count(), 100);
            assert!(connect(API).is_none(), "the only port is taken");
            for _ in 0..5 {
                thread::sleep(Duration::from_millis(800));
                exchange(&mut kept).expect("a connection in use is not forgotten");
            }
            thread::sleep(Duration::from_millis(2600));
            assert!(exchange(&mut kept).is_none(), "an idle one is, and its packets are swallowed");
            assert!(exchange(&mut connect(API).unwrap()).is_some(), "its port is free again");
        });
    });
}

#[test]
fn ports_grow_with_dynamic_allocation() {
    in_namespaces("ports_grow_with_dynamic_allocation", || {
        let hosts = servers();
        let settings = Settings::new(32, 120, Some(128), 1200).unwrap();
        translate(&settings);
        let mut allocator = Allocator::new(settings.clone(), Duration::from_secs(1));
        let mut passed = hosts.short("front-1", API, 40);
        assert_eq!(passed, 32);
        for all in [64, 128, 128] {
            let start = Instant::now();
            let grown = eventually(Duration::from_secs(3), || {
                let used = usage(&settings).unwrap();
                assert_eq!(used[&Ipv4Addr::new(10, 50, 0, 11)], passed as u32);
                let grant = allocator.step(Instant::now(), &used);
                grant.iter().for_each(|rules| load(rules).unwrap());
                grant.is_some()
            });
            assert_eq!(grown, passed < all, "the last step is beyond the most");
            assert!(start.elapsed() >= Duration::from_secs(1), "doubling takes its time");
            passed += hosts.short("front-1", API, 100);
            assert_eq!(passed, all);
        }
        assert_eq!(hosts.short("front-2", API, 40), 32, "the other instance has not grown");
    });
}

#[test]
fn connections_are_logged_with_their_port() {
    in_namespaces("connections_are_logged_with_their_port", || {
        let hosts = servers();
        let mut settings = Settings::new(64, 120, None, 1200).unwrap();
        settings.log = LogFilter::All;
        translate(&settings);
        let mut log = DropLog::open(&[NAT_GROUP]).unwrap();
        let local = hosts.on("front-1", || connect(API).unwrap().local_addr().unwrap());
        let logged = logged(&mut log, 2);
        let mut cloud = CloudLog::default();
        let entries: Vec<String> =
            logged.iter().flat_map(|one| cloud.entry(one, |ip| hosts.name(ip))).collect();
        let [entry] = &entries[..] else { panic!("one entry expected: {logged:#?}") };
        for part in [
            "\"allocation_status\":\"OK\"".to_owned(),
            format!("\"src_port\":{}", local.port()),
            "\"nat_ip\":\"203.0.113.1\"".to_owned(),
            "\"vm_name\":\"front-1\"".to_owned(),
        ] {
            assert!(entry.contains(&part), "{part} in {entry}");
        }
    });
}

#[test]
fn a_full_connection_table_drops_new_connections_only() {
    let kernel = KernelLog::open();
    let filled = in_namespaces("a_full_connection_table_drops_new_connections_only", || {
        let hosts = servers();
        load(&firewall::stateful(Forgotten::Dropped)).unwrap();
        let mut kept = hosts.on("front-1", || connect(API).unwrap());
        let before = conntrack::dropped().unwrap();
        let start = Instant::now();
        let filled = match conntrack::fill(0, 600) {
            Err(conntrack::FillError::TooLarge { limit }) => {
                println!("not filled: the limit is {limit}");
                return;
            }
            other => other.unwrap(),
        };
        println!("measured: {} entries in {:?}", filled.entries, start.elapsed());
        assert!(filled.entries >= filled.limit);
        assert_eq!(hosts.short("front-1", API, 10), 0);
        assert!(exchange(&mut kept).is_some(), "a connection it knows goes on");
        assert!(conntrack::dropped().unwrap() >= before + 10);
        println!("measured: the table was full");
    });
    // Only the machine's administrator may see it, outside of the namespaces.
    if let (true, Ok(mut kernel)) = (filled, kernel) {
        let said = kernel.read().unwrap();
        let full =
            said.iter().find(|line| line.starts_with("nf_conntrack: nf_conntrack: table full"));
        assert!(full.is_some_and(|line| line.ends_with(", dropping packet")), "{said:?}");
    }
}

#[test]
fn firewalls_do_the_harm_they_are_for() {
    in_namespaces("firewalls_do_the_harm_they_are_for", || {
        let hosts = servers();
        let mut log = DropLog::open(&[FIREWALL_GROUP]).unwrap();
        let harms = [
            (firewall::one_way("203.0.113.0/24", "10.50.0.0/16"), "one-way: "),
            (firewall::return_ports_closed("10.50.0.0/16"), "acl-deny: "),
            (firewall::connections_over(0), "table full: "),
            (firewall::refuse(*API.ip(), 80, "icmp type admin-prohibited"), "refused: "),
        ];
        assert_eq!(hosts.short("front-1", API, 1), 1);
        for (rules, prefix) in harms {
            load(&rules).unwrap();
            assert_eq!(hosts.short("front-1", API, 1), 0, "{prefix}");
            load("delete table ip why502_firewall").unwrap();
            let logged = logged(&mut log, 1);
            let line = log_line(logged.first().expect(prefix));
            assert!(line.starts_with(&format!("{prefix}IN=")), "{line}");
            assert!(line.contains(" PROTO=TCP SPT=") && line.contains(" SYN URGP=0"), "{line}");
            assert_eq!(hosts.short("front-1", API, 1), 1, "after {prefix}");
        }
    });
}

#[test]
fn an_idle_connection_is_forgotten_silently_or_with_a_reset() {
    in_namespaces("an_idle_connection_is_forgotten_silently_or_with_a_reset", || {
        let hosts = servers();
        for (name, value) in firewall::forgets_after(1) {
            std::fs::write(format!("/proc/sys/{}", name.replace('.', "/")), value).unwrap();
        }
        for (forgotten, least, most) in
            [(Forgotten::Dropped, 600, 2000), (Forgotten::Reset, 0, 200)]
        {
            load(&firewall::stateful(forgotten)).unwrap();
            let mut kept = hosts.on("front-1", || connect(API).unwrap());
            exchange(&mut kept).unwrap();
            thread::sleep(Duration::from_millis(1500));
            let start = Instant::now();
            assert!(exchange(&mut kept).is_none(), "{forgotten:?}");
            let took = start.elapsed().as_millis();
            assert!((least..most).contains(&took), "{forgotten:?} after {took} ms");
            load("delete table ip why502_firewall").unwrap();
        }
    });
}

#[test]
fn a_link_can_be_slow() {
    in_namespaces("a_link_can_be_slow", || {
        let _hosts = Hosts::new();
        let netem = shape::has_netem();
        println!("measured: netem is {}", if netem { "there" } else { "absent" });
        let commands = shape::commands("public", shape::Link { rate: 1000, delay: 200 }, netem);
        for command in commands {
            let mut words = command.split(' ');
            let status = std::process::Command::new(words.next().unwrap()).args(words).status();
            assert!(status.unwrap().success(), "{command}");
        }
    });
}
