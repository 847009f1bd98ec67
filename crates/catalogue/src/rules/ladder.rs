//! The ladder of timers: from the client inwards each hop has to give up later than the next one, or
//! it answers `504` while the work behind it goes on for nobody.
//!
//! Equal values pass: products have the same defaults, and which of two equal timers fires first is
//! no matter of configuration. So does whatever nobody wrote on either side.

use model::config::{Guard, Key, Order, Severity, Shape, Site, Task, Term};
use model::{Micros, Text};

use super::functions::{API_GATEWAY, LAMBDA};

const WAITS: &[Key] = &[Key::ResponseTimeout, Key::TotalTimeout];
const STATED: Guard = Guard::Written(&[
    (Site::Link, Key::ResponseTimeout),
    (Site::Link, Key::TotalTimeout),
    (Site::Next, Key::ResponseTimeout),
    (Site::Next, Key::TotalTimeout),
    (Site::Next, Key::StatementTimeout),
]);
const INNER: &[Key] = &[Key::ResponseTimeout, Key::TotalTimeout, Key::StatementTimeout];
const HANDLING: &[Key] = &[Key::RequestTimeout, Key::WorkerTimeout];
const HANDLING_STATED: Guard = Guard::Written(&[
    (Site::Link, Key::ResponseTimeout),
    (Site::Link, Key::TotalTimeout),
    (Site::To, Key::RequestTimeout),
    (Site::To, Key::WorkerTimeout),
]);
const CALLS: &[Key] =
    &[Key::ResponseTimeout, Key::TotalTimeout, Key::StatementTimeout, Key::PoolAcquireTimeout];
const CALLS_STATED: Guard = Guard::Written(&[
    (Site::Link, Key::ResponseTimeout),
    (Site::Link, Key::TotalTimeout),
    (Site::Link, Key::StatementTimeout),
    (Site::Link, Key::PoolAcquireTimeout),
]);

const TEXT: Text = Text::new(
    "{longer_hop} gives up after {longer} ({longer_name}), but {shorter_hop} behind it may take \
     {shorter} ({shorter_name}): what takes longer than the first ends as 504, and the work goes on \
     for nobody",
    "{longer_hop} は {longer} で打ち切りますが（{longer_name}）、その背後の {shorter_hop} は最大 \
     {shorter} かかります（{shorter_name}）。前者を超えたリクエストは 504 になり、処理だけが続きます",
);

const LADDER: Order = Order {
    shape: Shape::Chain,
    longer: Term { site: Site::Link, keys: WAITS },
    shorter: Term { site: Site::Next, keys: INNER },
    margin: Micros(0),
    when: &[],
    severity: Severity::Warning,
    decides: false,
    says: TEXT,
};

/// Two links in a row.
pub(crate) static LINKS: Order = Order {
    when: &[
        STATED,
        Guard::Bounded(Site::Next, INNER),
        Guard::IsNot(Site::Last, &[Task::External]),
        Guard::RunsNot(Site::From, API_GATEWAY),
    ],
    decides: true,
    ..LADDER
};

/// Two links in a row, the second one from a gateway to somebody else's system.
pub(crate) static PASSED_ON: Order = Order {
    when: &[
        STATED,
        Guard::Bounded(Site::Next, INNER),
        Guard::IsNot(Site::To, &[Task::App]),
        Guard::Is(Site::Last, &[Task::External]),
        Guard::RunsNot(Site::From, API_GATEWAY),
    ],
    ..LADDER
};

/// Two links in a row, the second one the call of a program to somebody else's system.
pub(crate) static OUTWARD: Order = Order {
    when: &[
        STATED,
        Guard::Bounded(Site::Next, INNER),
        Guard::Is(Site::To, &[Task::App]),
        Guard::Is(Site::Last, &[Task::External]),
        Guard::RunsNot(Site::From, API_GATEWAY),
    ],
    ..LADDER
};

/// Two links in a row behind an API gateway.
pub(crate) static BEHIND_API_GATEWAY: Order = Order {
    when: &[STATED, Guard::Bounded(Site::Next, INNER), Guard::Runs(Site::From, API_GATEWAY)],
    ..LADDER
};

/// A link, and what its target allows itself.
pub(crate) static HANDLER: Order = Order {
    shape: Shape::Link,
    shorter: Term { site: Site::To, keys: HANDLING },
    when: &[
        HANDLING_STATED,
        Guard::Bounded(Site::To, HANDLING),
        Guard::RunsNot(Site::From, API_GATEWAY),
    ],
    ..LADDER
};

