#!/usr/bin/env python3
"""What the dependency tree must look like, read from `cargo metadata` and `cargo tree`.

  tree.py features             one line per check: a library crate and the flags of one feature set
  tree.py check                who may know whom, what each crate pulls in, the MSRV of every dependency
  tree.py one-file-one-line P  the patch P adds one file and one line in one other file

Python 3 standard library only.
"""

import json
import subprocess
import sys

# design: an arrow that is not here is a mistake. Programs and test suites know everything.
MAY_KNOW = {
    "campaign-core": set(),
    "campaign-client": set(),
    "campaign-tablestore": {"campaign-client", "campaign-core"},
    "campaign-oss": {"campaign-client"},
    "campaign-apigw": {"campaign-client"},
    "campaign-fc": {"campaign-client"},
    "campaign-cdn": {"campaign-client"},
    "campaign-local": {
        "campaign-client",
        "campaign-tablestore",
        "campaign-oss",
        "campaign-apigw",
        "campaign-fc",
        "campaign-cdn",
    },
}
PROGRAMS = {"campaign-examples", "campaign-tests"}

# These without features: no network, and few packages.
LIGHT = {"campaign-core": 40, "campaign-apigw": 40}
NETWORK = {"tokio", "hyper", "reqwest", "axum", "h2", "tower"}

# What a machine with Rust alone cannot build.
C_BUILD = {"cc", "cmake", "aws-lc-rs", "aws-lc-sys", "ring", "openssl-sys", "bindgen", "pkg-config"}


def output(*command):
    """The standard output of a command; its failure ends the run with its own message."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return done.stdout


def metadata(*extra):
    return json.loads(output("cargo", "metadata", "--format-version", "1", "--locked", *extra))


def libraries(data):
    members = set(data["workspace_members"])
    found = [p for p in data["packages"] if p["id"] in members and p["name"] not in PROGRAMS]
    return sorted(found, key=lambda p: p["name"])


def features():
    for package in libraries(metadata("--no-deps")):
        name = package["name"]
        print(name, "--no-default-features")
        for feature in sorted(package["features"]):
            if feature != "default":
                print(name, "--no-default-features", "--features", feature)
        print(name)
        print(name, "--all-features")


def packages(*flags):
    """The packages of a tree, as a set of names with versions."""
    lines = output("cargo", "tree", "--locked", "--prefix", "none", "--format", "{p}", *flags)
    return {" ".join(line.split()[:2]) for line in lines.splitlines() if line.strip()}


def version(text):
    return tuple(int(part) for part in text.split("."))


def check():
    faults = []
    data = metadata()
    crates = libraries(data)
    names = {package["name"] for package in crates}

    # Arrows. Dev-dependencies may add features to an arrow, never an arrow.
    for package in crates:
        known = {d["name"] for d in package["dependencies"] if d["name"] in names | PROGRAMS}
        known.discard(package["name"])
        if package["name"] not in MAY_KNOW:
            faults.append(f"{package['name']} has no row in the arrows of .ci/tree.py")
            continue
        for name in sorted(known - MAY_KNOW[package["name"]]):
            faults.append(f"{package['name']} must not know {name}")
        print(f"{package['name']} knows {', '.join(sorted(known)) or 'nobody'}")

    # Internal dependencies take no features they did not ask for.
    for package in crates:
        for dependency in package["dependencies"]:
            if dependency["name"] in names and dependency["uses_default_features"]:
                faults.append(f"{package['name']} takes {dependency['name']} with default features")

    for name, limit in LIGHT.items():
        light = packages("-p", name, "-e", "normal", "--no-default-features")
        light = {package for package in light if package.split()[0] != name}
        print(f"{name} without features: {len(light)} packages (at most {limit})")
        if len(light) > limit:
            faults.append(f"{name} pulls in {len(light)} packages: {', '.join(sorted(light))}")
        for network in sorted({p.split()[0] for p in light} & NETWORK):
            faults.append(f"{name} pulls in {network}")

    # The README's two commands, on a machine with Rust alone.
    for what, flags in [
        ("cargo run --bin launch", ["-p", "campaign-examples", "-p", "campaign-local", "-e", "normal,build"]),
        ("cargo test --workspace --no-default-features", ["--workspace", "--no-default-features", "-e", "all"]),
    ]:
        found = {package.split()[0] for package in packages(*flags)}
        for name in sorted(found & C_BUILD):
            faults.append(f"{what} needs {name}, a C build")
        print(f"{what}: {len(found)} packages, C builds: {len(found & C_BUILD)}")

    # Dependencies may not ask for a newer compiler than we declare.
    msrv = {package["rust_version"] for package in crates}
    if len(msrv) != 1 or None in msrv:
        faults.append(f"the crates declare different rust-versions: {msrv}")
    else:
        ours = msrv.pop()
        newer = [
            f"{p['name']} {p['version']} needs Rust {p['rust_version']}"
            for p in data["packages"]
            if p["rust_version"] and version(p["rust_version"]) > version(ours)
        ]
        print(f"rust-version {ours}: {len(newer)} of {len(data['packages'])} packages ask for more")
        faults += newer

    for fault in faults:
        print(f"WRONG: {fault}")
    sys.exit(1 if faults else 0)


def one_file_one_line(path):
    added, changed, new = {}, {}, set()
    current, old = None, None
    with open(path, encoding="utf-8") as patch:
        for line in patch:
            if line.startswith("--- "):
                old = line[4:].strip()
            elif line.startswith("+++ "):
                current = line[4:].strip().removeprefix("b/")
                if old == "/dev/null":
                    new.add(current)
                added[current], changed[current] = 0, 0
            elif line.startswith("+") and current:
                added[current] += 1
            elif line.startswith("-") and current and not line.startswith("-- "):
                changed[current] += 1
    others = {name: count for name, count in added.items() if name not in new}
    print(f"new: {', '.join(sorted(new))}; also touched: {others}")
    if len(new) != 1 or list(others.values()) != [1] or any(changed.values()):
        sys.exit("an operation must be one new file plus one line")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["features"]:
            features()
        case ["check"]:
            check()
        case ["one-file-one-line", patch_path]:
            one_file_one_line(patch_path)
        case _:
            sys.exit(__doc__)
