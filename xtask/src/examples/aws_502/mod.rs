//! `examples/aws-502`: an afternoon at a shop behind CloudFront and a load balancer, with an API
//! Gateway and a Lambda function beside it. Five things go wrong, one after the other, and a dozen
//! others happen that have nothing to do with them.

mod changes;
mod cloudfront;
mod flow;
mod metrics;
mod quote;
mod shop;
mod tasks;

use super::File;
use crate::clock::{SECOND, Time};

const SEED: u64 = 20_261_117;
const FOLDER: &str = "aws-502";
const ACCOUNT: &str = "123456789012";

/// 2026-11-17T12:30:00Z.
const START: Time = Time(1_794_918_600 * SECOND);
/// 2026-11-17T16:45:00Z.
const END: Time = Time(START.0 + 15_300 * SECOND);

/// Seconds since 1970 of a time of that day.
const fn at(hour: i64, minute: i64, second: i64) -> i64 {
    START.0 / SECOND + (hour - 12) * 3_600 + (minute - 30) * 60 + second
}

/// The rule that lets the load balancer reach the checkout service is missing.
const CLOSED: (i64, i64) = (at(12, 41, 10), at(12, 58, 40));
/// The release is asked for; four old tasks are stopped, each before the load balancer knows.
const RELEASE: i64 = at(13, 35, 0);
const STOPS: [i64; 4] = [at(13, 37, 10), at(13, 38, 0), at(13, 38, 50), at(13, 39, 40)];
/// The load balancer sends requests to a stopped task for this long, in seconds.
const UNTIL_KNOWN: i64 = 22;
/// The quote function answers with an object that API Gateway cannot use.
const WRONG_SHAPE: (i64, i64) = (at(14, 21, 40), at(14, 41, 5));
/// The certificate of the media origin runs out, and is renewed.
const EXPIRED: (i64, i64) = (at(15, 10, 0), at(15, 38, 20));
/// The export job has taken the processors.
const EXPORT: (i64, i64) = (at(15, 58, 30), at(16, 19, 30));

/// Whether a moment lies in a span.
fn within(at: Time, span: (i64, i64)) -> bool {
    (span.0 * SECOND..span.1 * SECOND).contains(&at.0)
}

/// A time from seconds since 1970.
fn moment(seconds: i64) -> Time {
    Time(seconds * SECOND)
}

/// `2026-11-17T12:30:00Z`.
fn iso(seconds: i64) -> String {
    moment(seconds).rfc3339().replace(".000000", "")
}

/// `2026-11-17T12:30:00.123000+00:00`, as `aws` prints times.
fn aws_time(time: Time) -> String {
    time.rfc3339().replace('Z', "+00:00")
}

/// A file of the bundle with text in it.
fn text(path: &str, content: impl Into<Vec<u8>>) -> File {
    File { path: format!("{FOLDER}/{path}"), content: content.into() }
}

/// A file with JSON as `aws` prints it.
fn json(path: &str, value: &serde_json::Value) -> File {
    // Values of strings and numbers alone cannot fail to be written.
    let mut content = serde_json::to_vec_pretty(value).unwrap_or_default();
    content.push(b'\n');
    text(path, content)
}

/// Builds the bundle.
pub(super) fn build() -> Vec<File> {
    let mut files = shop::files();
    files.extend(quote::files());
    files.push(changes::file());
    files.extend(tasks::files());
    files.push(metrics::file());
    files.push(flow::file());
    files.push(text("media-origin-curl.txt", CURL));
    files
}

/// What somebody saw at 15:24 who asked the media origin by hand, trusting whatever it shows.
const CURL: &str = "\
* Host media-origin.example.net:443 was resolved.
* IPv6: (none)
* IPv4: 203.0.113.80
*   Trying 203.0.113.80:443...
* Connected to media-origin.example.net (203.0.113.80) port 443
* ALPN: curl offers h2,http/1.1
* TLSv1.3 (OUT), TLS handshake, Client hello (1):
* TLSv1.3 (IN), TLS handshake, Server hello (2):
* TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8):
* TLSv1.3 (IN), TLS handshake, Certificate (11):
* TLSv1.3 (IN), TLS handshake, CERT verify (15):
* TLSv1.3 (IN), TLS handshake, Finished (20):
* TLSv1.3 (OUT), TLS handshake, Finished (20):
* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384
* ALPN: server accepted http/1.1
* Server certificate:
*  subject: CN=media-origin.example.net
*  start date: Aug 19 15:10:00 2026 GMT
*  expire date: Nov 17 15:10:00 2026 GMT
*  issuer: C=US; O=Example Trust; CN=R10
*  SSL certificate verify result: certificate has expired (10), continuing anyway.
> GET /media/p/1042.webp HTTP/1.1
> Host: media-origin.example.net
> User-Agent: curl/8.5.0
> Accept: */*
>
< HTTP/1.1 200 OK
< Server: nginx
< Date: Tue, 17 Nov 2026 15:24:31 GMT
< Content-Type: image/webp
< Content-Length: 41822
<
* Connection #0 to host media-origin.example.net left intact
";

#[cfg(test)]
mod tests {
    use super::*;

    fn content(part: &str) -> String {
        let files = build();
        let parts = files.iter().filter(|file| file.path.contains(part));
        parts.map(|file| String::from_utf8(file.content.clone()).expect("UTF-8")).collect()
    }

    #[test]
    fn each_hop_tells_the_same_story() {
        let edge = content("cloudfront/");
        let failing = |status: &str| {
            edge.lines().filter(|line| line.split('\t').nth(8) == Some(status)).count()
        };
        let balancer = content("elasticloadbalancing/");
        let refused = |status: &str| {
            balancer.lines().filter(|line| line.split(' ').nth(8) == Some(status)).count()
        };
        assert_eq!(failing("504"), refused("504"), "passed on by CloudFront");
        assert!(failing("502") > refused("502") + 150, "and the media origin's beside them");
        assert!((15..80).contains(&refused("502")), "{}", refused("502"));
        assert!(refused("504") > 150, "{}", refused("504"));
    }

    #[test]
    fn the_quotes_fail_while_the_function_is_wrong() {
        let access = content("quote-access");
        let failing: Vec<&str> =
            access.lines().filter(|line| line.contains("\"status\":\"502\"")).collect();
        assert!(failing.len() > 150, "{}", failing.len());
        let said = content("quote-execution");
        assert_eq!(said.matches("Malformed Lambda proxy response").count(), failing.len());
    }
}
