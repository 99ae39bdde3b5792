//! The timer of upkeep: two units for systemd, written or shown.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::file::NewFile;
use crate::report::Report;

/// The timer: at each hour, and up to an hour later, drawn anew each time.
const TIMER: &str = "\
[Unit]
Description=Upkeep of the Farthing wallet, about each hour

[Timer]
OnCalendar=hourly
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
";

/// What to do next.
const START: &str =
    "Next: systemctl --user daemon-reload && systemctl --user enable --now farthing-tend.timer";

/// `farthing tend --install`, or `--print`: `{"files": [{"path", "text"}], "written"}`.
pub(super) fn timer(context: &Context, write: bool) -> Result<Report, Failure> {
    let base = directories::BaseDirs::new();
    let missing = || Failure::Terminal("there is no home folder for the timer".to_owned());
    let folder = base.ok_or_else(missing)?.config_dir().join("systemd/user");
    let program = std::env::current_exe()?;
    let dir = std::path::absolute(&context.dir)?;
    let file = context.passphrase.file().map(std::path::absolute);
    let service = service(&program, &dir, file.transpose()?.as_deref());
    let files = [
        (folder.join("farthing-tend.service"), service),
        (folder.join("farthing-tend.timer"), TIMER.to_owned()),
    ];
    if write {
        std::fs::create_dir_all(&folder)?;
        for (path, text) in &files {
            let mut file = NewFile::begin(path)?;
            file.write_all(text.as_bytes())?;
            file.keep()?;
        }
    }
    let json = |(path, text): &(PathBuf, String)| json!({"path": path.display().to_string(), "text": text});
    let json = json!({"files": files.iter().map(json).collect::<Vec<_>>(), "written": write});
    let told = files.iter().map(|(path, text)| match write {
        true => format!("wrote {}", path.display()),
        false => format!("# {}\n{text}", path.display()),
    });
    let report = Report::text(json, told.collect::<Vec<_>>().join("\n"));
    Ok(match write {
        true => report.also(START.to_owned()),
        false => report,
    })
}

/// The service that the timer starts.
fn service(program: &Path, wallet: &Path, passphrase_file: Option<&Path>) -> String {
    let mut arguments = vec![quoted(program), "--wallet".to_owned(), quoted(wallet)];
    if let Some(file) = passphrase_file {
        arguments.extend(["--passphrase-file".to_owned(), quoted(file)]);
    }
    format!(
        "[Unit]\nDescription=Upkeep of the Farthing wallet\n\n[Service]\nType=oneshot\nExecStart={} tend\n",
        arguments.join(" ")
    )
}

/// A path as an argument in a unit: systemd replaces `%` and `$`, and reads backslashes in quotes.
fn quoted(path: &Path) -> String {
    let mut text = "\"".to_owned();
    for c in path.display().to_string().chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' | '$' => text.extend([c, c]),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_starts_upkeep_of_the_very_wallet() {
        let (program, wallet) = (
            Path::new("/usr/bin/farthing"),
            Path::new("/home/ann/my wallet"),
        );
        let begin = "[Unit]\nDescription=Upkeep of the Farthing wallet\n\n[Service]\nType=oneshot\nExecStart=";
        assert_eq!(
            service(program, wallet, None),
            format!("{begin}\"/usr/bin/farthing\" --wallet \"/home/ann/my wallet\" tend\n")
        );
        let odd = Path::new("/a\"b\\c%d$e");
        assert_eq!(
            service(program, wallet, Some(odd)),
            format!(
                "{begin}\"/usr/bin/farthing\" --wallet \"/home/ann/my wallet\" \
                 --passphrase-file \"/a\\\"b\\\\c%%d$$e\" tend\n"
            )
        );
    }
}
