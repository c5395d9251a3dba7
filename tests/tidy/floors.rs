//! Floors of modules, the physics rule, and circles between folders.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::house::{House, Module};
use crate::imports::Kind;

/// The floors of ARCHITECTURE.md, by crate: a module imports from lower floors of its crate only. Which
/// crates it may import from is checked by cargo.
const FLOORS: [(&str, &[(&str, u32)]); 4] = [
    (
        "bearpit_core",
        &[
            ("units", 0),
            ("kernel", 1),
            ("params", 1),
            ("market", 2),
            ("process", 2),
            ("book", 3),
            ("account", 3),
            ("participant", 4),
            ("replay", 4),
            ("exchange", 5),
        ],
    ),
    // Kinds of agents come and go: all but the indicators share a floor, and may share code without circles.
    ("bearpit_agents", &[("indicators", 0)]),
    (
        "bearpit",
        &[
            ("script", 0),
            ("record", 0),
            ("data", 1),
            ("analysis", 1),
            ("mock", 1),
            ("scenario", 2),
            ("report", 2),
            ("run", 3),
            ("cli", 4),
            ("main", 5),
        ],
    ),
    (
        "bearpit_serve",
        &[
            ("domain", 0),
            ("testing", 0),
            ("config", 1),
            ("estimates", 1),
            ("outgoing", 1),
            ("store", 2),
            ("live", 3),
            ("publication", 3),
            ("driver", 4),
            ("channels", 5),
            ("load", 5),
            ("projector", 5),
            ("replay", 5),
            ("services", 6),
            ("http", 7),
            ("fix", 7),
            ("cli", 8),
            ("main", 9),
        ],
    ),
];

/// The physics rule: agents reach neither the book nor the exchange, all they have is their context.
const AGENTS: [&[&str]; 2] = [&["bearpit_agents"], &["bearpit", "script"]];
const BEYOND_AGENTS: [&[&str]; 2] = [&["bearpit_core", "book"], &["bearpit_core", "exchange"]];

/// Returns the floor of a module; that of a crate's root is open, since it only declares and re-exports.
fn floor(module: &[String]) -> Option<u32> {
    let (name, floors) = FLOORS.iter().find(|(name, _)| *name == module[0])?;
    let own = floors.iter().find(|(top, _)| *top == module[1]).map(|(_, floor)| *floor);
    own.or((*name == "bearpit_agents").then_some(1))
}

fn is_below(module: &[String], room: &[&str]) -> bool {
    module.len() >= room.len() && module.iter().zip(room).all(|(a, b)| a == b)
}

/// Returns imports that go up or sideways, modules without a floor, and agents that reach too far.
pub(crate) fn floor_faults(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for file in house.files.iter().filter(|file| file.module.len() > 1) {
        let Some(own) = floor(&file.module) else {
            faults.push(format!("{}: module `{}` has no floor", file.path, file.module[1]));
            continue;
        };
        for import in &file.contents.imports {
            let passed = house.resolve(file, import);
            let is_upward = |to: &&Module| {
                let is_other = to.len() > 1 && to[0] == file.module[0] && to[1] != file.module[1];
                let shares = to[0] == "bearpit_agents" && own == 1;
                is_other && !shares && floor(to).is_none_or(|floor| floor >= own)
            };
            let is_beyond = |to: &&Module| {
                let is_agent = AGENTS.iter().any(|room| is_below(&file.module, room));
                is_agent && BEYOND_AGENTS.iter().any(|room| is_below(to, room))
            };
            if let Some(to) = passed.iter().find(|to| is_upward(to) || is_beyond(to)) {
                faults.push(format!("{}:{}: imports {}", file.path, import.line, to.join("::")));
            }
        }
    }
    faults
}

/// The imports between what stands side by side in a folder: files, folders, and `mod` for its own `mod.rs`.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

/// Returns circles of imports in which a folder takes part, at any depth. Tests are not looked at.
pub(crate) fn circles(house: &House) -> Vec<String> {
    let folders = house.files.iter().filter(|file| file.is_facade);
    folders.flat_map(|file| circles_in(house, &file.module)).collect()
}

fn circles_in(house: &House, folder: &Module) -> Vec<String> {
    let edges = edges_in(house, folder);
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for node in edges.keys() {
        let is_folder = house.is_folder(&[folder.as_slice(), std::slice::from_ref(node)].concat());
        let Some(circle) = circle(&edges, node).filter(|_| is_folder) else { continue };
        if seen.insert(circle.iter().cloned().collect::<BTreeSet<String>>()) {
            let steps = circle.iter().zip(circle.iter().cycle().skip(1));
            let steps: Vec<String> =
                steps.map(|(a, b)| format!("\n    {a} -> {b}: {}", edges[a][b])).collect();
            faults.push(format!("a circle in {}:{}", folder.join("::"), steps.concat()));
        }
    }
    faults
}

fn edges_in(house: &House, folder: &Module) -> Edges {
    let node = |module: &Module| {
        let is_inside = module.starts_with(folder);
        is_inside.then(|| module.get(folder.len()).cloned().unwrap_or_else(|| "mod".to_owned()))
    };
    let mut edges = Edges::new();
    for file in house.files.iter().filter(|file| !file.is_test) {
        let Some(from) = node(&file.module) else { continue };
        for import in file.contents.imports.iter().filter(|import| !import.in_test) {
            // A folder's face re-exports its rooms without needing them, unless its own code does.
            let is_shown = match &import.kind {
                Kind::Use { name, is_public: true } => !file.contents.words.contains(name),
                Kind::Glob { is_public } => *is_public,
                _ => false,
            };
            let Some(to) = house.resolve(file, import).last().and_then(node) else { continue };
            if to == from || (from == "mod" && file.is_facade && is_shown) {
                continue;
            }
            let evidence = format!("{}:{}", file.path, import.line);
            edges.entry(from.clone()).or_default().entry(to).or_insert(evidence);
        }
    }
    edges
}

/// Returns the shortest circle through a node, which comes first in it.
fn circle(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut open = VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = open.pop_front() {
        for next in path.last().and_then(|last| edges.get(last)).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                return Some(path);
            }
            if seen.insert(next.clone()) {
                open.push_back([path.as_slice(), std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}
