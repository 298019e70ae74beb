//! `front.html`, a page that a person wants to look at, and `front.svg`, its picture alone.

use lessor_models::objective::terms::Objective;

use super::outcome::{Outcome, PLANS};
use super::plot::{HEIGHT, WIDTH, credits, elements};
use super::point::Point;
use crate::draw::entries::{condition, headline_figure};
use crate::draw::figures::{gap, grouped, mark, significant};
use crate::draw::frame::{Frame, maker};
use crate::draw::{CHART_STYLE, PALETTE};

const TEMPLATE: &str = include_str!("page/front.html");
const PAGE_STYLE: &str = include_str!("page/front.css");
const POINT_STYLE: &str = include_str!("page/points.css");

/// Room around the picture.
const MARGIN: f64 = 28.0;

/// The page as the text of one HTML file. Same outcome, same bytes.
pub(super) fn html(outcome: &Outcome<'_>) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let title = format!("{} against {second}", capitalized(first));
    let svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n{}</svg>\n",
        elements(outcome)
    );
    let frame = Frame {
        of: "front",
        title: &title,
        styles: &[POINT_STYLE, PAGE_STYLE],
        verdict: &verdict(outcome),
        figures: &headline(outcome),
    };
    let parts = [
        ("plot", &*svg),
        ("conditions", &conditions(outcome)),
        ("table", &table(outcome)),
        ("words", &glossary(outcome)),
        ("made", &maker(None)),
    ];
    frame.page(TEMPLATE, &parts)
}

/// The plot as the text of one SVG file.
pub(super) fn svg(outcome: &Outcome<'_>) -> String {
    let (width, height) = (WIDTH + 2.0 * MARGIN, HEIGHT + 2.0 * MARGIN);
    let [first, second] = outcome.pair.terms().map(Objective::name);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n\
         <title>{first} against {second}</title>\n<style>\n{PALETTE}{CHART_STYLE}{POINT_STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n{}</g>\n</svg>\n",
        elements(outcome)
    )
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn front<'a>(outcome: &'a Outcome<'_>) -> Vec<&'a Point> {
    outcome.points.iter().filter(|point| !point.is_dominated).collect()
}

/// What came out, in one sentence.
fn verdict(outcome: &Outcome<'_>) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let front = front(outcome);
    let (best, last) = (front[0], front[front.len() - 1]);
    if front.len() == 1 {
        return format!("One plan is the best found in {first} and in {second} alike: there is nothing to trade.");
    }
    format!(
        "From {first} {} and {second} {} credits to {first} {} and {second} {}: {} plans, none better than another in both.",
        credits(best.amounts[0]),
        credits(best.amounts[1]),
        credits(last.amounts[0]),
        credits(last.amounts[1]),
        front.len()
    )
}

fn headline(outcome: &Outcome<'_>) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let front = front(outcome);
    let (best, last) = (front[0], front[front.len() - 1]);
    let weighings = outcome.points.len();
    let proved: Vec<f64> = outcome.points.iter().filter_map(|point| point.figures.gap).collect();
    let widest = proved.iter().copied().reduce(f64::max);
    let of_which = match proved.len() {
        0 => "none is proved".to_owned(),
        all if all == weighings => "each under its own weights".to_owned(),
        some => format!("each under its own weights; {some} of {weighings} are proved"),
    };
    let figures = [
        ("Plans to choose from".to_owned(), front.len().to_string(), format!("of {weighings} weighings")),
        (
            format!("Best {first}"),
            credits(best.amounts[0]),
            format!("credits, at {second} {}", credits(best.amounts[1])),
        ),
        (
            format!("Best {second}"),
            credits(last.amounts[1]),
            format!("credits, at {first} {}", credits(last.amounts[0])),
        ),
        ("Widest gap".to_owned(), gap(widest), of_which),
    ];
    figures.iter().map(|(name, text, note)| headline_figure(name, text, note)).collect()
}

fn conditions(outcome: &Outcome<'_>) -> String {
    let settings = outcome.settings;
    let limit = match (settings.work, settings.deadline_seconds) {
        (Some(work), _) => format!("{} search moves for all plans together", grouped(work as f64)),
        (None, Some(seconds)) => format!("{} s for all plans together", significant(seconds)),
        (None, None) => "none".to_owned(),
    };
    let conditions = [
        ("Fleet", format!("{} tiles, {} jobs", grouped(outcome.tiles as f64), grouped(outcome.jobs as f64))),
        ("Limit", limit),
        ("Seed", settings.seed.to_string()),
    ];
    conditions.iter().map(|(name, words)| condition(name, words)).collect()
}

fn table(outcome: &Outcome<'_>) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let heads = [
        format!("{first}, credits"),
        format!("{second}, credits"),
        format!("weight of {first}"),
        format!("weight of {second}"),
        "placed".to_owned(),
        "left out".to_owned(),
        "moves".to_owned(),
        "gap".to_owned(),
    ];
    let heads = heads.map(|head| format!("<th class=\"numeric\">{head}</th>")).concat();
    let row = |point: &Point| {
        let cells = [
            credits(point.amounts[0]),
            credits(point.amounts[1]),
            mark(f64::from(point.weighing.0[0]) / 1_000.0),
            mark(f64::from(point.weighing.0[1]) / 1_000.0),
            grouped(point.figures.placed as f64),
            grouped(point.figures.unplaced as f64),
            grouped(point.figures.moves as f64),
            gap(point.figures.gap),
        ];
        let cells = cells.map(|cell| format!("<td class=\"numeric\">{cell}</td>")).concat();
        match &point.plan {
            Some(name) => format!("<tr><td><a href=\"{PLANS}/{name}/report.html\">{name}</a></td>{cells}</tr>\n"),
            None => format!("<tr class=\"dominated\"><td>dominated</td>{cells}</tr>\n"),
        }
    };
    let rows = outcome.points.iter().map(row).collect::<Vec<_>>().concat();
    format!("<table><thead><tr><th>plan</th>{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n")
}

