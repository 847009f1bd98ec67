//! A few causes, written for these tests alone.

use model::{
    Cause, Claim, Condition, Direction, Drill, Evidence, Mechanism, Place, Predicts, Remedy, Rival,
    Shows, Signal, Test, Text, Visibility,
};

const NOTHING: Shows = Shows {
    claims: &[],
    claims_effects: false,
    needs: &[],
    supports: &[],
    rules_out: &[],
    rivals: &[],
    visible: &[],
};

pub(crate) static DEPLOY: Cause = Cause {
    slug: "deploy-surge",
    title: Text::new(
        "A release starts many instances at once",
        "リリースで多数のインスタンスが同時に起動する",
    ),
    explanation: Text::new(
        "All instances of the new revision open their connections within the same seconds.",
        "新しいリビジョンの全インスタンスが、同じ数秒の間に一斉に接続を開きます。",
    ),
    place: Place::Release,
    statuses: &[502, 503, 504],
    leads_to: &["nat-port-exhaustion"],
    source: "//! # Deploy surge\n//!\n//! Text.\n",
    shows: NOTHING,
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[],
};

pub(crate) static NAT: Cause = Cause {
    slug: "nat-port-exhaustion",
    title: Text::new("The NAT has no port left", "NAT のポートが足りない"),
    explanation: Text::new(
        "Each open connection to the same destination needs a source port of its own; when the instance's share is used up, the NAT drops the packets of new connections.",
        "同じ宛先への接続は 1 本ごとに送信元ポートを 1 つ使います。インスタンスに割り当てられたポートを使い切ると、NAT は新しい接続のパケットを破棄します。",
    ),
    place: Place::Egress,
    statuses: &[502, 504],
    leads_to: &["target-connect-timeout"],
    source: include_str!("nat_page.txt"),
    shows: Shows {
        claims: &[Claim::of(&[Mechanism::ConnectTimeout])],
        claims_effects: true,
        needs: &[Test::new(
            Signal::NatDrops,
            Condition::AtLeast(1.0),
            Text::new(
                "The NAT dropped {value} packets for want of a port.",
                "NAT がポート不足のためパケットを {value} 破棄しました。",
            ),
        )
        .proves()],
        supports: &[
            Test::new(
                Signal::LongWaitShare,
                Condition::AtLeast(0.5),
                Text::new(
                    "{value} of the failures waited one second or longer.",
                    "失敗の {value} が 1 秒以上待っています。",
                ),
            ),
            Test::new(
                Signal::DeployLead,
                Condition::AtMost(120.0),
                Text::new(
                    "The first failure came {value} after the deploy of {revision}.",
                    "最初の失敗は {revision} のデプロイから {value} で起きています。",
                ),
            )
            .independent(),
            Test::new(
                Signal::LoadRise,
                Condition::AtLeast(1.5),
                Text::new(
                    "The request rate was {value} what it is outside the window.",
                    "リクエスト数は、発生時間帯の外の {value} でした。",
                ),
            ),
        ],
        rules_out: &[Test::new(
            Signal::NatDropFocus,
            Condition::AtMost(0.0),
            Text::new(
                "{value} of the NAT's drops fall into the window.",
                "NAT の破棄のうち、この時間帯に起きたものは{value}です。",
            ),
        )],
        rivals: &[Rival {
            slug: "dns-lookup-failure",
            separates: Text::new(
                "Failed lookups name the resolver; a full NAT leaves SYNs unanswered.",
                "名前解決の失敗では記録にリゾルバーの名前が残り、NAT のポート不足では SYN に応答がありません。",
            ),
        }],
        visible: &[NAT_LOGS],
    },
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[
        Remedy {
            product: "Cloud NAT",
            action: Text::new(
                "Raise the ports per VM to at least {ports_needed}.",
                "VM あたりの最小ポート数を {ports_needed} 以上に増やします。",
            ),
            setting: "min-ports-per-vm",
            direction: Direction::Raise,
            snippet: "gcloud compute routers nats update NAT --router=ROUTER --region=REGION \\\n  --min-ports-per-vm=512",
            verify: Text::new(
                "no entry with allocation_status DROPPED appears during the next release.",
                "次のリリースの間に allocation_status が DROPPED の記録が 1 件も出ないことを確認します。",
            ),
            arithmetic: Some(Text::new(
                "{connections} connections to one destination / {instances} instances = {ports_needed} ports each; 64 are reserved.",
                "同じ宛先への接続 {connections} 本 ÷ インスタンス {instances} 台 = 1 台あたり {ports_needed} ポート。現在の割り当ては 64 です。",
            )),
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Reuse connections to the destination instead of opening one for each call.",
                "呼び出しのたびに接続を開くのをやめ、接続を再利用します。",
            ),
            setting: "keepAlive",
            direction: Direction::Change,
            snippet: "const agent = new https.Agent({ keepAlive: true, maxSockets: 50 })",
            verify: Text::new(
                "the number of new connections per second falls below the request rate.",
                "1 秒あたりの新規接続数がリクエスト数を下回ることを確認します。",
            ),
            arithmetic: Some(Text::new(
                "{unknown_figure} is not measured.",
                "{unknown_figure} は測定していません。",
            )),
        },
        Remedy {
            product: "Cloud NAT",
            action: Text::new(
                "Turn on dynamic port allocation.",
                "動的ポート割り当てを有効にします。",
            ),
            setting: "enable-dynamic-port-allocation",
            direction: Direction::Set,
            snippet: "",
            verify: Text::new(
                "port usage grows with the load.",
                "ポートの使用数が負荷に応じて増えることを確認します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new("Roll the release out in steps.", "リリースを段階的に進めます。"),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "no step shows failures.",
                "どの段階でも失敗が出ないことを確認します。",
            ),
            arithmetic: None,
        },
    ],
};

