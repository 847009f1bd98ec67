//! What is said of a difference, and how bad it is.

use model::config::Severity;
use model::{Statement, Text};

use super::changes::{Change, What};
use super::types::Answer;

/// How bad a difference is, with and without an operation that is known to break. That it is there
/// is certain: both revisions are written.
pub(super) fn severity(change: &Change, breaks: bool) -> Severity {
    let outright = match &change.what {
        // Fragments and caches know types by their names; other clients see no difference.
        What::Default | What::Answer(Answer::OtherScalar | Answer::OtherName) => {
            return Severity::Note;
        }
        // The request is answered; whether the client stands it, only its code tells.
        What::Answer(Answer::MayBeNull) => Severity::Note,
        What::Answer(Answer::OtherForm) => return Severity::Warning,
        _ if change.deprecated => Severity::Note,
        _ => Severity::Warning,
    };
    match (outright, breaks) {
        (severity, false) => severity,
        (Severity::Note, true) => Severity::Warning,
        (_, true) => Severity::Error,
    }
}

/// The finding in a sentence; `operations` is empty if none is known to break.
pub(super) fn says(change: &Change, operations: &str) -> Statement {
    let used = !operations.is_empty();
    let text = match &change.what {
        What::Gone if change.deprecated && used => DEPRECATED_USED,
        What::Gone if change.deprecated => DEPRECATED,
        What::Gone if used => GONE_USED,
        What::Gone => GONE,
        What::Root if used => ROOT_USED,
        What::Root => ROOT,
        What::NewRequired | What::Required if used => REQUIRED_USED,
        What::NewRequired | What::Required => REQUIRED,
        What::Answer(Answer::MayBeNull) => NULLABLE,
        What::Answer(Answer::OtherName) => RENAMED,
        What::Answer(Answer::OtherSelection) if used => SELECTION_USED,
        What::Answer(Answer::OtherSelection) => SELECTION,
        What::Answer(_) => ANSWER,
        What::SentType if used => SENT_USED,
        What::SentType => SENT,
        What::Member { .. } if used => MEMBER_USED,
        What::Member { .. } => MEMBER,
        What::Kind => KIND,
        What::Default => DEFAULT,
    };
    let (object, of) = match &change.what {
        What::Member { object, of } => (&**object, of.join(", ")),
        _ => ("", String::new()),
    };
    Statement::plain(text)
        .with("coordinate", &change.coordinate)
        .with("operations", operations)
        .with("before", &change.before)
        .with("now", &change.now)
        .with("object", object)
        .with("of", of)
}

/// What ends it.
pub(super) fn remedy(change: &Change) -> Statement {
    let text = match &change.what {
        What::Gone if change.deprecated => KEEP_LONGER,
        What::Gone | What::Root | What::Member { .. } => KEEP,
        What::NewRequired | What::Required => OPTIONAL,
        What::Default => SAY,
        What::Answer(Answer::MayBeNull) => STRICT,
        What::Answer(_) | What::SentType | What::Kind => BESIDE,
    };
    let coordinate = match &change.what {
        What::Member { object, of } => format!("{object} ({})", of.join(", ")),
        _ => change.coordinate.clone(),
    };
    Statement::plain(text).with("coordinate", coordinate).with("before", &change.before)
}

