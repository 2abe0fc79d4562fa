"""The plan of the house as a whole: folders, lock files, decision records, glossary."""

import json
import re

import pytest

FOLDERS = {
    ".ci", "ansible", "benchmarks", "disclosure", "docs", "hub_config", "projects", "tests", "tre", "verifier",
}  # fmt: skip
LONGEST_RECORD = 60
PINNED = re.compile(r"^[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?==\S+")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
TERM = re.compile(
    r"^\| (?!Term \|)(?P<term>[^|]+) \| (?P<meaning>[^|]+) \| (?P<source>[^|]+) \|$", re.MULTILINE
)


def unhashed(lock: str) -> list[str]:
    """Return each requirement of a lock file that no digest guards, and each line that is something else."""
    joined = re.sub(r"\\\n\s*", " ", lock)
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [line[:60] for line in lines if not (PINNED.match(line) and HASH.search(line))]


def variants(term: str) -> set[str]:
    """Return the spellings under which a term counts as used: with and without its bracket or the word rule."""
    parts = re.findall(r"[^()`]+", term)
    names = {part.strip().lower() for part in parts}
    names |= {name.removesuffix(" rule") for name in names}
    return {re.sub(r"[\s_-]+", " ", name) for name in names if name}


def records(texts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if re.match(r"docs/decisions/\d{4}-.*\.md$", name)}


def test_top_level_folders_are_those_of_the_plan(files):
    found = {name.split("/")[0] for name in files if "/" in name}
    assert found - FOLDERS == set()
    assert {"disclosure", "tre", "hub_config", "tests", "ansible", "docs", "verifier", ".ci"} - found == set()


def test_every_package_in_a_lock_file_is_pinned_by_digest(texts):
    locks = {name: text for name, text in texts.items() if name.endswith(".lock")}
    assert {"requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock"} <= set(locks)
    assert {name: found for name, text in locks.items() if (found := unhashed(text))} == {}


def test_every_package_of_a_node_lock_is_pinned_by_digest(texts):
    for name, text in texts.items():
        if name.endswith("package-lock.json"):
            packages = json.loads(text)["packages"]
            found = [path for path, package in packages.items() if path and "integrity" not in package]
            assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    ["requests==2.0", "requests>=2.0 --hash=sha256:" + "0" * 64, "-e .", "x @ git+https://a.example/b"],
)
def test_a_lock_line_without_pin_or_digest_is_found(line):
    assert unhashed(f"# comment\n{line}\n") == [line[:60]]


def test_decision_records_are_short_and_have_their_three_parts(texts):
    for name, text in records(texts).items():
        assert len(text.splitlines()) < LONGEST_RECORD, name
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], name
        assert text.startswith(f"# {name.split('/')[-1][:4]}: "), name


def test_decision_records_are_numbered_without_gap_and_listed_in_the_index(texts):
    names = [name.split("/")[-1] for name in sorted(records(texts))]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    index = texts["docs/README.md"]
    found = [name for name in names if f"(decisions/{name})" not in index]
    assert not found, "\n".join(found)


def test_every_glossary_term_has_meaning_and_source_and_is_used(texts):
    terms = [
        match.group("term") for match in TERM.finditer(texts["docs/GLOSSARY.md"]) if "---" not in match[0]
    ]
    assert len(terms) > 40
    assert len({term.lower() for term in terms}) == len(terms)
    elsewhere = {
        name: text for name, text in texts.items() if name != "docs/GLOSSARY.md" and ".lock" not in name
    }
    everything = re.sub(r"[\s_-]+", " ", " ".join(elsewhere.values())).lower()
    unused = [term for term in terms if not any(name in everything for name in variants(term))]
    assert not unused, "\n".join(unused)


def test_links_between_pages_lead_somewhere(texts, project):
    link = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)[^)]*\)")
    broken = [
        f"{name}: {target}"
        for name, text in texts.items()
        if name.endswith(".md")
        for target in link.findall(text)
        if not (project / name).parent.joinpath(target).exists()
    ]
    assert not broken, "\n".join(broken)


def test_the_licence_is_apache_2(texts):
    assert "Apache License\n                           Version 2.0, January 2004" in texts["LICENSE"]
    assert "END OF TERMS AND CONDITIONS" in texts["LICENSE"]


def test_the_changelog_keeps_a_place_for_what_comes_next(texts):
    assert "\n## [Unreleased]\n" in texts["CHANGELOG.md"]
