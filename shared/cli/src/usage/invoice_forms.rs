use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use doorward_core::usage::Bucket;
use doorward_core::usage::pricing::{Difference, Invoice, Line, LineKey, Part, Statement, Traced, Unpriced};
use serde_json::{Map, Value, json};

use super::csv;
use crate::output::{Shape, say};

/// Writes the statement in `shape`, with the calls behind it where they were traced.
pub(super) fn tell(
    period: Bucket,
    statement: &Statement,
    traced: Option<&Traced>,
    differences: &[Difference],
    shape: Shape,
) {
    match shape {
        Shape::Json => say!("{}", as_json(period, statement, traced, differences)),
        Shape::Csv => csv_lines(period, statement, traced).iter().for_each(|line| say!("{line}")),
        _ => human(period, statement, traced),
    }
    for Difference { key, invoiced, traced } in differences.iter().filter(|_| shape != Shape::Json) {
        let LineKey { caller, plan, version, part } = key;
        let part = part_words(part);
        eprintln!(
            "difference: {caller}, {plan} {version}, {part}: the line has {invoiced} units, its calls {traced}"
        );
    }
    if !differences.is_empty() {
        eprintln!(
            "hint: the roll-up may be behind, or calls are in an archive that `--archive` does not name; \
             `doorward usage rebuild` recomputes the aggregates"
        );
    }
}

fn human(period: Bucket, statement: &Statement, traced: Option<&Traced>) {
    if statement.invoices.is_empty() {
        say!("nothing with a price was used in {period}");
    }
    for invoice in &statement.invoices {
        let Invoice { caller, currency, lines, sum } = invoice;
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_header([
            "plan",
            "version",
            "for",
            "units",
            "unit price",
            "amount",
        ]);
        for line in lines {
            let LineKey { plan, version, part, .. } = &line.key;
            table.add_row([
                plan.clone(),
                version.clone(),
                part_words(part),
                line.units.to_string(),
                line.unit.normalize().to_string(),
                line.amount.to_string(),
            ]);
        }
        for column in 3..6 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        say!("{caller}, {period}\n{table}\nsum {sum} {currency}, to pay {} {currency}", invoice.total());
        for line in lines.iter().filter(|_| traced.is_some()) {
            say!("{} {}:", line.key.plan, part_words(&line.key.part));
            for (call, units) in calls_of(traced, &line.key) {
                say!("  {call}  {units}");
            }
        }
        say!("");
    }
    for Unpriced { caller, plan, units } in &statement.unpriced {
        match plan {
            Some((plan, version)) => {
                say!("{caller}: {units} units under `{plan}` ({version}), which has no price")
            }
            None => say!("{caller}: {units} units under no plan"),
        }
    }
}

fn calls_of<'t>(traced: Option<&'t Traced>, key: &LineKey) -> &'t [(String, u64)] {
    traced.and_then(|traced| traced.lines.get(key)).map(Vec::as_slice).unwrap_or_default()
}

fn part_words(part: &Part) -> String {
    match part {
        Part::Included => "included".to_owned(),
        Part::Tier(nth) => format!("tier {nth}"),
        Part::Action(action) => format!("action {action}"),
    }
}

fn as_json(
    period: Bucket,
    statement: &Statement,
    traced: Option<&Traced>,
    differences: &[Difference],
) -> Value {
    let line = |line: &Line| {
        let mut members = key_members(&line.key);
        members.insert("units".to_owned(), json!(line.units));
        members.insert("unit_price".to_owned(), json!(line.unit.normalize().to_string()));
        members.insert("amount".to_owned(), json!(line.amount.to_string()));
        if traced.is_some() {
            let calls = calls_of(traced, &line.key).iter();
            let calls: Value = calls.map(|(call, units)| json!({ "call": call, "units": units })).collect();
            members.insert("calls".to_owned(), calls);
        }
        Value::Object(members)
    };
    let invoices = statement.invoices.iter().map(|invoice| {
        json!({
            "caller": invoice.caller,
            "currency": invoice.currency.code(),
            "lines": invoice.lines.iter().map(line).collect::<Vec<_>>(),
            "sum": invoice.sum.to_string(),
            "total": invoice.total().to_string(),
        })
    });
    let unpriced = statement.unpriced.iter().map(|Unpriced { caller, plan, units }| {
        let (plan, version) = plan.clone().unzip();
        json!({ "caller": caller, "plan": plan, "version": version, "units": units })
    });
    let difference = |Difference { key, invoiced, traced }: &Difference| {
        let mut members = key_members(key);
        members.insert("caller".to_owned(), json!(key.caller));
        members.insert("invoiced".to_owned(), json!(invoiced));
        members.insert("traced".to_owned(), json!(traced));
        Value::Object(members)
    };
    let mut members = Map::new();
    members.insert("period".to_owned(), json!(period.to_string()));
    members.insert("invoices".to_owned(), invoices.collect());
    members.insert("unpriced".to_owned(), unpriced.collect());
    if traced.is_some() {
        members.insert("differences".to_owned(), differences.iter().map(difference).collect());
    }
    Value::Object(members)
}

fn key_members(LineKey { plan, version, part, .. }: &LineKey) -> Map<String, Value> {
    let (word, member) = match part {
        Part::Included => ("included", None),
        Part::Tier(nth) => ("tier", Some(("tier", json!(nth)))),
        Part::Action(action) => ("action", Some(("action", json!(action)))),
    };
    let all = [("plan", json!(plan)), ("version", json!(version)), ("part", json!(word))];
    all.into_iter().chain(member).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A line for each line of an invoice; with calls, one for each call of it.
fn csv_lines(period: Bucket, statement: &Statement, traced: Option<&Traced>) -> Vec<String> {
    let call = traced.map(|_| "call");
    let header = ["period", "caller", "currency", "plan", "version", "part", "unit_price", "units"];
    let mut lines = vec![csv::line(header.into_iter().chain([call.unwrap_or("amount")]))];
    for invoice in &statement.invoices {
        for line in &invoice.lines {
            let LineKey { caller, plan, version, part } = &line.key;
            let row = |units: u64, last: &str| {
                csv::line([
                    &period.to_string(),
                    caller,
                    &invoice.currency.to_string(),
                    plan,
                    version,
                    &part_words(part),
                    &line.unit.normalize().to_string(),
                    &units.to_string(),
                    last,
                ])
            };
            match traced {
                None => lines.push(row(line.units, &line.amount.to_string())),
                Some(_) => {
                    lines.extend(calls_of(traced, &line.key).iter().map(|(call, units)| row(*units, call)));
                }
            }
        }
    }
    lines
}
