use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

use cedar_policy::{
    Entities, PolicyId, PolicySet, Schema, ValidationError, ValidationMode, ValidationResult, Validator,
};
use doorward_model::{Fault, Faults, Reads};

use crate::deep_stack::{self, on_deep_stack};
use crate::engine::Engine;
use crate::entities::express;
use crate::entities::loaded::{self, LoadedTypes};
use crate::entities::{self, Store};
use crate::files::origins::Origins;
use crate::files::policy_files::PolicyFiles;
use crate::impossible::{self, Severity};
use crate::reads::action_reads;
use crate::reads::comparisons;
use crate::reads::input_reads;
use crate::reads::undeclared;
use crate::schema::actions::Action;
use crate::schema::{EntityType, ProjectSchema};
use crate::vocabulary::{SourceFile, Sources, Vocabulary};

/// A project's policies, checked and compiled: decisions only read them.
#[derive(Debug)]
pub struct Policies {
    schema_text: String,
    depth: u32,
    unstated: Vec<String>,
    warnings: Vec<Fault>,
    pub(crate) schema: Schema,
    pub(crate) actions: HashMap<String, Action>,
    pub(crate) entity_types: HashMap<String, EntityType>,
    pub(crate) purposes: HashSet<String>,
    pub(crate) store: Store,
    pub(crate) loaded: LoadedTypes,
    pub(crate) engine: Engine,
    /// The candidate set, which is decided beside the others and never enforced.
    pub(crate) shadow: Option<Engine>,
    /// What is read of a call, by action; `None` where nobody asked.
    pub(crate) reads: Option<HashMap<String, Reads>>,
    /// What both sets read of a call, by action; found when a payload first holds more than Cedar can.
    read_by_any: OnceLock<HashMap<String, Reads>>,
    shadow_set: Option<PolicySet>,
    /// The policies as Cedar reads them, for what is asked about them rather than of them.
    pub(crate) set: PolicySet,
    pub(crate) origins: Origins,
}

impl Policies {
    /// Reads the user's files and checks them strictly against the schema that `vocabulary` makes.
    ///
    /// # Errors
    /// Every fault of every file, in the order of the files: schemas, policies, links, candidate, entities.
    pub fn compile(sources: &Sources<'_>, vocabulary: &Vocabulary) -> Result<Self, Faults> {
        Self::compile_validated(sources, vocabulary, None)
    }

    /// As [`Policies::compile`], but policies that `validated` covers are not validated again. They are still parsed and
    /// compiled, all or none; nothing is known of [`Policies::warnings`] then.
    ///
    /// # Errors
    /// As [`Policies::compile`].
    pub fn compile_validated(
        sources: &Sources<'_>,
        vocabulary: &Vocabulary,
        validated: Option<&Validated>,
    ) -> Result<Self, Faults> {
        on_deep_stack(|| Self::build(sources, vocabulary, validated))
            .unwrap_or_else(|| Err(deep_stack::fault().into()))
    }

