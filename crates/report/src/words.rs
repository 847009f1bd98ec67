//! Every fixed word of the reports, in both languages. `{name}` marks a value.

use model::{HopKind, Place, Text, Verdict};

const fn t(en: &'static str, ja: &'static str) -> Text {
    Text::new(en, ja)
}

/// A counted noun: English has a form for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) one: Text,
    pub(crate) many: Text,
}

const fn counted(one: &'static str, many: &'static str, ja: &'static str) -> Counted {
    Counted { one: t(one, ja), many: t(many, ja) }
}

// Time.
pub(crate) const POINT: Text = t("{at} UTC", "{at} UTC");
pub(crate) const SPAN: Text =
    t("{start} to {end} UTC ({length})", "{start} ～ {end} UTC（{length}）");

// What was read.
pub(crate) const READ: Text = t("What was read", "読み込んだもの");
pub(crate) const SOURCES: Counted = counted("{n} source", "{n} sources", "入力 {n} 件");
pub(crate) const LINES: Counted = counted("{n} line", "{n} lines", "{n} 行");
pub(crate) const MORE: Text = t("and {n} more", "ほか {n} 件");
pub(crate) const DIALECTS: Text = t("Formats: ", "形式: ");
pub(crate) const NO_DIALECTS: Text =
    t("Formats: none recognised", "形式: 認識できたものはありません");
pub(crate) const HOP: Text = t("hop", "ホップ");
pub(crate) const KIND: Text = t("kind", "種類");
pub(crate) const FORMAT: Text = t("format", "形式");
pub(crate) const REQUESTS: Text = t("requests", "リクエスト");
pub(crate) const FAILURES: Text = t("failed", "失敗");
pub(crate) const MEDIAN: Text = t("median", "中央値");
pub(crate) const P95: Text = t("p95", "p95");
pub(crate) const HEALTHY_DURATIONS: Text = t(
    "Median and p95: duration of successful requests.",
    "中央値と p95 は、成功したリクエストの所要時間です。",
);
pub(crate) const NOT_UNDERSTOOD: Counted = counted(
    "Not understood: {n} line ({share})",
    "Not understood: {n} lines ({share})",
    "解釈できなかった行: {n} 行（{share}）",
);
pub(crate) const FOR_EXAMPLE: Text = t(", for example", "。例:");
pub(crate) const ASSUMED: Text = t("Assumed: ", "仮定: ");
pub(crate) const CLOCK: Counted = counted(
    "Clock of {stream}: {offset} applied to agree with {reference} ({n} request seen by both)",
    "Clock of {stream}: {offset} applied to agree with {reference} ({n} requests seen by both)",
    "{stream} の時刻: {reference} に合わせるため {offset} 補正しました（両方に記録されたリクエスト {n} 件から推定）",
);
pub(crate) const PROBLEM: Text = t("Problem: ", "入力の問題: ");
pub(crate) const PROBLEM_WITH: Text = t("Problem: {source}: ", "入力の問題: {source}: ");
pub(crate) const WITHIN: Text = t("in ", "ディレクトリー: ");
pub(crate) const UNDATED_READ: Text =
    t("Undated: no record states its time.", "時刻なし: 時刻のある記録がありません。");

// Nothing found.
pub(crate) const NOTHING_UNDERSTOOD: Text = t(
    "No verdict: none of these lines is in a format why502 knows.",
    "判断できません。why502 が知っている形式の行が 1 行もありませんでした。",
);
pub(crate) const NOTHING_READ: Text =
    t("No verdict: there was nothing to read.", "判断できません。読み込む内容がありませんでした。");
