//! The arrows between the crates: which may depend on which, and where candle and plotters may be known.
//!
//! Arrows govern normal dependencies; dev-dependencies may go anywhere.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata};

use super::Violation;

/// What a crate may depend on, of ours.
enum Allowed {
    /// Exactly these.
    These(&'static [&'static str]),
    /// Every crate of the workspace.
    All,
}

/// The table of arrows. A member that is missing here is a violation.
const ARROWS: &[(&str, Allowed)] = &[
    ("carnot-info", Allowed::These(&[])),
    ("carnot-transport", Allowed::These(&[])),
    ("carnot-data", Allowed::These(&["carnot-transport"])),
    ("carnot-surface", Allowed::These(&["carnot-info", "carnot-transport"])),
    ("carnot-process", Allowed::These(&["carnot-surface"])),
    ("carnot-models", Allowed::These(&["carnot-info", "carnot-surface", "carnot-data"])),
    ("carnot-reproduce", Allowed::All),
    ("carnot-testkit", Allowed::These(&[])),
    ("xtask", Allowed::These(&[])),
    ("carnot-benches", Allowed::All),
    ("carnot-docs", Allowed::All),
];

/// The crates that build and test without candle, on any path.
const WITHOUT_CANDLE: &[&str] =
    &["carnot-info", "carnot-transport", "carnot-data", "carnot-surface", "carnot-process", "carnot-testkit"];

const CANDLE: &[&str] = &["candle-core", "candle-nn"];
const CANDLE_OWNER: &str = "carnot-models";
const PLOTTERS: &str = "plotters";
const PLOTTERS_OWNER: &str = "carnot-reproduce";

/// Normal dependencies between packages. Nodes are keyed by an identifier, since two versions of one name differ.
pub(super) struct Graph {
    /// Identifiers of the workspace's members.
    members: Vec<String>,
    /// The name of each package.
    names: BTreeMap<String, String>,
    /// The normal dependencies of each package.
    edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    pub(super) fn from_metadata(metadata: &Metadata) -> Self {
        let members = metadata.workspace_members.iter().map(|id| id.repr.clone()).collect();
        let names = metadata.packages.iter().map(|p| (p.id.repr.clone(), p.name.to_string())).collect();
        let mut edges = BTreeMap::new();
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            let normal = node
                .deps
                .iter()
                .filter(|dep| dep.dep_kinds.iter().any(|info| info.kind == DependencyKind::Normal))
                .map(|dep| dep.pkg.repr.clone());
            edges.insert(node.id.repr.clone(), normal.collect());
        }
        Self { members, names, edges }
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    fn direct<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        self.edges.get(id).into_iter().flatten().map(|dependency| self.name(dependency))
    }

    /// The shortest chain of names from a package to one of `targets`, entering no package named `closed`.
    fn chain_to<'a>(&'a self, from: &'a str, targets: &[&str], closed: Option<&str>) -> Option<Vec<&'a str>> {
        let mut seen = BTreeSet::from([from]);
        let mut level = vec![vec![from]];
        while !level.is_empty() {
            let mut next = Vec::new();
            for chain in level {
                let Some(end) = chain.last() else { continue };
                if targets.contains(&self.name(end)) {
                    return Some(chain.iter().map(|id| self.name(id)).collect());
                }
                for dependency in self.edges.get(*end).into_iter().flatten() {
                    if Some(self.name(dependency)) != closed && seen.insert(dependency) {
                        next.push([chain.as_slice(), &[dependency.as_str()]].concat());
                    }
                }
            }
            level = next;
        }
        None
    }
}

