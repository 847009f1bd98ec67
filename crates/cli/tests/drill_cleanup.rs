//! However a drill ends, nothing of it stays: no process, namespace, mount, interface, control group
//! or file. And a drill typed by hand from its plan is as harmless.

#[path = "support/drills.rs"]
mod drills;
#[path = "support/remains.rs"]
mod remains;
#[path = "support/room.rs"]
mod room;

use std::process::{Child, ExitCode};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};

use drills::{Running, wait};
use remains::{Before, MARK, Seen, group_of};
use room::{PROGRAM, Room};

/// A short drill with two servers.
const DRILL: &str = "target-connect-refused/nginx-node";
/// The drill that is ended: with a router, and a load that would go on for longer than the remains
/// are waited for.
const LONG: &str = "nat-port-exhaustion/node-fetch";
/// The longest a drill may take that nobody disturbs, on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let listed = drills::list();
    let can_run = |name: &str| {
        let known = listed.iter().find(|drill| drill.name == name).expect("the drill is listed");
        known.missing.clone().map_or(Ok(()), Err)
    };
    let (short, long) = (can_run(DRILL), can_run(LONG));
    let limited = listed.iter().find(|drill| drill.limits_memory);
    let root = rustix::process::geteuid().is_root();
    let limited = match limited {
        _ if !root => Err("only root can make control groups".to_owned()),
        None => Err("no drill of the catalogue limits memory".to_owned()),
        Some(drill) => drill.missing.clone().map_or(Ok(drill.name.clone()), Err),
    };
    let other = if root { Ok(()) } else { Err("only root can become another user".to_owned()) };

    let mut trials = Vec::new();
    let mut add = |name: &str, runs: Result<(), String>, test: Box<dyn FnOnce() + Send>| {
        trials.push(Trial::ignorable_test(format!("cleanup::{name}"), move || match runs {
            Err(why) => Ok(Completion::ignored_with(why)),
            Ok(()) => std::panic::catch_unwind(std::panic::AssertUnwindSafe(test))
                .map(|()| Completion::Completed)
                .map_err(|why| Failed::from(words_of(&*why))),
        }));
    };
    for (name, attack) in ATTACKS {
        let test = move || disturbed(name, LONG, "node", false, *attack);
        add(name, long.clone(), Box::new(test));
    }
    let dies = || disturbed("a server dies", DRILL, "nginx", false, server_dies);
    add("a server dies", short.clone(), Box::new(dies));
    add("output closed", short.clone(), Box::new(output_closed));
    add("plan through a pipe", short.clone(), Box::new(|| plan(Way::Pipe)));
    add("plan as a file", short.clone(), Box::new(|| plan(Way::File)));
    add("another user", short.and(other), Box::new(another_user));
    for (name, attack) in ATTACKS.iter().filter(|(name, _)| name.starts_with("kill")) {
        let name = format!("{name}, memory limited");
        let (drill, test) = (limited.clone(), name.clone());
        // As soon as the lab process is there: its group is older.
        let run = move || disturbed(&test, &drill.unwrap_or_default(), "why502", true, *attack);
        add(&name, limited.clone().map(drop), Box::new(run));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn words_of(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| why.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// What is done to a drill that runs.
type Attack = fn(drill: u32, lab: &Seen);

const ATTACKS: &[(&str, Attack)] = &[
    ("interrupt", |drill, _| signal(drill, Signal::INT)),
    ("terminate", |drill, _| signal(drill, Signal::TERM)),
    ("hang up", |drill, _| signal(drill, Signal::HUP)),
    ("kill the drill", |drill, _| signal(drill, Signal::KILL)),
    ("kill the holder", |_, lab| signal(lab.holder, Signal::KILL)),
    ("kill the lab", |_, lab| signal(lab.lab, Signal::KILL)),
    ("kill drill and holder", |drill, lab| {
        signal(drill, Signal::KILL);
        signal(lab.holder, Signal::KILL);
    }),
    ("kill everything", |drill, lab| {
        for pid in [drill, lab.holder, lab.lab] {
            signal(pid, Signal::KILL);
        }
        for pid in lab.inside.keys() {
            // Most are gone already: they were the lab's.
            let _ = kill_process(pid_of(*pid), Signal::KILL);
        }
    }),
];

fn server_dies(_: u32, lab: &Seen) {
    // All of nginx: its workers would serve on without the first.
    for (pid, _) in lab.inside.iter().filter(|(_, name)| *name == "nginx") {
        let _ = kill_process(pid_of(*pid), Signal::KILL);
    }
}

/// After these nobody is left who knows of the control group.
const NOBODY_LEFT: [&str; 2] = ["kill drill and holder", "kill everything"];

fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed()).expect("a process number")
}

