//! One afternoon of two Cloud Run services behind a load balancer, played through event by event:
//! requests arrive, instances start, connections take NAT ports and wait for them in vain.
//!
//! Nothing here decides that a request fails. A request fails because its connection attempt found
//! no port on any of its SYN packets within the connect timeout.

use super::nat::Nat;
use crate::clock::{MINUTE, SECOND, Time};
use crate::generate::world::{World, client_address};
use crate::random::Random;
use crate::text::hex_string;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A Cloud Run service of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// The Next.js front end; calls a partner's HTTPS API.
    Front,
    /// The GraphQL API; calls a database over its public address.
    Api,
}

/// A release of both services.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release {
    /// When the API's deploy begins; the front's follows 20 s later.
    pub(crate) at: Time,
    /// Number of the revision it makes, per service.
    pub(crate) revisions: [u32; 2],
}

/// What the afternoon consists of.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) releases: Vec<Release>,
    /// Revisions that serve at the start.
    pub(crate) first_revisions: [u32; 2],
    /// Times of two unrelated bugs in the front end.
    pub(crate) bugs: Vec<Time>,
    /// Requests per second at the load balancer.
    pub(crate) rate: f64,
    /// Values a new instance loads into its cache, one connection each.
    pub(crate) cache_entries: u32,
}

/// An instance of a service, which is one endpoint of the NAT.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) service: Service,
    pub(crate) revision: u32,
    pub(crate) started: Time,
    pub(crate) ready: Time,
    pub(crate) until: Time,
    pub(crate) rollout: bool,
    pub(crate) id: String,
    pub(crate) address: String,
    cache_left: u32,
}

/// What a user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Page,
    Graphql,
    Legacy,
    Unknown,
    Bug,
}

/// One request as one service answered it; legacy requests have no instance.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) kind: Kind,
    pub(crate) instance: Option<usize>,
    /// True if it came from the front end rather than through the load balancer.
    pub(crate) internal: bool,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) status: u16,
    /// True if the platform wrote the status because its own timer ran out.
    pub(crate) platform_timeout: bool,
    pub(crate) client_left: bool,
    pub(crate) client: String,
    pub(crate) agent: &'static str,
    pub(crate) path: String,
    pub(crate) trace: String,
    pub(crate) sizes: (u64, u64),
}

/// What an instance wrote to its error stream.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) at: Time,
    pub(crate) instance: usize,
    pub(crate) what: What,
    pub(crate) path: String,
    /// Trace of the request; none for background work.
    pub(crate) trace: Option<String>,
}

/// The kinds of complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    FetchFailed,
    DatabaseTimeout { attempt: u8 },
    UpstreamStatus(u16),
    Bug,
}

/// One connection attempt, or one packet of it, at the NAT.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) at: Time,
    pub(crate) instance: usize,
    pub(crate) source_port: u16,
    /// Index into the endpoint's block; none if the packet was dropped.
    pub(crate) port: Option<usize>,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Afternoon {
    pub(crate) instances: Vec<Instance>,
    pub(crate) served: Vec<Served>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) flows: Vec<Flow>,
}

/// Connect timeout of both applications (undici's default).
pub(crate) const CONNECT_TIMEOUT: i64 = 10 * SECOND;
/// Request timeout the API's service is configured with.
pub(crate) const API_TIMEOUT: i64 = 15 * SECOND;
/// When a SYN is sent again, after the first.
const SYN_RETRIES: [i64; 3] = [SECOND, 3 * SECOND, 7 * SECOND];
const OLD_INSTANCES: usize = 5;
const NEW_INSTANCES: usize = 10;

#[derive(Clone, Copy, Debug)]
enum Op {
    Work(i64),
    CallApi,
    Connect,
}

#[derive(Debug)]
struct Task {
    served: Served,
    ops: VecDeque<Op>,
    caller: Option<usize>,
    attempts: u8,
    finished: bool,
}

#[derive(Clone, Copy, Debug)]
enum Owner {
    Task(usize),
    Cache,
}

#[derive(Debug)]
struct Connection {
    instance: usize,
    owner: Owner,
    opened: Time,
    source_port: u16,
    settled: bool,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrive,
    Bug,
    Step(usize),
    Syn(usize, usize),
    GiveUp(usize),
    Deadline(usize),
    Fail(usize),
    LoadCache(usize),
}

