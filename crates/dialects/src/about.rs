//! What a dialect tells about itself: the page that `docs/dialects.md` and `why502 dialects` show.

/// The page of a dialect.
///
/// It says what the reader really does: a field that no event carries is not listed, and every
/// blind spot names the setting, command or other log that fills it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name of the log, as its product calls it.
    pub title: &'static str,
    /// Vendor page or source file that defines the format.
    pub source: &'static str,
    /// Where to get it: the bucket, the file, the command that exports it.
    pub from: &'static str,
    /// The moment its time stamp marks, and in which zone.
    pub time: &'static str,
    /// Fields used, by the product's own names, each with what it is used for.
    pub fields: &'static [(&'static str, &'static str)],
    /// What can be told from it, in one sentence each.
    pub shows: &'static [&'static str],
    /// What cannot, each with what would show it.
    pub blind: &'static [Blind],
    /// A setting worth having, ready to be pasted; empty where the format is fixed.
    pub recommended: &'static str,
}

/// Something a dialect cannot show.
#[derive(Clone, Copy, Debug)]
pub struct Blind {
    /// What.
    pub what: &'static str,
    /// The log setting, command or other log that shows it.
    pub how: &'static str,
}

impl About {
    /// A page yet to be written; a test refuses it.
    pub const UNWRITTEN: About = About {
        title: "",
        source: "",
        from: "",
        time: "",
        fields: &[],
        shows: &[],
        blind: &[],
        recommended: "",
    };
}
