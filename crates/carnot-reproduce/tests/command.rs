//! The `reproduce` command on figures that take no time.

mod fakes;

use std::fs;
use std::path::Path;

use carnot_reproduce::figures::{ALL, Entry};
use carnot_reproduce::output::DirectoryLock;
use carnot_reproduce::run::Finish;
use fakes::{Act, Fake, reproduce};

const FILES: [&str; 7] = [
    "figure-dark.png",
    "figure-dark.svg",
    "figure.png",
    "figure.svg",
    "metrics.json",
    "report.json",
    "trace.csv",
];

fn to_come(name: &'static str) -> Entry<'static> {
    Entry { name, shows: "later", figure: None }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn read(out: &Path, name: &str) -> String {
    fs::read_to_string(out.join(name)).unwrap()
}

fn json(out: &Path, name: &str) -> serde_json::Value {
    serde_json::from_str(&read(out, name)).unwrap()
}

/// Every error is one line.
fn assert_one_error(err: &str, part: &str) {
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("error: ") && err.contains(part), "{err}");
}

#[test]
fn a_finished_figure_leaves_every_file_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("deep/er");
    let fake = Fake::new("held", Act::Value(0.01));
    let said = reproduce(&[Entry::available(&fake), to_come("later")], &out, &["--seeds", "2"], 3);
    assert_eq!(said.finish, Finish::Success, "{}", said.err);
    assert_eq!(said.err, "");
    assert!(said.out.contains("held: done") && said.out.contains("1 of 1 bounds kept"), "{}", said.out);
    assert_eq!(names(&out), [".lock", "held", "index.html", "manifest.json"]);
    assert_eq!(names(&out.join("held")), FILES);
    let png = fs::read(out.join("held/figure.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
}

#[test]
fn metrics_follow_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(0.01));
    reproduce(&[Entry::available(&fake)], directory.path(), &["--seeds", "2"], 1);
    let expected = serde_json::json!({
        "figure": "held", "data": "synthetic", "tier": "quick", "seeds": [0, 1],
        "metrics": {
            "zeta": { "value": 0.01, "unit": "nats", "std_err": 0.01,
                      "bound": { "op": "<=", "value": 0.05 }, "pass": true },
            "alpha": { "value": 3.0, "unit": "1", "std_err": null, "bound": null, "pass": null },
        }
    });
    assert_eq!(json(directory.path(), "held/metrics.json"), expected);
    let text = read(directory.path(), "held/metrics.json");
    assert!(text.find("zeta").unwrap() < text.find("alpha").unwrap(), "in the figure's order");
}

#[test]
fn a_missed_bound_is_named_and_its_figure_written() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(0.07));
    let said = reproduce(&[Entry::available(&fake)], directory.path(), &[], 1);
    assert_eq!(said.finish.code(), 1);
    assert_one_error(&said.err, "held: bound missed: zeta is 0.07, bound <= 0.05");
    assert_eq!(json(directory.path(), "held/metrics.json")["metrics"]["zeta"]["pass"], false);
}

#[test]
fn a_value_that_is_not_a_number_is_null_and_a_miss() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(f64::NAN));
    let said = reproduce(&[Entry::available(&fake)], directory.path(), &[], 1);
    assert_eq!(said.finish.code(), 1);
    let metric = &json(directory.path(), "held/metrics.json")["metrics"]["zeta"];
    assert!(metric["value"].is_null());
    assert_eq!(metric["pass"], false);
}

#[test]
fn the_trace_is_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(0.25));
    reproduce(&[Entry::available(&fake)], directory.path(), &[], 1);
    let trace = read(directory.path(), "held/trace.csv");
    let start = "\"run, \"\"quoted\"\"\",x,y,step\n\"held, \"\"steered\"\"\nby gamma\",1,0.25,0\n";
    assert!(trace.starts_with(start), "{trace}");
}

#[test]
fn failures_have_their_codes_and_leave_the_old_files() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    reproduce(&[Entry::available(&Fake::new("held", Act::Value(0.01)))], out, &[], 1);
    let before: Vec<Vec<u8>> = FILES.iter().map(|f| fs::read(out.join("held").join(f)).unwrap()).collect();
    for (act, code, part) in [
        (Act::BadInput("row 3:\n two lines"), 2, "held: cannot use the input: row 3: two lines"),
        (Act::Diverge("loss is NaN"), 3, "held: could not finish: loss is NaN"),
        (Act::NoPanels, 3, "no panel"),
    ] {
        let said = reproduce(&[Entry::available(&Fake::new("held", act))], out, &[], 1);
        assert_eq!(said.finish.code(), code, "{act:?}");
        assert_one_error(&said.err, part);
        let after: Vec<Vec<u8>> = FILES.iter().map(|f| fs::read(out.join("held").join(f)).unwrap()).collect();
        assert!(before == after, "{act:?} changed a file");
        assert_eq!(names(&out.join("held")), FILES);
    }
}

