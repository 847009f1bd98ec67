//! Which files of the project an include means: its path is the server's, theirs is the project's.

/// Which files an include means: `pattern` as written, in a configuration whose main file is `main`,
/// written in the file `from`. In the order of their paths, as servers read them. Files without a
/// path are never meant.
pub(crate) fn included(
    paths: &[Option<&str>],
    pattern: &str,
    main: usize,
    from: usize,
) -> Vec<usize> {
    let find = |matches: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let mut found: Vec<usize> =
            (0..paths.len()).filter(|&at| paths[at].is_some_and(matches)).collect();
        found.sort_by_key(|&at| paths[at]);
        found
    };
    let pattern = normal(pattern);
    let [main_folder, from_folder] = [main, from].map(|at| folder(paths[at].unwrap_or("")));
    if !pattern.starts_with('/') {
        for base in [main_folder, from_folder] {
            let full = join(base, &pattern);
            let near = find(&|path| glob(&full, path));
            if !near.is_empty() {
                return near;
            }
        }
    }
    // The path on the server ends like the path in the project: the longest common end wins, first
    // below the folder of the main file, then anywhere if only one folder has it.
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    for skip in 0..parts.len() {
        let end = parts[skip..].join("/");
        let is_bare_glob = skip + 1 == parts.len() && end.contains(['*', '?', '[']);
        if is_bare_glob {
            break;
        }
        for base in [main_folder, from_folder] {
            let full = join(base, &end);
            let found = find(&|path| glob(&full, path));
            if !found.is_empty() {
                return found;
            }
        }
        let found = find(&|path| ends_like(&end, path));
        let mut folders: Vec<&str> =
            found.iter().map(|&at| folder(paths[at].unwrap_or(""))).collect();
        folders.dedup();
        match folders.len() {
            0 => {}
            1 => return found,
            _ => return Vec::new(),
        }
    }
    Vec::new()
}

/// Which files an include means where paths are the server's own, as in a dump.
pub(crate) fn included_there(paths: &[Option<&str>], pattern: &str, main: usize) -> Vec<usize> {
    let pattern = normal(pattern);
    let full = match pattern.starts_with('/') {
        true => pattern,
        false => join(folder(paths[main].unwrap_or("")), &pattern),
    };
    let mut found: Vec<usize> =
        (0..paths.len()).filter(|&at| paths[at].is_some_and(|path| glob(&full, path))).collect();
    found.sort_by_key(|&at| paths[at]);
    found
}

/// True if the last parts of the path match the pattern.
fn ends_like(pattern: &str, path: &str) -> bool {
    let wanted = pattern.split('/').count();
    let parts: Vec<&str> = path.split('/').collect();
    parts.len() >= wanted && glob(pattern, &parts[parts.len() - wanted..].join("/"))
}

/// The folder of a path, without `/` at its end.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, rest: &str) -> String {
    if folder.is_empty() { normal(rest) } else { normal(&format!("{folder}/{rest}")) }
}

/// The path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// True if the path matches a pattern with `*`, `?` and `[…]`, none of which matches a `/`.
pub(crate) fn glob(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    let (mut p, mut s) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while s < path.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, s));
                p += 1;
                continue;
            }
            Some(b'?') if path[s] != b'/' => Some(p + 1),
            Some(b'[') => match class(&pattern[p..], path[s]) {
                Some((true, length)) if path[s] != b'/' => Some(p + length),
                Some(_) => None,
                None => (path[s] == b'[').then_some(p + 1),
            },
            Some(&byte) if byte == path[s] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                s += 1;
            }
            (None, Some((at, from))) if path[from] != b'/' => {
                star = Some((at, from + 1));
                p = at + 1;
                s = from + 1;
            }
            (None, _) => return false,
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// Whether a byte is of the class that begins here, and how long the class is written; `None` if it
/// is never closed.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let start = if negated { 2 } else { 1 };
    let close = pattern.iter().skip(start + 1).position(|&b| b == b']')? + start + 1;
    let set = &pattern[start..close];
    let mut found = false;
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == b'-' {
            found |= (set[at]..=set[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= set[at] == byte;
            at += 1;
        }
    }
    Some((found != negated, close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob("conf.d/*.conf", "conf.d/web.conf"));
        assert!(!glob("conf.d/*.conf", "conf.d/old/web.conf"));
        assert!(!glob("*.conf", "web.conf.bak"));
        assert!(glob("[a-c]?.conf", "b1.conf"));
        assert!(!glob("[!a-c]?.conf", "b1.conf"));
        assert!(glob("*a*b*", "xxaxxbxx"));
        assert!(!glob("[", "a"));
    }

    #[test]
    fn includes_are_found_in_the_project() {
        let files = [
            "nginx/conf.d/a.conf",
            "nginx/nginx.conf",
            "nginx/snippets/tls.conf",
            "other/conf.d/b.conf",
        ]
        .map(Some);
        assert_eq!(included(&files, "/etc/nginx/conf.d/*.conf", 1, 1), [0]);
        assert_eq!(included(&files, "conf.d/*.conf", 1, 1), [0]);
        assert_eq!(included(&files, "snippets/tls.conf", 1, 0), [2]);
        assert_eq!(included(&files, "/etc/nginx/snippets/tls.conf", 3, 3), [2]);
        assert_eq!(included(&files, "/etc/nginx/*.conf", 1, 1), [1]);
        assert_eq!(included(&files, "/srv/*.conf", 1, 1), [] as [usize; 0]);
        assert_eq!(included(&files, "mime.types", 1, 1), [] as [usize; 0]);
    }
}
