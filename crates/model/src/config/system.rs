//! The whole of what configuration says: files, hops, links, filters, subnets, and what was not
//! understood.

use std::sync::Arc;

use super::{
    Confidence, FileId, Filter, Found, GraphQl, Hop, HopId, Link, LinkId, Span, Subnet, Task,
};

/// One file of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name the user would recognise: its path.
    pub name: String,
    /// Its text, with bytes that are no UTF-8 replaced.
    pub text: Arc<str>,
    /// What it was read as: `nginx`, `terraform`, …; empty if nothing reads such a file.
    pub read_as: &'static str,
    /// The earlier revision it is of, as people named it; empty for what is checked.
    pub revision: String,
}

impl Source {
    /// The name, after the revision if it is of an earlier one: `main.tf`, `HEAD~1:main.tf`.
    #[must_use]
    pub fn title(&self) -> std::borrow::Cow<'_, str> {
        if self.revision.is_empty() {
            return (&*self.name).into();
        }
        format!("{}:{}", self.revision, self.name).into()
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

/// Something in the configuration that could not be read: one sentence, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Where; the whole file if the span is empty.
    pub at: Span,
    /// What was not understood and what was done instead, one sentence.
    pub says: String,
}

/// What the configuration of a path says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// The files, in the order of their names.
    pub files: Vec<Source>,
    /// Components that forward or answer.
    pub hops: Vec<Hop>,
    /// Who sends requests to whom.
    pub links: Vec<Link>,
    /// Firewalls of any kind.
    pub filters: Vec<Filter>,
    /// Subnets with their routes.
    pub subnets: Vec<Subnet>,
    /// GraphQL schemas and operations, in the order of their files.
    pub graphql: Vec<GraphQl>,
    /// What could not be read.
    pub remarks: Vec<Remark>,
    /// What stands before the names of the files for as long as they are called from elsewhere: the
    /// folder that is checked, ending with `/`, or nothing.
    pub base: String,
    /// The day of the check, such as `2026-11-22`, for what ends some day; empty if not known.
    pub today: String,
}

impl System {
    /// A hop by its number.
    #[must_use]
    pub fn hop(&self, id: HopId) -> &Hop {
        &self.hops[id.0 as usize]
    }

    /// A link by its number.
    #[must_use]
    pub fn link(&self, id: LinkId) -> &Link {
        &self.links[id.0 as usize]
    }

    /// A file by its number.
    #[must_use]
    pub fn file(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// Every hop with its number.
    pub fn hops(&self) -> impl Iterator<Item = (HopId, &Hop)> {
        (0..).map(HopId).zip(&self.hops)
    }

    /// Every link with its number.
    pub fn links(&self) -> impl Iterator<Item = (LinkId, &Link)> {
        (0..).map(LinkId).zip(&self.links)
    }

    /// The links by which requests reach a hop.
    pub fn links_to(&self, hop: HopId) -> impl Iterator<Item = (LinkId, &Link)> {
        self.links().filter(move |(_, link)| link.to == hop)
    }

    /// The links by which a hop sends requests on.
    pub fn links_from(&self, hop: HopId) -> impl Iterator<Item = (LinkId, &Link)> {
        self.links().filter(move |(_, link)| link.from == hop)
    }

    /// How sure it is that a link leads where it is said to lead, and that what is known of its ends
    /// is known of these programs.
    #[must_use]
    pub fn sure_of(&self, link: &Link) -> Confidence {
        let of_link = match link.found {
            Found::Stated | Found::Declared => Confidence::High,
            Found::ByPort(_) => Confidence::Medium,
            Found::ByElimination => Confidence::Low,
        };
        let of_end = |id: HopId| match self.hop(id).program {
            Found::Stated | Found::Declared => Confidence::High,
            Found::ByPort(_) | Found::ByElimination => Confidence::Medium,
        };
        of_link.min(of_end(link.from)).min(of_end(link.to))
    }

    /// The hops of one task.
    pub fn hops_that(&self, task: Task) -> impl Iterator<Item = (HopId, &Hop)> {
        self.hops().filter(move |(_, hop)| hop.task == task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_stand_any_offset() {
        let source = Source {
            name: String::new(),
            text: "a\nüb\n".into(),
            read_as: "",
            revision: String::new(),
        };
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(4), (2, 2));
        assert_eq!(source.position(3), (2, 1));
        assert_eq!(source.position(99), (3, 1));
    }
}
