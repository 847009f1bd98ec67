//! What a report asks for is read when it comes: outputs of the commands that the reports name, in
//! the form in which the commands print them.

mod support;

use serde_json::Value;

/// A file that a report asks for, what it holds, and what has to be understood of it.
struct Asked {
    file: &'static str,
    text: &'static str,
    /// Kind of occurrence, and how many.
    told: (&'static str, u64),
}

const ASKED: &[Asked] = &[
    Asked {
        file: "counters.txt",
        text: "#kernel\nTcpExtListenOverflows           1042               0.0\n\
               TcpExtListenDrops               1050               0.0\n",
        told: ("listen-overflow", 1042),
    },
    Asked {
        file: "conntrack.txt",
        text: "cpu=0   \tfound=27 invalid=130 insert=0 insert_failed=5 drop=5 early_drop=3 error=0 \
               search_restart=0\n\
               cpu=1   \tfound=11 invalid=95 insert=0 insert_failed=2 drop=2 early_drop=0 error=0 \
               search_restart=0\n",
        told: ("conntrack-full", 3),
    },
    Asked {
        file: "sql.json",
        text: r#"[
  {
    "insertId": "s=1;i=2",
    "logName": "projects/shop/logs/cloudsql.googleapis.com%2Fpostgres.log",
    "receiveTimestamp": "2026-11-21T14:03:09.2Z",
    "resource": {
      "labels": {"database_id": "shop:orders", "project_id": "shop", "region": "europe-west1"},
      "type": "cloudsql_database"
    },
    "severity": "ALERT",
    "textPayload": "2026-11-21 14:03:08.120 UTC [18231]: [1-1] db=orders,user=app FATAL:  remaining connection slots are reserved for non-replication superuser connections",
    "timestamp": "2026-11-21T14:03:08.121Z"
  }
]
"#,
        told: ("database-limit", 1),
    },
    Asked {
        file: "target-health.json",
        text: r#"{
    "TargetHealthDescriptions": [
        {
            "Target": {
                "Id": "10.0.22.31",
                "Port": 8080,
                "AvailabilityZone": "eu-west-1a"
            },
            "HealthCheckPort": "8080",
            "TargetHealth": {
                "State": "unhealthy",
                "Reason": "Target.Timeout",
                "Description": "Request timed out"
            }
        },
        {
            "Target": {
                "Id": "10.0.22.32",
                "Port": 8080,
                "AvailabilityZone": "eu-west-1b"
            },
            "HealthCheckPort": "8080",
            "TargetHealth": {
                "State": "healthy"
            }
        }
    ]
}
"#,
        told: ("health-down", 1),
    },
    Asked {
        file: "events.json",
        text: r#"{
    "apiVersion": "v1",
    "items": [
        {
            "apiVersion": "v1",
            "count": 5,
            "eventTime": null,
            "firstTimestamp": "2026-11-02T03:00:05Z",
            "involvedObject": {
                "kind": "Pod",
                "name": "api-7d9c5b7f4-x2x4q",
                "namespace": "shop"
            },
            "kind": "Event",
            "lastTimestamp": "2026-11-02T03:04:05Z",
            "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
            "metadata": {"name": "api.17a", "namespace": "shop"},
            "reason": "Unhealthy",
            "source": {"component": "kubelet", "host": "node-1"},
            "type": "Warning"
        }
    ],
    "kind": "List",
    "metadata": {"resourceVersion": ""}
}
"#,
        told: ("check-failed", 5),
    },
    Asked {
        file: "errors.json",
        text: r#"{
    "Label": "Errors",
    "Datapoints": [
        {
            "Timestamp": "2026-11-21T14:03:00+00:00",
            "Sum": 7.0,
            "Unit": "Count"
        },
        {
            "Timestamp": "2026-11-21T14:04:00+00:00",
            "Sum": 0.0,
            "Unit": "Count"
        }
    ]
}
"#,
        told: ("function-error", 7),
    },
    Asked {
        file: "changes.json",
        text: concat!(
            r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::123456789012:assumed-role/admin/jane"},"eventTime":"2026-11-21T14:01:00Z","eventSource":"ec2.amazonaws.com","eventName":"RevokeSecurityGroupIngress","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.9","requestParameters":{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":8080,"toPort":8080}]}},"responseElements":{"_return":true},"eventID":"1f0e2d3c","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012"}"#,
            "\n"
        ),
        told: ("config-change", 1),
    },
    Asked {
        file: "rejects.json",
        text: r#"{
    "events": [
        {
            "logStreamName": "eni-0a9c31f27be54d610-reject",
            "timestamp": 1795248563000,
            "message": "2 123456789012 eni-0a9c31f27be54d610 10.0.20.91 10.0.22.31 47091 8080 6 3 180 1795248563 1795248610 REJECT OK",
            "ingestionTime": 1795248700000,
            "eventId": "38912"
        }
    ],
    "searchedLogStreams": []
}
"#,
        told: ("firewall-drop", 1),
    },
];

fn diagnose(file: &str, text: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), text).unwrap();
    let said = support::why502(folder.path(), &["diagnose", "--format", "json", file]);
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{file}: {error}: {}", said.err))
}

#[test]
fn what_a_report_asks_for_is_read() {
    for Asked { file, text, told: (kind, count) } in ASKED {
        let diagnosis = diagnose(file, text);
        let told = diagnosis["occurrences"].as_array().unwrap().iter();
        let told: u64 = told
            .filter(|occurrences| occurrences["kind"] == *kind)
            .map(|occurrences| occurrences["count"].as_u64().unwrap())
            .sum();
        assert_eq!(told, *count, "{file}: {kind} in {}", diagnosis["occurrences"]);
        assert_eq!(diagnosis["sources"][0]["not_understood"], 0, "{file}");
    }
}

/// Sums since the start of a host say that something happened, and not when: beside failures that
/// have a time they prove nothing.
#[test]
fn a_counter_without_a_time_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let line = |second: u32| {
        format!(
            "2026/11/21 14:03:{second:02} [error] 31#31: *10{second} upstream timed out (110: Connection \
             timed out) while connecting to upstream, client: 192.0.2.5, server: shop.example.com, \
             request: \"GET /api/items HTTP/1.1\", upstream: \"http://10.0.3.11:8080/api/items\", \
             host: \"shop.example.com\"\n"
        )
    };
    std::fs::write(folder.path().join("error.log"), (0..20).map(line).collect::<String>()).unwrap();
    std::fs::write(folder.path().join("counters.txt"), ASKED[0].text).unwrap();
    let json = support::why502(folder.path(), &["diagnose", "--format", "json", "."]).out;
    let diagnosis: Value = serde_json::from_str(&json).unwrap();
    let findings = diagnosis["incidents"][0]["findings"].as_array().unwrap();
    for finding in findings.iter().filter(|f| f["cause"] == "listen-backlog-overflow") {
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["consistent", "cannot-tell"].contains(&verdict), "{finding}");
        let told = finding["observations"].as_array().unwrap().iter();
        assert!(told.filter(|o| o["undated"] == true).count() > 0, "{finding}");
    }
    assert!(
        diagnosis["occurrences"].as_array().unwrap().iter().any(|o| o["kind"] == "listen-overflow"),
        "{json}"
    );
}
