//! `summary.md`: the means of every contender and the costs of every instance as Markdown.

use super::outcome::{Cell, Line, Outcome};

/// The page. Same outcome, same bytes.
pub(super) fn markdown(outcome: &Outcome<'_>) -> String {
    [title(outcome), means(outcome), instances(outcome), notes(outcome), conditions(outcome)].join("\n")
}

fn title(outcome: &Outcome<'_>) -> String {
    format!("# {}\n\n{}\n", outcome.task.family.title(), outcome.verdict())
}

fn means(outcome: &Outcome<'_>) -> String {
    let columns = outcome.mean_columns();
    let heads: Vec<&str> = std::iter::once("contender").chain(columns.iter().map(|column| column.0)).collect();
    let rows = outcome.means.iter().map(|means| {
        let cells = columns.iter().map(|(_, cell)| cell(means));
        row(&std::iter::once(means.contender.clone()).chain(cells).collect::<Vec<_>>())
    });
    head(&heads) + &rows.collect::<Vec<_>>().concat()
}

fn instances(outcome: &Outcome<'_>) -> String {
    let family = outcome.task.family;
    let names = outcome.contenders.iter().map(|contender| contender.name.as_str());
    let heads: Vec<&str> = ["instance", family.size(), "reference"].into_iter().chain(names).collect();
    let lines = outcome.lines().iter().map(line).collect::<Vec<_>>().concat();
    let says = format!(
        "Each cell: {}, then gap to the best known and seconds; means where there are several seeds.",
        family.cost()
    );
    format!("{says}\n\n{}{lines}", head(&heads))
}

/// What every run was told, who they were, and where.
fn conditions(outcome: &Outcome<'_>) -> String {
    let told = format!(
        "Each run: {}; {}. Every answer was read from its file and checked; bounds are what contenders say.",
        outcome.terms_words(),
        outcome.seed_words()
    );
    let commands = outcome.contenders.iter().map(|contender| format!("- {}: `{}`\n", contender.name, contender.text));
    let commands = commands.collect::<Vec<_>>().concat();
    format!("{told}\n\n{commands}\nMachine: {}.\n", outcome.machine.words())
}

fn head(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    format!("{}|{}\n", row(&cells), "---|".repeat(cells.len()))
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn line(line: &Line) -> String {
    let cell = |Cell { cost, note, is_best }: &Cell| {
        let cost = if *is_best { format!("**{cost}**") } else { cost.clone() };
        format!("{cost} ({note})")
    };
    let mut cells = vec![line.instance.clone(), line.size.clone(), line.reference.clone()];
    cells.extend(line.cells.iter().map(cell));
    row(&cells)
}

/// What there is to say of single runs.
fn notes(outcome: &Outcome<'_>) -> String {
    let noted = outcome.rows.iter().filter_map(|run| {
        let note = run.note.as_ref()?;
        Some(format!("- {}, {}, seed {}: {}: {note}\n", run.instance, run.contender, run.seed, run.status))
    });
    let notes = noted.collect::<Vec<_>>().concat();
    if notes.is_empty() { "No run has a note.\n".to_owned() } else { notes }
}
