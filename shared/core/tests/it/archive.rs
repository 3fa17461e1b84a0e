use std::io::{Read as _, Write as _};
use std::path::Path;

use doorward_core::{Archive, Bundle, Rules, Source};
use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use crate::shop;

pub(crate) fn packed(bundle: &Bundle) -> Vec<u8> {
    Archive::pack(bundle, &Rules::compile(bundle, |_| None).unwrap()).unwrap()
}

/// An archive taken apart, to be put together otherwise.
pub(crate) struct Parts(Vec<Part>);

#[derive(Clone)]
struct Part {
    name: Vec<u8>,
    kind: EntryType,
    data: Vec<u8>,
}

fn part(name: &str, text: &str) -> Part {
    Part { name: name.as_bytes().to_vec(), kind: EntryType::Regular, data: text.as_bytes().to_vec() }
}

impl Parts {
    pub(crate) fn of(archive: &[u8]) -> Self {
        let mut tar = tar::Archive::new(GzDecoder::new(archive));
        let part = |entry: std::io::Result<tar::Entry<'_, _>>| {
            let mut entry = entry.unwrap();
            let (name, kind) = (entry.path_bytes().into_owned(), entry.header().entry_type());
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            Part { name, kind, data }
        };
        Self(tar.entries().unwrap().map(part).collect())
    }

    fn at(&self, name: &str) -> usize {
        self.0.iter().position(|part| part.name == name.as_bytes()).unwrap()
    }

    pub(crate) fn text(&mut self, name: &str) -> &mut Vec<u8> {
        let at = self.at(name);
        &mut self.0[at].data
    }

    pub(crate) fn depth(&self) -> u64 {
        self.manifest()["depth"].as_u64().unwrap()
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&self.0[0].data).unwrap()
    }

    pub(crate) fn set_manifest(&mut self, member: &str, value: Value) {
        let mut manifest = self.manifest();
        manifest[member] = value;
        self.0[0].data = manifest.to_string().into_bytes();
    }

    /// States the digest of what there is now, as whoever forges an archive would.
    pub(crate) fn state(&mut self) {
        let manifest = self.manifest();
        let text = |name: &str| String::from_utf8(self.0[self.at(name)].data.clone()).unwrap();
        let (schema, config) = ("policies/doorward.cedarschema", "doorward.toml");
        let mut said = vec![manifest["depth"].to_string(), text(schema), config.to_owned(), text(config)];
        for part in &self.0[1..] {
            let name = String::from_utf8(part.name.clone()).unwrap();
            if let Some(own) = name.strip_prefix("policies/").filter(|_| name != schema) {
                said.extend([own.to_owned(), text(&name)]);
            }
        }
        let mut hash = Sha256::new();
        for text in said {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.set_manifest("digest", digest.into());
    }

    /// Lists the files as they are now; the digest stays.
    pub(crate) fn list(&mut self) {
        let listed = |part: &Part| {
            let sha256: String =
                Sha256::digest(&part.data).iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "name": String::from_utf8_lossy(&part.name), "bytes": part.data.len(), "sha256": sha256 })
        };
        let files: Vec<Value> = self.0[1..].iter().map(listed).collect();
        self.set_manifest("files", files.into());
    }

    pub(crate) fn tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for Part { name, kind, data } in &self.0 {
            let mut header = Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name);
            header.set_size(data.len() as u64);
            header.set_mode(0o644);
            header.set_entry_type(*kind);
            header.set_cksum();
            tar.append(&header, data.as_slice()).unwrap();
        }
        tar.into_inner().unwrap()
    }
}

pub(crate) fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(tar).unwrap();
    gzip.finish().unwrap()
}

/// What is said of the shop's archive with its parts changed.
#[track_caller]
fn check(change: impl FnOnce(&mut Parts), expected: Expect) {
    let mut parts = Parts::of(&packed(&shop::bundle(&[])));
    change(&mut parts);
    check_bytes(&gzip(&parts.tar()), expected);
}

#[track_caller]
fn check_bytes(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&Archive::read(bytes).unwrap_err().to_string());
}

