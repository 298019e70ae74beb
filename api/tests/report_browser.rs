//! The report in a real browser, through the script that people run by hand.

#[path = "../examples/report_sample/data.rs"]
mod data;

use std::path::Path;
use std::process::Command;

const INTERACTION: &str = include_str!("report_interaction.js");

/// Opens a page through the script, which fails where a script of the page raises an error.
fn check(folder: &Path, name: &str, page: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/check-report.sh");
    let report = folder.join(format!("{name}.html"));
    std::fs::write(&report, page).expect("the test made the folder");
    let picture = report.with_extension("png");
    let checked = Command::new(script).arg(&report).arg(&picture).output().expect("the script is executable");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{name}: {said}");
    assert!(picture.exists() || said.contains("skipped"), "{name}: {said}");
    println!("{said}");
}

#[test]
fn every_sample_report_runs_in_a_headless_browser() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sample) in data::SAMPLES {
        check(folder.path(), name, &lessor_api::report::render(&sample()));
    }
}

#[test]
fn a_report_answers_pointer_keys_filters_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let (_, sample) = data::SAMPLES.into_iter().find(|sample| sample.0 == "fleet").unwrap();
    let page = lessor_api::report::render(&sample());
    let using = format!("<script>(() => {{{INTERACTION}}})();</script></body>");
    check(folder.path(), "used", &page.replace("</body>", &using));
}
