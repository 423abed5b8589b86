//! The program behind `cargo xtask`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use carnot_reproduce::cli::{Cli, Command, misuse_line};
use carnot_reproduce::figures;
use carnot_reproduce::run::{Console, Environment, Finish, run};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The number of threads, once it has been decided: our own parallelism is over pieces of the work.
const OURS: &str = "CARNOT_THREADS";

/// rayon's own variable, which a user may set. candle reads it at every matrix product; inside a piece of the work one
/// thread is best.
const RAYON: &str = "RAYON_NUM_THREADS";

/// The threads of candle's element-wise operations. They wait in a busy loop, which costs a training step more than
/// they save.
const CANDLE: &str = "CANDLE_NUM_THREADS";

fn main() -> ExitCode {
    // Whatever happens, an error is one line.
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("panic").replace(['\n', '\r'], " ");
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        error(&format!("internal error{}: {text}", place.unwrap_or_default()));
    }));
    let arguments = match Cli::try_parse() {
        Ok(Cli { command: Command::Reproduce(arguments) }) => arguments,
        Err(misuse) if misuse.use_stderr() => {
            error(&misuse_line(&misuse));
            return ExitCode::from(Finish::Misuse.code());
        }
        Err(help_or_version) => {
            // A reader that has gone away has read enough.
            let _ = help_or_version.print();
            return ExitCode::SUCCESS;
        }
    };
    let outcome = std::panic::catch_unwind(|| {
        let wanted = arguments.threads.map(usize::from);
        let Some(threads) = threads_decided(wanted) else {
            return run_with_threads(wanted.or_else(|| threads_in(RAYON)).unwrap_or_else(available_threads));
        };
        if let Err(e) = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global() {
            error(&format!("cannot start {threads} threads: {e}"));
            return ExitCode::from(Finish::Unfinished.code());
        }
        let environment = Environment {
            data_dir: data_dir(),
            threads,
            command: std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect(),
        };
        let mut console = Console { out: &mut std::io::stdout(), err: &mut std::io::stderr() };
        let finish = run(&arguments, &figures::ALL, &environment, &mut console);
        ExitCode::from(finish.code())
    });
    outcome.unwrap_or_else(|_| ExitCode::from(Finish::Unfinished.code()))
}

fn error(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "error: {text}");
}

fn threads_in(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok().filter(|threads| *threads > 0)
}

/// The number of threads that this program started itself with. A value that someone else left in the variable does
/// not count: then the other two are not set as well, or it is not what the arguments ask for.
fn threads_decided(wanted: Option<usize>) -> Option<usize> {
    let is_one = |variable| std::env::var_os(variable).is_some_and(|value| value == "1");
    let agrees = |threads: &usize| wanted.is_none_or(|wanted| wanted == *threads);
    threads_in(OURS).filter(|threads| is_one(RAYON) && is_one(CANDLE) && agrees(threads))
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Starts this program again with the variables set: a process cannot safely change its own.
fn run_with_threads(threads: usize) -> ExitCode {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(e) => {
            error(&format!("cannot find this program to start it with {threads} threads: {e}"));
            return ExitCode::from(Finish::Unfinished.code());
        }
    };
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1));
    command.env(OURS, threads.to_string()).env(RAYON, "1").env(CANDLE, "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Returns only when it failed.
        let e = command.exec();
        error(&format!("cannot start this program with {threads} threads: {e}"));
        ExitCode::from(Finish::Unfinished.code())
    }
    #[cfg(not(unix))]
    match command.status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            ExitCode::from(code.unwrap_or(Finish::Unfinished.code()))
        }
        Err(e) => {
            error(&format!("cannot start this program with {threads} threads: {e}"));
            ExitCode::from(Finish::Unfinished.code())
        }
    }
}

/// `$CARNOT_DATA`, else `carnot` in the cache directory of the platform.
fn data_dir() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    if let Some(directory) = variable("CARNOT_DATA") {
        return Some(directory.into());
    }
    let cache = if cfg!(windows) {
        variable("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        std::env::home_dir().map(|home| home.join("Library/Caches"))
    } else {
        let absolute = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        absolute.or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
    };
    cache.map(|cache| cache.join("carnot"))
}
