//! Accesses that SELinux, AppArmor or seccomp forbade, from the audit log and from kernel messages.
//!
//! Sources: Linux `kernel/audit.c`, `security/selinux/avc.c`, `security/apparmor/audit.c`; auditd
//! `ausearch(8)`; setroubleshoot's messages.

use std::borrow::Cow;

use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use super::prefix;
use crate::{About, Blind, Context, Dialect, Marks, Understood};

/// The Linux audit log.
pub(crate) struct Audit;

/// Longest line looked at; the kernel's own limit on a message is 8970 bytes.
const LONGEST: usize = 16 * 1024;

impl Dialect for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["audit(", "avc:", "apparmor=\"", "SELinux is preventing "]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

/// `None` if the record is no audit record; `Some(None)` if it tells of nothing forbidden.
fn read<'a>(record: &'a str, context: &Context) -> Option<Option<Occurrence<'a>>> {
    let line = record.trim();
    if line.len() > LONGEST || line.contains('\n') {
        return None;
    }
    let message = prefix::read(line, context);
    let text = message.text;
    if let Some(told) = setroubleshoot(text) {
        return Some(Some(at(told, message.at)));
    }
    let (kind, stamp, body) = head(text)?;
    let time = stamp.or(message.at);
    if body.contains("apparmor=\"") {
        return Some(apparmor(body)?.map(|told| at(told, time)));
    }
    if let Some(rest) = body.strip_prefix("avc:") {
        return Some(selinux(rest)?.map(|told| at(told, time)));
    }
    match kind {
        "ANOM_ABEND" | "1701" => Some(abend(body).map(|told| at(told, time))),
        "SECCOMP" | "1326" => Some(seccomp(body).map(|told| at(told, time))),
        // `type=SYSCALL`, `PATH`, `USER_LOGIN`: with a stamp it is an audit record all the same.
        _ => stamp.is_some().then_some(None),
    }
}

fn at<'a>(mut told: Occurrence<'a>, time: Option<Timestamp>) -> Occurrence<'a> {
    told.at = time;
    told
}

/// Splits `type=AVC msg=audit(1762052645.358:1081): body`, `audit: type=1400 audit(…): body`,
/// `AVC body` as journalctl shows it, and a bare `avc:  denied …`.
fn head(text: &str) -> Option<(&str, Option<Timestamp>, &str)> {
    let text = match text.strip_prefix("node=") {
        Some(rest) => rest.split_once(' ')?.1,
        None => text,
    };
    let text = text.strip_prefix("audit: ").unwrap_or(text);
    let (kind, rest) = match text.strip_prefix("type=") {
        Some(rest) => rest.split_once(' ')?,
        None => ("", text.strip_prefix("AVC ").unwrap_or(text)),
    };
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("msg=").unwrap_or(rest);
    let Some(inside) = rest.strip_prefix("audit(") else {
        let bare = rest.starts_with("avc:") || rest.starts_with("apparmor=\"");
        return bare.then_some((kind, None, rest));
    };
    let (stamp, body) = inside.split_once("):")?;
    let (time, serial) = stamp.split_once(':')?;
    let (whole, fraction) = time.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(serial) || !digits(whole) || fraction.len() != 3 || !digits(fraction) {
        return None;
    }
    let micros = whole.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    let time = Timestamp(micros.checked_add(fraction.parse::<i64>().ok()? * 1000)?);
    Some((kind, Some(time), body.trim_start()))
}

/// `  denied  { name_connect } for  pid=5642 comm="nginx" dest=8081 scontext=… tclass=tcp_socket`.
fn selinux(rest: &str) -> Option<Option<Occurrence<'_>>> {
    let rest = rest.trim_start();
    let (verdict, rest) = rest.split_once('{')?;
    let (permission, fields) = rest.split_once('}')?;
    let fields = fields.trim_start().strip_prefix("for")?;
    let permission = permission.trim();
    if permission.is_empty() || permission.len() > 120 {
        return None;
    }
    match verdict.trim() {
        "denied" => {}
        "granted" => return Some(None),
        _ => return None,
    }
    // In permissive mode the access is reported and allowed.
    if value(fields, "permissive") == Some("1") {
        return Some(None);
    }
    let subject = command(fields)?;
    let class = value(fields, "tclass").unwrap_or("");
    let transport = class.strip_suffix("_socket").filter(|name| matches!(*name, "tcp" | "udp"));
    let port = |key| value(fields, key).map(|port| (transport.unwrap_or("port"), port));
    let object = match (port("dest"), port("src")) {
        (Some((transport, port)), _) => Some(Cow::Owned(format!("{transport}/{port}"))),
        (None, Some((transport, port))) if transport != "port" => {
            Some(Cow::Owned(format!("{transport}/{port}")))
        }
        _ => value(fields, "path").or_else(|| value(fields, "name")).map(Cow::Borrowed),
    };
    let domain = |key| value(fields, key).and_then(|context| context.split(':').nth(2));
    let mut told = Occurrence::new(OccurrenceKind::AccessDenied, None, subject);
    told.object = object;
    told.detail = Some(Cow::Owned(match (domain("scontext"), domain("tcontext")) {
        (Some(from), Some(to)) => format!("SELinux {permission}, {from} to {to}"),
        _ => format!("SELinux {permission}"),
    }));
    Some(Some(told))
}

