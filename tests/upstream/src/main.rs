//! The mock upstream as a program. Prints `{"url":"..."}` on one line, then
//! serves until it is killed or, with `--stdin-guard`, its standard input ends.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use upstream::{Options, Recording, Scripts, Upstream};

const USAGE: &str = "\
usage: upstream [options]
  --port PORT         listen on this port of 127.0.0.1 (default: a free one)
  --script FILE       load scripts, {\"queue\": [...], \"fallback\": ...}
  --record off|all|N  record no request, all, or the last N (default: 10000)
  --log FILE          append a JSON line per request and per end of an answer
  --stdin-guard       exit when standard input ends
";

fn main() -> ExitCode {
    let result = Arguments::parse(std::env::args().skip(1)).and_then(|arguments| match arguments {
        Some(arguments) => serve(arguments),
        None => Ok(io::stdout().write_all(USAGE.as_bytes())?),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error the exit code says it all.
            drop(writeln!(io::stderr(), "upstream: {error}"));
            ExitCode::FAILURE
        }
    }
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn serve(arguments: Arguments) -> Outcome<()> {
    let scripts = arguments.scripts()?;
    let upstream = Upstream::start_with(arguments.options)?;
    upstream.load(scripts);
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", serde_json::json!({"url": upstream.url()}))?;
    stdout.flush()?;
    if arguments.stdin_guard {
        let mut scratch = [0; 1024];
        while matches!(io::stdin().read(&mut scratch), Ok(1..)) {}
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

#[derive(Debug, Default)]
struct Arguments {
    options: Options,
    script: Option<PathBuf>,
    stdin_guard: bool,
}

impl Arguments {
    /// `None` if help is wanted.
    fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Option<Self>> {
        let mut arguments = Self::default();
        let mut options = Options::default().recording(Recording::Last(10_000));
        while let Some(option) = words.next() {
            let mut value = || words.next().ok_or(format!("{option} needs a value"));
            match option.as_str() {
                "--port" => options = options.port(value()?.parse()?),
                "--script" => arguments.script = Some(value()?.into()),
                "--record" => options = options.recording(recording(&value()?)?),
                "--log" => options = options.log(value()?),
                "--stdin-guard" => arguments.stdin_guard = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown option {option}\n{USAGE}").into()),
            }
        }
        arguments.options = options;
        Ok(Some(arguments))
    }

    fn scripts(&self) -> Outcome<Scripts> {
        let Some(file) = &self.script else {
            return Ok(Scripts::default());
        };
        let named = |error: &dyn Error| format!("{}: {error}", file.display());
        let text = std::fs::read(file).map_err(|error| named(&error))?;
        Ok(serde_json::from_slice(&text).map_err(|error| named(&error))?)
    }
}

fn recording(value: &str) -> Outcome<Recording> {
    Ok(match value {
        "off" => Recording::Off,
        "all" => Recording::All,
        count => Recording::Last(count.parse()?),
    })
}