fn glossary(outcome: &Outcome<'_>) -> String {
    let entry = |term: Objective| {
        let words = match term {
            Objective::Value => {
                "Bids of the capsules that are placed, and bonuses. It is the unit: its weight is always 1."
            }
            Objective::Energy => "What the capsules draw over their run time, at the price of their feed.",
            Objective::Carbon => "What making that energy emits, at the price of carbon dioxide.",
            Objective::Risk => "What faults are expected to cost of the bids, with the best checkpoints.",
            Objective::Thermal => "Heat, dearer the more of its tile's envelope a capsule takes.",
            Objective::Latency => "Delay between capsules and the data of their job, over their run time.",
            Objective::Moves => "What it costs to move capsules that run already.",
            Objective::Headroom => "What tiles use above their safety capacities, for as long as they do.",
            Objective::Dues => "What capsules pay for accounts, at the prices that the market cleared at.",
            Objective::Balance => {
                "What tiles lack of one kind for what is left of another, beyond what they lack when empty."
            }
        };
        format!("    <div><dt>{}</dt><dd>{words}</dd></div>\n", capitalized(term.name()))
    };
    outcome.pair.terms().map(entry).concat()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::pair::Pair;
    use super::super::point::tests::point;
    use super::*;
    use crate::plan::method::PlanMethod;
    use crate::plan::run_file::Settings;

    pub(in crate::front) fn settings() -> Settings {
        Settings {
            method: PlanMethod::Auto,
            seed: 7,
            deadline_seconds: None,
            work: Some(90),
            threads: 1,
            keep_permille: None,
            memory_bytes: None,
        }
    }

    /// Value 100 for energy 80, 50 for 10, and 50 for 20, which is dominated; in credits.
    pub(in crate::front) fn outcome(settings: &Settings) -> Outcome<'_> {
        let credits = |value: i128, energy: i128| [value * 1_000_000, energy * 1_000_000];
        let mut points = vec![point(0, credits(100, 80)), point(1, credits(50, 10)), point(2, credits(50, 20))];
        (points[0].plan, points[1].plan) = (Some("00".into()), Some("01".into()));
        points[2].is_dominated = true;
        Outcome { pair: Pair::parse("value,energy").unwrap(), points, settings, tiles: 2, jobs: 1 }
    }

    #[test]
    fn the_page_names_the_trade_and_leads_to_every_plan() {
        let settings = settings();
        let page = html(&outcome(&settings));
        assert!(page.contains("<h1>Value against energy</h1>"), "{page}");
        assert!(page.contains("From value 100 and energy 80.0 credits to value 50.0 and energy 10.0: 2 plans"));
        for name in ["00", "01"] {
            assert!(page.contains(&format!("href=\"plans/{name}/report.html\"")));
        }
        assert!(page.contains("<tr class=\"dominated\">") && !page.contains("{{"));
    }

    #[test]
    fn a_front_of_one_plan_says_that_there_is_nothing_to_trade() {
        let settings = settings();
        let mut outcome = outcome(&settings);
        outcome.points.truncate(1);
        assert!(html(&outcome).contains("there is nothing to trade"));
    }

    #[test]
    fn the_widest_gap_is_that_of_the_plans_that_are_proved() {
        let settings = settings();
        let mut outcome = outcome(&settings);
        let page_of = |gaps: [Option<f64>; 3], outcome: &mut Outcome<'_>| {
            outcome.points.iter_mut().zip(gaps).for_each(|(point, gap)| point.figures.gap = gap);
            html(outcome)
        };
        let page = page_of([Some(0.25), None, Some(0.5)], &mut outcome);
        assert!(page.contains("50.00 %") && page.contains("2 of 3 are proved"), "{page}");
        assert!(page_of([Some(0.25); 3], &mut outcome).contains("each under its own weights<"));
        assert!(page_of([None; 3], &mut outcome).contains("none is proved"));
    }

    #[test]
    fn the_picture_stands_alone() {
        let settings = settings();
        let picture = svg(&outcome(&settings));
        assert!(picture.starts_with("<svg xmlns=") && picture.contains("--paper") && picture.ends_with("</svg>\n"));
    }
}
