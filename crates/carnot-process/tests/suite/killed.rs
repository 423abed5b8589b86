//! Processes that end, fail or are killed, saved and taken up again.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use carnot_process::{
    Checkpoint, Crossing, Drive, FixedStep, FromResponse, Hold, PhaseChange, Process, Row, Secant, StopReason,
};
use carnot_surface::{GaussianSystem, Still, System};
use serde::{Deserialize, Serialize};

use crate::failing::{Broken, Failing};
use crate::{at, with_transitions};

type Saved = Checkpoint<GaussianSystem, FromResponse>;

/// The same checkpoint after it was written and read.
fn read_back(checkpoint: &Saved) -> Saved {
    let text = serde_json::to_string(checkpoint).expect("text");
    let read: Saved = serde_json::from_str(&text).expect("a checkpoint");
    assert_eq!(serde_json::to_string(&read).expect("text"), text);
    read
}

#[test]
fn what_had_stopped_has_stopped_still_when_it_is_resumed() {
    let system = with_transitions();
    let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
    let to = |end| Process::new(Hold::Classification, Drive::LambdaTo(end));
    let halfway = || Crossing::new("half way", |point| point.lambda - 10.0).that_ends();
    let limited = |most_waypoints| carnot_process::Options { most_waypoints, ..Default::default() };
    let processes = [to(0.5), to(15.0), to(0.5).with_options(limited(3)), to(1e5)];
    let mut stops = Vec::new();
    for process in processes {
        let mut trace = process
            .trace(system.clone(), start.clone(), FromResponse)
            .expect("a trace")
            .with_event(halfway());
        let curve = trace.collect_curve().expect("a curve");
        let read = read_back(&trace.checkpoint());
        assert_eq!(read.stop_reason(), Some(curve.stop));
        assert_eq!(read.waypoint().event, curve.last().expect("a waypoint").event);
        let mut again = process.resume(Still(system.clone()), read).expect("a trace").with_event(halfway());
        assert!(again.next().is_none() && again.stop_reason() == Some(curve.stop), "{}", curve.stop);
        assert_eq!(again.counters(), curve.counters);
        // Steered, it goes on.
        if curve.stop == (StopReason::Event { name: "half way" }) {
            again.steer(|process| process.with_drive(Drive::LambdaTo(5.0))).expect("a valid process");
            assert_eq!(again.collect_curve().expect("a curve").stop, StopReason::ReachedEnd);
        }
        stops.push(curve.stop);
    }
    assert_eq!(stops[0], StopReason::Event { name: "half way" });
    assert_eq!(stops[1..3], [StopReason::ReachedEnd, StopReason::MostWaypoints]);
    assert!(matches!(stops[3], StopReason::ReachedZero { .. }), "{}", stops[3]);
}

#[test]
fn every_reason_to_stop_is_read_as_it_was_written() {
    let infinite = StopReason::StepTooSmall { step: 1e-5, residual: f64::INFINITY };
    for stop in [infinite, StopReason::Event { name: "of my own" }, StopReason::Failed] {
        let text = serde_json::to_string(&stop).expect("text");
        assert_eq!(serde_json::from_str::<StopReason>(&text).expect("a reason"), stop);
    }
}

#[test]
fn what_had_failed_has_failed_still_until_it_is_steered() {
    let system = Failing::new(true);
    let start = system.equilibrium(at(1.0, 1.0), None).expect("the first equilibrium");
    let process = Process::new(Hold::Classification, Drive::LambdaTo(5.0));
    let mut trace = process.trace(&system, start, FromResponse).expect("a trace");
    assert!(trace.find_map(Result::err).is_some());
    let mut again = process.resume(Still(&system), trace.checkpoint()).expect("a trace");
    assert_eq!(trace.checkpoint().stop_reason(), Some(StopReason::Failed));
    assert!(again.next().is_none() && again.stop_reason().is_none());
    // It breaks once only.
    again.steer(|process| process).expect("a valid process");
    let rest: Result<Vec<_>, _> = again.by_ref().collect();
    let rest =
        rest.map_err(|error| matches!(error, carnot_process::ProcessError::System { source: Broken, .. }));
    assert!(rest.is_ok_and(|rest| !rest.is_empty()) && again.stop_reason() == Some(StopReason::ReachedEnd));
}

