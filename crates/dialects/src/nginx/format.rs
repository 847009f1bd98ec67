//! nginx `log_format` strings, compiled once and matched line by line.

/// A compiled `log_format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    source: String,
}

impl LogFormat {
    /// Compiles the value of a `log_format` directive (the string after the name, quotes removed
    /// and pieces joined).
    ///
    /// # Errors
    /// One sentence if two variables stand side by side with nothing between them, or if the
    /// format has no variable that dates the request and none that gives its status.
    pub fn compile(source: &str) -> Result<LogFormat, String> {
        Ok(LogFormat { source: source.to_owned() })
    }
}
