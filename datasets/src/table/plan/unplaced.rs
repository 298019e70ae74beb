//! Table `unplaced`: what was left out, why, and the cheapest cure.

use std::path::Path;

use lessor_models::fleet::Owner;
use lessor_models::instance::Instance;
use lessor_models::plan::{Blocker, Cure, Reason, Rule, Unplaced};
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use super::words::cure_words;
use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::{Columns, write_table};
use crate::table::source::{Batch, TableReader};
use crate::table::spec::ColumnType::{Text, Texts, Time, U32, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{Finder, Owners, owner_type};

/// The schema of `unplaced.parquet`.
pub const UNPLACED: TableSpec = TableSpec {
    name: "unplaced",
    row: "one job that was not placed whole, dearest first",
    columns: &[
        required("job", Text, "name of a job"),
        required("count", U32, "capsules missing"),
        required(
            "reason",
            Text,
            "no_eligible_tile, too_large, no_headroom, fragmentation, not_worth, gang_too_large or interrupted",
        ),
        optional(
            "conflict",
            Texts,
            "an irreducible conflict set: node:NAME:KIND, zone:NAME:KIND, tiles:KIND, rule:RULE",
        ),
        optional("cure", Text, "capacity, relax, preempt, start or bid; NULL: none was found"),
        optional("cure_owner", Text, "capacity: the node or zone that needs more"),
        optional("cure_owner_type", Text, "capacity: node or zone"),
        optional("cure_kind", Text, "capacity: the kind of resource"),
        optional("cure_amount", U64, "capacity: how much more in base units; bid: micro-credits more a capsule"),
        optional("cure_rule", Text, "relax: the rule to waive"),
        optional("cure_job", Text, "preempt: the job that would lose capsules"),
        optional("cure_node", Text, "preempt: the tile where"),
        optional("cure_count", U32, "preempt: how many capsules"),
        optional("cure_start", Time, "start: the earliest start that fits"),
        optional("cure_text", Text, "the cure in words; not read"),
        optional(
            "expected_start",
            Time,
            "when one more, or the gang, would start if its deadline were waived; NULL: never, or not looked into",
        ),
    ],
};

const REASONS: [Reason; 7] = [
    Reason::NoEligibleTile,
    Reason::TooLarge,
    Reason::NoHeadroom,
    Reason::Fragmentation,
    Reason::NotWorth,
    Reason::GangTooLarge,
    Reason::Interrupted,
];

const CURES: [&str; 5] = ["capacity", "relax", "preempt", "start", "bid"];

/// Reads what was left out, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_unplaced(path: &Path, instance: &Instance) -> Result<Vec<Unplaced>, DatasetError> {
    let mut reader = TableReader::open(path, &UNPLACED)?;
    let mut jobs = Finder::new(instance.job_names());
    let mut unplaced = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [job, count, reason, conflict, expected_start] =
            ["job", "count", "reason", "conflict", "expected_start"].map(|name| batch.column(name));
        let cures = CureColumns::new(&batch);
        for row in batch.rows() {
            let members = conflict.texts(row).map(|text| blocker(instance, text));
            unplaced.push(Unplaced {
                job: job.need(row, |name| jobs.job(name))?,
                count: count.need_narrow(row)?,
                reason: reason.need_word(row, &REASONS, Reason::name)?,
                conflict: members.collect::<Result<_, _>>().map_err(|problem| conflict.refuse(row, problem))?,
                cure: cures.read(row, instance)?,
                expected_start: expected_start.time(row),
            });
        }
    }
    Ok(unplaced)
}

/// The conflict member that a text stands for. The kind stands last, because names may hold colons.
fn blocker(instance: &Instance, text: &str) -> Result<Blocker, Problem> {
    let wrong = || Problem::Blocker { found: text.to_owned() };
    let kind = |name: &str| Kind::from_name(name).ok_or_else(wrong);
    let (what, rest) = text.split_once(':').ok_or_else(wrong)?;
    let fleet = instance.fleet();
    match what {
        "rule" => {
            let rule = Rule::ALL.into_iter().find(|rule| rule.name() == rest);
            rule.map(Blocker::Rule).ok_or_else(wrong)
        }
        "tiles" => Ok(Blocker::Tiles { kind: kind(rest)? }),
        "node" | "zone" => {
            let (name, last) = rest.rsplit_once(':').ok_or_else(wrong)?;
            let owner = if what == "node" {
                Finder::new(fleet.names()).node(name).map(Owner::Node)?
            } else {
                Finder::new(fleet.zone_names()).zone(name).map(Owner::Zone)?
            };
            Ok(Blocker::Account { owner, kind: kind(last)? })
        }
        _ => Err(wrong()),
    }
}

/// The cure columns of one batch.
struct CureColumns<'b> {
    cure: Cells<'b>,
    owner: Cells<'b>,
    owner_type: Cells<'b>,
    kind: Cells<'b>,
    amount: Cells<'b>,
    rule: Cells<'b>,
    job: Cells<'b>,
    node: Cells<'b>,
    count: Cells<'b>,
    start: Cells<'b>,
}

