//! `report.html` of a round: one self-contained page that a person wants to look at.

use std::fmt::Write;

use lessor_datasets::table::{AwardRow, account_words};
use lessor_market::book::GoodIndex;
use lessor_market::session::SessionOutcome;
use lessor_market::session::supporting_prices::SupportingPrices;
use lessor_models::words::{counted, price_parts};

use super::record::{Certificate, Figures};
use super::round::Round;
use crate::draw::entries::{condition, headline_figure};
use crate::draw::figures::{gap, grouped, percent};
use crate::draw::frame::{Frame, maker};
use crate::report::html_safe;

const TEMPLATE: &str = include_str!("page/market.html");
const PAGE_STYLE: &str = include_str!("page/market.css");

/// Bids and goods that the page shows at most; the tables hold all.
const ROWS_MAX: usize = 60;

/// The plot of payments against bids, in its own units.
const SIDE: f64 = 380.0;
const LEFT: f64 = 74.0;
const BOTTOM: f64 = 44.0;

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// The round.
    pub(super) round: &'a Round,
    /// What came out.
    pub(super) outcome: &'a SessionOutcome,
    /// Prices of each class.
    pub(super) prices: &'a [SupportingPrices],
    /// The figures.
    pub(super) figures: &'a Figures,
    /// The proof.
    pub(super) certificate: &'a Certificate,
    /// What came of each bid.
    pub(super) awards: &'a [AwardRow],
}

/// What is said of payments and of prices, and what is said in place of them where nothing could be settled.
const PAYMENTS: &str = "Each point is a winner. On the dotted line it would pay all that it bid; the lower, the more of the worth \
                        stays with it. A point rested on says whose it is.";
const PRICES: &str = "In credits, dearest first: what all pay where the format has one price, posted or uniform; else prices at \
                      which nobody could have done better by much, which prove the bound of the certificate.";
const NO_PAYMENTS: &str = "Nothing was settled: nobody won, and nobody pays.";
const NO_PRICES: &str = "Nothing was settled, so that nothing was sold at any price. The prices in \
 <code>prices.parquet</code> bound \
                         what there was to reach, and no more.";

/// The page as the text of one HTML file. Same outcome, same bytes.
pub(super) fn html(shown: &Shown<'_>) -> String {
    let rules = shown.round.policy.rules();
    let frame = Frame {
        of: "market round",
        title: &rules.name,
        styles: &[PAGE_STYLE],
        verdict: &verdict(shown),
        figures: &headline(shown),
    };
    let is_empty = shown.outcome.settled_nothing();
    let (plot, accounts) =
        if is_empty { (String::new(), String::new()) } else { (plot(shown.awards), accounts(shown)) };
    let parts = [
        ("payments_lead", if is_empty { NO_PAYMENTS } else { PAYMENTS }),
        ("prices_lead", if is_empty { NO_PRICES } else { PRICES }),
        ("plot", &*plot),
        ("conditions", &conditions(shown)),
        ("accounts", &accounts),
        ("awards", &awards(shown.awards)),
        ("certificate", &certificate(shown.certificate)),
        ("made", &maker(None)),
    ];
    frame.page(TEMPLATE, &parts)
}

/// Micro-credits as credits, three digits behind the point.
fn money(micro_credits: u128) -> String {
    let thousandths = micro_credits / 1_000;
    let whole = u64::try_from(thousandths / 1_000).unwrap_or(u64::MAX);
    format!("{}.{:03}", grouped(whole as f64), thousandths % 1_000)
}

fn verdict(shown: &Shown<'_>) -> String {
    let figures = shown.figures;
    if let Some(reason) = figures.unsettled.first() {
        return format!("Not all of the round could be settled: {}.", html_safe(reason));
    }
    let proof = match shown.certificate.gap {
        Some(0.0) => "No choice of winners is worth more.",
        Some(_) => "A better choice of winners is not ruled out.",
        None => "Nothing was settled that could be held against a bound.",
    };
    format!(
        "{} of {} bids win. They are worth {} credits to their bidders, who pay {}. {proof}",
        figures.winners,
        figures.bids,
        money(figures.value),
        money(figures.revenue)
    )
}

