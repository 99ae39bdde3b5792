//! What shells and `man` are told of this program.

use std::io::Write as _;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::file::NewFile;
use crate::report::Report;

/// Returns what makes a shell complete arguments: `{"shell", "script"}`.
pub(crate) fn completions(shell: Shell) -> Result<Report, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "farthing", &mut script);
    let script = text(script)?;
    let json = json!({"shell": shell.to_string(), "script": script});
    Ok(Report::text(json, script.trim_end()))
}

/// The manual page of the program itself, or all pages as files in a folder: `{"page"}` or `{"files"}`.
pub(crate) fn man(dir: Option<&Path>) -> Result<Report, Failure> {
    let Some(dir) = dir else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        let page = text(page)?;
        return Ok(Report::text(json!({ "page": page }), page.trim_end()));
    };
    std::fs::create_dir_all(dir)?;
    let mut root = Cli::command();
    root.build();
    let mut files = Vec::new();
    write_pages(&root, dir, &mut files)?;
    let told = files.join("\n");
    Ok(Report::text(json!({ "files": files }), told))
}

/// Writes the page of a command and of those under it; adds the files' names to `files`.
fn write_pages(
    command: &clap::Command,
    dir: &Path,
    files: &mut Vec<String>,
) -> Result<(), Failure> {
    let man = Man::new(command.clone());
    let path = dir.join(man.get_filename());
    let mut page = Vec::new();
    man.render(&mut page)?;
    let mut file = NewFile::begin(&path)?;
    file.write_all(&page)?;
    file.keep()?;
    files.push(path.display().to_string());
    for below in command.get_subcommands() {
        if below.get_name() != "help" {
            write_pages(below, dir, files)?;
        }
    }
    Ok(())
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::Terminal(error.to_string()))
}
