//! The two formats of Nginx Proxy Manager, which begin with the time in brackets.
//!
//! Source: `log_format proxy` and `log_format standard` of nginx-proxy-manager,
//! `docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf`. `$server` there is where the host
//! forwards to.

use std::sync::LazyLock;

use super::fields::Fields;
use super::format::LogFormat;

static FORMATS: LazyLock<Vec<LogFormat>> = LazyLock::new(|| {
    [
        "[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme \
         $host \"$request_uri\" [Client $remote_addr] [Length $body_bytes_sent] \
         [Gzip $gzip_ratio] [Sent-to $proxy_host] \"$http_user_agent\" \"$http_referer\"",
        "[$time_local] $status - $request_method $scheme \
         $host \"$request_uri\" [Client $remote_addr] [Length $body_bytes_sent] \
         [Gzip $gzip_ratio] \"$http_user_agent\" \"$http_referer\"",
    ]
    .iter()
    .filter_map(|source| LogFormat::of(source).ok())
    .collect()
});

/// The values of a line of one of the two formats.
pub(super) fn read(line: &[u8]) -> Option<Fields<'_>> {
    if line.first() != Some(&b'[') || line.get(27) != Some(&b']') {
        return None;
    }
    FORMATS.iter().find_map(|format| format.read(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_compile() {
        assert_eq!(FORMATS.len(), 2);
    }
}
