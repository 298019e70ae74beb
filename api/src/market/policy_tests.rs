//! Policies that ship can be used; parser and schema accept the same; floors hold under any demand.

use std::path::Path;

use lessor_market::policy::{Policy, kept, tradable};
use lessor_models::fleet::{Level, ZoneKind};
use lessor_models::job::Domain;
use lessor_models::resources::Kind;
use serde_json::{Value, json};

use super::policy_file::{PolicyError, parse, schema};

const LAYER_BANDWIDTH: &str = include_str!("../../../docs/policies/layer-bandwidth.toml");
const LIVE_QUOTES: &str = include_str!("../../../docs/policies/live-quotes.toml");

fn parsed(text: &str) -> Result<Policy, PolicyError> {
    parse(Path::new("policy.toml"), text)
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let said = parsed(text).unwrap_err().to_string();
    assert!(said.contains(expected), "{said}");
}

#[test]
fn policies_that_ship_can_be_used() {
    let policy = parsed(LAYER_BANDWIDTH).unwrap();
    for place in [Domain::Level(Level::Layer), Domain::Zone(ZoneKind::OpticalLink)] {
        let class = policy.class_of(place, Kind::Bandwidth).unwrap();
        // At 100,000 a kilowatt-hour: 2 of wear, 0.0002 kWh drawn and rejected at 110,000, and a tenth on top.
        assert_eq!(class.reserve.price(100_000), 27);
    }
    parsed(LIVE_QUOTES).unwrap();
}

#[test]
fn a_contradiction_is_named_with_its_line_and_field() {
    let changed = LAYER_BANDWIDTH.replace("payment = \"core\"", "payment = \"critical-bid\"");
    refused(&changed, "policy.toml: line 39, account_class 0, payment: sealed-bid does not support critical-bid");
    let changed = LAYER_BANDWIDTH.replace("floor_a_permille = 200", "floor_a_permille = 201");
    refused(&changed, "line 43, account_class 0, share_permille: floors of 301 and a traded share of 700");
    let changed = LAYER_BANDWIDTH.replace("price_cap = 100_000", "price_cap = 2");
    refused(&changed, "line 42, account_class 0, price_cap: the cap is 2, below the reserve price");
    refused(
        &LIVE_QUOTES.replace("elasticity_permille = 3_500", "elasticity_permille = 4_000"),
        "line 40, account_class 0, steering",
    );
    refused(&LAYER_BANDWIDTH.replace("version = 1", "version = 2"), "line 7, version: 2 cannot be read");
    refused(
        &LAYER_BANDWIDTH.replace("least_s = 60", "least_s = 604_801"),
        "line 15, terms.least_s: 604801 is above most_s",
    );
}

#[test]
fn what_is_not_toml_of_these_keys_is_named_with_its_line() {
    refused(&LAYER_BANDWIDTH.replace("price_cap", "price_roof"), "line 42");
    refused(
        &LAYER_BANDWIDTH.replace("\"core\"", "\"cor\""),
        "\"cor\" is no payment rule; write one of: pay-as-bid, uniform",
    );
    refused(&LAYER_BANDWIDTH.replace("price_cap = 100_000", "price_cap = 1.5"), "line 42");
}

#[test]
fn what_does_not_parse_has_its_line_and_field() {
    let place = |text: &str| match parsed(text).unwrap_err() {
        PolicyError::Parse { line, field, .. } => (line, field),
        other => panic!("{other}"),
    };
    let of = |line, field: &str| (Some(line), Some(field.to_owned()));
    assert_eq!(place(&LAYER_BANDWIDTH.replace("price_cap", "price_roof")), of(42, "account_class 0, price_roof"));
    assert_eq!(
        place(&LAYER_BANDWIDTH.replace("price_cap = 100_000", "price_cap = -1")),
        of(42, "account_class 0, price_cap")
    );
    assert_eq!(place(&LAYER_BANDWIDTH.replace("least_s = 60", "least_s = \"a\"")), of(15, "terms.least_s"));
    assert_eq!(place(&LAYER_BANDWIDTH.replace("least_s = 60", "least_s = =")), (Some(15), None));
}

#[test]
fn what_is_stated_twice_is_named_with_its_line_and_field() {
    let again =
        |text: &str, line: &str| refused(text, &format!("policy.toml: {line}: is stated before already; keep one"));
    let after = |line: &str, more: &str| LAYER_BANDWIDTH.replace(line, &format!("{line}\n{more}"));
    again(&after("least_s = 60", "least_s = 61"), "line 16, terms.least_s");
    again(&after("revision = 1", "\"name\" = \"other\""), "line 10, \"name\"");
    again(&after("price_cap = 100_000", "format = \"posted\""), "line 43, account_class 0, format");
    again(
        &LAYER_BANDWIDTH.replace("wear = 2,", "wear = 2, wear = 3,"),
        "line 41, account_class 0, reserve.marginal_cost.wear",
    );
    again(&(LAYER_BANDWIDTH.to_owned() + "[terms]\n"), "line 47, terms");
    // A further one is found once the first is mended.
    again(&after("least_s = 60", "least_s = 61\nmost_s = 1"), "line 16, least_s");
}

