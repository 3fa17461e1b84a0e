use std::num::NonZeroU64;
use std::time::Duration;

use doorward_model::{ClaimType, Fault};

use crate::checked::{Dimension, Issuer, Limit, LimitMode, LimitRule, Override};
use crate::names::{self, Names};
use crate::rate::{self, Quota, Rate};
use crate::reader::{Key, Section, Value};
use crate::report::{Reported, quote};

/// For how long a burst may take to come back. What takes longer is a quota.
const LONGEST_BURST: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// What the largest rate, a million per second, brings back in that time.
const MOST_BURST: u64 = LONGEST_BURST.as_secs() * 1_000_000;

/// As many overrides may match one call as are looked through for it.
const MOST_OVERRIDES: usize = 1_000;

const MODES: &[(&str, LimitMode)] =
    &[("hard", LimitMode::Hard), ("leased", LimitMode::Leased), ("local", LimitMode::Local)];

/// The names of all limits, and what they name that is declared further on.
pub(crate) struct LimitNames<'t> {
    names: Names,
    actions: Vec<Value<'t>>,
    targets: Vec<Value<'t>>,
    claims: Vec<(String, Place<'t>)>,
}

/// Where a claim is named: in a value or as a key.
enum Place<'t> {
    Value(Value<'t>),
    Key(Key<'t>),
}

impl Place<'_> {
    fn fault(&self, fault: Fault) -> Reported {
        match self {
            Self::Value(value) => value.fault(fault),
            Self::Key(key) => key.fault(fault),
        }
    }
}

impl LimitNames<'_> {
    pub(crate) fn new() -> Self {
        Self { names: Names::new("limit"), actions: Vec::new(), targets: Vec::new(), claims: Vec::new() }
    }

    /// Holds what limits name against what is declared. What issuers declare is unknown while they are faulty.
    pub(crate) fn check(
        &self,
        actions: &Names,
        targets: &Names,
        issuers: Option<&[Issuer]>,
    ) -> Result<(), Reported> {
        let mut checked = Ok(());
        let uses = self.actions.iter().map(|value| actions.used(*value));
        for used in uses.chain(self.targets.iter().map(|value| targets.used(*value))) {
            checked = checked.and(used.map(drop));
        }
        for (name, place) in &self.claims {
            let Some(issuers) = issuers else { break };
            let mut declared = issuers.iter().filter_map(|issuer| issuer.claims.get(name)).peekable();
            let fault = if declared.peek().is_none() {
                Fault::new(format!("no issuer declares the claim {}", quote(name)))
                    .hint("declare it in an issuer's `claims`")
            } else if declared.any(|claim| !tells_apart(claim.ty)) {
                Fault::new(format!("callers cannot be told apart by the claim {}", quote(name)))
                    .hint("limits take claims of the types `String`, `Long` and `Bool`")
            } else {
                continue;
            };
            checked = checked.and(Err(place.fault(fault)));
        }
        checked
    }
}

fn tells_apart(ty: ClaimType) -> bool {
    matches!(ty, ClaimType::Text | ClaimType::Long | ClaimType::Bool)
}

/// Reads `limits` of a plan, which count by caller unless they say otherwise.
pub(crate) fn of_plan<'t>(
    value: Value<'t>,
    plan: &str,
    names: &mut LimitNames<'t>,
) -> Result<Vec<Limit>, Reported> {
    let mut taken: Vec<String> = Vec::new();
    let limits = value.each(|item| {
        let (limit, named) = item.section("a limit", |section| {
            let name = section.optional("name", |value| names.names.declare(value, names::plain));
            let by = section.or("by", vec![Dimension::Caller], |value| read_by(value, &mut names.claims));
            let (by, rule) = (by, read_rule(section));
            let rest = read_rest(section, by.as_deref().ok(), rule.as_ref().ok(), names);
            let (by, (rule, kind)) = (by?, rule?);
            let named = name?;
            let limit_name = named.clone().unwrap_or_else(|| default_name(plan, kind, &by));
            Ok((rest?.into_limit(limit_name, rule, by), named.is_some()))
        })?;
        if !named && taken.contains(&limit.name) {
            let fault = Fault::new(format!("two limits of the plan would be named `{}`", limit.name));
            return Err(item.fault(fault.hint("keep the stricter one, or give one of them a `name`")));
        }
        taken.push(limit.name.clone());
        Ok(limit)
    })?;
    if limits.is_empty() {
        return Err(value.fault(Fault::new("a plan without limits holds nobody to anything")));
    }
    Ok(limits)
}

