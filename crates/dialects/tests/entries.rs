//! Records of several lines as the reader puts them together: entries of the journal, and exceptions
//! below the line of the logger that tells of them.

use dialects::reader::{self, Options, Profile, Sink};
use model::{Event, Tally};

#[derive(Default)]
struct Told {
    events: Vec<String>,
    unread: Vec<String>,
}

impl Sink for Told {
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.events.push(format!("{dialect}: {} at {}", tally.status, tally.at));
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, _: u32, _: &str) {
        self.events.push(format!("{dialect}: {event}"));
    }
    fn understood(&mut self, dialect: &'static str, _: u64) {
        self.events.push(dialect.to_owned());
    }
    fn unread(&mut self, _: u32, text: &str) {
        self.unread.push(text.to_owned());
    }
}

fn read(text: &str) -> Told {
    let mut told = Told::default();
    let profile = Profile::of(text.as_bytes(), &Options::default());
    reader::read_block(&profile, text.as_bytes(), &mut told);
    told
}

const JOURNAL: &str = "\
__CURSOR=s=1;i=1
__REALTIME_TIMESTAMP=1793588645123456
_HOSTNAME=web-1
SYSLOG_IDENTIFIER=systemd
_PID=1
MESSAGE=api.service: Main process exited, code=killed, status=9/KILL

__CURSOR=s=1;i=2
__REALTIME_TIMESTAMP=1793588646000000
_HOSTNAME=web-1
SYSLOG_IDENTIFIER=nginx
MESSAGE=2026/11/02 03:04:06 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.5, server: _, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.9:8080/\", host: \"example.com\"
_SYSTEMD_UNIT=nginx.service

__CURSOR=s=1;i=3
__REALTIME_TIMESTAMP=1793588647000000
SYSLOG_IDENTIFIER=systemd
_PID=1
MESSAGE=Started The API.
";

#[test]
fn entries_of_the_journal() {
    let told = read(JOURNAL);
    assert_eq!(told.unread, Vec::<String>::new());
    let [exit, refused, start] = &told.events[..] else { panic!("{:?}", told.events) };
    assert!(
        exit.starts_with(
            "kernel: occurrence kind=process-exit at=2026-11-02T03:04:05.123456Z subject=api"
        ),
        "{exit}"
    );
    assert!(refused.starts_with("nginx-error: request"), "{refused}");
    assert!(refused.contains("mechanism=connect-refused"), "{refused}");
    assert!(
        start.starts_with("kernel: occurrence kind=instance-start at=2026-11-02T03:04:07Z"),
        "{start}"
    );
}

#[test]
fn an_exception_below_its_loggers_line() {
    let told = read(
        "2026-11-02 03:04:05.678 ERROR 1 --- [exec-1] c.e.StockClient : stock failed\n\
         \n\
         java.net.SocketTimeoutException: Read timed out\n\
         \tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)\n\
         2026-11-02 03:04:06.000 INFO 1 --- [exec-1] c.e.StockClient : going on\n\
         java.net.ConnectException: Connection refused\n",
    );
    let [timeout, refused] = &told.events[..] else { panic!("{:?}", told.events) };
    assert!(timeout.contains("end=2026-11-02T03:04:05.678Z"), "{timeout}");
    assert!(timeout.contains("mechanism=response-timeout"), "{timeout}");
    // Nobody announced this one: it has no time of its own.
    assert!(
        refused.contains("mechanism=connect-refused") && !refused.contains("end="),
        "{refused}"
    );
    assert_eq!(told.unread.len(), 1, "{:?}", told.unread);
}