pub(crate) const NO_REQUESTS: Text = t(
    "No failures, but no requests either: this evidence holds no record of a request, so it cannot show whether any failed.",
    "失敗の記録はありませんが、リクエストの記録自体がありません。この証拠からは、失敗があったかどうかを判断できません。",
);
pub(crate) const RECORDED: Text = t(
    "It does record: {list}. Give the log of the gateway in front as well.",
    "記録されている出来事: {list}。手前のゲートウェイのログも渡してください。",
);
pub(crate) const NO_FAILURES: Counted = counted(
    "No failures: none of {n} request failed{when}.",
    "No failures: none of {n} requests failed{when}.",
    "失敗はありません。{n} 件のリクエストに失敗は 1 件もありませんでした{when}。",
);
pub(crate) const WHEN: Text = t(", {window}", "。期間は {window} です");
pub(crate) const BACKGROUND: Counted = counted(
    "No incident: {n} of {total} requests failed ({share}), too isolated to be called an incident.",
    "No incident: {n} of {total} requests failed ({share}), too few and too scattered to be called an incident.",
    "インシデントはありません。{total} 件のリクエストのうち {n} 件（{share}）が失敗しましたが、少数で散発的なため、インシデントとはみなしません。",
);
pub(crate) const BACKGROUND_ALONE: Counted = counted(
    "No incident: {n} failing request, too isolated to be called an incident.",
    "No incident: {n} failing requests, too few and too scattered to be called an incident.",
    "インシデントはありません。失敗したリクエストは {n} 件ありますが、少数で散発的なため、インシデントとはみなしません。",
);
// Incidents.
pub(crate) const INCIDENT: Text = t("Incident: {window}", "インシデント: {window}");
pub(crate) const INCIDENT_OF: Text =
    t("Incident {i} of {n}: {window}", "インシデント {i}/{n}: {window}");
pub(crate) const WINDOWS: Text = t("{n} windows, {window}", "{n} 回の発生、{window}");
pub(crate) const UNDATED: Text = t("undated", "時刻なし");
pub(crate) const ITS_WINDOW: Text = t("Window (UTC): ", "発生時刻（UTC）: ");
pub(crate) const EACH_WINDOW: Text = t("Windows (UTC): ", "発生時刻（UTC）: ");
pub(crate) const FAILED_OF: Counted = counted(
    "{n} of {total} requests failed ({share})",
    "{n} of {total} requests failed ({share})",
    "{total} 件のリクエストのうち {n} 件が失敗しました（{share}）",
);
pub(crate) const FAILED_ALONE: Counted = counted(
    "{n} failing request; successful ones are not in this evidence",
    "{n} failing requests; successful ones are not in this evidence",
    "失敗したリクエストは {n} 件です（成功したリクエストはこの証拠に含まれていません）",
);
pub(crate) const NO_REQUEST_HERE: Text = t(
    "no request is in this evidence: what follows is told by other records",
    "この証拠にリクエストの記録はありません。以下はほかの記録によるものです",
);
pub(crate) const TOLD_ALONE: Text = t(
    "is what these records tell of; whether requests failed of it, they do not say",
    "これらの記録が示す出来事です。それによりリクエストが失敗したかどうかは記録にありません",
);
pub(crate) const CLIENT_ENDED_OF: Counted = counted(
    "{n} of {total} requests ({share}) ended on the client's side: not a failure of the gateway",
    "{n} of {total} requests ({share}) ended on the client's side: not failures of the gateway",
    "{total} 件のリクエストのうち {n} 件（{share}）がクライアント側の理由で終わりました。ゲートウェイの障害ではありません",
);
pub(crate) const CLIENT_ENDED: Counted = counted(
    "{n} request ended on the client's side: not a failure of the gateway",
    "{n} requests ended on the client's side: not failures of the gateway",
    "{n} 件のリクエストがクライアント側の理由で終わりました。ゲートウェイの障害ではありません",
);
pub(crate) const OF_THESE_CLIENT: Counted = counted(
    "{n} of these ended on the client's side and is not a failure of the gateway.",
    "{n} of these ended on the client's side and are not failures of the gateway.",
    "このうち {n} 件はクライアント側の理由で終わったもので、ゲートウェイの障害ではありません。",
);
pub(crate) const NO_CAUSE_FITS: Text =
    t("This evidence names no cause.", "この証拠からは原因を特定できません。");

