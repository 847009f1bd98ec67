//! What the tests of whole files share: the cases in `facts/`.

use configs::Input;

/// The files of a case: each begins with a line `### ` and its path.
pub(crate) fn inputs(given: &str) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    for line in given.lines() {
        if let Some(path) = line.strip_prefix("### ") {
            inputs.push(Input { path: path.to_owned(), text: String::new() });
        } else if let Some(input) = inputs.last_mut() {
            input.text.push_str(line);
            input.text.push('\n');
        }
    }
    inputs
}