/// What a process that may be killed leaves behind: its waypoints as text, and where it is.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Log {
    rows: Vec<String>,
    checkpoint: Saved,
}

/// Replaces a file by a whole one: whenever the writer is killed one of the two is there.
fn write_whole(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside).expect("a file");
    file.write_all(bytes).expect("room");
    file.sync_all().expect("a disk");
    fs::rename(&beside, path).expect("the same file system");
}

/// Where a second process keeps its log.
const FILE: &str = "CARNOT_KILLED_FILE";

/// Goes on from what is in the file, if there is something, to the end, with a log after every waypoint.
fn go_on(path: &Path, pause: Duration) {
    let system = with_transitions();
    let process = Process::new(Hold::Classification, Drive::LambdaTo(0.5))
        .with_predictor(Secant)
        .with_control(FixedStep(0.05));
    let found = fs::read(path).ok().map(|bytes| serde_json::from_slice::<Log>(&bytes).expect("a whole log"));
    let (mut rows, trace) = match found {
        Some(log) => (log.rows, process.resume(Still(system), log.checkpoint)),
        None => {
            let start = system.equilibrium(at(20.0, 5.0), None).expect("an equilibrium");
            (Vec::new(), process.trace(system, start, FromResponse))
        }
    };
    let mut trace = trace.expect("a trace").with_event(PhaseChange);
    loop {
        let next = trace.next().transpose().expect("a waypoint");
        rows.extend(next.as_ref().map(|waypoint| serde_json::to_string(&Row::from(waypoint)).expect("text")));
        let log = Log { rows, checkpoint: trace.checkpoint() };
        write_whole(path, &serde_json::to_vec(&log).expect("text"));
        rows = log.rows;
        if next.is_none() {
            return;
        }
        sleep(pause);
    }
}

/// The process that is killed below; when nobody asks for it, one that is not.
#[test]
fn a_process_that_keeps_a_log_comes_to_its_end() {
    let folder = Folder::new("kept");
    let path = std::env::var_os(FILE).map_or(folder.0.join("log"), PathBuf::from);
    go_on(&path, Duration::from_millis(2));
    let log: Log = serde_json::from_slice(&fs::read(path).expect("a log")).expect("a whole log");
    assert_eq!(log.checkpoint.stop_reason(), Some(StopReason::ReachedEnd));
}

fn second_process(path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "killed::a_process_that_keeps_a_log_comes_to_its_end"])
        .env(FILE, path)
        .stdout(Stdio::null())
        .spawn()
        .expect("a second process")
}

/// A folder of one's own that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("carnot-process-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_process_killed_again_and_again_ends_as_if_it_had_never_been() {
    let folder = Folder::new("killed");
    let (whole, torn) = (folder.0.join("whole"), folder.0.join("torn"));
    go_on(&whole, Duration::ZERO);
    let whole = fs::read(whole).expect("a log");
    let (mut seed, mut kills) = (7u64, 0);
    loop {
        let mut child = second_process(&torn);
        let before = fs::read(&torn).ok();
        // Once it has got somewhere it is killed at some time: between two waypoints, or in the middle of its writing.
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::read(&torn).ok() == before && child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "it does not get on");
            sleep(Duration::from_micros(200));
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        sleep(Duration::from_micros((seed >> 33) % 12_000));
        if child.try_wait().expect("a child").is_none() {
            child.kill().expect("it is ours");
        }
        let status = child.wait().expect("a child");
        if status.success() {
            break;
        }
        kills += 1;
        assert!(status.code().is_none(), "it failed by itself: {status}");
    }
    assert!(kills >= 3, "killed {kills} times only");
    assert_eq!(fs::read(&torn).expect("a log"), whole);
}