#[test]
fn one_failure_does_not_keep_the_others_from_being_computed() {
    let directory = tempfile::tempdir().unwrap();
    let (bad, good) = (Fake::new("bad", Act::Diverge("no")), Fake::new("good", Act::Value(0.0)));
    let said = reproduce(&[Entry::available(&bad), Entry::available(&good)], directory.path(), &[], 1);
    assert_eq!(said.finish, Finish::Unfinished);
    assert_eq!((bad.runs(), good.runs()), (1, 1));
    let report = read(directory.path(), "index.html");
    assert!(report.contains("id=\"good\"") && !report.contains("id=\"bad\""));
}

#[test]
fn a_write_that_fails_midway_keeps_the_earlier_figure() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    reproduce(&[Entry::available(&Fake::new("held", Act::Value(0.01)))], out, &[], 1);
    let before = read(out, "held/trace.csv");
    // A folder under the temporary name of a late file stands for a full disk.
    fs::create_dir(out.join("held/.metrics.json.partial")).unwrap();
    let said = reproduce(&[Entry::available(&Fake::new("held", Act::Value(0.02)))], out, &[], 1);
    assert_eq!(said.finish, Finish::Unfinished);
    assert_one_error(&said.err, "cannot write");
    assert_eq!(read(out, "held/trace.csv"), before);
    fs::remove_dir(out.join("held/.metrics.json.partial")).unwrap();
    assert_eq!(names(&out.join("held")), FILES, "no temporary file is left");
}

#[test]
fn the_same_options_give_the_same_bytes_whatever_the_threads() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("1"), directory.path().join("2"));
    let fake = Fake::new("held", Act::Value(0.01));
    reproduce(&[Entry::available(&fake)], &first, &[], 1);
    reproduce(&[Entry::available(&fake)], &second, &[], 8);
    for file in FILES.iter().filter(|file| **file != "report.json") {
        let bytes = |out: &Path| fs::read(out.join("held").join(file)).unwrap();
        assert!(bytes(&first) == bytes(&second), "{file} differs");
    }
    assert_eq!(json(&first, "manifest.json")["threads"], 1);
    assert_eq!(json(&second, "manifest.json")["figures"]["held"]["threads"], 8);
}

#[test]
fn a_rerun_of_one_figure_keeps_the_others_in_the_report() {
    let directory = tempfile::tempdir().unwrap();
    let (a, b) = (Fake::new("a", Act::Value(0.0)), Fake::new("b", Act::Value(0.0)));
    let registry = [Entry::available(&a), Entry::available(&b)];
    reproduce(&registry, directory.path(), &[], 1);
    reproduce(&registry, directory.path(), &["b", "b"], 1);
    assert_eq!((a.runs(), b.runs()), (1, 2), "a figure named twice is computed once");
    let report = read(directory.path(), "index.html");
    assert!(report.contains("id=\"a\"") && report.contains("id=\"b\""));
    assert_eq!(json(directory.path(), "manifest.json")["figures"].as_object().unwrap().len(), 2);
}

#[test]
fn resume_keeps_what_was_made_the_same_way() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    let fake = Fake::new("held", Act::Value(0.07));
    let registry = [Entry::available(&fake)];
    reproduce(&registry, out, &[], 1);
    let said = reproduce(&registry, out, &["--resume"], 1);
    assert_eq!(fake.runs(), 1);
    assert_eq!(said.finish, Finish::BoundMissed, "a bound missed earlier is still missed");
    assert!(said.out.contains("held: kept"), "{}", said.out);
    reproduce(&registry, out, &["--resume", "--seeds", "2"], 1);
    assert_eq!(fake.runs(), 2, "another number of seeds is another configuration");
    reproduce(&registry, out, &["--resume", "--seeds", "2", "--tier", "full"], 1);
    assert_eq!(fake.runs(), 3);
    // Another version, or a record that cannot be read, is computed again.
    let record = read(out, "held/report.json").replace(env!("CARGO_PKG_VERSION"), "0.0.0-other");
    fs::write(out.join("held/report.json"), record).unwrap();
    reproduce(&registry, out, &["--resume", "--seeds", "2", "--tier", "full"], 1);
    assert_eq!(fake.runs(), 4);
    fs::write(out.join("held/report.json"), "{").unwrap();
    reproduce(&registry, out, &["--resume", "--seeds", "2", "--tier", "full"], 1);
    assert_eq!(fake.runs(), 5);
    reproduce(&registry, out, &["--seeds", "2", "--tier", "full"], 1);
    assert_eq!(fake.runs(), 6, "without --resume everything is computed");
}

