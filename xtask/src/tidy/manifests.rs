//! What every member's manifest takes from the workspace: version, edition, licence, lints, dependencies.

use std::collections::BTreeMap;

use super::Violation;

/// Keys that every manifest inherits.
const INHERITED: &[&[&str]] = &[
    &["package", "version"],
    &["package", "edition"],
    &["package", "rust-version"],
    &["package", "license"],
    &["lints"],
];

const DEPENDENCY_TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// One `key = value` of a manifest, its key joined with the header of its table.
struct Entry {
    line: usize,
    key: Vec<String>,
    value: String,
}

/// Checks one manifest; `file` is its path, for the places of violations.
pub(super) fn check(file: &str, manifest: &str) -> Vec<Violation> {
    let entries = entries(manifest);
    let mut violations = Vec::new();
    for inherited in INHERITED {
        if !entries.iter().any(|entry| inherits(entry, inherited)) {
            let line = entries.iter().find(|e| e.key.iter().eq(*inherited)).map_or(1, |entry| entry.line);
            let what = format!("{} is not inherited (`workspace = true`)", inherited.join("."));
            violations.push(Violation::new(file, line, what));
        }
    }
    // Keyed by the table and the name: `[dependencies.name]` spreads one dependency over several entries.
    let mut dependencies: BTreeMap<Vec<String>, (usize, bool)> = BTreeMap::new();
    for entry in &entries {
        let Some(table) = entry.key.iter().position(|part| DEPENDENCY_TABLES.contains(&part.as_str())) else {
            continue;
        };
        let Some(dependency) = entry.key.get(..=table + 1) else { continue };
        let (_, inherited) = dependencies.entry(dependency.to_vec()).or_insert((entry.line, false));
        *inherited |= inherits(entry, dependency);
    }
    for (key, (line, inherited)) in dependencies {
        if !inherited {
            let name = key.last().map_or("", String::as_str);
            let what = format!("the dependency {name} does not come from the workspace (`workspace = true`)");
            violations.push(Violation::new(file, line, what));
        }
    }
    violations
}

/// Whether the entry is `key.workspace = true` or `key = { workspace = true, .. }`.
fn inherits<S: AsRef<str>>(entry: &Entry, key: &[S]) -> bool {
    let Some((own, rest)) = entry.key.split_at_checked(key.len()) else { return false };
    if !own.iter().map(String::as_str).eq(key.iter().map(AsRef::as_ref)) {
        return false;
    }
    match rest {
        [] => {
            let inline = entry.value.trim_start_matches('{').trim_end_matches('}');
            inline.split(',').any(|pair| pair.replace(' ', "") == "workspace=true")
        }
        [attribute] => attribute == "workspace" && entry.value == "true",
        _ => false,
    }
}

/// The entries of a manifest. It knows the part of TOML that manifests use: tables, keys, values over several lines.
fn entries(manifest: &str) -> Vec<Entry> {
    let mut header: Vec<String> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut depth = 0_isize;
    for (index, line) in manifest.lines().enumerate() {
        let line = without_comment(line).trim();
        if depth > 0 {
            if let Some(open) = entries.last_mut() {
                open.value.push_str(line);
            }
            depth += nesting(line);
        } else if line.starts_with('[') {
            header = split_outside_quotes(line.trim_matches(['[', ']']), '.');
        } else if let [key, value @ ..] = split_outside_quotes(line, '=').as_slice()
            && !value.is_empty()
        {
            let value = value.join("=");
            depth = nesting(&value);
            let key = [header.as_slice(), &split_outside_quotes(key, '.')].concat();
            entries.push(Entry { line: index + 1, key, value });
        }
    }
    entries
}

/// How many more brackets and braces the text opens than it closes, outside quotes.
fn nesting(text: &str) -> isize {
    let count = |bracket| split_outside_quotes(text, bracket).len() as isize;
    count('[') + count('{') - count(']') - count('}')
}

fn without_comment(line: &str) -> &str {
    let length = split_outside_quotes_raw(line, '#').next().map_or(0, str::len);
    line.get(..length).unwrap_or(line)
}

/// The parts between separators outside quotes, trimmed and without their quotes.
fn split_outside_quotes(text: &str, separator: char) -> Vec<String> {
    split_outside_quotes_raw(text, separator).map(|p| p.trim().trim_matches(['"', '\'']).to_owned()).collect()
}

fn split_outside_quotes_raw(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split(move |character| {
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None => return character == separator,
            Some(_) => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[package]
name = "a" # a comment = with signs
version.workspace = true
edition = { workspace = true }
rust-version.workspace = true
license.workspace = true

[lints]
workspace = true

[dependencies]
ndarray.workspace = true
serde = { workspace = true, features = [
    "derive",
] }

[dev-dependencies.proptest]
workspace = true
features = ["std"]

[target.'cfg(target_os = "linux")'.dependencies]
libc.workspace = true
"#;

    fn violations(manifest: &str) -> Vec<String> {
        check("Cargo.toml", manifest).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn a_manifest_that_inherits_everything_passes() {
        assert_eq!(violations(GOOD), [""; 0]);
    }

    #[test]
    fn own_package_keys_are_found_where_they_stand() {
        let version =
            violations(&GOOD.replace("version.workspace = true\nedition", "version = \"1\"\nedition"));
        assert_eq!(version, ["Cargo.toml:4: package.version is not inherited (`workspace = true`)"]);
        let licence = violations(&GOOD.replace("license.workspace = true", "license = \"MIT\""));
        assert_eq!(licence, ["Cargo.toml:7: package.license is not inherited (`workspace = true`)"]);
        let edition = violations(&GOOD.replace("edition = { workspace = true }\n", ""));
        assert_eq!(edition, ["Cargo.toml:1: package.edition is not inherited (`workspace = true`)"]);
    }

    #[test]
    fn missing_or_own_lints_are_found() {
        let what = "Cargo.toml:1: lints is not inherited (`workspace = true`)";
        assert_eq!(violations(&GOOD.replace("[lints]\nworkspace = true\n", "")), [what]);
        assert_eq!(
            violations(&GOOD.replace("[lints]\nworkspace = true", "[lints.rust]\nx = \"warn\"")),
            [what]
        );
    }

    #[test]
    fn dependencies_with_their_own_version_are_found() {
        let message = |line: usize, name: &str| {
            format!(
                "Cargo.toml:{line}: the dependency {name} does not come from the workspace (`workspace = true`)"
            )
        };
        let direct = violations(&GOOD.replace("ndarray.workspace = true", "ndarray = \"0.17\""));
        assert_eq!(direct, [message(13, "ndarray")]);
        let inline = violations(&GOOD.replace("workspace = true, features", "version = \"1\", features"));
        assert_eq!(inline, [message(14, "serde")]);
        let table = violations(&GOOD.replace("proptest]\nworkspace = true", "proptest]\nversion = \"1\""));
        assert_eq!(table, [message(19, "proptest")]);
        let target = violations(&GOOD.replace("libc.workspace = true", "libc.version = \"0.2\""));
        assert_eq!(target, [message(23, "libc")]);
    }
}