#[test]
fn an_archive_holds_what_was_packed() {
    let bundle = shop::bundle(&[]);
    let archive = Archive::read(&packed(&bundle)).unwrap();
    assert_eq!((archive.bundle(), archive.digest()), (&bundle, shop::digest(&bundle).as_str()));
    let parts = Parts::of(&packed(&bundle));
    let names: Vec<_> = parts.0.iter().map(|part| String::from_utf8_lossy(&part.name)).collect();
    assert_eq!(
        names,
        [
            "manifest.json",
            "doorward.toml",
            "policies/candidate/shop.cedar",
            "policies/contracts/payment.schema.json",
            "policies/contracts/shop.yaml",
            "policies/doorward.cedarschema",
            "policies/entities.json",
            "policies/orders.cedar",
            "policies/receipts.cedar",
            "policies/shop.cedarschema",
        ]
    );
    let manifest = parts.manifest();
    assert_eq!((&manifest["format"], &manifest["digest"]), (&json!(1), &json!(shop::digest(&bundle))));
    assert_eq!(manifest["files"].as_array().unwrap().len(), 9);
}

#[test]
fn the_same_files_make_the_same_bytes_wherever_they_lie() {
    let bundle = shop::bundle(&[]);
    let write = |folder: &Path, config: &str| {
        for (name, text) in &bundle.files {
            let path = folder.join("policies").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::write(folder.join(config), &bundle.config.1).unwrap();
    };
    let (beside, within) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(beside.path(), "shop.toml");
    write(within.path(), "policies/doorward.toml");
    std::fs::write(within.path().join("policies/doorward.cedarschema"), "an editor's copy").unwrap();
    std::fs::write(within.path().join("policies/orders.test.toml"), "a policy test").unwrap();
    for path in [beside.path().join("shop.toml"), within.path().to_path_buf()] {
        let source = Source::open(&path).unwrap();
        assert_eq!(shop::digest(source.bundle()), shop::digest(&bundle), "{path:?}");
        assert_eq!(packed(source.bundle()), packed(&bundle), "{path:?}");
    }
    // What is unpacked is a project, and the same one.
    let unpacked = tempfile::tempdir().unwrap();
    tar::Archive::new(GzDecoder::new(packed(&bundle).as_slice())).unpack(unpacked.path()).unwrap();
    assert_eq!(Source::open(unpacked.path()).unwrap().bundle(), &bundle);
}

#[test]
fn an_archive_is_found_where_no_configuration_is() {
    let folder = tempfile::tempdir().unwrap();
    let said = Source::open(folder.path()).unwrap_err().to_string();
    assert!(said.starts_with("no `doorward.toml` here") && said.contains("bundle.tar.gz"), "{said}");
    let bundle = shop::bundle(&[]);
    std::fs::write(folder.path().join("bundle.tar.gz"), packed(&bundle)).unwrap();
    assert!(
        matches!(Source::open(folder.path()).unwrap(), Source::Archive(found) if *found.bundle() == bundle)
    );
    std::fs::write(folder.path().join("bundle.tar.gz"), b"no archive").unwrap();
    let said = Source::open(folder.path()).unwrap_err().to_string();
    assert!(said.ends_with("bundle.tar.gz` is refused: it is not compressed by gzip"), "{said}");
    std::fs::write(folder.path().join("doorward.toml"), "").unwrap();
    assert!(matches!(Source::open(folder.path()).unwrap(), Source::Files(_)), "a configuration comes first");
}

/// A policy that reads what is not there.
const UNSOUND: &str = "permit (principal is User, action, resource) when { principal.rank == 1 };";

/// Whether the shop opens with `UNSOUND` put into its archive, and `change` made to the manifest.
fn opens(change: impl FnOnce(&mut Parts)) -> bool {
    let mut parts = Parts::of(&packed(&shop::bundle(&[])));
    let at = parts.at("policies/shop.cedarschema") + 1;
    parts.0.insert(at, part("policies/unsound.cedar", UNSOUND));
    change(&mut parts);
    parts.list();
    parts.state();
    let archive = Archive::read(&gzip(&parts.tar())).unwrap();
    Rules::open(&Source::Archive(archive), |_| None).is_ok()
}

#[test]
fn what_this_version_validated_is_not_validated_again() {
    assert!(Rules::compile(&shop::bundle(&[("unsound.cedar", UNSOUND)]), |_| None).is_err());
    assert!(opens(|_| {}), "the manifest vouches for it");
}

#[test]
fn what_another_version_or_schema_validated_is_validated_again() {
    assert!(!opens(|parts| parts.set_manifest("door", json!("0.0.9"))));
    assert!(!opens(|parts| parts.text("policies/doorward.cedarschema").extend(b"\n")));
}

#[test]
fn an_archive_that_is_cut_off_or_goes_on_is_refused() {
    let whole = packed(&shop::bundle(&[]));
    check_bytes(b"", expect!["it is not compressed by gzip"]);
    check_bytes(&Parts::of(&whole).tar(), expect!["it is not compressed by gzip"]);
    for length in (2..whole.len()).step_by(61) {
        assert!(Archive::read(&whole[..length]).is_err(), "{length}");
    }
    check_bytes(&whole[..whole.len() - 1], expect!["it is cut off or damaged"]);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    check_bytes(&flipped, expect!["it is cut off or damaged"]);
    check_bytes(&[&whole[..], b"x"].concat(), expect!["something follows its end"]);
    check_bytes(&[&whole[..], &whole[..]].concat(), expect!["something follows its end"]);
    let tar = Parts::of(&whole).tar();
    check_bytes(&gzip(&[&tar[..], b"x"].concat()), expect!["something follows its end"]);
    check_bytes(&gzip(&[&tar[..], &[0; 512]].concat()), expect!["something follows its end"]);
    check_bytes(&gzip(&tar[..tar.len() - 512]), expect!["it is cut off or damaged"]);
    check_bytes(&gzip(&tar[..tar.len() - 1024]), expect!["it is cut off or damaged"]);
    check_bytes(&gzip(&tar[..tar.len() - 2048]), expect!["it is cut off or damaged"]);
    check_bytes(&gzip(&tar[..700]), expect!["it is cut off or damaged"]);
    check_bytes(&gzip(b"no tar"), expect!["it holds no tar file, or a damaged one"]);
    check_bytes(&gzip(&[b'x'; 1024]), expect!["it holds no tar file, or a damaged one"]);
}

#[test]
fn an_archive_is_bounded_before_and_while_it_inflates() {
    check_bytes(&vec![0; Archive::MAX_BYTES + 1], expect!["it is larger than 16 MiB"]);
    let bomb = gzip(&vec![0; 33 * 1024 * 1024]);
    assert!(bomb.len() < 1024 * 1024);
    check_bytes(&bomb, expect!["it inflates to more than 32 MiB"]);
    check(
        |parts| {
            parts.text("policies/entities.json").resize(17 * 1024 * 1024, b' ');
            parts.list();
        },
        expect!["the files in it are larger than 16 MiB together"],
    );
    check(
        |parts| {
            parts.0.truncate(1);
            parts.0.extend((0..10_001).map(|n| part(&format!("policies/{n:05}.cedar"), "")));
            parts.list();
        },
        expect!["there are more than 10,000 files in it"],
    );
}

#[test]
fn only_plain_files_are_in_an_archive() {
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo, EntryType::Char]
    {
        check(
            |parts| {
                let at = parts.at("policies/orders.cedar");
                parts.0[at].kind = kind;
            },
            expect!["`policies/orders.cedar` in it is not a regular file"],
        );
    }
    for kind in [EntryType::XHeader, EntryType::XGlobalHeader, EntryType::GNULongName, EntryType::GNUSparse] {
        check(
            |parts| parts.0.insert(1, Part { kind, ..part("policies/more", "27 path=doorward.toml\n") }),
            expect!["`policies/more` in it is not a regular file"],
        );
    }
}