/// `apparmor="DENIED" operation="open" profile="nginx" name="/run/app.sock" comm="nginx" …`.
fn apparmor(body: &str) -> Option<Option<Occurrence<'_>>> {
    let operation = value(body, "operation")?;
    match value(body, "apparmor")? {
        "DENIED" => {}
        "ALLOWED" | "AUDIT" | "STATUS" | "HINT" | "ERROR" | "KILLED" => return Some(None),
        _ => return None,
    }
    let Some(subject) = command(body).or_else(|| value(body, "profile").map(Cow::Borrowed)) else {
        return Some(None);
    };
    let peer = value(body, "faddr").map(|address| match value(body, "fport") {
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    });
    let mut told = Occurrence::new(OccurrenceKind::AccessDenied, None, subject);
    told.object = peer
        .map(Cow::Owned)
        .or_else(|| value(body, "name").map(Cow::Borrowed))
        .or_else(|| value(body, "addr").map(Cow::Borrowed))
        .or_else(|| value(body, "capname").map(Cow::Borrowed))
        .or_else(|| value(body, "family").map(Cow::Borrowed));
    told.detail = Some(Cow::Owned(match value(body, "profile") {
        Some(profile) => format!("AppArmor {operation}, profile {profile}"),
        None => format!("AppArmor {operation}"),
    }));
    Some(Some(told))
}

/// `auid=… comm="node" exe="/usr/bin/node" sig=11 res=1`: a process that a signal ended.
fn abend(body: &str) -> Option<Occurrence<'_>> {
    let signal = value(body, "sig").filter(|s| s.bytes().all(|b| b.is_ascii_digit()))?;
    let exit = Occurrence::new(OccurrenceKind::ProcessExit, None, command(body)?);
    Some(exit.object(format!("signal {signal}")).detail("abnormal end"))
}

/// `comm="node" … sig=31 arch=… syscall=435 … code=0x80000000`.
fn seccomp(body: &str) -> Option<Occurrence<'_>> {
    let call = value(body, "syscall")?;
    let denied = Occurrence::new(OccurrenceKind::AccessDenied, None, command(body)?);
    Some(denied.object(format!("system call {call}")).detail("seccomp"))
}

/// `SELinux is preventing nginx from name_connect access on the tcp_socket port 8081.`
fn setroubleshoot(text: &str) -> Option<Occurrence<'_>> {
    let rest = text.strip_prefix("SELinux is preventing ")?;
    let (program, rest) = rest.split_once(" from ")?;
    let (permission, rest) = rest.split_once(" access on the ")?;
    if program.contains(' ') || permission.len() > 60 {
        return None;
    }
    let object = rest.split(". For ").next().unwrap_or(rest).trim_end_matches('.');
    let name = program.rsplit('/').next().unwrap_or(program);
    let denied = Occurrence::new(OccurrenceKind::AccessDenied, None, name);
    let object = match object.rsplit_once(" port ") {
        Some((class, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            let transport = class.strip_suffix("_socket").unwrap_or("port");
            Cow::Owned(format!("{transport}/{port}"))
        }
        _ => Cow::Borrowed(object),
    };
    Some(denied.object(object).detail(format!("SELinux {permission}")))
}

/// The program's name; the audit system writes names with blanks or quotes in hexadecimal.
fn command(fields: &str) -> Option<Cow<'_, str>> {
    let at = key(fields, "comm")?;
    let rest = &fields[at..];
    if rest.starts_with('"') {
        return value(fields, "comm").map(Cow::Borrowed);
    }
    let word = rest.split(' ').next()?;
    let bytes: Option<Vec<u8>> = word
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    match bytes {
        Some(bytes) if word.len() >= 2 && word.len() % 2 == 0 => {
            Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
        }
        _ => (!word.is_empty()).then_some(Cow::Borrowed(word)),
    }
}

/// Where the value of `key=` begins.
fn key(fields: &str, name: &str) -> Option<usize> {
    fields.match_indices(name).find_map(|(at, _)| {
        let end = at + name.len();
        let starts = at == 0 || fields[..at].ends_with([' ', '\'', '\u{1d}']);
        (starts && fields[end..].starts_with('=')).then_some(end + 1)
    })
}

/// The value of `key=word` or `key="words"`, if it is there and not empty.
fn value<'t>(fields: &'t str, name: &str) -> Option<&'t str> {
    let rest = &fields[key(fields, name)?..];
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([' ', '\'']).next()?,
    };
    (!value.is_empty()).then_some(value)
}

static ABOUT: About = About {
    title: "Linux audit log: SELinux, AppArmor and seccomp denials",
    source: "https://github.com/torvalds/linux/blob/master/security/selinux/avc.c and https://gitlab.com/apparmor/apparmor/-/wikis/AppArmor_Failures",
    from: "/var/log/audit/audit.log, ausearch -m AVC, journalctl -k, dmesg; setroubleshoot's lines in the journal",
    time: "the moment of the access, as seconds since 1970 inside audit(…); without it the prefix's time",
    fields: &[
        ("audit(seconds:serial)", "when"),
        ("comm", "the program that was forbidden something"),
        ("dest, src, faddr, fport", "the port or address it may not use"),
        ("path, name", "the file or socket it may not use"),
        ("tclass, scontext, tcontext", "the transport and the two SELinux types"),
        ("operation, profile", "AppArmor's words for the access and for the policy"),
        ("permissive", "1: reported, and allowed all the same"),
        ("sig (ANOM_ABEND)", "the signal that ended a process"),
    ],
    shows: &[
        "That a policy forbade a program to connect to a port or to open a socket's file.",
        "Processes that a signal ended.",
    ],
    blind: &[
        Blind {
            what: "Denials that a dontaudit rule hides",
            how: "semodule -DB switches those rules off until semodule -B",
        },
        Blind {
            what: "Which request the denied access belonged to",
            how: "the proxy's error log: nginx writes (13: Permission denied) with the request",
        },
    ],
    recommended: "",
};
