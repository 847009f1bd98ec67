//! What VPC flow logs show and what they do not.

use crate::{About, Blind};

/// The page of the dialect.
pub(super) const ABOUT: About = About {
    title: "Amazon VPC flow log",
    source: "Amazon VPC user guide, “Flow log records” \
             (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html)",
    from: "The S3 bucket of the flow log, AWSLogs/ACCOUNT/vpcflowlogs/REGION/; or `aws logs \
           filter-log-events --log-group-name GROUP --query 'events[].message' --output text`. \
           Files in S3 begin with the names of their columns; records from CloudWatch Logs do not: \
           give --vpc-flow-format unless the format is the default one.",
    time: "`start`: the beginning of the aggregation interval (60 or 600 seconds) in which the \
           packets were seen, UTC; `end` where the format has no `start`. The packets may be up to \
           one interval later.",
    fields: &[
        ("action", "REJECT is what a security group or network ACL did not let pass"),
        ("protocol", "TCP alone is looked at"),
        ("srcaddr, dstaddr", "the ends of the flow at the interface"),
        ("pkt-srcaddr, pkt-dstaddr", "the ends of the packets, before the former where present"),
        ("srcport, dstport", "the port that was to be reached; the port it was opened from"),
        ("tcp-flags", "tells openings (SYN), answers (SYN-ACK) and packets in between apart"),
        ("start, end", "the time"),
        ("interface-id, flow-direction, reject-reason, ecs-service-name", "shown with the record"),
        ("log-status", "recognises the line"),
    ],
    shows: &[
        "A connection that a security group or network ACL did not let open, with both its ends.",
        "An answer that a network ACL rejected although the opening had passed, where tcp-flags is in \
         the format.",
        "Packets from a server that were rejected; without tcp-flags that may be the answer to an \
         opening or a leftover of an older connection.",
        "Packets rejected in the midst of a connection, where tcp-flags is in the format.",
    ],
    blind: &[
        Blind {
            what: "Whether it was the security group or the network ACL",
            how: "compare both: aws ec2 describe-security-groups, aws ec2 describe-network-acls; \
                  a rejected answer (SYN-ACK) is the network ACL's.",
        },
        Blind {
            what: "Without tcp-flags, which end opened the connection, and whether a rejected packet \
                   answered an opening: the ports only suggest it",
            how: "add ${tcp-flags} to the flow log's format (version 3 or later).",
        },
        Blind {
            what: "Flows that a route sent nowhere, and what a network firewall dropped",
            how: "aws ec2 describe-route-tables; the alert log of AWS Network Firewall.",
        },
        Blind {
            what: "Whether a connection that was let pass was refused by the process",
            how: "the load balancer's access log: 502 within milliseconds.",
        },
        Blind {
            what: "Traffic to the instance metadata service, to Amazon's DNS server and DHCP",
            how: "Route 53 Resolver query logging for DNS.",
        },
    ],
    recommended: "aws ec2 create-flow-logs --resource-type VPC --resource-ids vpc-ID \
                  --traffic-type ALL --max-aggregation-interval 60 \
                  --log-destination-type s3 --log-destination arn:aws:s3:::BUCKET \
                  --log-format '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} \
                  ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} \
                  ${log-status} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} \
                  ${reject-reason}'",
};
