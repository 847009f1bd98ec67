//! Short names of AWS resources, as people and access logs call them.

/// The name in an ARN: of a target group, its name; of a load balancer or listener, `app/NAME/ID`
/// as access logs write it; of a Lambda function, its name without version; otherwise what stands
/// behind the last `/` or `:`. Text that is no ARN is returned as it is.
///
/// Source: AWS General Reference, "Amazon Resource Names".
pub(super) fn short(name: &str) -> &str {
    let Some(rest) = name.strip_prefix("arn:") else { return name };
    // arn:partition:service:region:account:resource
    let Some(resource) = rest.splitn(5, ':').nth(4) else { return name };
    let Some((kind, id)) = resource.split_once(['/', ':']) else { return resource };
    match kind {
        "targetgroup" => id.split('/').next().unwrap_or(id),
        "loadbalancer" => id,
        "listener" | "listener-rule" => {
            let end = id.match_indices('/').nth(2).map_or(id.len(), |(at, _)| at);
            id.get(..end).unwrap_or(id)
        }
        "function" => id.split(':').next().unwrap_or(id),
        "task-definition" => id,
        _ => id.rsplit('/').next().unwrap_or(id),
    }
}

/// At most this many characters of a text, with an ellipsis where it was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_arns() {
        let of = |resource: &str| {
            let arn = format!("arn:aws:service:eu-west-1:123456789012:{resource}");
            short(&arn).to_owned()
        };
        assert_eq!(of("targetgroup/shop-api/0a1b2c3d4e5f6071"), "shop-api");
        assert_eq!(of("loadbalancer/app/shop/50dc6c495c0c9188"), "app/shop/50dc6c495c0c9188");
        assert_eq!(of("listener/app/shop/50dc6c495c0c9188/f2f7"), "app/shop/50dc6c495c0c9188");
        assert_eq!(of("function:shop-api:live"), "shop-api");
        assert_eq!(of("task-definition/shop-api:43"), "shop-api:43");
        assert_eq!(of("service/prod/shop-api"), "shop-api");
        assert_eq!(of("certificate/0a1b"), "0a1b");
        assert_eq!(of("plain"), "plain");
        assert_eq!(short("shop-api"), "shop-api");
        assert_eq!(short("arn:x"), "arn:x");
        assert_eq!(cut("äöü", 2), "äö…");
    }
}