    fn build(
        sources: &Sources<'_>,
        vocabulary: &Vocabulary,
        validated: Option<&Validated>,
    ) -> Result<Self, Faults> {
        let Sources { policies, links, candidate, schemas, entities, recorded } = *sources;
        let files = PolicyFiles::read(policies, links);
        let shadow = candidate.map(|set| (set, PolicyFiles::read(set.policies, set.links)));
        let project = match ProjectSchema::build(schemas, vocabulary) {
            Ok(project) => project,
            Err(mut faults) => {
                sort(&mut faults, schemas, None);
                faults.extend(files.faults);
                faults.extend(shadow.into_iter().flat_map(|(_, files)| files.faults));
                return Err(Faults(faults));
            }
        };
        let validated = validated.filter(|validated| validated.covers(&project.text));
        let Findings { mut depth, mut faults, mut warnings } =
            hold(&files, (policies, links), &project, vocabulary, validated);
        if let Some((set, files)) = &shadow {
            let found = hold(files, (set.policies, set.links), &project, vocabulary, validated);
            // One loading of entities serves both sets.
            depth = depth.max(found.depth);
            faults.extend(found.faults);
            warnings.extend(found.warnings);
        }
        let loaded = loaded::types(&vocabulary.actions, &project.fragments, &project.schema, &mut faults);
        let entities = entities.map_or_else(
            || Ok(Entities::empty()),
            |file| entities::read(file, &project.schema, &loaded, &project.entity_types),
        );
        let store = match entities {
            Ok(entities) if faults.is_empty() => Store::new(entities, depth, &loaded)?,
            Ok(_) => return Err(Faults(faults)),
            Err(more) => {
                faults.extend(more);
                return Err(Faults(faults));
            }
        };
        express::warm();
        let sets = || [&files.set].into_iter().chain(shadow.as_ref().map(|(_, files)| &files.set));
        let reads = recorded.then(|| action_reads::recorded(sets(), &project.actions));
        let shadow = shadow.map(|(_, files)| (engine(&files.set), files.set));
        let (shadow, shadow_set) = shadow.unzip();
        Ok(Self {
            reads,
            read_by_any: OnceLock::new(),
            shadow,
            shadow_set,
            engine: engine(&files.set),
            origins: files.origins(policies, links),
            set: files.set,
            store,
            loaded,
            schema_text: project.text,
            depth,
            unstated: project.unstated,
            warnings,
            schema: project.schema,
            actions: project.actions,
            entity_types: project.entity_types,
            purposes: vocabulary.purposes.iter().cloned().collect(),
        })
    }

    /// The whole schema in Cedar's schema syntax, as Cedar's own tools take it: what the door states, then the user's
    /// files.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema_text
    }

    /// How many entities deep the policies read, from 1.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// How many policies there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.engine.count()
    }

    /// How many policies the candidate set has; `None` where there is none.
    #[must_use]
    pub fn candidate_count(&self) -> Option<usize> {
        self.shadow.as_ref().map(Engine::count)
    }

    /// What the policies in force read of a call, by action; candidates decide nothing. It walks every condition anew.
    #[must_use]
    pub fn reads_by_action(&self) -> HashMap<String, Reads> {
        on_deep_stack(|| action_reads::by_action([&self.set], &self.actions)).unwrap_or_else(|| {
            self.actions.keys().map(|action| (action.clone(), Reads::everything())).collect()
        })
    }

    /// What policies and candidates read of a call of this action.
    pub(crate) fn read_by_any(&self, action: &str) -> &Reads {
        static EVERYTHING: LazyLock<Reads> = LazyLock::new(Reads::everything);
        let find = || action_reads::by_action([&self.set].into_iter().chain(&self.shadow_set), &self.actions);
        let found = self.read_by_any.get_or_init(|| on_deep_stack(find).unwrap_or_default());
        found.get(action).unwrap_or(&EVERYTHING)
    }

    /// What is sound and still of no use, such as a policy that no request can ever meet.
    #[must_use]
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// What of the payloads no schema can state, so that no policy can read it: `createOrder: input.meta: a union`.
    #[must_use]
    pub fn unstated(&self) -> &[String] {
        &self.unstated
    }
}

/// What an earlier validation found. Who hands this over vouches that it was of the very same files, and by the same
/// version of this crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    /// The whole schema, as it was then.
    pub schema: String,
    /// How many entities deep the policies read. Recorded, since only the validator can tell: a decision that loaded
    /// less could miss a group that a `forbid` names, and one that loaded the most would cost more than it must.
    pub depth: u32,
}

impl Validated {
    /// How many entities deep policies may read: `resource.owner.manager.level` is three.
    pub const DEEPEST: u32 = 3;

    /// Whether it holds for policies over the schema as it is now.
    fn covers(&self, schema: &str) -> bool {
        self.schema == schema && (1..=Self::DEEPEST).contains(&self.depth)
    }
}

/// The faults that policies have in whatever project they are: those of their syntax and their ids.
#[must_use]
pub fn check_form(sources: &Sources<'_>) -> Vec<Fault> {
    on_deep_stack(|| {
        let mut faults = PolicyFiles::read(sources.policies, sources.links).faults;
        if let Some(set) = &sources.candidate {
            faults.extend(PolicyFiles::read(set.policies, set.links).faults);
        }
        faults
    })
    .unwrap_or_else(|| vec![deep_stack::fault()])
}

