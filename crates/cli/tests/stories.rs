//! The evidence of the cases is what their stories write: whoever changes a file by hand has to change
//! its story too, or the next run of the stories takes it back.

use std::path::Path;
use std::process::Command;

#[test]
fn the_cases_are_what_their_stories_write() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/make/make.py");
    let run = Command::new("python3").arg("-B").arg(script).arg("--check").output();
    let output = match run {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("python3 is not installed: the stories were not compared");
            return;
        }
        run => run.unwrap(),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
