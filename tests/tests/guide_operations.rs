//! The table of `docs/operations.md`: each call of Table Store, and where its wire form, its semantics and its tests are.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

const PAGE: &str = include_str!("../../docs/operations.md");
const CLIENT: &str = "campaign-tablestore/src/op";
const LOCAL: &str = "campaign-local/src/tablestore";
/// Where a call is refused that is not emulated.
const REFUSED: &str = "[refused](../campaign-local/src/tablestore/operations.rs)";

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder, by its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.ends_with(".rs") {
                found.push((path.clone(), fs::read_to_string(root().join(path)).unwrap()));
            }
        }
    }
    found
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inside, _)| inside)
}

/// The classes that a call can have, by the words of its `class`.
fn classes(source: &str) -> String {
    let body = between(source, "fn class(&self) -> Class {", "\n    }").unwrap();
    let named = [("Read", "read"), ("Idempotent", "idempotent"), ("Conditional", "conditional"), ("Once", "once")];
    // `class_of` is that of a row that is written.
    let of_row = body.contains("class_of(");
    let can = |class: &str| body.contains(&format!("Class::{class}")) || (of_row && class != "Read");
    let words: Vec<_> = named.into_iter().filter(|(class, _)| can(class)).map(|(_, word)| word).collect();
    words.join(", ")
}

fn captured(file: &str, operation: &str) -> usize {
    let vectors: Value = serde_json::from_str(file).unwrap();
    vectors["vectors"].as_array().unwrap().iter().filter(|vector| vector["operation"] == operation).count()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// The rows of the table as the code has them, without the column of tests, by call.
fn of_the_code() -> BTreeMap<String, [String; 4]> {
    let requests = include_str!("../vectors/tablestore-requests.json");
    let answers = include_str!("../vectors/tablestore-responses.json");
    let emulated = sources(LOCAL);
    let mut rows = BTreeMap::new();
    for (path, source) in sources(CLIENT) {
        let Some(name) = between(&source, "const NAME: &'static str = \"", "\"") else { continue };
        let call = between(&source, "impl Operation for ", " ").unwrap();
        let handler = emulated.iter().find(|(_, source)| source.contains(&format!("impl Emulate for {call} {{")));
        let local = handler.map_or(REFUSED.to_owned(), |(path, _)| {
            format!("[{}](../{path})", path.strip_prefix(LOCAL).unwrap().trim_start_matches('/'))
        });
        let counts = format!("{}, {}", captured(requests, name), captured(answers, name));
        let wire = format!("[{}](../{path})", file_name(&path));
        rows.insert(name.to_owned(), [wire, classes(&source), local, counts]);
    }
    rows
}

#[test]
fn the_table_of_calls_says_where_each_is() {
    let mut code = of_the_code();
    assert!(code.len() >= 35, "the folder of calls was read");
    for line in PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| call ")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, wire, class, local, tests, counts] = cells[..] else { panic!("six columns: {line}") };
        let row = code.remove(name).unwrap_or_else(|| panic!("{name} is no call, or there twice"));
        assert_eq!([wire, class, local, counts], row.each_ref().map(String::as_str), "the row of {name}");
        let links: Vec<_> = tests.split("](../").skip(1).map(|link| link.split(')').next().unwrap()).collect();
        assert!(!links.is_empty(), "{name} has no test");
        for link in links {
            let source = fs::read_to_string(root().join(link)).unwrap_or_else(|e| panic!("{name}: {link}: {e}"));
            // Python's names are in lower case.
            let snake = Path::new(file_name(between(wire, "](", ")").unwrap())).file_stem().unwrap().to_str().unwrap();
            assert!(source.contains(name) || source.contains(snake), "{link} does not test {name}");
        }
    }
    assert!(code.is_empty(), "docs/operations.md lacks {:?}", code.keys());
}

#[test]
fn every_link_of_the_table_is_there() {
    for link in PAGE.split("](").skip(1).map(|link| link.split([')', '#']).next().unwrap()) {
        assert!(root().join("docs").join(link).exists(), "{link}");
    }
}