#[test]
fn resume_computes_a_figure_again_whose_files_are_not_all_there() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(0.01));
    let registry = [Entry::available(&fake)];
    reproduce(&registry, directory.path(), &[], 1);
    for (before, file) in (1..).zip(FILES) {
        assert_eq!(fake.runs(), before);
        fs::remove_file(directory.path().join("held").join(file)).unwrap();
        reproduce(&registry, directory.path(), &["--resume"], 1);
        assert_eq!(fake.runs(), before + 1, "{file}");
        assert_eq!(names(&directory.path().join("held")), FILES);
    }
}

#[test]
fn a_report_is_written_only_where_there_is_something_new_to_report() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    let (good, bad) = (Fake::new("held", Act::Value(0.01)), Fake::new("held", Act::BadInput("no data")));
    let said = reproduce(&[Entry::available(&bad)], out, &[], 1);
    assert_eq!(said.out, "");
    assert_eq!(names(out), [".lock"]);
    let said = reproduce(&[Entry::available(&good)], out, &[], 1);
    assert!(said.out.contains("report: "), "{}", said.out);
    for file in ["index.html", "manifest.json"] {
        fs::write(out.join(file), "as it was").unwrap();
    }
    let said = reproduce(&[Entry::available(&bad)], out, &[], 1);
    assert_eq!((said.finish.code(), said.out.as_str()), (2, ""));
    assert_eq!(
        (read(out, "index.html"), read(out, "manifest.json")),
        ("as it was".into(), "as it was".into())
    );
    let said = reproduce(&[Entry::available(&good)], out, &["--resume"], 1);
    assert!(said.out.contains("report: ") && good.runs() == 1, "{}", said.out);
    assert!(read(out, "index.html").contains("id=\"held\""), "a figure that is kept is reported");
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_anything_is_computed() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    fs::write(out.join("b"), "in the way").unwrap();
    let (a, b) = (Fake::new("a", Act::Value(0.0)), Fake::new("b", Act::Value(0.0)));
    let said = reproduce(&[Entry::available(&a), Entry::available(&b)], out, &[], 1);
    assert_eq!(said.finish.code(), 2);
    assert_one_error(&said.err, out.join("b").to_str().unwrap());
    assert_eq!((a.runs(), b.runs()), (0, 0));
    assert_eq!(names(out), [".lock", "b"]);
}

#[test]
fn misuse_is_one_line_and_computes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let fake = Fake::new("held", Act::Value(0.0));
    let registry = [Entry::available(&fake), to_come("later")];
    let out = directory.path().join("out");
    let missing = directory.path().join("nowhere");
    for (arguments, part) in [
        (vec!["hold"], "no figure 'hold'; the figures are: held, later"),
        (vec!["held", "later"], "'later' is to come"),
        (vec!["--data", "cifar10"], "cifar10"),
        (vec!["--list", "hold"], "no figure 'hold'; the figures are: held, later"),
        (vec!["--data", "mnist"], "--data-dir"),
        (vec!["--data", "mnist"], "DIR/mnist, with or without .gz: train-images-idx3-ubyte"),
        (vec!["--data", "mnist", "--data-dir", missing.to_str().unwrap()], "nowhere does not exist"),
        (
            vec!["--data", "mnist", "--data-dir", missing.to_str().unwrap()],
            "nowhere/mnist, with or without .gz",
        ),
    ] {
        let said = reproduce(&registry, &out, &arguments, 1);
        assert_eq!(said.finish.code(), 2, "{arguments:?}");
        assert_one_error(&said.err, part);
        assert!(!out.exists(), "{arguments:?}");
    }
    let said = reproduce(&registry, &file.join("out"), &[], 1);
    assert_eq!(said.finish.code(), 2);
    assert_one_error(&said.err, "cannot write to the output directory");
    assert_eq!(fake.runs(), 0);
}