/// Reads `[[limits]]`, which hold whatever plan a caller is on.
pub(crate) fn of_door<'t>(
    document: &mut Section<'t>,
    names: &mut LimitNames<'t>,
) -> Result<Vec<Limit>, Reported> {
    document.sections("limits", "`[[limits]]`", |section| {
        let name = section.required("name", |value| names.names.declare(value, names::plain));
        let by = section.required("by", |value| read_by(value, &mut names.claims));
        let rule = read_rule(section);
        let rest = read_rest(section, by.as_deref().ok(), rule.as_ref().ok(), names);
        let (name, by, (rule, _)) = (name?, by?, rule?);
        Ok(rest?.into_limit(name, rule, by))
    })
}

/// What of a limit does not depend on where it stands.
struct Rest {
    mode: LimitMode,
    only: Vec<(Dimension, Vec<String>)>,
    overrides: Vec<Override>,
}

impl Rest {
    fn into_limit(self, name: String, rule: LimitRule, by: Vec<Dimension>) -> Limit {
        let Self { mode, only, overrides } = self;
        Limit { name, rule, mode, by, only, overrides }
    }
}

fn read_rest<'t>(
    section: &mut Section<'t>,
    by: Option<&[Dimension]>,
    rule: Option<&(LimitRule, Kind)>,
    names: &mut LimitNames<'t>,
) -> Result<Rest, Reported> {
    let mode = section.or("mode", LimitMode::default(), |value| value.choice(MODES));
    let only = section.optional("for", |value| {
        let entries = value.entries(|key, value| {
            let dimension = read_key(key, &mut names.claims)?;
            let named = if value.is_text() { vec![value] } else { value.each(Ok)? };
            let words = named.iter().map(|value| value.word()).collect::<Result<Vec<_>, _>>()?;
            names.note(&dimension, named);
            Ok((dimension, words))
        })?;
        Ok(entries)
    });
    let overrides = section.or("overrides", Vec::new(), |value| {
        let overrides = value.each(|item| {
            item.section("an override", |section| {
                let matches = section.required("match", |value| {
                    let matches = value.entries(|key, value| {
                        let dimension = read_key(key, &mut names.claims)?;
                        let word = value.word()?;
                        names.note(&dimension, vec![value]);
                        Ok((dimension, word))
                    })?;
                    if matches.is_empty() {
                        return Err(value
                            .fault(Fault::new("an override that matches every call is the limit itself")));
                    }
                    Ok(matches)
                });
                let found = read_rule(section);
                let (matches, (found, kind)) = (matches?, found?);
                match rule {
                    Some((_, limit)) if !limit.may_become(kind) => {
                        let fault = Fault::new(format!(
                            "the limit is {}, and so are its overrides",
                            limit.describe()
                        ));
                        Err(section.fault(fault))
                    }
                    _ => Ok(Override { matches, rule: found }),
                }
            })
        })?;
        if overrides.len() > MOST_OVERRIDES {
            return Err(value.fault(Fault::new(format!("more than {MOST_OVERRIDES} overrides"))));
        }
        Ok(overrides)
    });
    let (mode, only, overrides) = (mode?, only?.unwrap_or_default(), overrides?);
    let groups = only.iter().any(|(dimension, _)| *dimension == Dimension::Group);
    if by.is_some_and(|by| by.contains(&Dimension::Group)) && !groups {
        let fault = Fault::new("a limit by `group` says for which groups");
        return Err(
            section.fault(fault.hint("write `for = { group = [\"partners\"] }`: callers may be in many"))
        );
    }
    Ok(Rest { mode, only, overrides })
}

impl<'t> LimitNames<'t> {
    /// Remembers what is named before it is declared.
    fn note(&mut self, dimension: &Dimension, values: Vec<Value<'t>>) {
        match dimension {
            Dimension::Action => self.actions.extend(values),
            Dimension::Target => self.targets.extend(values),
            _ => {}
        }
    }
}