pub(crate) static NAT_LOGS: Visibility = Visibility {
    signal: Signal::NatDrops,
    what: Text::new("packets the NAT dropped", "NAT が破棄したパケット"),
    how: &[Evidence {
        product: "Cloud NAT",
        command: "gcloud compute routers nats update NAT --router=ROUTER --enable-logging --log-filter=ERRORS_ONLY",
    }],
};

pub(crate) static REUSE_LOGS: Visibility = Visibility {
    signal: Signal::ReusedShare,
    what: Text::new(
        "whether a request failed on a new or on a reused connection",
        "失敗したリクエストの接続が新規か再利用か",
    ),
    how: &[
        Evidence {
            product: "nginx",
            command: "log_format why502 '$remote_addr $upstream_addr $upstream_connect_time';\naccess_log /var/log/nginx/why502.log why502;",
        },
        Evidence { product: "Node.js", command: "NODE_DEBUG=http node server.js" },
    ],
};

pub(crate) static CONNECT: Cause = Cause {
    slug: "target-connect-timeout",
    title: Text::new("Connecting to the target times out", "接続先への接続がタイムアウトする"),
    explanation: Text::new("Nobody answers the SYN.", "SYN に応答がありません。"),
    place: Place::Connect,
    statuses: &[504],
    leads_to: &[],
    source: "",
    shows: NOTHING,
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[],
};

pub(crate) static DNS: Cause = Cause {
    slug: "dns-lookup-failure",
    title: Text::new("The target's name cannot be resolved", "接続先の名前を解決できない"),
    explanation: Text::new(
        "The resolver fails or does not answer.",
        "リゾルバーがエラーを返すか、応答しません。",
    ),
    place: Place::Dns,
    statuses: &[502],
    leads_to: &[],
    source: "",
    shows: NOTHING,
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[],
};

pub(crate) static IDLE: Cause = Cause {
    slug: "keepalive-idle-race",
    title: Text::new(
        "The target closes idle connections before the proxy does",
        "アイドル接続をプロキシより先に接続先が閉じる",
    ),
    explanation: Text::new(
        "The proxy sends a request on a pooled connection at the moment the target's idle timer closes it.",
        "接続先のアイドルタイマーが接続を閉じる瞬間に、プロキシがその接続へリクエストを送ります。",
    ),
    place: Place::Reuse,
    statuses: &[502],
    leads_to: &[],
    source: "//! # Idle race\n",
    shows: NOTHING,
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[Remedy {
        product: "Node.js",
        action: Text::new(
            "Set the server's idle timeout above the load balancer's 60 s.",
            "サーバーのアイドルタイムアウトを、ロードバランサーの 60 秒より長くします。",
        ),
        setting: "server.keepAliveTimeout",
        direction: Direction::Raise,
        snippet: "server.keepAliveTimeout = 65_000;",
        verify: Text::new(
            "no 502 within 5 ms on reused connections for a day.",
            "再利用した接続で 5 ms 以内に返る 502 が、1 日の間に 1 件も出ないことを確認します。",
        ),
        arithmetic: None,
    }],
};

pub(crate) static OOM: Cause = Cause {
    slug: "memory-limit-kill",
    title: Text::new(
        "The process is killed for its memory",
        "メモリ超過でプロセスが強制終了される",
    ),
    explanation: Text::new(
        "The kernel ends the process and every request it was working on.",
        "カーネルがプロセスを終了させ、処理中のリクエストもすべて失われます。",
    ),
    place: Place::Process,
    statuses: &[502, 503],
    leads_to: &[],
    source: "//! # Killed\n",
    shows: NOTHING,
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[Remedy {
        product: "Kubernetes",
        action: Text::new(
            "Raise the container's memory limit.",
            "コンテナのメモリ上限を増やします。",
        ),
        setting: "resources.limits.memory",
        direction: Direction::Raise,
        snippet: "",
        verify: Text::new(
            "the working set stays below 80 % of the limit under load.",
            "負荷がかかった状態でも、使用量が上限の 80 % を下回ることを確認します。",
        ),
        arithmetic: None,
    }],
};

pub(crate) static LEFT: Cause = Cause {
    slug: "client-left",
    title: Text::new("The client left", "クライアントが離れた"),
    explanation: Text::new(
        "The client closed its connection before the answer was ready.",
        "応答の前にクライアントが接続を閉じました。",
    ),
    place: Place::ClientEdge,
    statuses: &[499],
    leads_to: &[],
    source: "",
    shows: NOTHING,
    predicts: Predicts::NotYet("not part of this test"),
    drill: Drill::NotYet("not part of this test"),
    remedies: &[],
};

pub(crate) static EVERYWHERE: Visibility = Visibility {
    signal: Signal::ShortWaitShare,
    what: Text::new("how long each request had waited", "各リクエストの待ち時間"),
    how: &[
        Evidence { product: "nginx", command: "log_format why502 'one'\n  'two';" },
        Evidence { product: "HAProxy", command: "option httplog" },
        Evidence { product: "Google Cloud Load Balancing", command: "gcloud one" },
        Evidence { product: "any", command: "look into the application's log" },
    ],
};

pub(crate) static ALSO_EVERYWHERE: Visibility = Visibility {
    signal: Signal::TopTargetShare,
    what: Text::new("which target each request went to", "各リクエストの送り先"),
    how: &[Evidence { product: "nginx", command: "log_format why502 'one'\n  'two';" }],
};
