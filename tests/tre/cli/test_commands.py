"""The commands of the contract: names, flags, exit codes, streams."""

import re
from pathlib import Path

import pytest

from disclosure import Statistic
from tests.journeys.house import ADMIN, AUTHOR, PROJECT, House

COMMANDS = {
    "up": ("--only",),
    "demo": ("--people",),
    "status": ("--json",),
    "doctor": ("--json",),
    "login": ("PERSON",),
    "worker": ("--until-idle",),
    "fsck": ("--json",),
    "run": ("NOTEBOOK", "--project", "--as", "--json"),
    "check": ("SPEC.json", "--project", "--as", "--json"),
    "project plan": ("FILE", "--json"),
    "project apply": ("FILE", "--as"),
    "project show": ("NAME", "--json"),
    "project list": ("--json",),
    "person add": ("--name", "--organisation", "--capability", "--as"),
    "person accredit": ("--kind", "--trained-on", "--qualification", "--agreement", "--declaration", "--as"),
    "person grant": ("--reason", "--as"),
    "person reinstate": ("--reason", "--as"),
    "person decide": ("agree", "refuse", "withdraw", "--reason", "--as"),
    "person proposals": ("--json",),
    "person supervise": ("--end", "--as"),
    "person first-admin": ("--name", "--organisation"),
    "person suspend": ("--as",),
    "person show": ("--json",),
    "person list": ("--json",),
    "data synthesise": ("--people", "--seed", "--out"),
    "data split": ("--contract", "--out"),
    "data ingest": ("--edition", "--identifiers", "--payload"),
    "data link": ("--retrain",),
    "data extract": ("--project",),
    "request submit": (
        *("SPEC.json", "--project", "--mode", "--rho", "--epsilon", "--precision", "--title", "--context"),
        *("--as", "--json"),
    ),
    "request list": ("--json",),
    "request show": ("ID", "--json"),
    "request vote": ("approve", "return", "reject", "--reason"),
    "request fetch": ("ID", "--out"),
    "budget show": ("--project", "--dataset", "--json"),
    "receipt verify": ("--key",),
    "audit verify": (),
    "audit show": ("--json",),
}
READING = (
    *("status", "doctor", "project list", "person list", "request list", "budget show", "audit show", "fsck"),
    *("project show fuel-poverty", f"person show {AUTHOR}", f"project plan {PROJECT / 'project.toml'}"),
    *("budget show --project fuel-poverty", "budget show --dataset tax_records"),
)


def plain(words: str) -> str:
    """Help without the boxes and colours around it."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─|]", " ", words).split())


@pytest.mark.parametrize("name", COMMANDS)
def test_command_of_the_contract_is_there_with_its_flags(small: House, name: str) -> None:
    said = small.must(*name.split(), "--help")
    for flag in COMMANDS[name]:
        assert flag in plain(said.out), (name, flag)


def test_help_names_every_noun_and_verb(small: House) -> None:
    verbs = {"": plain(small.must("--help").out)}
    for name in COMMANDS:
        *noun, verb = name.split()
        for part in noun:
            if part not in verbs:
                verbs[part] = plain(small.must(part, "--help").out)
            assert f" {part} " in verbs[""]
        assert f" {verb} " in verbs[noun[0] if noun else ""], name


@pytest.mark.parametrize("words", READING)
def test_every_reading_verb_prints_json_to_stdout_and_nothing_else(small: House, words: str) -> None:
    said = small.tre(*words.split(), "--json")
    assert said.code in {0, 1}
    assert isinstance(said.data, list | dict)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("nonsense", 2),
        ("request submit", 2),
        ("person show", 2),
        ("request list --state SOMETHING", 2),
        ("demo --people 3", 2),
        ("up --only cellar", 2),
        ("person suspend ada.okafor", 2),
        ("request submit nothing.json --project fuel-poverty --title T --context C --as ada.okafor", 1),
        ("person show nobody", 1),
        ("project show nothing", 1),
        ("request show nothing", 1),
        ("receipt verify nowhere", 1),
        ("--help", 0),
        ("person list", 0),
    ],
)
def test_exit_code_is_0_done_1_refused_2_wrong_use(small: House, words: str, code: int) -> None:
    said = small.tre(*words.split())
    assert said.code == code, (said.out, said.err)
    if code:
        assert said.out == ""
        assert said.err.strip()
        assert "Traceback" not in said.err


def test_a_refusal_is_one_sentence_on_one_line(small: House) -> None:
    before = small.audited("command_refused", code="only_admin")
    said = small.tre("person", "suspend", AUTHOR, "--as", AUTHOR)
    assert said.code == 1
    assert said.err == "Only an admin may do this.\n"
    assert small.audited("command_refused", code="only_admin") == before + 1


def test_a_released_request_and_its_bundle_are_asked_for_by_name_only(small: House, tmp_path: Path) -> None:
    said = small.tre("request", "fetch", "../../etc", "--out", tmp_path / "out")
    assert said.code == 1
    assert not (tmp_path / "out").exists()


def test_budget_counts_in_integers_on_every_account(small: House) -> None:
    rows = {row["account"]: row for row in small.data("budget", "show", "--project", "fuel-poverty")}
    assert rows.keys() >= {"project:fuel-poverty", "population:residents", "edition:tax_records@2016-05"}
    for row in rows.values():
        for name in ("cap", "spent", "reserved", "remaining", "exact_releases", "exact_cells"):
            assert type(row[name]) is int
        assert row["remaining"] == row["cap"] - row["spent"] - row["reserved"]
    only = small.data("budget", "show", "--dataset", "tax_records")
    assert [row["account"] for row in only] == ["edition:tax_records@2016-05"]


def test_applying_the_same_manifest_again_changes_nothing(small: House) -> None:
    assert small.data("project", "plan", PROJECT / "project.toml") == []
    assert small.data("project", "apply", PROJECT / "project.toml", "--as", ADMIN) == []


def test_check_without_data_says_who_brings_them(small: House, tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(Statistic.table("linked", by=["region"], unit="study_id").to_json())
    said = small.tre("check", spec, "--project", "fuel-poverty", "--as", AUTHOR)
    assert said.code == 1
    assert "tre data extract" in said.err
    said = small.tre("check", spec, "--project", "nothing", "--as", AUTHOR)
    assert said.code == 1
    assert "'nothing'" in said.err
