//! `log_format` directives out of an nginx configuration.

use super::format::LogFormat;

/// Every `log_format` of an nginx configuration that can be read, in the order of the file. Formats
/// that [`LogFormat::compile`] refuses are left out.
#[must_use]
pub fn formats_in_conf(text: &str) -> Vec<LogFormat> {
    let mut formats = Vec::new();
    let mut directive: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((token, after)) = token(rest) {
        rest = after;
        match token {
            Token::Word(word) => directive.push(word),
            Token::End => {
                formats.extend(format(&directive));
                directive.clear();
            }
        }
    }
    formats
}

/// Whether a text is an nginx configuration rather than a log: it has a directive and a block that
/// only nginx spells this way.
#[must_use]
pub fn looks_like_nginx_conf(text: &str) -> bool {
    let mut directives = 0;
    let mut blocks = 0;
    for line in text.lines().map(str::trim).take(2_000) {
        let first = line.split([' ', '\t', '{']).next().unwrap_or("");
        let ends = line.ends_with(';') || line.contains("; #");
        match first {
            "log_format" if line.len() > "log_format".len() => return true,
            "http" | "server" | "location" | "upstream" | "events" | "stream"
                if line.ends_with('{') || line.contains('{') =>
            {
                blocks += 1;
            }
            "listen" | "proxy_pass" | "server_name" | "worker_processes" | "worker_connections"
            | "include" | "access_log" | "error_log" | "keepalive_timeout" | "root"
            | "fastcgi_pass" | "proxy_read_timeout" | "proxy_set_header" | "server"
                if ends =>
            {
                directives += 1;
            }
            _ => {}
        }
        if blocks > 0 && directives > 0 {
            return true;
        }
    }
    false
}

fn format(directive: &[String]) -> Option<LogFormat> {
    let (keyword, rest) = directive.split_first()?;
    if keyword != "log_format" {
        return None;
    }
    let (_name, pieces) = rest.split_first()?;
    let (escape, pieces) = match pieces.split_first() {
        Some((first, others)) if first.starts_with("escape=") => (format!("{first} "), others),
        _ => (String::new(), pieces),
    };
    LogFormat::compile(&(escape + &pieces.concat())).ok()
}

enum Token {
    Word(String),
    /// `;`, `{` or `}`.
    End,
}

/// The next token as nginx's own reader (`ngx_conf_read_token`) takes it, and what follows.
fn token(text: &str) -> Option<(Token, &str)> {
    let mut text = text.trim_start();
    while text.starts_with('#') {
        text = text.split_once('\n')?.1.trim_start();
    }
    let first = text.chars().next()?;
    match first {
        ';' | '{' | '}' => Some((Token::End, &text[1..])),
        '\'' | '"' => {
            let (word, rest) = until(&text[1..], |c| c == first);
            Some((Token::Word(word), rest.get(1..).unwrap_or("")))
        }
        _ => {
            let (word, rest) = until(text, |c| c.is_whitespace() || matches!(c, ';' | '{' | '}'));
            // `${name}` belongs to the word.
            if word.ends_with('$') && rest.starts_with('{') {
                let (name, after) = until(rest, |c| c == '}');
                let (tail, after) = until(after, |c| c.is_whitespace() || c == ';');
                return Some((Token::Word(word + &name + &tail), after));
            }
            Some((Token::Word(word), rest))
        }
    }
}

/// The text up to the first unescaped character of a kind, escapes resolved, and the rest from that
/// character on.
fn until(text: &str, ends: impl Fn(char) -> bool) -> (String, &str) {
    let mut word = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if ends(c) {
            return (word, &text[at..]);
        }
        if c != '\\' {
            word.push(c);
            continue;
        }
        match chars.next() {
            Some((_, escaped @ ('"' | '\'' | '\\'))) => word.push(escaped),
            Some((_, 't')) => word.push('\t'),
            Some((_, 'n')) => word.push('\n'),
            Some((_, 'r')) => word.push('\r'),
            Some((_, other)) => {
                word.push('\\');
                word.push(other);
            }
            None => word.push('\\'),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = r#"
user www;  # log_format commented '$status';
events { worker_connections 1024; }
http {
    log_format main '$remote_addr - $remote_user [$time_local] "$request" ' # why
                    '$status $body_bytes_sent';
    log_format  j escape=json  '{"s":"$status",'
        '"t":"${request_time}"}';
    log_format broken '$host$status';
    log_format short $status|$msec;
    log_format tabbed "$status\t\"$host\"";
    server { listen 80; location / { proxy_pass http://b; } }
}
"#;

    #[test]
    fn every_format_of_a_configuration() {
        let sources: Vec<String> =
            formats_in_conf(CONF).iter().map(|f| f.source().to_owned()).collect();
        assert_eq!(
            sources,
            [
                "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent",
                "escape=json {\"s\":\"$status\",\"t\":\"${request_time}\"}",
                "$status|$msec",
                "$status\t\"$host\"",
            ]
        );
        assert!(looks_like_nginx_conf(CONF));
    }

    #[test]
    fn what_is_no_configuration() {
        for text in ["", "log_format", "log_format x 'unclosed $status", "#", "\"", "\\", "日本;{"]
        {
            assert!(formats_in_conf(text).is_empty(), "{text}");
        }
        assert!(!looks_like_nginx_conf("192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 1\n"));
        assert!(!looks_like_nginx_conf("server { }\n"));
    }
}
