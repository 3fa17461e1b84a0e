mod parse;

use doorward_model::Fault;

use crate::checked::{UnitsFormula, UnitsRule};
use crate::reader::Value;
use crate::report::Reported;
use crate::request_context;

/// Reads `units = 3`, `units = "1 + context.input.items.size"` or `units = { header = "x-units", most = 100 }`.
pub(crate) fn read(value: Value<'_>) -> Result<UnitsRule, Reported> {
    if value.is_integer() {
        return value.positive(UnitsRule::MOST).map(UnitsRule::Fixed);
    }
    if value.is_text() {
        return read_formula(value);
    }
    if !value.is_table() {
        let fault = Fault::new("expected a number, an arithmetic or a header field of the answer");
        let hint = "write `3`, `\"1 + context.input.items.size\"` or `{ header = \"x-units\", most = 100 }`";
        return Err(value.fault(fault.hint(hint)));
    }
    value.section("`units`", |section| {
        let header = section.required("header", |value| value.parse(request_context::field));
        let most = section.required("most", |value| value.positive(UnitsRule::MOST));
        let pass = section.or("pass", false, Value::flag);
        Ok(UnitsRule::Answered { header: header?, most: most?, pass: pass? })
    })
}

/// An arithmetic that reads nothing of the call is a number.
fn read_formula(value: Value<'_>) -> Result<UnitsRule, Reported> {
    let text = value.text()?;
    let term = parse::term(text, &|range| value.place_within(range))
        .map_err(|misread| value.fault_within(misread.range, misread.fault))?;
    if !term.is_constant() {
        return Ok(UnitsRule::Formula(UnitsFormula { term, place: value.place() }));
    }
    let units = term.evaluate(0, &|_| Ok(0)).and_then(UnitsRule::bound);
    units.map(UnitsRule::Fixed).map_err(|fault| value.fault(Fault::new(fault.to_string())))
}