#[test]
fn a_second_run_is_turned_away_while_the_first_holds_the_lock() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(0.0));
    let lock = DirectoryLock::acquire(directory.path()).unwrap();
    let said = reproduce(&[Entry::available(&fake)], directory.path(), &[], 1);
    assert_eq!(said.finish.code(), 2);
    assert_one_error(&said.err, "another run is writing");
    assert_eq!(fake.runs(), 0);
    drop(lock);
    let said = reproduce(&[Entry::available(&fake)], directory.path(), &[], 1);
    assert_eq!(said.finish, Finish::Success, "the file left behind does not block");
}

#[test]
fn the_report_escapes_texts_and_holds_both_charts() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake::new("held", Act::Value(0.07));
    reproduce(&[Entry::available(&fake)], directory.path(), &[], 1);
    let report = read(directory.path(), "index.html");
    for raw in ["<script", "<img", "<em>", "<b>", "<i>", "<chart>"] {
        assert!(!report.contains(raw), "{raw}");
    }
    assert!(report.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert_eq!(report.matches("<svg").count(), 2);
    assert_eq!(report.matches(" id=").count(), 1, "only the section has an identifier");
    assert!(
        report.contains("0.07 ± 0.01</td>") && report.contains(">3</td>"),
        "± only with a standard error"
    );
    assert!(report.contains("Data: synthetic (00ff).") && !report.contains("To come"));
    let row = "zeta</td><td class=\"verdict\" role=\"cell\"><span class=\"miss\">miss</span>";
    assert!(report.contains(row), "the verdict stands beside the name");
    assert!(report.contains("class=\"miss\"") && report.contains("held/trace.csv"));
    for outside in ["http://", "https://"] {
        let links = report.replace("http://www.w3.org/2000/svg", "");
        assert!(!links.contains(outside), "the report is self-contained");
    }
}

#[test]
fn a_surface_can_be_turned_in_the_report_and_is_kept_by_resume() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path();
    let (flat, spatial) = (Fake::new("flat", Act::Value(0.0)), Fake::new("spatial", Act::WithSurface));
    let registry = [Entry::available(&flat), Entry::available(&spatial)];
    reproduce(&registry, out, &[], 1);
    assert!(out.join("spatial/surfaces.json").is_file() && !out.join("flat/surfaces.json").exists());
    let report = read(out, "index.html");
    assert_eq!(report.matches("<figure class=\"turn\" hidden>").count(), 1, "hidden until the script runs");
    assert_eq!(report.matches("<script").count(), 2, "its data and the script");
    assert_eq!(report.matches("</script>").count(), 2, "no name ends a script");
    assert!(report.contains("held &lt;/script&gt;") && report.contains("plane &lt;b&gt;"));
    let data = report.split("<script type=\"application/json\">").nth(1).unwrap().split('<').next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["axes"][2]["title"], "</script>");
    reproduce(&registry, out, &["--resume"], 1);
    assert_eq!(spatial.runs(), 1);
    fs::remove_file(out.join("spatial/surfaces.json")).unwrap();
    reproduce(&registry, out, &["--resume"], 1);
    assert_eq!((flat.runs(), spatial.runs()), (1, 2), "computed again where a file is gone");
    // A figure that has no surface any more shows none, whatever lies in its folder.
    let without = Fake::new("spatial", Act::Value(0.0));
    reproduce(&[Entry::available(&without)], out, &[], 1);
    assert!(!read(out, "index.html").contains("<script"));
}

#[test]
fn small_bounds_read_the_same_in_the_report_and_in_the_command() {
    let directory = tempfile::tempdir().unwrap();
    let fake = Fake { bound: 1e-9, ..Fake::new("held", Act::Value(2.5e-9)) };
    let said = reproduce(&[Entry::available(&fake), to_come("la<ter")], directory.path(), &[], 1);
    assert_one_error(&said.err, "zeta is 2.5e-9, bound <= 1e-9");
    let report = read(directory.path(), "index.html");
    assert!(report.contains(">2.5e-9 ± 0.01</td>") && report.contains(">≤ 1e-9</td>"));
    assert!(report.contains("To come: la&lt;ter."));
}

#[test]
fn the_list_names_every_figure_and_its_status() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let said = reproduce(&ALL, &out, &["--list"], 1);
    assert_eq!(said.finish, Finish::Success);
    assert_eq!(said.out.lines().count(), ALL.len());
    for (line, entry) in said.out.lines().zip(ALL) {
        let status = if entry.figure.is_some() { "available" } else { "to come" };
        assert!(
            line.starts_with(entry.name) && line.contains(status) && line.ends_with(entry.shows),
            "{line}"
        );
    }
    assert!(!out.exists());
    assert_eq!(reproduce(&ALL, &out, &["--list", "transfer-digits"], 1).finish, Finish::Success);
}