/// One dimension or a list of them.
fn read_by<'t>(value: Value<'t>, claims: &mut Vec<(String, Place<'t>)>) -> Result<Vec<Dimension>, Reported> {
    let mut read = |value: Value<'t>| {
        let dimension = value.parse(dimension)?;
        if let Dimension::Claim(name) = &dimension {
            claims.push((name.clone(), Place::Value(value)));
        }
        Ok(dimension)
    };
    let mut by = if value.is_text() { vec![read(value)?] } else { value.nonempty_set(read)? };
    by.sort();
    Ok(by)
}

fn read_key<'t>(key: Key<'t>, claims: &mut Vec<(String, Place<'t>)>) -> Result<Dimension, Reported> {
    let dimension = dimension(key.text).map_err(|fault| key.fault(fault))?;
    if let Dimension::Claim(name) = &dimension {
        claims.push((name.clone(), Place::Key(key)));
    }
    Ok(dimension)
}

fn dimension(text: &str) -> Result<Dimension, Fault> {
    Ok(match text {
        "caller" => Dimension::Caller,
        "api-key" => Dimension::ApiKey,
        "group" => Dimension::Group,
        "source-ip" => Dimension::SourceIp,
        "action" => Dimension::Action,
        "target" => Dimension::Target,
        _ => match text.strip_prefix("claim.") {
            Some(name) if !name.is_empty() => Dimension::Claim(name.to_owned()),
            _ => {
                let fault = Fault::new(format!("calls cannot be told apart by {}", quote(text)));
                let known = "`caller`, `api-key`, `group`, `claim.NAME`, `source-ip`, `action` and `target`";
                return Err(fault.hint(format!("use some of {known}")));
            }
        },
    })
}

/// Whether a limit is a rate or a quota, and of which period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    quota: bool,
    word: &'static str,
}

impl Kind {
    /// A rate may have another period for some; a quota counts in its own window.
    fn may_become(self, other: Self) -> bool {
        self.quota == other.quota && (!self.quota || self.word == other.word)
    }

    fn describe(self) -> String {
        if self.quota { format!("a quota per {}", self.word) } else { "a rate".to_owned() }
    }
}

fn read_rule(section: &mut Section<'_>) -> Result<(LimitRule, Kind), Reported> {
    let rate = section.optional("rate", |value| value.parse(rate::parse_rate));
    let burst = section.optional("burst", |value| Ok((value.positive(MOST_BURST)?, value)));
    let quota = section.optional("quota", |value| value.parse(rate::parse_quota));
    match (rate?, quota?, burst?) {
        (Some(_), Some(_), _) => {
            let fault = Fault::new("a limit has a `rate` or a `quota`, not both");
            Err(section.fault(fault.hint("write two limits: all limits of a plan hold")))
        }
        (None, None, _) => Err(section.fault(Fault::new("a limit has a `rate` or a `quota`"))),
        (None, Some(_), Some((_, value))) => Err(value.fault(Fault::new("only a `rate` has a `burst`"))),
        (None, Some(Quota { units, window, word }), None) => {
            Ok((LimitRule::Quota { units, window }, Kind { quota: true, word }))
        }
        (Some(rate), None, burst) => {
            let burst = burst_of(rate, burst)?;
            let Rate { units, period, word } = rate;
            Ok((LimitRule::Rate { units, period, burst }, Kind { quota: false, word }))
        }
    }
}

/// The burst that was set, else the units of one period.
fn burst_of(rate: Rate, set: Option<(NonZeroU64, Value<'_>)>) -> Result<NonZeroU64, Reported> {
    let Some((burst, value)) = set else {
        return Ok(NonZeroU64::new(rate.units).unwrap_or(NonZeroU64::MIN));
    };
    let refill = u128::from(burst.get()) * u128::from(rate.period.as_secs());
    if refill > u128::from(LONGEST_BURST.as_secs()) * u128::from(rate.units.max(1)) {
        let fault = Fault::new(format!("a burst of {burst} takes more than 31 days to come back"));
        return Err(value.fault(fault.hint("lower `burst`, or use a `quota`")));
    }
    Ok(burst)
}

/// The amount is left out: a plan that changes within a window goes on counting where it was.
fn default_name(plan: &str, kind: Kind, by: &[Dimension]) -> String {
    let (what, word) = (if kind.quota { "quota" } else { "rate" }, kind.word);
    if by == [Dimension::Caller] {
        return format!("{plan}-{what}-per-{word}");
    }
    let by: Vec<String> = by.iter().map(ToString::to_string).collect();
    format!("{plan}-{what}-per-{word}-by-{}", by.join("-"))
}
