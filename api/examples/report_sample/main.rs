//! Writes a report with made-up figures, to look at the page without making a plan.
//!
//! `cargo run --release --example report_sample -- fleet report.html`; `fleet` may also be `empty`, `one`, `few`,
//! `large` or `hostile`.

mod data;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(path)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: report_sample {} FILE", data::SAMPLES.map(|sample| sample.0).join("|"));
    };
    let Some(sample) = data::SAMPLES.iter().find(|sample| sample.0 == name) else {
        anyhow::bail!("there is no sample {name:?}");
    };
    std::fs::write(path, lessor_api::report::render(&sample.1()))?;
    Ok(())
}