/// The same behind an API gateway, whose bound is the platform's.
pub(crate) static API_GATEWAY_HANDLER: Order = Order {
    shape: Shape::Link,
    shorter: Term { site: Site::To, keys: HANDLING },
    when: &[
        HANDLING_STATED,
        Guard::Bounded(Site::To, HANDLING),
        Guard::Runs(Site::From, API_GATEWAY),
    ],
    ..LADDER
};

/// A link, and the bound that the database puts on a statement for the program behind the link.
pub(crate) static STATEMENT: Order = Order {
    shorter: Term { site: Site::Last, keys: &[Key::StatementTimeout] },
    when: &[
        Guard::Is(Site::Last, &[Task::Database]),
        Guard::Written(&[
            (Site::Link, Key::ResponseTimeout),
            (Site::Link, Key::TotalTimeout),
            (Site::Last, Key::StatementTimeout),
        ]),
        Guard::Bounded(Site::Last, &[Key::StatementTimeout]),
    ],
    ..LADDER
};

/// A link, and the wait for a connection of the pool behind it.
pub(crate) static POOL: Order = Order {
    shorter: Term { site: Site::Next, keys: &[Key::PoolAcquireTimeout] },
    when: &[
        Guard::Written(&[
            (Site::Link, Key::ResponseTimeout),
            (Site::Link, Key::TotalTimeout),
            (Site::Next, Key::PoolAcquireTimeout),
        ]),
        Guard::Bounded(Site::Next, &[Key::PoolAcquireTimeout]),
    ],
    says: Text::new(
        "{shorter_hop} lets a request wait {shorter} for a connection of its pool ({shorter_name}), but \
         {longer_hop} gives up after {longer} ({longer_name}): with the pool empty, clients get 504 and \
         never the error that says why",
        "{shorter_hop} はプールの接続を最大 {shorter} 待ちますが（{shorter_name}）、{longer_hop} は \
         {longer} で打ち切ります（{longer_name}）。プールが空になると、理由を示すエラーではなく 504 が返\
         ります",
    ),
    ..LADDER
};

/// What a program allows a request, and the calls it makes for it.
pub(crate) static CALLS_OF_A_PROGRAM: Order = Order {
    shape: Shape::Link,
    longer: Term { site: Site::From, keys: &[Key::RequestTimeout] },
    shorter: Term { site: Site::Link, keys: CALLS },
    when: &[
        CALLS_STATED,
        Guard::Bounded(Site::Link, CALLS),
        Guard::Is(Site::From, &[Task::App]),
        Guard::RunsNot(Site::From, LAMBDA),
    ],
    says: Text::new(
        "{longer_hop} ends a request after {longer} ({longer_name}), but waits {shorter} for a call that it \
         makes in it ({shorter_name}): the request ends before the call can fail",
        "{longer_hop} はリクエストを {longer} で打ち切りますが（{longer_name}）、その中の呼び出しを最大 \
         {shorter} 待ちます（{shorter_name}）。呼び出しの失敗を扱う前にリクエストが終わります",
    ),
    ..LADDER
};

/// A function's timeout, and the calls it makes.
pub(crate) static CALLS_OF_A_FUNCTION: Order = Order {
    shape: Shape::Link,
    longer: Term { site: Site::From, keys: &[Key::RequestTimeout] },
    shorter: Term { site: Site::Link, keys: CALLS },
    when: &[CALLS_STATED, Guard::Bounded(Site::Link, CALLS), Guard::Runs(Site::From, LAMBDA)],
    says: Text::new(
        "the function {longer_hop} is ended after {longer} ({longer_name}), but waits {shorter} for a call \
         ({shorter_name}): when the call is slow, the function ends without an answer",
        "関数 {longer_hop} は {longer} で終了させられますが（{longer_name}）、呼び出しを最大 {shorter} 待ち\
         ます（{shorter_name}）。呼び出しが遅いと、応答しないまま終了します",
    ),
    ..LADDER
};

/// The time after which a supervisor kills a worker, and the calls that the worker makes.
pub(crate) static CALLS_OF_A_WORKER: Order = Order {
    shape: Shape::Link,
    longer: Term { site: Site::From, keys: &[Key::WorkerTimeout] },
    shorter: Term { site: Site::Link, keys: CALLS },
    when: &[CALLS_STATED, Guard::Bounded(Site::Link, CALLS)],
    says: Text::new(
        "a worker of {longer_hop} is killed after {longer} in one request ({longer_name}), but may wait \
         {shorter} for a call ({shorter_name}): when the call is slow, the client gets 502 instead of an \
         error",
        "{longer_hop} のワーカーは 1 件の処理が {longer} を超えると強制終了されますが（{longer_name}）、呼び\
         出しを最大 {shorter} 待ちます（{shorter_name}）。呼び出しが遅いと、エラーではなく 502 が返ります",
    ),
    ..LADDER
};
