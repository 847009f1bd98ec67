//! Sentences that several causes say of one signal. Whoever reads two reports reads the same words
//! for the same observation; a cause with more to say of it has a sentence of its own.

use model::Text;

/// How long after a deploy the failures began: [`model::Signal::DeployLead`].
pub(crate) const AFTER_DEPLOY: Text = Text::new(
    "The first failure came {value} after a deploy.",
    "最初の失敗はデプロイの {value} 後でした。",
);

/// The share of the most frequent path: [`model::Signal::TopPathShare`].
pub(crate) const ONE_PATH: Text = Text::new(
    "{value} of them are for one path, {top_path}.",
    "{value} が同じパス {top_path} へのリクエストです。",
);

/// Targets that health checks took out: [`model::Signal::HealthDowns`].
pub(crate) const TARGETS_DOWN: Text = Text::new(
    "Health checks marked {value} targets down at the same time.",
    "同じころ、ヘルスチェックが {value} 個のターゲットを停止と判定しました。",
);

/// The rate against what it is otherwise: [`model::Signal::LoadRise`].
pub(crate) const LOAD: Text = Text::new(
    "The request rate was {value} of its rate outside the window.",
    "リクエスト数は期間外の {value} でした。",
);

/// The share of the most frequent target: [`model::Signal::TopTargetShare`].
pub(crate) const ONE_TARGET: Text = Text::new(
    "{value} of them are on one target, {top_target}.",
    "{value} が 1 つのターゲット {top_target} に集中しています。",
);

/// Healthy requests against what they take otherwise: [`model::Signal::LatencyRise`].
pub(crate) const SLOWER: Text = Text::new(
    "Healthy requests took {value} as long as outside the window.",
    "正常なリクエストの所要時間も、期間外の {value} になっていました。",
);

/// Errors that the application did not handle: [`model::Signal::ApplicationErrors`].
pub(crate) const UNHANDLED_ERRORS: Text = Text::new(
    "The application logged {value} unhandled errors in the window.",
    "この期間にアプリケーションは {value} 件の未処理エラーを記録しました。",
);

/// Answers that came too soon for an attempt: [`model::Signal::ShortWaitShare`].
pub(crate) const NO_ATTEMPT: Text = Text::new(
    "{value} of these requests were answered within 50 ms, without any attempt.",
    "これらのリクエストの {value} が、接続を試みることなく 50 ms 以内に応答されました。",
);

/// Calls outward that ended on connections which had stood: [`model::Signal::EgressEndedShare`].
pub(crate) const LOST_CALLS_HAD_STOOD: Text = Text::new(
    "{value} of the calls that the application lost there ended with a connection that had stood: \
    none was refused, timed out or answered with an error.",
    "その宛先への失敗した呼び出しの {value} は、確立済みの接続が終わったものです。接続の拒否、タイムア\
    ウト、エラー応答ではありません。",
);

/// The share of the fullest minute: [`model::Signal::BurstShare`].
pub(crate) const ONE_MINUTE: Text =
    Text::new("{value} of them fall into one minute.", "{value} が 1 分間に集中しています。");

/// Between `external-dependency-outage` and `idle-flow-dropped`.
pub(crate) const FIRST_AFTER_A_PAUSE: Text = Text::new(
    "Whether the first call after a pause fails and the next ones succeed, or calls fail \
    whatever came before them.",
    "休止後の最初の呼び出しだけが失敗し次は成功するか、直前の状況によらず失敗するかです。",
);

/// Between `external-dependency-outage` and `keepalive-race`.
pub(crate) const ALSO_IN_OTHER_WAYS: Text = Text::new(
    "Whether the calls also fail in other ways (refused, timed out, answered with an \
    error), or only where a connection that had been idle ends.",
    "呼び出しがほかの形(拒否、タイムアウト、エラー応答)でも失敗するか、アイドルだった接\
    続の終了だけかです。",
);