fn signal(pid: u32, signal: Signal) {
    kill_process(pid_of(pid), signal).expect("the signal is sent");
}

fn mark(test: &str) -> String {
    format!("{test} {}", std::process::id())
}

fn start(room: &Room, mark: &str, words: &[&str]) -> Child {
    room.command(words).env(MARK, mark).spawn().expect("nsenter starts")
}

/// Ends a drill whose test fails half-way.
struct Unless(Pid);

impl Drop for Unless {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = kill_process(self.0, Signal::KILL);
        }
    }
}

fn disturbed(test: &str, drill: &str, program: &str, limited: bool, attack: Attack) {
    let room = Room::new();
    let mark = mark(test);
    let before = Before::look(&mark);
    let child = start(&room, &mark, &[PROGRAM, "drill", drill]);
    let _unless = Unless(Pid::from_child(&child));
    let seen = before.wait_for(program);
    assert!(!seen.inside.is_empty());
    assert_eq!(group_of(seen.holder).is_some(), limited, "a control group where memory is limited");
    attack(child.id(), &seen);
    // Only the drill's own end is waited for: what holds its output open may be what is left.
    let mut running = Running::new(child);
    let (code, late) = running.end(LIMIT);
    if limited && NOBODY_LEFT.iter().any(|attack| test.starts_with(attack)) {
        let others = before.gone_but(Some(&seen), &["control group"], || room.left());
        assert!(others.is_empty(), "left behind: {others:#?}");
        // The next lab removes the group: that of the list, which tries the machine out.
        drills::list();
    }
    let left = before.gone(Some(&seen), || room.left());
    assert!(left.is_empty(), "left behind: {left:#?}");
    let (out, err) = running.said();
    assert!(!late && code != Some(0), "a disturbed drill does not succeed: {out}{err}");
    assert!(!err.contains("panicked"), "{err}");
}

fn output_closed() {
    let room = Room::new();
    let mark = mark("output");
    let before = Before::look(&mark);
    let mut child = start(&room, &mark, &[PROGRAM, "drill", DRILL]);
    drop(child.stdout.take());
    let seen = before.wait_for("nginx");
    let ended = wait(child, LIMIT);
    assert!(!ended.late && ended.code.is_some(), "it ends by itself: {ended:?}");
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    let left = before.gone(Some(&seen), || room.left());
    assert!(left.is_empty(), "left behind: {left:#?}");
}

/// How a plan is run.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Pipe,
    File,
}

fn plan(way: Way) {
    let mut room = Room::new();
    let mark = mark(if way == Way::Pipe { "pipe" } else { "file" });
    let words = [PROGRAM, "drill", DRILL, "--dry-run"];
    let command = match way {
        Way::Pipe => format!("{} | PATH=/srv:$PATH bash", words.join(" ")),
        Way::File => {
            let text = wait(start(&room, &mark, &words), LIMIT).out;
            room.write("plan.sh", &text);
            "PATH=/srv:$PATH bash /srv/plan.sh".to_owned()
        }
    };
    let before = Before::look(&mark);
    let ended = wait(start(&room, &mark, &["sh", "-c", &command]), LIMIT);
    let said = format!("{}\n{}", ended.out, ended.err);
    let (cause, _) = DRILL.split_once('/').expect("cause and servers");
    let (_, short) = ended.out.split_once("In short").expect(&said);
    assert!(short.contains(&format!("({cause})")), "{said}");
    let left = before.gone(None, || room.left());
    assert!(left.is_empty(), "left behind: {left:#?}");
}

fn another_user() {
    let room = Room::new();
    let mark = mark("user");
    let before = Before::look(&mark);
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let words: Vec<&str> = nobody.into_iter().chain([PROGRAM, "drill", DRILL]).collect();
    let child = start(&room, &mark, &words);
    let seen = before.wait_for("nginx");
    let ended = wait(child, LIMIT);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let left = before.gone(Some(&seen), || room.left());
    assert!(left.is_empty(), "left behind: {left:#?}");
}