// Findings.
pub(crate) const NAMED: Text = t("{title} ({slug})", "{title}（{slug}）");
pub(crate) const EXPLAINS: Counted = counted(
    "explains {n} of {total} failing requests ({share})",
    "explains {n} of {total} failing requests ({share})",
    "失敗したリクエスト {total} 件のうち {n} 件（{share}）を説明します",
);
pub(crate) const EXPLAINS_ALONE: Counted = counted(
    "explains {n} failing request",
    "explains {n} failing requests",
    "失敗したリクエスト {n} 件を説明します",
);
pub(crate) const MIGHT_EXPLAIN: Counted = counted(
    "would explain {n} of {total} failing requests ({share})",
    "would explain {n} of {total} failing requests ({share})",
    "この原因であれば、失敗したリクエスト {total} 件のうち {n} 件（{share}）を説明できます",
);
pub(crate) const MIGHT_EXPLAIN_ALONE: Counted = counted(
    "would explain {n} failing request",
    "would explain {n} failing requests",
    "この原因であれば、失敗したリクエスト {n} 件を説明できます",
);
pub(crate) const ACCOUNTS: Counted = counted(
    "accounts for {n} of {total} such requests ({share}); not a failure of the gateway",
    "accounts for {n} of {total} such requests ({share}); not failures of the gateway",
    "{total} 件のうち {n} 件（{share}）に当てはまります。ゲートウェイの障害ではありません",
);
pub(crate) const ACCOUNTS_ALONE: Counted = counted(
    "accounts for {n} request that ended on the client's side; not a failure of the gateway",
    "accounts for {n} requests that ended on the client's side; not failures of the gateway",
    "クライアント側の理由で終わったリクエスト {n} 件に当てはまります。ゲートウェイの障害ではありません",
);
pub(crate) const DIFFERS: Text = t("What differs from incident {i}", "インシデント {i} と異なる点");
pub(crate) const NOT_HERE: Text = t(
    "Not seen here, only in incident {i}: ",
    "ここでは見られず、インシデント {i} だけにあるもの: ",
);
pub(crate) const REST_BEFORE: Text = t(
    "Same cause as in incident {i}; only what differs follows.",
    "インシデント {i} と同じ原因です。異なる点だけを示します。",
);
pub(crate) const CLIENT_EXAMPLES: Text = t("Such requests, for example", "該当するリクエストの例");
pub(crate) const COLON: Text = t(": ", ": ");
pub(crate) const MORE_VERBOSE: Text =
    t("and {n} more (-v shows all)", "ほか {n} 件（-v ですべて表示）");
pub(crate) const ITEMS: Text = t("; ", "、");
pub(crate) const HOW_VERBOSE: Text = t(" (-v shows how to see it)", "（取得方法は -v で表示）");
pub(crate) const SEE_ABOVE: Text = t("{what}: see above", "{what}: 前述");
pub(crate) const IN_FULL_ABOVE: Text = t(" (in full above)", "（全文は前述）");
pub(crate) const CHAIN: Text = t("From the cause to the symptom", "原因から症状まで");
pub(crate) const SPEAKS_FOR: Text = t("What speaks for it", "この原因を示すもの");
pub(crate) const NO_TIME: Text = t(" [when it happened is not on record]", "［時刻の記録なし］");
pub(crate) const INDEPENDENT: Text = t(" [independent evidence]", "［独立した証拠］");
pub(crate) const FAILING: Text = t("Failing requests, for example", "失敗したリクエストの例");
pub(crate) const RULED_OUT: Text = t("Ruled out", "除外した原因");
pub(crate) const RIVALS: Text = t("Could not be ruled out", "除外できなかった原因");
pub(crate) const DECIDES: Text = t("What would decide: ", "決め手: ");
pub(crate) const MISSING: Text = t("Not visible in this evidence", "この証拠では確認できないこと");
pub(crate) const TO_DO: Text = t("What to do", "対処");
pub(crate) const TO_DO_IF: Text =
    t("What to do if this is the cause", "これが原因である場合の対処");
pub(crate) const SETTING: Text = t("Setting: ", "設定: ");
pub(crate) const WORKED: Text = t("It worked if: ", "効果の確認: ");
pub(crate) const ARITHMETIC: Text = t("Arithmetic: ", "計算: ");
pub(crate) const TO_DO_BEFORE: Text = t("see incident {i}", "インシデント {i} を参照してください");
pub(crate) const MORE_REMEDIES: Text = t(
    "-v shows them all in full; so does why502 explain {slug}",
    "-v ですべての詳細を表示（why502 explain {slug} でも可）",
);
pub(crate) const UNEXPLAINED: Counted = counted(
    "Unexplained: {n} failing request",
    "Unexplained: {n} failing requests",
    "説明できない失敗: {n} 件",
);