impl<'b> CureColumns<'b> {
    fn new(batch: &'b Batch) -> CureColumns<'b> {
        CureColumns {
            cure: batch.column("cure"),
            owner: batch.column("cure_owner"),
            owner_type: batch.column("cure_owner_type"),
            kind: batch.column("cure_kind"),
            amount: batch.column("cure_amount"),
            rule: batch.column("cure_rule"),
            job: batch.column("cure_job"),
            node: batch.column("cure_node"),
            count: batch.column("cure_count"),
            start: batch.column("cure_start"),
        }
    }

    fn read(&self, row: usize, instance: &Instance) -> Result<Option<Cure>, DatasetError> {
        if self.cure.text(row).is_none() {
            return Ok(None);
        }
        let fleet = instance.fleet();
        Ok(Some(match self.cure.need_word(row, &CURES, |name| name)? {
            "capacity" => Cure::Capacity {
                owner: Owners::new(fleet).find(self.owner_type, self.owner, row)?,
                kind: self.kind.need_word(row, &Kind::ALL, Kind::name)?,
                amount: self.amount.need_integer(row)?,
            },
            "relax" => Cure::Relax(self.rule.need_word(row, &Rule::ALL, Rule::name)?),
            "preempt" => Cure::Preempt {
                job: self.job.need(row, |name| Finder::new(instance.job_names()).job(name))?,
                tile: self.node.need(row, |name| Finder::new(fleet.names()).tile(name, fleet))?,
                count: self.count.need_narrow(row)?,
            },
            "start" => Cure::Start(self.start.need_time(row)?),
            _ => Cure::Bid(self.amount.need_integer(row)?),
        }))
    }
}

/// Writes what was left out.
///
/// # Errors
/// A file that cannot be written.
pub fn write_unplaced(path: &Path, instance: &Instance, unplaced: &[Unplaced]) -> Result<(), DatasetError> {
    write_table(path, &UNPLACED, unplaced.len(), |rows, columns| {
        let unplaced = &unplaced[rows];
        columns.text("job", unplaced.iter().map(|left| Some(instance.job_name(left.job))));
        columns.integer("count", unplaced.iter().map(|left| Some(left.count.into())));
        columns.text("reason", unplaced.iter().map(|left| Some(left.reason.name())));
        let conflicts = unplaced.iter().map(|left| left.conflict.iter().map(|member| blocker_text(instance, *member)));
        columns.texts("conflict", conflicts);
        put_cures(columns, instance, &unplaced.iter().map(|left| left.cure).collect::<Vec<Option<Cure>>>());
        columns.time("expected_start", unplaced.iter().map(|left| left.expected_start));
    })
}

fn blocker_text(instance: &Instance, member: Blocker) -> String {
    match member {
        Blocker::Account { owner, kind } => {
            format!("{}:{}:{kind}", owner_type(owner), instance.fleet().owner_name(owner))
        }
        Blocker::Tiles { kind } => format!("tiles:{kind}"),
        Blocker::Rule(rule) => format!("rule:{}", rule.name()),
    }
}

/// The cells that a cure fills in.
#[derive(Default)]
struct CureCells<'i> {
    cure: Option<&'static str>,
    owner: Option<&'i str>,
    owner_type: Option<&'static str>,
    kind: Option<&'static str>,
    amount: Option<u64>,
    rule: Option<&'static str>,
    job: Option<&'i str>,
    node: Option<&'i str>,
    count: Option<u64>,
    start: Option<Timestamp>,
    text: Option<String>,
}

fn put_cures(columns: &mut Columns, instance: &Instance, cures: &[Option<Cure>]) {
    let rows = cures.iter().map(|cure| cure.map_or_else(CureCells::default, |cure| cure_cells(instance, cure)));
    let rows: Vec<CureCells> = rows.collect();
    columns.text("cure", rows.iter().map(|row| row.cure));
    columns.text("cure_owner", rows.iter().map(|row| row.owner));
    columns.text("cure_owner_type", rows.iter().map(|row| row.owner_type));
    columns.text("cure_kind", rows.iter().map(|row| row.kind));
    columns.integer("cure_amount", rows.iter().map(|row| row.amount));
    columns.text("cure_rule", rows.iter().map(|row| row.rule));
    columns.text("cure_job", rows.iter().map(|row| row.job));
    columns.text("cure_node", rows.iter().map(|row| row.node));
    columns.integer("cure_count", rows.iter().map(|row| row.count));
    columns.time("cure_start", rows.iter().map(|row| row.start));
    columns.text("cure_text", rows.iter().map(|row| row.text.as_deref()));
}

fn cure_cells(instance: &Instance, cure: Cure) -> CureCells<'_> {
    let fleet = instance.fleet();
    let text = Some(cure_words(instance, cure));
    match cure {
        Cure::Capacity { owner, kind, amount } => CureCells {
            cure: Some("capacity"),
            owner: Some(fleet.owner_name(owner)),
            owner_type: Some(owner_type(owner)),
            kind: Some(kind.name()),
            amount: Some(amount),
            text,
            ..CureCells::default()
        },
        Cure::Relax(rule) => CureCells { cure: Some("relax"), rule: Some(rule.name()), text, ..CureCells::default() },
        Cure::Preempt { job, tile, count } => CureCells {
            cure: Some("preempt"),
            job: Some(instance.job_name(job)),
            node: Some(fleet.name(tile)),
            count: Some(count.into()),
            text,
            ..CureCells::default()
        },
        Cure::Start(start) => CureCells { cure: Some("start"), start: Some(start), text, ..CureCells::default() },
        Cure::Bid(more) => CureCells { cure: Some("bid"), amount: Some(more), text, ..CureCells::default() },
    }
}