fn headline(shown: &Shown<'_>) -> String {
    let (figures, certificate) = (shown.figures, shown.certificate);
    if shown.outcome.settled_nothing() {
        return headline_figure("Won", "0", &format!("of {} bids, as long as payments are not settled", figures.bids));
    }
    let efficiency = figures.efficiency.map_or("–".to_owned(), percent);
    let core = certificate.core_violation.map_or("–".to_owned(), money);
    let cut = if certificate.misreports_cut { ", before the time was over" } else { "" };
    let entries = [
        ("Surplus", money(figures.surplus), "credits beyond the reserve prices".to_owned()),
        ("Revenue", money(figures.revenue), format!("credits; the operator keeps {}", money(figures.fees))),
        ("Efficiency", efficiency, format!("of what is proved possible; gap {}", gap(certificate.gap))),
        ("Core violation", core, "credits that a coalition could offer the seller beyond".to_owned()),
        (
            "Regret found",
            certificate.regret.map_or("–".to_owned(), |regret| money(u128::try_from(regret).unwrap_or(0))),
            format!("credits, in {} tried{cut}", counted(certificate.misreports, "misreport", "misreports")),
        ),
    ];
    let of_sellers = certificate.seller_regret.map(|regret| {
        let tried = counted(certificate.seller_misreports, "misreport", "misreports");
        let found = money(u128::try_from(regret).unwrap_or(0));
        headline_figure("Sellers' regret found", &found, &format!("credits, in {tried} tried{cut}"))
    });
    entries.iter().map(|(name, text, note)| headline_figure(name, text, note)).chain(of_sellers).collect()
}

fn conditions(shown: &Shown<'_>) -> String {
    let rules = shown.round.policy.rules();
    let classes = shown.outcome.classes.iter().map(|class| {
        let stated = &rules.classes[class.class];
        (stated.name.as_str(), format!("{}, {}", stated.format.name(), stated.payment.name()))
    });
    let mut entries: Vec<(&str, String)> = vec![
        ("Policy", format!("{}, revision {}", rules.name, rules.revision)),
        ("Bidders", shown.figures.bidders.to_string()),
        ("Seed of the lot", rules.tie_break_seed.to_string()),
    ];
    if shown.figures.offers > 0 {
        entries.push(("Offers", format!("{}, of which {} sold", shown.figures.offers, shown.figures.sales)));
    }
    entries.extend(classes);
    entries.extend(shown.figures.swinging.iter().map(|found| ("Swings", found.words())));
    entries.iter().map(|(name, words)| condition(name, words)).collect()
}

/// Payments against bids: a point a winner; on the line it would pay its bid.
fn plot(awards: &[AwardRow]) -> String {
    let won: Vec<(&AwardRow, u64)> = awards.iter().filter_map(|award| Some((award, award.payment?))).collect();
    let most = won.iter().map(|(award, _)| award.amount).max().unwrap_or(1).max(1) as f64;
    let scale = |amount: u64| amount as f64 / most * SIDE;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Payments against bids\">\n",
        LEFT + SIDE + 24.0,
        SIDE + BOTTOM + 20.0
    );
    for quarter in 0..=4_u32 {
        let share = f64::from(quarter) / 4.0;
        let (x, y) = (LEFT + share * SIDE, 14.0 + (1.0 - share) * SIDE);
        let label = credit_label(share * most);
        let _ = write!(
            svg,
            "<line class=\"chart-grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n\
             <text class=\"chart-label\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n\
             <text class=\"chart-label\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
            LEFT + SIDE,
            LEFT - 8.0,
            y + 4.0,
            SIDE + 34.0
        );
    }
    let base = 14.0 + SIDE;
    let _ = write!(
        svg,
        "<line class=\"chart-guide\" x1=\"{LEFT}\" y1=\"{base}\" x2=\"{}\" y2=\"14\"/>\n\
         <text class=\"chart-label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">bid, credits</text>\n",
        LEFT + SIDE,
        LEFT + SIDE,
        SIDE + 54.0
    );
    for (award, payment) in won {
        let (x, y) = (LEFT + scale(award.amount), base - scale(payment));
        let words = format!("{}: bid {}, pays {}", award.bid, money(award.amount.into()), money(payment.into()));
        let _ = writeln!(
            svg,
            "<circle class=\"marker f0\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"><title>{}</title></circle>",
            html_safe(&words)
        );
    }
    svg + "</svg>\n"
}

/// A mark of an axis in credits, from micro-credits.
fn credit_label(micro_credits: f64) -> String {
    crate::draw::figures::significant(micro_credits / 1e6)
}