#[test]
fn a_field_that_is_missing_is_named_with_the_line_of_its_table_or_the_last() {
    let missing = |text: &str| match parsed(text).unwrap_err() {
        PolicyError::Missing { line, field, .. } => (line, field),
        other => panic!("{other}"),
    };
    let without = |text: &str, key: &str| {
        let kept = text.lines().filter(|line| !line.starts_with(key));
        kept.flat_map(|line| [line, "\n"]).collect::<String>()
    };
    let of = |line, field: &str| (line, field.to_owned());
    let (terms, classes) =
        (LAYER_BANDWIDTH.find("[terms]").unwrap(), LAYER_BANDWIDTH.find("[[account_class]]").unwrap());
    let bids = LAYER_BANDWIDTH.find("[bids]").unwrap();
    assert_eq!(missing(&without(LAYER_BANDWIDTH, "version")), of(45, "version"));
    assert_eq!(missing(&(LAYER_BANDWIDTH[..terms].to_owned() + &LAYER_BANDWIDTH[bids..])), of(41, "terms"));
    assert_eq!(missing(&LAYER_BANDWIDTH[..classes]), of(32, "account_class"));
    assert_eq!(missing(""), of(1, "version"));
    // A table that begins where the file does is told from the file.
    assert_eq!(missing("[terms]\n"), of(1, "terms.least_s"));
    assert_eq!(missing(&without(LAYER_BANDWIDTH, "least_s")), of(14, "terms.least_s"));
    assert_eq!(missing(&without(LAYER_BANDWIDTH, "format")), of(33, "account_class 0, format"));
    let gain = without(LIVE_QUOTES, "gain_permille");
    assert_eq!(missing(&gain), of(40, "account_class 0, steering.gain_permille"));
    let second = LAYER_BANDWIDTH.to_owned() + "[[account_class]]\nname = \"second\"\n";
    assert_eq!(missing(&second), of(47, "account_class 1, kinds"));
    refused(&second, "policy.toml: line 47, account_class 1, kinds: is missing, and has no default");
}

/// A document that states every field of the schema, as TOML holds it.
fn full() -> Value {
    let mut document: Value = toml::from_str(LIVE_QUOTES).unwrap();
    document["deficit_max"] = json!(0);
    document["fees"] = json!({ "seller_permille": 1, "per_group": 1 });
    document["terms"]["most_s"] = json!(3_162_240_000_u64);
    let class = &mut document["account_class"][0];
    class["price_cap"] = json!(460_800_000_000_u64);
    class["holder_cap_permille"] = json!(1_000);
    // Nothing here stands in the way of the ends of another field's range.
    class["share_permille"] = json!(1);
    for floor in ["floor_a_permille", "floor_b_permille"] {
        class[floor] = json!(0);
    }
    class["steering"]["gain_permille"] = json!(1);
    class["steering"]["elasticity_permille"] = json!(1);
    class["reserve"] = json!({ "marginal_cost": { "wear": 0, "draw_mw": 0, "heat_price": 0, "markup_permille": 0 } });
    document
}

fn accepts(document: &Value) -> bool {
    parsed(&toml::to_string(document).unwrap()).is_ok()
}

/// A subschema, with references followed.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(path) => root.pointer(path.trim_start_matches('#')).unwrap(),
        None => match schema.get("anyOf").and_then(Value::as_array) {
            Some(options) => resolved(root, &options[0]),
            None => schema,
        },
    }
}

