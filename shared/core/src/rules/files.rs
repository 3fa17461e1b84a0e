//! The files of a bundle beside its configuration and contracts: policies, and the key sets of issuers.

use std::collections::{HashMap, HashSet};

use doorward_config::{Config, JwksLocation};
use doorward_model::{Fault, Faults, Place};
use doorward_policy::{Candidate, Policies, SourceFile, Sources, Validated, Vocabulary};

use crate::bundle::Bundle;
use crate::contracts::Contracts;
use crate::keys::KeySet;

pub(super) fn form_faults(bundle: &Bundle, shadow: Option<&str>) -> Vec<Fault> {
    let policies = PolicyFiles::of(bundle, shadow);
    Contracts::check_form(bundle)
        .into_iter()
        .chain(doorward_policy::check_form(&policies.sources()))
        .collect()
}

pub(super) fn compile_policies(
    bundle: &Bundle,
    config: &Config,
    vocabulary: &Vocabulary,
    validated: Option<&Validated>,
    faults: &mut Faults,
) -> Result<Policies, Faults> {
    let files = PolicyFiles::of(bundle, config.shadow.as_ref().map(|shadow| shadow.folder.as_str()));
    if let (Some(shadow), Some((candidates, _))) = (&config.shadow, &files.candidate)
        && candidates.is_empty()
    {
        let fault = Fault::new(format!("no policy is below `{}`", shadow.folder)).at(shadow.place.clone());
        let hint = "candidates are `.cedar` files, below the folder that holds the policies";
        faults.0.push(fault.hint(hint));
    }
    let recorded = config.door.record_decisions.is_some();
    Policies::compile_validated(&Sources { recorded, ..files.sources() }, vocabulary, validated)
}

pub(super) fn read_key_sets(
    bundle: &Bundle,
    config: &Config,
    faults: &mut Faults,
) -> HashMap<String, KeySet> {
    let mut found = HashMap::new();
    for issuer in &config.issuers {
        let JwksLocation::File { path: file, place } = &issuer.jwks else { continue };
        let read = match bundle.files.get(file) {
            None => Err(Fault::new(format!("the key set `{file}` is not there"))
                .at(place.clone())
                .hint("key sets are looked for below the folder that holds the policies")),
            Some(text) => KeySet::parse(text.as_bytes()).map_err(|cause| {
                Fault::new(format!("the key set cannot be read: {cause}")).at(Place::new(file, text, 0..0))
            }),
        };
        match read {
            Ok(set) => drop(found.insert(issuer.name.clone(), set)),
            Err(fault) => faults.0.push(fault),
        }
    }
    found
}

/// The files of a bundle that make its policies.
struct PolicyFiles {
    policies: Vec<SourceFile>,
    links: Option<SourceFile>,
    /// Policies and links of the candidate set.
    candidate: Option<(Vec<SourceFile>, Option<SourceFile>)>,
    schemas: Vec<SourceFile>,
    entities: Option<SourceFile>,
}

impl PolicyFiles {
    /// `shadow` is the folder of the candidate set.
    fn of(bundle: &Bundle, shadow: Option<&str>) -> Self {
        let source = |(name, text): (&str, &str)| SourceFile { name: name.to_owned(), text: text.to_owned() };
        let named = |name: &str| bundle.files.get(name).map(|text| source((name, text)));
        // The generated schema may be kept beside the policies for editors; it declares what is generated again here.
        let schemas = bundle.ending(".cedarschema").filter(|(name, _)| *name != "doorward.cedarschema");
        let folder = shadow.map(|folder| format!("{folder}/"));
        let is_candidate = |name: &str| folder.as_deref().is_some_and(|folder| name.starts_with(folder));
        let (candidates, policies) =
            bundle.ending(".cedar").map(source).partition(|file: &SourceFile| is_candidate(&file.name));
        Self {
            policies,
            links: named("links.json"),
            candidate: folder.as_ref().map(|folder| (candidates, named(&format!("{folder}links.json")))),
            schemas: schemas.map(source).collect(),
            entities: named("entities.json"),
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            policies: &self.policies,
            links: self.links.as_ref(),
            candidate: self
                .candidate
                .as_ref()
                .map(|(policies, links)| Candidate { policies, links: links.as_ref() }),
            schemas: &self.schemas,
            entities: self.entities.as_ref(),
            recorded: false,
        }
    }
}

/// Links and entities that would go unread: each has one place, and a `forbid` that a link makes must not be lost with it.
pub(super) fn misplaced(bundle: &Bundle, config: &Config) -> Vec<Fault> {
    let candidate = config.shadow.as_ref().map(|shadow| format!("{}/links.json", shadow.folder));
    let contracts = config.routes.iter().filter_map(|route| Some(&route.contract.as_ref()?.file));
    let payloads = config.routes.iter().filter_map(|route| Some(&route.payload_contract()?.file));
    let contracts = contracts
        .chain(payloads)
        .chain(config.events.iter().filter_map(|event| Some(&event.contract.as_ref()?.file)));
    let key_sets = config.issuers.iter().filter_map(|issuer| match &issuer.jwks {
        JwksLocation::File { path, .. } => Some(path),
        JwksLocation::Url(_) | JwksLocation::Discovery => None,
    });
    let read: HashSet<&String> = contracts.chain(key_sets).chain(&candidate).collect();
    let fault = |(name, text): (&String, &String)| {
        let (_, own) = name.rsplit_once('/')?;
        let hint = match own {
            "links.json" => {
                "links stand in `links.json` in the folder that holds the policies, those of candidates in `links.json` in theirs"
            }
            "entities.json" => "entities stand in `entities.json` in the folder that holds the policies",
            _ => return None,
        };
        let fault = Fault::new(format!("nothing reads `{own}` in a folder within the policies'"));
        (!read.contains(name)).then(|| fault.at(Place::new(name, text, 0..0)).hint(hint))
    };
    bundle.files.iter().filter_map(fault).collect()
}