const GONE: Text = Text::new(
    "{coordinate} is gone from the GraphQL schema and was not @deprecated before: clients that still run \
     and use it are refused",
    "GraphQL スキーマから {coordinate} がなくなりましたが、事前に @deprecated になっていません。これを使う稼働中の\
     クライアントは拒否されます",
);
const GONE_USED: Text = Text::new(
    "{coordinate} is gone from the GraphQL schema and was not @deprecated before, but {operations} of the \
     earlier revision used it: until the last client of that revision is gone, it is refused",
    "GraphQL スキーマから {coordinate} が @deprecated を経ずになくなりましたが、以前のリビジョンの {operations} が\
     使っています。その版のクライアントがなくなるまで拒否されます",
);
const DEPRECATED: Text = Text::new(
    "{coordinate} was @deprecated and is gone from the GraphQL schema now: clients that were never updated \
     are refused",
    "@deprecated だった {coordinate} が GraphQL スキーマからなくなりました。更新されていないクライアントは拒否され\
     ます",
);
const DEPRECATED_USED: Text = Text::new(
    "{coordinate} was @deprecated and is gone from the GraphQL schema now, but {operations} of the earlier \
     revision still used it: until the last client of that revision is gone, it is refused",
    "@deprecated だった {coordinate} が GraphQL スキーマからなくなりましたが、以前のリビジョンの {operations} がま\
     だ使っています。その版のクライアントがなくなるまで拒否されます",
);
const ROOT: Text = Text::new(
    "the GraphQL schema has no {coordinate} any more: every {coordinate} of clients that still run is refused",
    "GraphQL スキーマに {coordinate} がなくなりました。稼働中のクライアントの {coordinate} はすべて拒否されます",
);
const ROOT_USED: Text = Text::new(
    "the GraphQL schema has no {coordinate} any more: {operations} of the earlier revision, and every other \
     {coordinate}, are refused",
    "GraphQL スキーマに {coordinate} がなくなりました。以前のリビジョンの {operations} など、{coordinate} はすべて拒\
     否されます",
);
const REQUIRED: Text = Text::new(
    "{coordinate} is required now ({now}): clients that still run and do not send it are refused",
    "{coordinate} が必須（{now}）になりました。これを送らない稼働中のクライアントは拒否されます",
);
const REQUIRED_USED: Text = Text::new(
    "{coordinate} is required now ({now}), and {operations} of the earlier revision may leave it out: until \
     the last client of that revision is gone, it is refused",
    "{coordinate} が必須（{now}）になりましたが、以前のリビジョンの {operations} は省略することがあります。その版\
     のクライアントがなくなるまで拒否されます",
);
const NULLABLE: Text = Text::new(
    "{coordinate} may be null now ({before} before, {now} now): clients that still run rely on a value",
    "{coordinate} が null になりえます（以前は {before}、現在は {now}）。稼働中のクライアントは値があることを前提に\
     しています",
);
const RENAMED: Text = Text::new(
    "{coordinate} is {now} and no longer {before}: fragments on {before} and caches that know it by its name \
     no longer match",
    "{coordinate} が {before} ではなく {now} になりました。{before} に対するフラグメントや型名によるキャッシュは一致\
     しなくなります",
);
const SELECTION: Text = Text::new(
    "{coordinate} is {now} and no longer {before}, of which other fields are asked: clients that still run \
     are refused",
    "{coordinate} が {before} ではなく {now} になり、選べるフィールドが異なります。稼働中のクライアントは拒否されま\
     す",
);
const SELECTION_USED: Text = Text::new(
    "{coordinate} is {now} and no longer {before}, and what {operations} of the earlier revision asked of it \
     is not there: until the last client of that revision is gone, it is refused",
    "{coordinate} が {before} ではなく {now} になり、以前のリビジョンの {operations} が求める内容がありません。その\
     版のクライアントがなくなるまで拒否されます",
);
const ANSWER: Text = Text::new(
    "{coordinate} answers {now} and no longer {before}: clients that still run read it wrongly or fail",
    "{coordinate} の応答が {before} ではなく {now} になりました。稼働中のクライアントは誤って読むか、失敗します",
);
const SENT: Text = Text::new(
    "{coordinate} takes {now} and no longer {before}: clients that still run and send a variable of the old \
     type are refused",
    "{coordinate} が {before} ではなく {now} を受け取るようになりました。古い型の変数を送る稼働中のクライアントは拒\
     否されます",
);
const SENT_USED: Text = Text::new(
    "{coordinate} takes {now} and no longer {before}, which {operations} of the earlier revision sent: until \
     the last client of that revision is gone, it is refused",
    "{coordinate} が {before} ではなく {now} を受け取るようになりましたが、以前のリビジョンの {operations} は古い型\
     を送ります。その版のクライアントがなくなるまで拒否されます",
);
const MEMBER: Text = Text::new(
    "{object} is no longer one of {of}: clients that still run and ask for it there with a fragment are \
     refused",
    "{object} が {of} に含まれなくなりました。そこでフラグメントを使う稼働中のクライアントは拒否されます",
);
const MEMBER_USED: Text = Text::new(
    "{object} is no longer one of {of}, and {operations} of the earlier revision asked for it there with a \
     fragment: until the last client of that revision is gone, it is refused",
    "{object} が {of} に含まれなくなりましたが、以前のリビジョンの {operations} がそこでフラグメントを使っています。\
     その版のクライアントがなくなるまで拒否されます",
);
const KIND: Text = Text::new(
    "{coordinate} was a GraphQL {before} and is {now}: clients that still run write it otherwise and are \
     refused",
    "{coordinate} が GraphQL の {before} から {now} になりました。稼働中のクライアントは書き方が異なり、拒否されます",
);
const DEFAULT: Text = Text::new(
    "the default of {coordinate} is {now} and no longer {before}: clients that leave it out get something \
     else",
    "{coordinate} の既定値が {before} ではなく {now} になりました。省略するクライアントの結果が変わります",
);

const KEEP: Text = Text::new(
    "keep {coordinate}, mark it @deprecated, and remove it when no client uses it any more",
    "{coordinate} を残して @deprecated を付け、使うクライアントがなくなってから削除します",
);
const KEEP_LONGER: Text = Text::new(
    "keep {coordinate} until no client of an earlier revision runs any more",
    "以前のリビジョンのクライアントがなくなるまで {coordinate} を残します",
);
const OPTIONAL: Text = Text::new(
    "give {coordinate} a default, or let it be null, until every client sends it",
    "すべてのクライアントが送るようになるまで、{coordinate} に既定値を付けるか null を許します",
);
const STRICT: Text = Text::new(
    "leave {coordinate} {before}, and add a field that may be null beside it",
    "{coordinate} は {before} のままにし、null になりうるフィールドを別に追加します",
);
const BESIDE: Text = Text::new(
    "leave {coordinate} as it was, add the new one beside it under another name, and mark the old one \
     @deprecated",
    "{coordinate} はそのまま残し、別名で新しいものを追加して、古いほうに @deprecated を付けます",
);
const SAY: Text = Text::new(
    "let the clients send {coordinate} themselves before its default changes",
    "既定値を変える前に、クライアントが {coordinate} を明示的に送るようにします",
);