#[test]
fn names_in_an_archive_are_plain_and_relative() {
    #[track_caller]
    fn check_name(name: &[u8], expected: Expect) {
        check(|parts| parts.0.insert(1, Part { name: name.to_vec(), ..part("", "") }), expected);
    }
    check_name(b"/etc/passwd", expect!["the name `/etc/passwd` in it is not a plain relative one"]);
    check_name(b"../a.cedar", expect!["the name `../a.cedar` in it is not a plain relative one"]);
    check_name(
        b"policies/../a.cedar",
        expect!["the name `policies/../a.cedar` in it is not a plain relative one"],
    );
    check_name(b"./doorward.toml", expect!["the name `./doorward.toml` in it is not a plain relative one"]);
    check_name(
        b"policies//a.cedar",
        expect!["the name `policies//a.cedar` in it is not a plain relative one"],
    );
    check_name(
        b"policies/a.cedar/",
        expect!["the name `policies/a.cedar/` in it is not a plain relative one"],
    );
    check_name(
        b"policies\\a.cedar",
        expect![[r"the name `policies\\a.cedar` in it is not a plain relative one"]],
    );
    check_name(
        b"policies/\x1b[2J.cedar",
        expect![[r"the name `policies/\u{1b}[2J.cedar` in it is not a plain relative one"]],
    );
    check_name(
        b"policies/\xff.cedar",
        expect!["the name `policies/�.cedar` in it is not a plain relative one"],
    );
    check_name(b"", expect!["the name `` in it is not a plain relative one"]);
}

