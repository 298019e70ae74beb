use super::*;
use lessor_models::plan::{Reason, Rule};

const HOSTILE: &str = "</script><script>alert(1)</script><!-- {{data}} & \"quoted\"";

/// The JSON inside the page, as a browser would find it.
fn embedded(page: &str) -> serde_json::Value {
    let (_, after) = page.split_once("<script type=\"application/json\" id=\"report-data\">").unwrap();
    let (json, _) = after.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

fn hostile_data() -> ReportData {
    let mut data = ReportData::default();
    data.meta.title = HOSTILE.into();
    data.meta.inputs.push(InputFile { file: HOSTILE.into(), hash: "00".into() });
    data.cells.push(CellRow { name: HOSTILE.into(), cluster: HOSTILE.into(), ..CellRow::default() });
    data.zones.push(ZoneRow { name: HOSTILE.into(), kind: HOSTILE.into(), ..ZoneRow::default() });
    data.prices.push(PriceRow { owner: HOSTILE.into(), binding: HOSTILE.into(), ..PriceRow::default() });
    data.unplaced.push(UnplacedRow {
        job: HOSTILE.into(),
        conflict: vec![HOSTILE.into()],
        cure: Some(HOSTILE.into()),
        ..UnplacedRow::default()
    });
    data.waves.push(WaveRow { go: 1, ..WaveRow::default() });
    data.held_back.push(HeldBackRow {
        job: HOSTILE.into(),
        wait: HOSTILE.into(),
        behind: Some(HOSTILE.into()),
        ..HeldBackRow::default()
    });
    data.notes.push(HOSTILE.into());
    data
}

#[test]
fn a_hostile_name_opens_no_tag_and_closes_none() {
    let plain = render(&ReportData::default());
    let hostile = render(&hostile_data());
    for tag in ["<script", "</script", "<!--"] {
        assert_eq!(hostile.matches(tag).count(), plain.matches(tag).count(), "{tag}");
    }
}

#[test]
fn a_hostile_name_arrives_unchanged_in_the_data() {
    let page = embedded(&render(&hostile_data()));
    assert_eq!(page["meta"]["title"], HOSTILE);
    assert_eq!(page["cells"][0]["cluster"], HOSTILE);
    assert_eq!(page["held_back"][0]["behind"], HOSTILE);
    assert_eq!(page["unplaced"][0]["cure"], HOSTILE);
}

#[test]
fn the_title_is_text_in_the_markup_too() {
    let page = render(&hostile_data());
    assert!(
        page.contains("<title>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- {{data}} &amp; \"quoted\"")
    );
}

#[test]
fn every_section_is_in_the_page() {
    let page = render(&ReportData::default());
    for id in
        ["fleet", "cell-map", "zone-map", "detail", "progress", "classes", "migration", "prices", "unplaced", "inputs"]
    {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn an_empty_plan_has_its_headline_in_the_data() {
    let page = embedded(&render(&ReportData::default()));
    assert_eq!(page["meta"]["value"], "0");
    assert_eq!(page["meta"]["bound"], serde_json::Value::Null);
    assert_eq!(page["totals"]["unplaced"], 0);
}

#[test]
fn the_page_names_nothing_outside_itself() {
    let page = render(&ReportData::default());
    for outside in ["https:", "src=", "href=", "url(h", "@import", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    assert_eq!(render(&hostile_data()), render(&hostile_data()));
}

#[test]
fn more_rows_than_a_browser_can_show_are_cut_and_counted() {
    let row = |bid| UnplacedRow { job: format!("j{bid}"), bid, count: 1, ..UnplacedRow::default() };
    let unplaced = (0..20_002).map(row).collect();
    let page = embedded(&render(&ReportData { unplaced, ..ReportData::default() }));
    assert_eq!(page["unplaced"].as_array().unwrap().len(), view::UNPLACED_MAX);
    assert_eq!((&page["totals"]["unplaced"], &page["unplaced"][0]["bid"]), (&20_002.into(), &20_001.into()));
}

#[test]
fn reasons_reach_the_page_under_their_table_names() {
    let page = embedded(&render(&ReportData::default()));
    let names: Vec<&str> = page["reasons"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), words::REASONS.len());
    assert!(names.contains(&Reason::Fragmentation.name()) && names.contains(&Reason::Interrupted.name()));
}

#[test]
fn no_two_rules_read_the_same() {
    let mut words: Vec<&str> = Rule::ALL.into_iter().map(rule_words).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Rule::ALL.len());
}
