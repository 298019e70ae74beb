//! What the runs of a bench come to: medians over repeats, and how time and memory grow with the fleet.
//!
//! The one place for a dataframe library: it looks at figures after the fact, and nothing decides by what it finds.

use polars::prelude::{DataFrame, DataType, Expr, IntoLazy, LazyFrame, PolarsResult, col, df, len, lit};

use super::analysis_error::AnalysisError;
use super::runs_table::BenchRun;

/// What the runs come to, in the order of the runs.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    pub(super) medians: Vec<Median>,
    pub(super) growths: Vec<Growth>,
}

/// The medians over the repeats of one family, load, method and size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Median {
    pub(super) family: String,
    pub(super) load: f64,
    pub(super) method: String,
    pub(super) tiles: f64,
    pub(super) capsules: f64,
    pub(super) seconds: f64,
    pub(super) peak_memory_bytes: f64,
    /// `None` where no repeat has a proof.
    pub(super) gap: Option<f64>,
}

/// How one family and load grows, planned by one method, with the number of tiles; only where there are at least two sizes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Growth {
    pub(super) family: String,
    pub(super) load: f64,
    pub(super) method: String,
    pub(super) seconds: Fit,
    pub(super) peak_memory_bytes: Fit,
}

/// A line through the medians, by least squares on logarithms: the amount is about `tiles^exponent`, times a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    pub(super) exponent: f64,
    /// The share of the variance that the line explains; `None` where there is none to explain.
    pub(super) r_squared: Option<f64>,
}

/// Analyzes runs.
///
/// # Errors
/// A defect, and nothing else.
pub(super) fn analyze(runs: &[BenchRun]) -> Result<Analysis, AnalysisError> {
    let medians = medians(frame(runs)?.lazy()).collect()?;
    let growths = growths(medians.clone().lazy()).collect()?;
    Ok(Analysis { medians: median_rows(&medians)?, growths: growth_rows(&growths)? })
}

fn frame(runs: &[BenchRun]) -> PolarsResult<DataFrame> {
    let column = |of: fn(&BenchRun) -> f64| runs.iter().map(of).collect::<Vec<f64>>();
    df!(
        "family" => runs.iter().map(|run| run.family).collect::<Vec<&str>>(),
        "load" => column(|run| run.load),
        "method" => runs.iter().map(|run| run.method).collect::<Vec<&str>>(),
        "tiles" => column(|run| f64::from(run.tiles)),
        "capsules" => column(|run| run.capsules as f64),
        "seconds" => column(|run| run.seconds),
        "peak_memory_bytes" => column(|run| run.peak_memory_bytes as f64),
        "gap" => runs.iter().map(|run| run.gap).collect::<Vec<Option<f64>>>(),
    )
}

fn medians(runs: LazyFrame) -> LazyFrame {
    let figures = ["capsules", "seconds", "peak_memory_bytes", "gap"].map(|name| col(name).median());
    runs.group_by_stable([col("family"), col("load"), col("method"), col("tiles")]).agg(figures)
}

fn growths(medians: LazyFrame) -> LazyFrame {
    let mut fits = vec![len().cast(DataType::Float64).alias("sizes")];
    fits.extend(["seconds", "peak_memory_bytes"].into_iter().flat_map(fit));
    medians.group_by_stable([col("family"), col("load"), col("method")]).agg(fits).filter(col("sizes").gt(lit(1.0)))
}

/// The slope of the logarithm of an amount on the logarithm of tiles, and the share of the variance that it explains.
fn fit(amount: &str) -> [Expr; 2] {
    let deviation = |name: &str| {
        let logarithm = col(name).log(lit(std::f64::consts::E));
        logarithm.clone() - logarithm.mean()
    };
    let (x, y) = (deviation("tiles"), deviation(amount));
    let sum = |a: &Expr, b: &Expr| (a.clone() * b.clone()).sum();
    let (xx, xy, yy) = (sum(&x, &x), sum(&x, &y), sum(&y, &y));
    let slope = (xy.clone() / xx.clone()).alias(format!("{amount}_exponent"));
    [slope, (xy.clone() * xy / (xx * yy)).alias(format!("{amount}_r_squared"))]
}

fn median_rows(frame: &DataFrame) -> PolarsResult<Vec<Median>> {
    let column = |name: &str| numbers(frame, name);
    let (loads, tiles, capsules, gaps) = (column("load")?, column("tiles")?, column("capsules")?, column("gap")?);
    let (seconds, peaks) = (column("seconds")?, column("peak_memory_bytes")?);
    let known = |amounts: &[Option<f64>], row: usize| amounts[row].unwrap_or(f64::NAN);
    let row = |(row, (family, method)): (usize, (String, String))| Median {
        family,
        method,
        load: known(&loads, row),
        tiles: known(&tiles, row),
        capsules: known(&capsules, row),
        seconds: known(&seconds, row),
        peak_memory_bytes: known(&peaks, row),
        gap: gaps[row],
    };
    Ok(texts(frame, "family")?.into_iter().zip(texts(frame, "method")?).enumerate().map(row).collect())
}

