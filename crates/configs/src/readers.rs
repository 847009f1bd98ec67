//! The readers, one per grammar.

use crate::document::Document;
use crate::draft::Draft;

/// Turns the files of one grammar into drafts.
pub(crate) trait Reader: Sync {
    /// Its name, as `check` prints it.
    fn name(&self) -> &'static str;

    /// True if the file is of its grammar: by its name, and by its content where names do not say.
    fn takes(&self, document: &Document) -> bool;

    /// Reads the files it takes. It gets all of them at once, as they may include each other, and
    /// never fails: what it does not understand is a remark.
    fn read_all(&self, documents: &[&Document], draft: &mut Draft);

    /// Finds its files, reads them, and notes that they were read.
    fn read(&self, documents: &[Document], draft: &mut Draft) {
        let mine: Vec<&Document> = documents.iter().filter(|doc| self.takes(doc)).collect();
        for document in &mine {
            draft.note_read(document.id, self.name());
        }
        if !mine.is_empty() {
            self.read_all(&mine, draft);
        }
    }
}

/// Every reader.
pub(crate) static ALL: &[&dyn Reader] = &[
    &crate::apache::Apache,
    &crate::nginx::Nginx,
    &crate::haproxy::HaProxy,
    &crate::envoy::Envoy,
    &crate::caddy::Caddy,
    &crate::terraform::Terraform,
    &crate::cloudformation::CloudFormation,
    &crate::aws::Output,
    &crate::compose::Compose,
    &crate::programs::Programs,
    &crate::postgres::Postgres,
    &crate::google::Output,
    &crate::kubernetes::Kubernetes,
    &crate::traefik::Traefik,
    &crate::graphql::GraphQlFiles,
    &crate::declared::Declarations,
    &crate::certificates::Certificates,
];

/// The names of all readers.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|reader| reader.name()).collect()
}

/// Extensions of files that hold configuration, or the code that sets timers.
const EXTENSIONS: &[&str] = &[
    "caddy",
    "cfg",
    "cjs",
    "conf",
    "cts",
    "go",
    "gql",
    "gradle",
    "graphql",
    "graphqls",
    "hcl",
    "java",
    "js",
    "json",
    "kt",
    "kts",
    "lock",
    "mjs",
    "mod",
    "mts",
    "nginx",
    "pem",
    "cer",
    "crt",
    "properties",
    "py",
    "rb",
    "template",
    "tf",
    "tfvars",
    "toml",
    "ts",
    "txt",
    "vhost",
    "xml",
    "yaml",
    "yml",
];

/// Whole names, or beginnings of names, of such files without a telling extension.
const NAMES: &[&str] = &[
    ".env",
    ".json.tftpl",
    ".json.tpl",
    ".node-version",
    ".nvmrc",
    ".python-version",
    ".ruby-version",
    ".tool-versions",
    "caddyfile",
    "containerfile",
    "dockerfile",
    "gemfile",
    "kustomization",
    "procfile",
];

/// Folders whose files have no extension: sites of nginx and Apache httpd.
const FOLDERS: &[&str] = &["nginx", "apache2", "httpd", "sites-available", "sites-enabled"];

/// Folders of what was built: code there is a copy, and only what servers are given counts.
const BUILT: &[&str] = &["dist"];

/// Extensions of what servers are given.
const GIVEN: &[&str] = &["cfg", "conf", "nginx", "template", "vhost", "yaml", "yml"];

/// Names that only one program's configuration has.
const TELLING: &[&str] = &[
    "nginx.conf",
    "haproxy.cfg",
    "httpd.conf",
    "apache2.conf",
    "envoy.yaml",
    "envoy.yml",
    "envoy.json",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

/// True if a file of this name is the configuration of one program, or is no longer whole.
pub(crate) fn is_telling(name: &str) -> bool {
    TELLING.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// True if a file of this path may be configuration: whether it is, its content decides.
#[must_use]
pub fn may_be_configuration(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    if folder.split('/').any(|folder| BUILT.contains(&folder)) {
        return extension.is_some_and(|extension| GIVEN.contains(&extension));
    }
    let site = |folder: &str| FOLDERS.contains(&folder);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
        || NAMES.iter().any(|known| name.starts_with(known) || name.ends_with(known))
        || (extension.is_none()
            && (name == "conf" || folder.split('/').next_back().is_some_and(site)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_folders_tell_what_may_be_configuration() {
        for path in [
            "compose.yaml",
            "web/Dockerfile",
            "support/nginx/shop",
            "etc/nginx/sites-enabled/shop",
            "proxy/conf",
            "docs/shop.nginx",
            "dist/nginx.conf",
            "dist/k8s/all.yaml",
        ] {
            assert!(may_be_configuration(path), "{path}");
        }
        for path in ["README", "bin/run", "nginx/logo.png", "dist/server.js", "dist/nginx/shop"] {
            assert!(!may_be_configuration(path), "{path}");
        }
    }
}