#[test]
fn an_archive_is_exactly_what_its_manifest_lists() {
    check(|parts| drop(parts.0.remove(0)), expect!["its first file is not `manifest.json`"]);
    check(|parts| parts.0.clear(), expect!["its first file is not `manifest.json`"]);
    check(
        |parts| {
            let again = parts.0[1].clone();
            parts.0.insert(2, again);
        },
        expect!["`doorward.toml` is in it twice"],
    );
    check(
        |parts| parts.0.insert(1, part("manifest.json", "{}")),
        expect!["`manifest.json` is not where its manifest lists it"],
    );
    check(
        |parts| parts.0.swap(2, 3),
        expect!["`policies/contracts/payment.schema.json` is not where its manifest lists it"],
    );
    check(
        |parts| parts.0.push(part("policies/z.cedar", "")),
        expect!["`policies/z.cedar` is not where its manifest lists it"],
    );
    check(|parts| drop(parts.0.pop()), expect!["`policies/shop.cedarschema` is missing from it"]);
    check(
        |parts| parts.text("policies/orders.cedar").extend(b"\n"),
        expect!["`policies/orders.cedar` in it is not what its manifest says"],
    );
    check(
        |parts| {
            let text = parts.text("policies/orders.cedar");
            text[0] = text[0].wrapping_add(1);
        },
        expect!["`policies/orders.cedar` in it is not what its manifest says"],
    );
    check(
        |parts| parts.text("policies/orders.cedar").push(0xff),
        expect!["`policies/orders.cedar` in it is not UTF-8 text"],
    );
}

/// What is said of the shop's archive with its parts changed, and its manifest made to list them so.
#[track_caller]
fn check_listed(change: impl FnOnce(&mut Parts), expected: &str) {
    let mut parts = Parts::of(&packed(&shop::bundle(&[])));
    change(&mut parts);
    parts.list();
    assert_eq!(Archive::read(&gzip(&parts.tar())).unwrap_err().to_string(), expected);
}

#[test]
fn the_digest_holds_whatever_is_listed() {
    #[track_caller]
    fn check(change: impl Fn(&mut Parts)) {
        let mut parts = Parts::of(&packed(&shop::bundle(&[])));
        let stated = parts.manifest()["digest"].clone();
        change(&mut parts);
        parts.state();
        let found = parts.manifest()["digest"].clone();
        assert_ne!(stated, found);
        let (stated, found) = (stated.as_str().unwrap(), found.as_str().unwrap());
        let said = format!("what it holds has the digest `{found}`, and its manifest says `{stated}`");
        check_listed(change, &said);
    }
    check(|parts| parts.text("policies/orders.cedar").clear());
    check(|parts| parts.text("doorward.toml").push(b'\n'));
    check(|parts| parts.text("policies/doorward.cedarschema").push(b'\n'));
    check(|parts| parts.set_manifest("depth", json!(3)));
}

/// What `orders.cedar` is to the shop, with a forbid that reads two entities deep.
const DEEP: (&str, &str) = (
    "deep.cedar",
    "@id(\"no-friends\") forbid (principal, action == Action::\"getOrder\", resource) when { resource.owner in Group::\"banned\" };",
);