// Conclusion.
pub(crate) const CONCLUSION: Text = t("In short", "要点");
pub(crate) const IN_INCIDENT: Text = t("{verdict} (incident {i})", "{verdict}（インシデント {i}）");
pub(crate) const IN_INCIDENTS: Text =
    t("{verdict} (incidents {i})", "{verdict}（インシデント {i}）");
pub(crate) const CAUSE_IS: Text = t(": {title} ({slug}).", ": {title}（{slug}）。");
pub(crate) const CHAIN_IS: Text = t("Chain: {chain}.", "連鎖: {chain}。");
pub(crate) const CHAIN_OF: Text = t("Chain ({n}): {chain}.", "連鎖（{n} 件）: {chain}。");
pub(crate) const IT: Text = t("It {explains}.", "{explains}。");
pub(crate) const AGAINST: Text = t(
    "Not ruled out: {title} ({slug}). What would decide: ",
    "除外できていない原因: {title}（{slug}）。決め手: ",
);
pub(crate) const FIRST: Text = t("First: ", "まず: ");
pub(crate) const FIRST_IF: Text = t("If so, first: ", "そうであれば、まず: ");
pub(crate) const TO_DECIDE: Text = t("To decide, make visible: ", "判断に必要な記録: ");
pub(crate) const NEXT: Text = t("Next: ", "次: ");
pub(crate) const FURTHER: Text = t("Further, smaller: ", "ほかに、より小さいもの: ");
pub(crate) const FURTHER_STARTED: Text = t(
    "{effect} ({certain}, {n}; started by {slug}: {verdict})",
    "{effect}（{certain}、{n} 件。きっかけは {slug}: {verdict}）",
);
pub(crate) const PROVED_FOR: Counted = counted(
    "The proof covers {n} of these.",
    "The proof covers {n} of these.",
    "このうち証明の対象は {n} 件です。",
);
pub(crate) const FURTHER_ONE: Text = t("{slug} ({verdict}, {n})", "{slug}（{verdict}、{n} 件）");
pub(crate) const REST_UNEXPLAINED: Counted = counted(
    "{n} of {total} failing requests stays unexplained ({share}).",
    "{n} of {total} failing requests stay unexplained ({share}).",
    "失敗したリクエスト {total} 件のうち {n} 件（{share}）は説明できていません。",
);
pub(crate) const REST_SCATTERED: Counted = counted(
    "{n} of {total} failing requests is isolated and belongs to no incident ({share}).",
    "{n} of {total} failing requests are too scattered to belong to an incident ({share}).",
    "失敗したリクエスト {total} 件のうち {n} 件（{share}）は散発的なため、どのインシデントにも含めていません。",
);
pub(crate) const BETWEEN_SENTENCES: Text = t(" ", "");
pub(crate) const FULL_STOP: Text = t(".", "。");
pub(crate) const LIST: Text = t(", ", "、");

// Pages and lists of causes.
pub(crate) const CAUSE: Text = t("cause", "原因");
pub(crate) const PLACE: Text = t("place", "場所");
pub(crate) const STATUSES: Text = t("status", "ステータス");
pub(crate) const TITLE: Text = t("title", "内容");
pub(crate) const PLACE_OF: Text = t("Place: {place}", "場所: {place}");
pub(crate) const STATUSES_OF: Text = t("Status: {statuses}", "ステータス: {statuses}");
pub(crate) const HOW_IT_SHOWS: Text = t("How it shows", "現れ方");
pub(crate) const NEEDS: Text = t("Needed, each of these", "必要な条件（すべて満たすこと）");
pub(crate) const SUPPORTS: Text = t("Supported by", "裏付けとなるもの");
pub(crate) const RULES_OUT: Text =
    t("Ruled out by any of these", "この原因を除外するもの（いずれか）");
pub(crate) const PROVES: Text = t(" [proves it]", "［これだけで証明になる］");
pub(crate) const MISTAKEN: Text = t("What it is mistaken for", "間違えやすい原因");
pub(crate) const VISIBLE: Text = t("What must be visible, and how", "必要な記録と、その取得方法");
pub(crate) const LEADS_TO: Text = t("Leads to", "引き起こすもの");
pub(crate) const REMEDIES: Text = t("Remedies, in the order of effect", "対処（効果の大きい順）");
pub(crate) const FULL_PAGE: Text =
    t("The full page follows.", "以下は詳しい説明の全文です。全文は英語です。");