/// The goods that are dearest or fullest, with bars of what is sold.
fn accounts(shown: &Shown<'_>) -> String {
    let mut rows = Vec::new();
    for (class, prices) in shown.outcome.classes.iter().zip(shown.prices) {
        let sold = class.handed_out(&shown.round.bids, &shown.outcome.fates);
        let goods = (0..).map(GoodIndex).zip(class.catalog.goods());
        for (((at, good), &above), sold) in goods.zip(&prices.above_reserve).zip(sold) {
            if good.is_of_class {
                rows.push((good, class.price(at, above), sold));
            }
        }
    }
    rows.sort_by_key(|(good, price, _)| (std::cmp::Reverse(*price), good.owner, good.kind, good.interval.start));
    let fleet = &shown.round.fleet;
    let first = rows.iter().map(|(good, ..)| good.interval.start.0).min().unwrap_or(0);
    let mut table = String::from(
        "<table><thead><tr><th>Account</th><th class=\"numeric\">From hour</th><th class=\"numeric\">To hour</th>\
         <th class=\"numeric\">Price</th><th class=\"numeric\">Reserve</th><th>Sold of what trades</th></tr></thead><tbody>\n",
    );
    for (good, price, sold) in rows.iter().take(ROWS_MAX) {
        let hour = |at: i64| (at - first) as f64 / 3.6e9;
        let share = *sold as f64 / good.offered.max(1) as f64;
        let [(price, unit), (reserve, _)] = [*price, good.reserve].map(|price| price_parts(good.kind, price));
        let _ = writeln!(
            table,
            "<tr><td>{}</td><td class=\"numeric\">{:.1}</td><td class=\"numeric\">{:.1}</td>\
             <td class=\"numeric\">{price}<br><small>per {unit}</small></td><td class=\"numeric\">{reserve}</td>\
             <td><div class=\"bar\"><span style=\"width:{:.1}%\"></span></div>\
             <small>{}</small></td></tr>",
            html_safe(&account_words(fleet, good.owner, good.kind)),
            hour(good.interval.start.0),
            hour(good.interval.end.0),
            share * 100.0,
            percent(share)
        );
    }
    table + "</tbody></table>\n" + &more(rows.len())
}

/// Bids: winners first, then the greatest losers.
fn awards(awards: &[AwardRow]) -> String {
    let mut order: Vec<&AwardRow> = awards.iter().collect();
    order.sort_by_key(|award| (award.payment.is_none(), std::cmp::Reverse(award.amount)));
    let mut table = String::from(
        "<table><thead><tr><th>Bid</th><th>Bidder</th><th class=\"numeric\">Bid</th><th class=\"numeric\">Reserve</th>\
         <th class=\"numeric\">Pays</th><th>Result</th></tr></thead><tbody>\n",
    );
    for award in order.iter().take(ROWS_MAX) {
        let class = if award.payment.is_some() { "won" } else { "lost" };
        let _ = writeln!(
            table,
            "<tr class=\"{class}\"><td>{}</td><td>{}</td><td class=\"numeric\">{}</td><td class=\"numeric\">{}</td>\
             <td class=\"numeric\">{}</td><td>{}</td></tr>",
            html_safe(&award.bid),
            html_safe(&award.bidder),
            money(award.amount.into()),
            award.reserve.map_or("–".to_owned(), |reserve| money(reserve.into())),
            award.payment.map_or("–".to_owned(), |paid| money(paid.into())),
            html_safe(&result(award))
        );
    }
    table + "</tbody></table>\n" + &more(awards.len())
}

/// Whether a bid won, and where that is not what it names; or why not.
fn result(award: &AwardRow) -> String {
    let won = || award.node.as_ref().map_or("won".to_owned(), |node| format!("won at {node}"));
    award.reason.clone().unwrap_or_else(won)
}

fn more(count: usize) -> String {
    match count.checked_sub(ROWS_MAX) {
        Some(rest) if rest > 0 => format!("<p class=\"hint\">and {rest} more in the tables</p>\n"),
        _ => String::new(),
    }
}

fn certificate(certificate: &Certificate) -> String {
    let dash = || "–".to_owned();
    let entries = [
        ("Surplus", money(certificate.surplus)),
        ("Bound", certificate.bound.map_or_else(dash, money)),
        ("Bound of the prices", money(certificate.price_bound)),
        ("Overdrawn", format!("{} base units", certificate.overdrawn)),
        ("Above a bidder's cap", format!("{} base units", certificate.above_holder_cap)),
        ("Groups with two winners", certificate.groups_broken.to_string()),
        ("Won at a wrong node", certificate.misplaced.to_string()),
        ("Paid above a bid", format!("{} micro-credits", certificate.above_bid)),
        ("Paid below a reserve price", format!("{} micro-credits", certificate.below_reserve)),
        ("Paid above a price cap", format!("{} micro-credits", certificate.above_cap)),
        ("Got below an ask", format!("{} micro-credits", certificate.below_ask)),
        ("Paid beside a price of all", format!("{} micro-credits", certificate.off_price)),
        ("Surplus beside the awards", format!("{} micro-credits", certificate.off_surplus)),
        ("Transfers beside the awards", format!("{} micro-credits", certificate.unbalanced)),
        ("Inputs, BLAKE3", certificate.inputs_blake3.clone()),
    ];
    entries.iter().map(|(name, words)| condition(name, words)).collect()
}