#[test]
fn what_was_found_is_in_the_digest_whoever_reckons_it() {
    let bundle = shop::bundle(&[DEEP]);
    let (digest, bytes) = (shop::digest(&bundle), packed(&bundle));
    let open = |bytes: &[u8]| {
        let archive = Archive::read(bytes).unwrap();
        Rules::open(&Source::Archive(archive), |_| None).unwrap()
    };
    assert_eq!(open(&bytes).digest(), digest, "trusted");
    let depth = open(&bytes).policies().depth();
    assert!(depth > 1, "the forged one below has another");

    let forged = |change: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::of(&bytes);
        change(&mut parts);
        parts.list();
        parts.state();
        gzip(&parts.tar())
    };
    assert_eq!(open(&forged(&|_| {})).digest(), digest, "as it was");
    let shallow = open(&forged(&|parts| parts.set_manifest("depth", json!(1))));
    assert_eq!(shallow.policies().depth(), 1, "its word is taken");
    assert_ne!(shallow.digest(), digest, "and shows");

    // Of another version: validated again, and named as it names itself.
    let other = forged(&|parts| {
        parts.set_manifest("door", json!("0.0.9"));
        parts.set_manifest("depth", json!(1));
        parts.text("policies/doorward.cedarschema").push(b'\n');
    });
    let validated = open(&other);
    assert_eq!(validated.policies().depth(), depth, "found again");
    assert_eq!(validated.digest(), Archive::read(&other).unwrap().digest());
    assert_ne!(validated.digest(), digest);
    let repacked = Archive::pack(&bundle, &validated).unwrap();
    assert_eq!(Archive::read(&repacked).unwrap().digest(), digest, "packed again, it is this version's");
}

#[test]
fn everything_that_governs_is_there_and_nothing_else() {
    for name in ["orders.cedar", "policies/orders.test.toml", "policies", "doorward.cedarschema"] {
        check_listed(|parts| parts.0.push(part(name, "")), &format!("`{name}` in it governs nothing"));
    }
    for name in ["doorward.toml", "policies/doorward.cedarschema"] {
        let remove = |parts: &mut Parts| drop(parts.0.remove(parts.at(name)));
        check_listed(remove, &format!("`{name}` is missing from it"));
    }
}

#[test]
fn a_manifest_has_the_one_form() {
    check(
        |parts| parts.0[0].data = b"{".to_vec(),
        expect!["its manifest cannot be read: not a JSON text (line 1, column 1)"],
    );
    check(
        |parts| parts.0[0].data = b"[]".to_vec(),
        expect!["its manifest cannot be read: it states no `format`"],
    );
    check(
        |parts| parts.0[0].data = br#"{"format":1,"format":1}"#.to_vec(),
        expect!["its manifest cannot be read: a name stands twice in one JSON object"],
    );
    check(
        |parts| parts.set_manifest("format", json!(2)),
        expect!["its manifest has format 2, and this door reads format 1"],
    );
    check(
        |parts| parts.set_manifest("signature", json!("x")),
        expect!["its manifest cannot be read: a member is missing, unknown or of another type"],
    );
    check(
        |parts| parts.set_manifest("depth", json!("1")),
        expect!["its manifest cannot be read: a member is missing, unknown or of another type"],
    );
    check(
        |parts| parts.set_manifest("depth", json!(0)),
        expect!["its manifest says that its policies read 0 entities deep, and they can read 1 to 3"],
    );
    check(
        |parts| parts.set_manifest("depth", json!(4)),
        expect!["its manifest says that its policies read 4 entities deep, and they can read 1 to 3"],
    );
}

#[test]
fn a_name_that_tar_cannot_hold_is_refused_when_it_is_packed() {
    let pack = |name: &str| {
        let bundle = shop::bundle(&[(name, "")]);
        Archive::pack(&bundle, &Rules::compile(&bundle, |_| None).unwrap())
    };
    let long = format!("{}.cedar", "x".repeat(95));
    assert!(pack(&long).unwrap_err().to_string().ends_with("is too long for a tar file"));
    let folders = format!("{}/{}.cedar", "y".repeat(90), "x".repeat(90));
    let archive = Archive::read(&pack(&folders).unwrap()).unwrap();
    assert!(archive.bundle().files.contains_key(&folders));
}
