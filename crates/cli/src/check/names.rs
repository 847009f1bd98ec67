//! What files are called: as people typed them, and below the folder they all lie in.

use std::path::Path;

/// A path as people see it: parted by `/`, without `./` at its beginning; nothing for this folder.
pub(super) fn shown(path: &Path) -> String {
    let name = path.to_string_lossy().replace('\\', "/");
    let mut name = name.as_str();
    while let Some(rest) = name.strip_prefix("./") {
        name = rest.trim_start_matches('/');
    }
    if name == "." { String::new() } else { name.to_owned() }
}

/// The folder that all these folders lie in, ending with `/`; nothing if there is none.
pub(crate) fn common(folders: &[String]) -> String {
    let Some((first, rest)) = folders.split_first() else { return String::new() };
    let parts: Vec<&str> = first.trim_end_matches('/').split('/').collect();
    let mut shared = parts.len();
    for folder in rest {
        let same = parts.iter().zip(folder.trim_end_matches('/').split('/'));
        shared = shared.min(same.take_while(|(a, b)| **a == *b).count());
    }
    match parts[..shared].join("/") {
        // Whatever lies above this folder has no name in common but `..`.
        base if base.is_empty() && !first.starts_with('/') => base,
        base => base + "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_typed() {
        for (path, expected) in
            [(".", ""), ("./", ""), ("./a/b.tf", "a/b.tf"), ("/srv/a", "/srv/a"), ("../a", "../a")]
        {
            assert_eq!(shown(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn the_base_is_what_all_folders_share() {
        for (folders, expected) in [
            (&[""][..], ""),
            (&["infra"], "infra/"),
            (&["infra/", "infra/app"], "infra/"),
            (&["infra", "app"], ""),
            (&["/srv/shop/a", "/srv/shop/b"], "/srv/shop/"),
            (&["/srv", "/etc"], "/"),
            (&["../a", "../b"], "../"),
            (&["a", "/srv"], ""),
            (&["", "a"], ""),
        ] {
            let folders: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
            assert_eq!(common(&folders), expected, "{folders:?}");
        }
    }
}