/// Checks the arrows, candle and plotters. `manifests` pairs each member's name with the path of its manifest.
pub(super) fn check(graph: &Graph, manifests: &[(String, String)]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let ours: Vec<&str> = graph.members.iter().map(|id| graph.name(id)).collect();
    for member in &graph.members {
        let name = graph.name(member);
        let manifest = manifests.iter().find(|(member, _)| member == name).map_or(name, |(_, path)| path);
        let mut violation = |what: String| violations.push(Violation::new(manifest, 1, what));

        match ARROWS.iter().find(|(member, _)| *member == name) {
            None => violation(format!("{name} is not in the table of arrows (xtask/src/tidy/arrows.rs)")),
            Some((_, Allowed::All)) => {}
            Some((_, Allowed::These(allowed))) => {
                for dependency in graph.direct(member) {
                    if ours.contains(&dependency) && !allowed.contains(&dependency) {
                        violation(format!("{name} may not depend on {dependency}"));
                    }
                }
            }
        }

        if WITHOUT_CANDLE.contains(&name) {
            if let Some(chain) = graph.chain_to(member, CANDLE, None) {
                violation(format!("{name} may not reach candle: {}", chain.join(" -> ")));
            }
        } else if name != CANDLE_OWNER
            && let Some(chain) = graph.chain_to(member, CANDLE, Some(CANDLE_OWNER))
        {
            violation(format!("candle is known to {CANDLE_OWNER} alone: {}", chain.join(" -> ")));
        }

        if name != PLOTTERS_OWNER && graph.direct(member).any(|dependency| dependency == PLOTTERS) {
            violation(format!("{PLOTTERS} is known to {PLOTTERS_OWNER} alone: {name} -> {PLOTTERS}"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph whose identifiers are its names; the members are those in the table, or starting with `carnot`.
    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let edges: BTreeMap<String, Vec<String>> = edges
            .iter()
            .map(|(from, to)| (from.to_string(), to.iter().map(|name| name.to_string()).collect()))
            .collect();
        let members = edges.keys().filter(|name| name.starts_with("carnot") || *name == "xtask");
        Graph { members: members.cloned().collect(), names: BTreeMap::new(), edges }
    }

    fn violations(edges: &[(&str, &[&str])]) -> Vec<String> {
        check(&graph(edges), &[]).into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn the_arrows_of_the_table_are_allowed() {
        let found = violations(&[
            ("carnot-info", &["ndarray"]),
            ("carnot-transport", &[]),
            ("carnot-data", &["carnot-transport"]),
            ("carnot-surface", &["carnot-info", "carnot-transport"]),
            ("carnot-process", &["carnot-surface"]),
            ("carnot-models", &["carnot-surface", "carnot-data", "carnot-info", "candle-nn"]),
            ("carnot-reproduce", &["carnot-models", "carnot-process", "plotters"]),
            ("candle-nn", &["candle-core"]),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn an_arrow_outside_the_table_is_found() {
        let found = violations(&[("carnot-process", &["carnot-info"]), ("carnot-info", &[])]);
        assert_eq!(found, ["carnot-process may not depend on carnot-info"]);
    }

    #[test]
    fn a_member_outside_the_table_is_found() {
        let found = violations(&[("carnot-new", &[])]);
        assert_eq!(found, ["carnot-new is not in the table of arrows (xtask/src/tidy/arrows.rs)"]);
    }

    #[test]
    fn candle_is_found_behind_another_crate() {
        let found = violations(&[("carnot-info", &["helper"]), ("helper", &["candle-core"])]);
        assert_eq!(found, ["carnot-info may not reach candle: carnot-info -> helper -> candle-core"]);
    }

    #[test]
    fn candle_is_found_beside_its_owner() {
        let found = violations(&[
            ("carnot-reproduce", &["carnot-models", "candle-nn"]),
            ("carnot-models", &["candle-core"]),
        ]);
        assert_eq!(found, ["candle is known to carnot-models alone: carnot-reproduce -> candle-nn"]);
    }

    #[test]
    fn plotters_is_found_outside_the_reference_implementation() {
        let found = violations(&[("carnot-benches", &["plotters"])]);
        assert_eq!(found, ["plotters is known to carnot-reproduce alone: carnot-benches -> plotters"]);
    }

    #[test]
    fn the_place_is_the_manifest() {
        let manifests = [("xtask".to_owned(), "xtask/Cargo.toml".to_owned())];
        let found = check(&graph(&[("xtask", &["carnot-info"]), ("carnot-info", &[])]), &manifests);
        let lines: Vec<String> = found.iter().map(Violation::to_string).collect();
        assert_eq!(lines, ["xtask/Cargo.toml:1: xtask may not depend on carnot-info"]);
    }
}
