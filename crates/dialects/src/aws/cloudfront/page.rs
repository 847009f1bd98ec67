//! CloudFront's error page: its HTML, the text of it, or the one sentence that says what happened.
//!
//! People who see the page have no access log. Source: "Troubleshooting error response status
//! codes", Amazon CloudFront developer guide, and the pages themselves.

use std::borrow::Cow;

use memchr::memmem;
use model::{Author, Event, Failure, HopKind, Mechanism as M, ProxyError, Request, Role};

use super::{UNNAMED, about};
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// Amazon CloudFront error page.
pub(crate) struct ErrorPage;

impl Dialect for ErrorPage {
    fn name(&self) -> &'static str {
        "aws-cloudfront-page"
    }

    fn about(&self) -> &'static About {
        &about::ERROR_PAGE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["loudFront", "loudfront", "Lambda function result"]])
    }

    fn sniff(&self, record: &str) -> bool {
        Page::read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(Page::read(record).map(|page| page.request(context)), out)
    }
}

/// What the sentence on a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// The origin's name did not resolve.
    Unresolved,
    /// No connection to the origin.
    Unconnected,
    /// No connection, or one that the origin ended.
    Lost,
    /// An edge function may not be called, or is none.
    FunctionDenied,
    /// An edge function could not run.
    FunctionFailed,
    /// An edge function was called too often.
    FunctionThrottled,
    /// An edge function's answer is of no use.
    FunctionInvalid,
}

/// Sentences that stand for themselves, without their full stop: nobody else writes them.
const SENTENCES: &[(&str, Says)] = &[
    ("CloudFront wasn't able to resolve the origin domain name", Says::Unresolved),
    ("CloudFront wasn't able to connect to the origin", Says::Unconnected),
    (
        "CloudFront attempted to establish a connection with the origin, but either the attempt \
         failed or the origin closed the connection",
        Says::Lost,
    ),
    (
        "The Lambda function associated with the CloudFront distribution is invalid or doesn't have \
         the required permissions",
        Says::FunctionDenied,
    ),
    (
        "The Lambda function associated with the CloudFront distribution was throttled",
        Says::FunctionThrottled,
    ),
    ("The Lambda function result failed validation", Says::FunctionInvalid),
    (
        "The CloudFront function associated with the CloudFront distribution is invalid or could not \
         run",
        Says::FunctionFailed,
    ),
];

/// The headings in front of the sentence, any number of them in any order.
const HEADINGS: &[&str] =
    &["ERROR: The request could not be satisfied", "The request could not be satisfied"];

/// What a page says.
struct Page<'a> {
    says: Option<(Says, &'a str)>,
    status: Option<u16>,
    id: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// `None` for any text that is neither the page nor its sentence.
    fn read(record: &'a str) -> Option<Page<'a>> {
        let bytes = record.as_bytes();
        // Every sentence has one of these words, and every page has.
        memmem::find(bytes, b"loudFront")
            .or_else(|| memmem::find(bytes, b"Lambda function result"))
            .or_else(|| memmem::find(bytes, b"loudfront"))?;
        let mut page = Page { says: None, status: None, id: None };
        let first = record.trim_start();
        if !first.starts_with('<') && !page.line(first) && !page.has_begun() {
            return None;
        }
        let (mut titled, mut signed) = (false, false);
        for line in record.lines() {
            titled |= page.line(line);
            signed |= signature(line);
            page.id = page.id.or_else(|| request_id(line));
        }
        (page.says.is_some() || (titled && signed)).then_some(page)
    }

    fn has_begun(&self) -> bool {
        self.says.is_some() || self.status.is_some()
    }

    /// Reads one line of it; whether it had a heading.
    fn line(&mut self, line: &'a str) -> bool {
        let mut titled = false;
        let mut rest = visible(line);
        loop {
            if let Some((status, after)) = numbered_heading(rest) {
                self.status = self.status.or(Some(status));
                rest = visible(after);
            } else if let Some(after) = HEADINGS.iter().find_map(|h| strip(rest, h)) {
                titled = true;
                rest = visible(after.trim_start_matches('.'));
            } else {
                break;
            }
        }
        if self.says.is_none() {
            let found = SENTENCES.iter().find(|(words, _)| {
                strip(rest, words).is_some_and(|after| ends_sentence(after.chars().next()))
            });
            self.says = found.map(|(words, says)| (*says, *words));
        }
        titled
    }

    /// `None` for a page that does not say what happened and has no status of a server's error.
    fn request(&self, context: &Context) -> Option<Request<'a>> {
        if self.says.is_none() && self.status.is_none_or(|status| status < 500) {
            return None;
        }
        let hop = context.hop.clone().unwrap_or_else(|| UNNAMED.to_owned());
        let mut request = Request::new(hop, HopKind::Cdn, Role::Explanation);
        request.end = context.prefix_time;
        request.status = self.status;
        request.author = Author::ThisHop;
        request.id = self.id.map(Cow::from);
        request.token = self.says.map(|(_, words)| Cow::from(words));
        request.failure = Some(match self.says {
            None => Failure::of(M::Unspecified),
            Some((Says::Unresolved, _)) => {
                Failure { error: Some(ProxyError::DnsError), ..Failure::of(M::NameLookupFailed) }
            }
            Some((Says::Unconnected, _)) => Failure::of(M::ConnectFailed),
            // With 504 a timer fired, while connecting or while waiting.
            Some((Says::Lost, _)) if self.status == Some(504) => Failure::of(M::UpstreamTimeout),
            Some((Says::Lost, _)) => {
                Failure { phase: None, error: None, ..Failure::of(M::EndedBeforeResponse) }
            }
            Some((Says::FunctionDenied, _)) => Failure::of(M::FunctionDenied),
            Some((Says::FunctionFailed, _)) => Failure::of(M::FunctionError),
            Some((Says::FunctionThrottled, _)) => Failure::of(M::FunctionThrottled),
            Some((Says::FunctionInvalid, _)) => Failure::of(M::FunctionResponseInvalid),
        });
        Some(request)
    }
}

/// The line from its first visible word on: behind blanks and tags.
fn visible(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((_, after)) = rest.strip_prefix('<').and_then(|tag| tag.split_once('>')) {
        rest = after.trim_start();
    }
    rest
}

/// `502 ERROR`, also behind `HTTP/1.1` or as the code and reason of a status line.
fn numbered_heading(text: &str) -> Option<(u16, &str)> {
    let (digits, after) = text.split_at_checked(3)?;
    let status = scan::status(digits.as_bytes()).filter(|status| (400..600).contains(status))?;
    Some((status, after.strip_prefix(" ERROR")?))
}

/// What follows some words, whichever apostrophe they are written with.
fn strip<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let mut rest = text;
    for (number, part) in words.split('\'').enumerate() {
        if number > 0 {
            rest =
                ["'", "\u{2019}", "&#39;", "&#x27;"].iter().find_map(|a| rest.strip_prefix(a))?;
        }
        rest = rest.strip_prefix(part)?;
    }
    Some(rest)
}

/// What may follow a sentence that is quoted for itself.
fn ends_sentence(next: Option<char>) -> bool {
    matches!(next, None | Some('.' | ':' | '<' | '\r' | '"' | '`'))
}

/// `Generated by cloudfront (CloudFront)`.
fn signature(line: &str) -> bool {
    memmem::find(line.as_bytes(), b"Generated by cloudfront").is_some()
}

/// `Request ID: …==`.
fn request_id(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("Request ID: ")?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '='))
        .unwrap_or(rest.len());
    rest.get(..end).filter(|id| id.len() >= 20)
}
