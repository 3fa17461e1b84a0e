//! The services that targets of a local door are in: what is made here, what is elsewhere, and what is nowhere.

use std::collections::{BTreeMap, BTreeSet};

use doorward_config::{Config, Target, TargetKind, target_variable};
use serde_json::{Value, json};

/// Where the services are that a local door does not bring along, by their variables.
const OTHERS: [(&str, &str); 3] = [
    ("SNS", "AWS_ENDPOINT_URL_SNS"),
    ("EventBridge", "AWS_ENDPOINT_URL_EVENTBRIDGE"),
    ("Step Functions", "AWS_ENDPOINT_URL_SFN"),
];

/// The service that it brings along where there is a queue.
const SQS: &str = "AWS_ENDPOINT_URL_SQS";

/// An address that nobody can have: what a local door sends never leaves the machine unless its environment says where to.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:0";

/// A variable of this very program's environment.
fn own(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|address| !address.is_empty())
}

/// Each service as this program's environment has it; SQS as `sqs` says where the environment does not.
pub(crate) fn variables(sqs: Option<&str>) -> impl Iterator<Item = (String, String)> {
    let others = OTHERS.into_iter().map(|(_, name)| (name, own(name).unwrap_or_else(|| NOWHERE.to_owned())));
    let sqs = own(SQS).or_else(|| sqs.map(str::to_owned)).map(|address| (SQS, address));
    others.chain(sqs).map(|(name, address)| (name.to_owned(), address))
}

/// The names of the queues that the door itself sends to, at the places that it is `given` by their variables: those of
/// targets, and the one that hears of the quarantine. None where the environment has SQS elsewhere.
pub(crate) fn queues(config: &Config, given: &BTreeMap<String, String>) -> BTreeSet<String> {
    match own(SQS) {
        Some(_) => BTreeSet::new(),
        None => sent_to(config, given),
    }
}

fn sent_to(config: &Config, given: &BTreeMap<String, String>) -> BTreeSet<String> {
    let of_target = |target: &Target| -> Vec<String> {
        match (&target.kind, given.get(&target_variable(&target.name))) {
            (TargetKind::Sqs(_), Some(places)) => {
                places.split(',').map(|place| place.trim().to_owned()).collect()
            }
            (TargetKind::Sqs(_), None) => {
                target.endpoints.iter().map(|endpoint| endpoint.address.clone()).collect()
            }
            _ => Vec::new(),
        }
    };
    let of_quarantine = config.door.quarantine_queue.iter().map(|queue| queue.url.clone());
    let urls = config.targets.iter().flat_map(of_target).chain(of_quarantine);
    urls.filter_map(|url| Some(url.rsplit('/').next()?.to_owned())).collect()
}

/// A service that is nowhere, and the targets that are in it.
pub(crate) struct Absent {
    service: &'static str,
    variable: &'static str,
    targets: Vec<String>,
}

impl Absent {
    /// For people: what will not work, and what to do.
    pub(crate) fn line(&self) -> String {
        let Self { service, variable, targets } = self;
        let names: Vec<String> = targets.iter().map(|name| format!("`{name}`")).collect();
        format!("{service} of {}: nothing gets there until {variable} says where one is", names.join(", "))
    }

    /// For programs.
    pub(crate) fn described(&self) -> Value {
        json!({ "service": self.service, "variable": self.variable, "targets": self.targets })
    }
}

/// The services that targets need, and that neither this door nor its environment has.
pub(crate) fn absent(config: &Config) -> Vec<Absent> {
    without(config, |variable| own(variable).is_some())
}

fn without(config: &Config, has: impl Fn(&str) -> bool) -> Vec<Absent> {
    let service = |target: &Target| match target.kind {
        TargetKind::Sns(_) => Some("SNS"),
        TargetKind::EventBridge(_) => Some("EventBridge"),
        TargetKind::StepFunctions(_) => Some("Step Functions"),
        TargetKind::Lambda(_) | TargetKind::Http(_) | TargetKind::Sqs(_) => None,
    };
    let absent = OTHERS.into_iter().filter(|(_, variable)| !has(variable)).map(|(name, variable)| {
        let needing = config.targets.iter().filter(|target| service(target) == Some(name));
        Absent { service: name, variable, targets: needing.map(|target| target.name.clone()).collect() }
    });
    absent.filter(|absent| !absent.targets.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &str = "
[door]
name = 'shop'
table = 'doorward'
quarantine_queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/looked-at'
[[targets]]
name = 'work'
sqs = 'https://sqs.us-east-1.amazonaws.com/123456789012/work'
[[targets]]
name = 'ordered'
sqs = 'https://sqs.eu-west-1.amazonaws.com/210987654321/ordered.fifo'
group = 'caller'
[[targets]]
name = 'news'
sns = 'arn:aws:sns:us-east-1:123456789012:news'
[[targets]]
name = 'more-news'
sns = 'arn:aws:sns:us-east-1:123456789012:more-news'
[[targets]]
name = 'bus'
eventbridge = 'arn:aws:events:us-east-1:123456789012:event-bus/shop'
detail_type = 'order'
source = 'shop'
";

    fn config() -> Config {
        doorward_config::parse("doorward.toml", DOOR).unwrap()
    }

    #[test]
    fn queues_are_those_that_the_door_sends_to() {
        let names = |given: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            sent_to(&config(), &given.iter().map(owned).collect()).into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&[]), "looked-at ordered.fifo work");
        let moved = [("DOORWARD_TARGET_WORK", "http://127.0.0.1:9324/000000000000/elsewhere")];
        assert_eq!(names(&moved), "elsewhere looked-at ordered.fifo");
    }

    #[test]
    fn what_is_nowhere_is_named_with_who_needs_it() {
        let absent = |known: &str| {
            let absent = without(&config(), |variable| variable == known);
            absent.iter().map(Absent::line).collect::<Vec<_>>().join("\n")
        };
        let bus =
            "EventBridge of `bus`: nothing gets there until AWS_ENDPOINT_URL_EVENTBRIDGE says where one is";
        let sns =
            "SNS of `news`, `more-news`: nothing gets there until AWS_ENDPOINT_URL_SNS says where one is";
        assert_eq!(absent(""), format!("{sns}\n{bus}"));
        assert_eq!(absent("AWS_ENDPOINT_URL_SNS"), bus);
    }
}