/// Plays the plan through.
pub(crate) fn play(plan: &Plan, seed: u64) -> Afternoon {
    let mut play = Play {
        plan,
        random: Random::part(seed, "cloud-run-release"),
        queue: BinaryHeap::new(),
        events: Vec::new(),
        nat: Nat::default(),
        tasks: Vec::new(),
        connections: Vec::new(),
        out: Afternoon::default(),
    };
    play.start_instances();
    play.at(plan.start, Event::Arrive);
    for bug in &plan.bugs {
        play.at(*bug, Event::Bug);
    }
    while let Some(Reverse((at, number))) = play.queue.pop() {
        if at >= plan.end {
            break;
        }
        play.happen(at, play.events[number]);
    }
    play.finish()
}

struct Play<'a> {
    plan: &'a Plan,
    random: Random,
    queue: BinaryHeap<Reverse<(Time, usize)>>,
    events: Vec<Event>,
    nat: Nat,
    tasks: Vec<Task>,
    connections: Vec<Connection>,
    out: Afternoon,
}

impl Play<'_> {
    fn at(&mut self, time: Time, event: Event) {
        self.queue.push(Reverse((time, self.events.len())));
        self.events.push(event);
    }

    fn start_instances(&mut self) {
        let plan = self.plan;
        for (index, service) in [Service::Api, Service::Front].into_iter().enumerate() {
            let mut serving: Vec<usize> = (0..OLD_INSTANCES)
                .map(|n| {
                    let age = 20 * MINUTE + n as i64 * 7 * MINUTE;
                    self.add(service, plan.first_revisions[index], plan.start.plus(-age), false)
                })
                .collect();
            for release in &plan.releases {
                let deploy = release.at.plus(index as i64 * 20 * SECOND);
                for old in serving.drain(..) {
                    let until = deploy.plus(34 * SECOND + self.random.below(9_000_000) as i64);
                    self.out.instances[old].until = until;
                }
                for n in 0..NEW_INSTANCES {
                    let started =
                        deploy.plus(11 * SECOND + n as i64 * 1_700_000 + self.jitter(900_000));
                    let new = self.add(service, release.revisions[index], started, true);
                    // Half of the new fleet is idle once the surge is over, and is taken back.
                    if n < NEW_INSTANCES / 2 {
                        serving.push(new);
                    } else {
                        self.out.instances[new].until =
                            deploy.plus(24 * MINUTE + self.jitter(4 * MINUTE as u64));
                    }
                }
            }
        }
        // One instance joins in the quiet hours because of a few more users.
        let joined = plan.releases[0].at.plus(74 * MINUTE + 8_073_775);
        self.add(Service::Front, plan.releases[0].revisions[1], joined, false);
    }

    fn add(&mut self, service: Service, revision: u32, started: Time, rollout: bool) -> usize {
        let number = self.out.instances.len();
        let ready = started.plus(2_100_000 + self.jitter(1_900_000));
        let id = format!("0069c7a988{}", hex_string(&mut self.random, 150));
        self.out.instances.push(Instance {
            service,
            revision,
            started,
            ready,
            until: self.plan.end,
            rollout,
            id,
            address: format!("10.8.{}.{}", number / 200, 16 + number % 200),
            cache_left: if started >= self.plan.start { self.plan.cache_entries } else { 0 },
        });
        if started >= self.plan.start {
            // Only a fleet that starts cold loads its whole cache; a single instance that joins
            // later copies it from its neighbours over the internal network.
            if rollout {
                self.at(ready.plus(SECOND), Event::LoadCache(number));
            } else {
                self.out.instances[number].cache_left = 0;
            }
        }
        number
    }

    fn jitter(&mut self, bound: u64) -> i64 {
        self.random.below(bound) as i64
    }

    fn happen(&mut self, now: Time, event: Event) {
        match event {
            Event::Arrive => {
                let gap = (self.random.exponential(1.0 / self.plan.rate) * 1e6) as i64 + 1;
                self.at(now.plus(gap), Event::Arrive);
                let kind = match self.random.below(100) {
                    0..=44 => Kind::Page,
                    45..=89 => Kind::Graphql,
                    90..=97 => Kind::Legacy,
                    _ => Kind::Unknown,
                };
                self.arrive(now, kind, None);
            }
            Event::Bug => self.arrive(now, Kind::Bug, None),
            Event::Step(task) => self.step(now, task),
            Event::Syn(connection, sent) => self.syn(now, connection, sent),
            Event::GiveUp(connection) => self.give_up(now, connection),
            Event::Deadline(task) => self.end_task(now, task, 504, true),
            Event::Fail(task) => self.end_task(now, task, 500, false),
            Event::LoadCache(instance) => {
                if self.out.instances[instance].cache_left > 0
                    && self.out.instances[instance].until > now
                {
                    self.connect(now, instance, Owner::Cache);
                }
            }
        }
    }

    fn arrive(&mut self, now: Time, kind: Kind, caller: Option<usize>) {
        let service = match kind {
            Kind::Legacy => None,
            Kind::Graphql => Some(Service::Api),
            Kind::Page | Kind::Unknown | Kind::Bug => Some(Service::Front),
        };
        let instance = match service {
            Some(service) => match self.choose(now, service) {
                Some(instance) => Some(instance),
                None => return,
            },
            None => None,
        };
        let cold = instance.is_some_and(|i| self.out.instances[i].cache_left > 0);
        let mut ops = VecDeque::new();
        match kind {
            Kind::Page => {
                ops.push_back(Op::Work(8_000 + self.random.service_time(14_000) as i64));
                if self.random.chance(0.6) {
                    ops.push_back(Op::CallApi);
                }
                if self.random.chance(if cold { 0.85 } else { 0.25 }) {
                    ops.push_back(Op::Connect);
                }
                ops.push_back(Op::Work(6_000 + self.random.service_time(9_000) as i64));
            }
            Kind::Graphql => {
                ops.push_back(Op::Work(2_000 + self.random.service_time(4_000) as i64));
                for _ in 0..self.random.between(1, 2) {
                    if self.random.chance(if cold { 0.9 } else { 0.55 }) {
                        ops.push_back(Op::Connect);
                    }
                }
                ops.push_back(Op::Work(1_500 + self.random.service_time(3_000) as i64));
            }
            Kind::Legacy => ops.push_back(Op::Work(self.random.service_time(38_000) as i64)),
            Kind::Unknown => ops.push_back(Op::Work(self.random.service_time(4_000) as i64)),
            Kind::Bug => ops.push_back(Op::Work(21_000)),
        }
        let number = self.random.between(100, 4_800);
        let path = match kind {
            Kind::Page | Kind::Bug => match self.random.below(6) {
                0 => "/".to_owned(),
                1 => format!("/category/{}", number % 40),
                _ => format!("/products/{number}"),
            },
            Kind::Graphql => "/graphql".to_owned(),
            Kind::Legacy => format!("/legacy/catalog.jsp?id={number}"),
            Kind::Unknown => (*self.random.pick(&[
                "/wp-login.php",
                "/apple-touch-icon.png",
                "/.env",
                "/ads.txt",
            ]))
            .to_owned(),
        };
        let client_left =
            caller.is_none() && kind == Kind::Page && !cold && self.random.chance(0.003);
        let (trace, client, agent) = match caller {
            Some(caller) => {
                let caller = &self.tasks[caller].served;
                let address = caller.instance.map(|i| self.out.instances[i].address.clone());
                (caller.trace.clone(), address.unwrap_or_default(), "node")
            }
            None => {
                let agent = World::agent(&mut self.random);
                (hex_string(&mut self.random, 32), client_address(&mut self.random), agent)
            }
        };
        let sizes = (
            self.random.between(320, if kind == Kind::Graphql { 2_400 } else { 900 }),
            self.random.between(900, 30_000),
        );
        let task = self.tasks.len();
        let served = Served {
            kind,
            instance,
            internal: caller.is_some(),
            start: now,
            end: now,
            status: 0,
            platform_timeout: false,
            client_left,
            client,
            agent,
            path,
            trace,
            sizes,
        };
        self.tasks.push(Task { served, ops, caller, attempts: 0, finished: false });
        if service == Some(Service::Api) {
            self.at(now.plus(API_TIMEOUT), Event::Deadline(task));
        }
        self.step(now, task);
    }

    fn choose(&mut self, now: Time, service: Service) -> Option<usize> {
        let serving: Vec<usize> = (0..self.out.instances.len())
            .filter(|i| {
                let instance = &self.out.instances[*i];
                // A new revision gets traffic once the roll-out has moved it, not before.
                let from = instance.ready.plus(if instance.rollout { 18 * SECOND } else { 0 });
                instance.service == service && from <= now && now < instance.until
            })
            .collect();
        (!serving.is_empty()).then(|| *self.random.pick(&serving))
    }

    fn step(&mut self, now: Time, task: usize) {
        match self.tasks[task].ops.pop_front() {
            Some(Op::Work(micros)) => self.at(now.plus(micros), Event::Step(task)),
            Some(Op::CallApi) => self.arrive(now.plus(1_500), Kind::Graphql, Some(task)),
            Some(Op::Connect) => match self.tasks[task].served.instance {
                Some(instance) => self.connect(now, instance, Owner::Task(task)),
                None => self.step(now, task),
            },
            None => {
                let status = match self.tasks[task].served.kind {
                    Kind::Unknown => 404,
                    Kind::Bug => {
                        self.complain(now, task, What::Bug);
                        500
                    }
                    Kind::Page | Kind::Graphql | Kind::Legacy => 200,
                };
                self.end_task(now, task, status, false);
            }
        }
    }

    fn connect(&mut self, now: Time, instance: usize, owner: Owner) {
        let connection = self.connections.len();
        let source_port = self.random.between(32_768, 60_999) as u16;
        let opened = now;
        self.connections.push(Connection { instance, owner, opened, source_port, settled: false });
        let give_up = now.plus(CONNECT_TIMEOUT + self.random.between(800, 14_000) as i64);
        self.at(give_up, Event::GiveUp(connection));
        self.syn(now, connection, 0);
    }

    fn syn(&mut self, now: Time, connection: usize, sent: usize) {
        let Connection { instance, owner, opened, source_port, settled } =
            self.connections[connection];
        if settled {
            return;
        }
        // Every service talks to one destination through the NAT.
        let destination = self.out.instances[instance].service as usize;
        let life = 9_000 + self.random.service_time(22_000) as i64;
        let port = self.nat.open(instance, destination, now, life);
        self.out.flows.push(Flow { at: now, instance, source_port, port });
        if port.is_some() {
            self.connections[connection].settled = true;
            match owner {
                Owner::Task(task) => self.at(now.plus(life), Event::Step(task)),
                Owner::Cache => {
                    let left = &mut self.out.instances[instance].cache_left;
                    *left = left.saturating_sub(1);
                    let pause = (self.random.exponential(1.0) * 1e6) as i64;
                    self.at(now.plus(life + pause), Event::LoadCache(instance));
                }
            }
        } else if let Some(delay) = SYN_RETRIES.get(sent) {
            self.at(opened.plus(*delay), Event::Syn(connection, sent + 1));
        }
    }

    fn give_up(&mut self, now: Time, connection: usize) {
        let Connection { instance, owner, settled, .. } = self.connections[connection];
        if settled {
            return;
        }
        self.connections[connection].settled = true;
        match owner {
            Owner::Cache => self.at(now.plus(5_000), Event::LoadCache(instance)),
            Owner::Task(task) if self.tasks[task].served.kind == Kind::Graphql => {
                self.tasks[task].attempts += 1;
                let attempt = self.tasks[task].attempts;
                self.complain(now, task, What::DatabaseTimeout { attempt });
                if attempt < 2 {
                    self.connect(now, instance, owner);
                }
            }
            Owner::Task(task) => {
                self.complain(now, task, What::FetchFailed);
                self.tasks[task].ops.clear();
                let rendered = now.plus(4_000 + self.jitter(9_000));
                self.at(rendered, Event::Fail(task));
            }
        }
    }

    fn complain(&mut self, at: Time, task: usize, what: What) {
        let served = &self.tasks[task].served;
        let Some(instance) = served.instance else { return };
        let (path, trace) = (served.path.clone(), Some(served.trace.clone()));
        self.out.complaints.push(Complaint { at, instance, what, path, trace });
    }

    fn end_task(&mut self, now: Time, task: usize, status: u16, platform_timeout: bool) {
        if std::mem::replace(&mut self.tasks[task].finished, true) {
            return;
        }
        let served = &mut self.tasks[task].served;
        (served.end, served.status, served.platform_timeout) = (now, status, platform_timeout);
        let Some(caller) = self.tasks[task].caller else { return };
        if status < 500 {
            self.at(now.plus(1_500), Event::Step(caller));
        } else {
            self.tasks[caller].ops.clear();
            self.complain(now.plus(1_800), caller, What::UpstreamStatus(status));
            self.at(now.plus(6_000), Event::Fail(caller));
        }
    }

    fn finish(mut self) -> Afternoon {
        self.out.served = self.tasks.into_iter().filter(|t| t.finished).map(|t| t.served).collect();
        self.out.complaints.sort_by_key(|c| c.at);
        self.out
    }
}
