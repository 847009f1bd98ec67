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
pub(crate) static ALL: &[&dyn Reader] =
    &[&crate::terraform::Terraform, &crate::cloudformation::CloudFormation, &crate::aws::Output];

/// The names of all readers.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|reader| reader.name()).collect()
}