/// A set of policies, ready to decide.
fn engine(policies: &PolicySet) -> Engine {
    Engine::new(policies, |id| reads_input(policies, id))
}

fn reads_input(policies: &PolicySet, id: &PolicyId) -> bool {
    policies.policy(id).is_none_or(|policy| input_reads::reads(policy, policies))
}

/// What holding a set of policies against the schema brought to light.
struct Findings {
    /// How many entities deep they read.
    depth: u32,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// Holds the policies of `files` against the schema; `read` are the files themselves, in whose order the findings are.
fn hold(
    files: &PolicyFiles<'_>,
    read: (&[SourceFile], Option<&SourceFile>),
    project: &ProjectSchema,
    vocabulary: &Vocabulary,
    validated: Option<&Validated>,
) -> Findings {
    let mut faults = files.faults.clone();
    let Some(validated) = validated else {
        let (depth, result) = validate(&project.schema, &files.set);
        let held = |id: &PolicyId| !vocabulary.inputs_unknown || !reads_input(&files.set, id);
        let errors = result.validation_errors().filter(|error| held(error.policy_id()));
        faults.extend(errors.map(|error| explain(error, files.fault(error))));
        let undeclared = undeclared::find(files, project, vocabulary.inputs_unknown);
        let misnaming: HashSet<PolicyId> = undeclared.iter().map(|found| found.policy.clone()).collect();
        let untold: Vec<Fault> =
            undeclared.into_iter().filter(|found| !found.is_told(&faults)).map(|found| found.fault).collect();
        faults.extend(untold);
        let mut weighed = comparisons::find(files, project, vocabulary.inputs_unknown);
        for warning in impossible::once(&result) {
            let id = warning.policy_id();
            weighed.push(match impossible::weigh(warning, files, &project.schema) {
                // What it misnames is the reason, and is told.
                Some(_) if misnaming.contains(id) || !held(id) => continue,
                Some(found) => found,
                None => (files.warning(warning), Severity::Warning),
            });
        }
        let mut warnings = Vec::new();
        for (fault, severity) in weighed {
            match severity {
                Severity::Fault => faults.push(fault),
                Severity::Warning => warnings.push(fault),
            }
        }
        sort(&mut faults, read.0, read.1);
        sort(&mut warnings, read.0, read.1);
        return Findings { depth, faults, warnings };
    };
    sort(&mut faults, read.0, read.1);
    Findings { depth: validated.depth, faults, warnings: Vec::new() }
}

const DEEPEST: u32 = Validated::DEEPEST;

/// Validates strictly, and finds how many entities deep the policies read, which bounds what a decision must load.
fn validate(schema: &Schema, policies: &PolicySet) -> (u32, ValidationResult) {
    let validator = Validator::new(schema.clone());
    let mut depth = 1;
    loop {
        let result = validator.validate_with_level(policies, ValidationMode::Strict, depth);
        let too_deep =
            |error: &ValidationError| matches!(error, ValidationError::EntityDerefLevelViolation(_));
        if depth == DEEPEST || !result.validation_errors().any(too_deep) {
            return (depth, result);
        }
        depth += 1;
    }
}

fn too_deep(error: &ValidationError) -> bool {
    matches!(error, ValidationError::EntityDerefLevelViolation(_))
}

/// Cedar says of no level what it means.
fn explain(error: &ValidationError, fault: Fault) -> Fault {
    if !too_deep(error) {
        return fault;
    }
    fault.hint(format!(
        "policies read entities by way of `principal` and `resource`, at most {DEEPEST} deep, so that a decision knows what to load"
    ))
}

/// In the order of the files, and of the places in them.
fn sort(faults: &mut Vec<Fault>, files: &[SourceFile], last: Option<&SourceFile>) {
    let key = |fault: &Fault| {
        let place = fault.place.as_ref();
        let file = place.and_then(|place| files.iter().chain(last).position(|file| file.name == place.file));
        (file, place.map_or(0, |place| place.span.start), fault.message.clone())
    };
    faults.sort_by_cached_key(key);
    faults.dedup();
}