/// Holds each property of a table's schema against the parser: whether it may be left out, its range, its words.
fn compare(root: &Value, table: &Value, pointer: &str, seen: &mut usize) {
    assert_eq!(table["additionalProperties"], json!(false), "{pointer}");
    let required: Vec<&str> = table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let stated: Vec<String> = full().pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
    let listed: Vec<String> = table["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(stated.iter().collect::<std::collections::BTreeSet<_>>(), listed.iter().collect(), "{pointer}");
    for name in listed {
        *seen += 1;
        let property = resolved(root, &table["properties"][&name]);
        let with = |value: Option<Value>| {
            let mut document = full();
            let table = document.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            if name.starts_with("floor_") {
                // No price is steered beside floors that leave nothing.
                table.remove("steering");
                table.extend(
                    [("format", "greedy"), ("payment", "critical-bid")].map(|(key, word)| (key.into(), word.into())),
                );
            }
            match value {
                Some(value) => table.insert(name.clone(), value),
                None => table.remove(&name),
            };
            accepts(&document)
        };
        // Steering is the one that another field asks for.
        let needed = required.contains(&name.as_str()) || name == "steering";
        assert_eq!(with(None), !needed, "{pointer}/{name} left out");
        assert!(
            !with(Some(json!("nonsense"))) || property["type"] == json!("string"),
            "{pointer}/{name} of another type"
        );
        compare_values(property, &format!("{pointer}/{name}"), &with);
    }
}

fn compare_values(property: &Value, place: &str, with: &dyn Fn(Option<Value>) -> bool) {
    if let Some(most) = property["maximum"].as_u64() {
        let least = property["minimum"].as_u64().unwrap();
        // The longest notice and the shortest longest term lean on each other.
        let is_free = !place.ends_with("most_s");
        assert!(with(Some(json!(most))) && (!is_free || with(Some(json!(least)))), "{place}: {least} to {most}");
        assert!(!with(Some(json!(i128::from(least) - 1))), "{place}: below {least}");
        assert!(most > i64::MAX as u64 - 1 || !with(Some(json!(most + 1))), "{place}: above {most}");
    }
    if let Some(most) = property["maxLength"].as_u64() {
        // A letter of one byte, and one of two: both sides count letters.
        for letter in ["x", "ä"] {
            let text = |length: u64| Some(json!(letter.repeat(usize::try_from(length).unwrap())));
            assert!(with(text(most)) && !with(text(most + 1)) && !with(text(0)), "{place}");
        }
    }
    if let Some(words) = property["items"]["enum"].as_array() {
        let protected = |word: &&Value| **word != json!("A") && **word != json!("B");
        for word in words.iter().filter(protected) {
            assert!(with(Some(json!([word]))), "{place}: {word}");
        }
        assert!(!with(Some(json!([]))) && !with(Some(json!(["nonsense"]))), "{place}");
    }
}

#[test]
fn schema_and_parser_accept_the_same() {
    parsed(&toml::to_string(&full()).unwrap()).unwrap();
    let root = schema();
    let mut seen = 0;
    compare(&root, &root, "", &mut seen);
    for table in ["terms", "bids", "preemption", "fees"] {
        compare(&root, resolved(&root, &root["properties"][table]), &format!("/{table}"), &mut seen);
    }
    let class = resolved(&root, &root["properties"]["account_class"]["items"]);
    compare(&root, class, "/account_class/0", &mut seen);
    compare(&root, resolved(&root, &class["properties"]["steering"]), "/account_class/0/steering", &mut seen);
    assert_eq!(seen, 39);
}

/// Whatever bulk holders are handed, round after round, and however capacity moves: the floors of the policy that ships are
/// there for control and time to take.
#[test]
fn no_demand_starves_control_or_time_of_bandwidth_between_layers() {
    let policy = parsed(LAYER_BANDWIDTH).unwrap();
    let class = policy.class_of(Domain::Level(Level::Layer), Kind::Bandwidth).unwrap();
    let mut random = 1_u64;
    let mut next = |most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % (most + 1)
    };
    for _ in 0..2_000 {
        let capacity = next(1_000_000);
        let mut held = [0; 4];
        for _ in 0..20 {
            // Bulk holders take all that they can get or give back a part; control and time take what is free.
            held[3] = if next(3) == 0 { held[3] - next(held[3]) } else { held[3] + tradable(class, capacity, held) };
            let protected = usize::try_from(next(1)).unwrap();
            let free = capacity - held.iter().sum::<u64>();
            let other = kept(class, capacity, held, 1 - protected) - held[1 - protected];
            assert!(free >= other + (kept(class, capacity, held, protected) - held[protected]), "{capacity}: {held:?}");
            held[protected] = if next(1) == 0 { 0 } else { held[protected] + next(free - other) };
        }
    }
}

/// Bytes of a policy that ships are replaced, left out or doubled: what is left is a policy, or is refused with its line.
#[test]
fn a_damaged_policy_is_read_or_refused_and_never_panics() {
    use proptest::prelude::*;
    use proptest::sample::Index;
    let edit = (any::<Index>(), prop_oneof!["[ -~\n]{0,4}", any::<String>()], 0usize..12);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) };
    proptest!(config, |(is_first in any::<bool>(), edits in proptest::collection::vec(edit, 1..6))| {
        let mut text: Vec<char> = if is_first { LAYER_BANDWIDTH } else { LIVE_QUOTES }.chars().collect();
        for (at, put, gone) in &edits {
            let start = at.index(text.len() + 1);
            let end = text.len().min(start + gone);
            text.splice(start..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(refused) = parsed(&text) {
            prop_assert!(refused.to_string().contains("policy.toml"), "{refused}");
        }
    });
}