fn growth_rows(frame: &DataFrame) -> PolarsResult<Vec<Growth>> {
    let loads = numbers(frame, "load")?;
    let fits = |amount: &str| -> PolarsResult<Vec<Fit>> {
        let exponents = numbers(frame, &format!("{amount}_exponent"))?.into_iter();
        let shares = numbers(frame, &format!("{amount}_r_squared"))?;
        let fit = |(exponent, share): (Option<f64>, Option<f64>)| Fit {
            exponent: exponent.unwrap_or(f64::NAN),
            r_squared: share.filter(|share| share.is_finite()),
        };
        Ok(exponents.zip(shares).map(fit).collect())
    };
    let (seconds, peaks) = (fits("seconds")?, fits("peak_memory_bytes")?);
    let row = |(row, (family, method)): (usize, (String, String))| Growth {
        family,
        method,
        load: loads[row].unwrap_or(f64::NAN),
        seconds: seconds[row],
        peak_memory_bytes: peaks[row],
    };
    Ok(texts(frame, "family")?.into_iter().zip(texts(frame, "method")?).enumerate().map(row).collect())
}

fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<f64>>> {
    Ok(frame.column(name)?.f64()?.iter().collect())
}

fn texts(frame: &DataFrame, name: &str) -> PolarsResult<Vec<String>> {
    Ok(frame.column(name)?.str()?.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(family: &'static str, tiles: u32, repeat: u16, seconds: f64) -> BenchRun {
        BenchRun {
            family,
            load: 1.0,
            tiles,
            capsules: 10 * u64::from(tiles),
            job_classes: 500,
            method: "auto",
            repeat,
            seed: u64::from(repeat),
            seconds,
            wall_seconds: seconds,
            peak_memory_bytes: 1_000 * u64::from(tiles),
            value: 1,
            bound: Some(2),
            gap: Some(0.01 * f64::from(repeat)),
            placed: 1,
            unplaced: 0,
            primal_gap: 0.0,
            primal_integral: 0.0,
        }
    }

    fn is_about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn an_exact_power_law_has_its_exact_exponent() {
        let runs = [100, 1_000, 10_000].map(|tiles| run("mixed", tiles, 1, 3e-5 * f64::from(tiles).powf(1.15)));
        let growths = analyze(&runs).unwrap().growths;
        assert_eq!(growths.len(), 1);
        let Growth { seconds, peak_memory_bytes, .. } = growths[0];
        assert!(is_about(seconds.exponent, 1.15) && is_about(seconds.r_squared.unwrap(), 1.0), "{seconds:?}");
        assert!(is_about(peak_memory_bytes.exponent, 1.0), "{peak_memory_bytes:?}");
    }

    #[test]
    fn what_is_off_the_line_lowers_the_share_explained() {
        // In decades x is -1, 0, 1 and y is 0, 2, 2, so xx = 2, xy = 2 and yy = 8/3: the slope is 1, the share 4 / (16/3).
        let runs = [(1, 1.0), (10, 100.0), (100, 100.0)].map(|(tiles, seconds)| run("small", tiles, 1, seconds));
        let fit = analyze(&runs).unwrap().growths[0].seconds;
        assert!(is_about(fit.exponent, 1.0) && is_about(fit.r_squared.unwrap(), 0.75), "{fit:?}");
    }

    #[test]
    fn one_size_has_no_growth_and_a_constant_has_nothing_to_explain() {
        let mut runs = vec![run("devices", 50, 1, 1.0), run("small", 50, 1, 2.0), run("small", 100, 1, 2.0)];
        let analysis = analyze(&runs).unwrap();
        assert_eq!(analysis.growths.iter().map(|growth| &*growth.family).collect::<Vec<_>>(), ["small"]);
        let fit = analysis.growths[0].seconds;
        assert!(is_about(fit.exponent, 0.0) && fit.r_squared.is_none(), "{fit:?}");
        runs.truncate(1);
        assert!(analyze(&runs).unwrap().growths.is_empty());
    }

    #[test]
    fn repeats_count_by_their_median_and_gaps_without_proof_do_not() {
        let mut runs = vec![run("mixed", 50, 1, 9.0), run("mixed", 50, 2, 1.0), run("mixed", 50, 3, 2.0)];
        runs[2].gap = None;
        let medians = analyze(&runs).unwrap().medians;
        assert_eq!(medians.len(), 1);
        assert!(is_about(medians[0].seconds, 2.0) && is_about(medians[0].gap.unwrap(), 0.015), "{medians:?}");
        runs.iter_mut().for_each(|run| run.gap = None);
        assert_eq!(analyze(&runs).unwrap().medians[0].gap, None);
    }
}