// Conditions in words, for `{value}` where nothing was measured.
pub(crate) const AT_LEAST: Text = t("{value} or more", "{value}以上");
pub(crate) const AT_MOST: Text = t("{value} or less", "{value}以下");
pub(crate) const NEVER: Text = t("never", "一度もない");
pub(crate) const TIMES: Text = t("{n} times", "{n} 倍");

/// A verdict before a cause: `consistent with: …`.
pub(crate) const fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Proved => t("Proved", "証明済み"),
        Verdict::Supported => t("Supported by the evidence", "証拠による裏付けあり"),
        Verdict::Consistent => t("Consistent with", "矛盾はないが断定できない"),
        Verdict::CannotTell => t("Cannot tell", "判断できない"),
    }
}

/// What is known of the change or release that started what is proved: stands before its name.
pub(crate) const fn started_by(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Proved => t("What started it, proved", "きっかけ（証明済み）"),
        Verdict::Supported => {
            t("What started it, supported by the evidence", "きっかけ（証拠による裏付けあり）")
        }
        Verdict::Consistent => {
            t("What may have started it, not established", "きっかけの可能性（断定できない）")
        }
        Verdict::CannotTell => {
            t("Whether this started it, the evidence cannot tell", "きっかけかどうか判断できない")
        }
    }
}

/// A verdict as one word among others.
pub(crate) const fn verdict_word(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Proved => t("proved", "証明済み"),
        Verdict::Supported => t("supported", "裏付けあり"),
        Verdict::Consistent => t("consistent", "断定できない"),
        Verdict::CannotTell => t("cannot tell", "判断できない"),
    }
}

/// What a verdict is worth, in one sentence.
pub(crate) const fn worth(verdict: Verdict, stated: bool, has_rivals: bool) -> Text {
    match verdict {
        Verdict::Proved if stated => t("A record states it.", "記録に明記されています。"),
        Verdict::Proved => t(
            "Evidence of more than one kind agrees, and every rival is excluded by evidence.",
            "複数の種類の証拠が一致し、競合する原因はすべて証拠によって除外されています。",
        ),
        Verdict::Supported => t(
            "Everything it needs is there, evidence of another kind agrees, and no rival fits. Not a proof.",
            "必要な条件がそろい、別の種類の証拠とも一致し、競合する原因は当てはまりません。ただし証明ではありません。",
        ),
        Verdict::Consistent if has_rivals => t(
            "Everything it needs is there, but another cause fits too. Not established.",
            "必要な条件はそろっていますが、ほかの原因も当てはまります。確定ではありません。",
        ),
        Verdict::Consistent => t(
            "Everything it needs is there, but no independent evidence supports it. Not established.",
            "必要な条件はそろっていますが、独立した裏付けがありません。確定ではありません。",
        ),
        Verdict::CannotTell => t(
            "The evidence shows too little to decide for or against it.",
            "この証拠だけでは、この原因かどうかを決められません。",
        ),
    }
}

/// A place on the request path.
pub(crate) const fn place(place: Place) -> Text {
    match place {
        Place::ClientEdge => t("client side", "クライアント側"),
        Place::Dns => t("name resolution", "名前解決"),
        Place::Tls => t("TLS", "TLS"),
        Place::Routing => t("routing", "ルーティング"),
        Place::Connect => t("connecting", "接続の確立"),
        Place::Reuse => t("connection reuse", "接続の再利用"),
        Place::ResponseWait => t("response wait", "応答待ち"),
        Place::ResponseFormat => t("response format", "応答の形式"),
        Place::Process => t("process", "プロセス"),
        Place::Capacity => t("capacity", "処理能力"),
        Place::Egress => t("outward calls", "外向き通信"),
        Place::Release => t("release", "リリース"),
    }
}

/// A kind of hop.
pub(crate) const fn hop_kind(kind: HopKind) -> Text {
    match kind {
        HopKind::Cdn => t("CDN", "CDN"),
        HopKind::Edge => t("edge", "エッジ"),
        HopKind::Proxy => t("proxy", "プロキシ"),
        HopKind::Sidecar => t("sidecar", "サイドカー"),
        HopKind::Service => t("service", "サービス"),
        HopKind::Application => t("application", "アプリ"),
    }
}
