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
    &crate::terraform::Terraform,
    &crate::cloudformation::CloudFormation,
    &crate::aws::Output,
    &crate::compose::Compose,
    &crate::programs::Programs,
    &crate::google::Output,
    &crate::kubernetes::Kubernetes,
    &crate::certificates::Certificates,
];

/// The names of all readers.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|reader| reader.name()).collect()
}

/// Extensions of files that hold configuration, or the code that sets timers.
const EXTENSIONS: &[&str] = &[
    "cfg",
    "cjs",
    "conf",
    "go",
    "gql",
    "graphql",
    "graphqls",
    "hcl",
    "java",
    "js",
    "json",
    "kt",
    "lock",
    "mjs",
    "mod",
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
    ".node-version",
    ".nvmrc",
    ".python-version",
    ".ruby-version",
    "caddyfile",
    "containerfile",
    "dockerfile",
    "gemfile",
    "procfile",
];

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

/// True if a file of this name may be configuration: whether it is, its content decides.
#[must_use]
pub fn may_be_configuration(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let by_extension =
        name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension));
    by_extension || NAMES.iter().any(|known| name.starts_with(known) || name.ends_with(known))
}
