"""Settings: read from one place, all faults at once, no value repeated."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tre.domain.errors import BadInput
from tre.settings import Mode, read_settings


def faults_of(**environment: str) -> str:
    with pytest.raises(BadInput) as caught:
        read_settings(environment)
    assert caught.value.code == "settings"
    return caught.value.sentence


def test_nothing_set_is_a_demonstration_in_the_current_folder() -> None:
    settings = read_settings({})
    assert settings.mode is Mode.DEMO
    assert settings.home == Path.cwd() / "var"
    assert settings.database_url is None


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRE_HOME", "/srv/tre")
    assert read_settings().home == Path("/srv/tre")


def test_an_empty_variable_counts_as_unset() -> None:
    assert read_settings({"TRE_MODE": "", "TRE_DATABASE_URL": ""}).database_url is None


def test_other_programs_variables_are_ignored() -> None:
    assert read_settings({"PATH": "x", "HOME": "y", "TREE": "z"}).mode is Mode.DEMO


def test_a_home_is_made_absolute_so_that_no_later_folder_change_moves_it() -> None:
    assert read_settings({"TRE_HOME": "here"}).home == Path.cwd() / "here"
    assert read_settings({"TRE_HOME": "~/here"}).home.is_absolute()


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        read_settings({}).mode = Mode.PRODUCTION


def test_all_faults_are_told_at_once() -> None:
    sentence = faults_of(TRE_MODE="live", TRE_PORTAL_PORT="0", TRE_DATABSE_URL="x")
    assert "TRE_MODE" in sentence
    assert "TRE_PORTAL_PORT" in sentence
    assert "TRE_DATABSE_URL is no setting (is TRE_DATABASE_URL meant?)" in sentence


def test_a_mistyped_mode_is_never_taken_for_a_demonstration() -> None:
    assert "TRE_MDOE is no setting" in faults_of(TRE_MDOE="production")


@pytest.mark.parametrize("written", ["production", "Production", "PRODUCTION"])
def test_production_is_understood_however_it_is_spelt(written: str) -> None:
    settings = read_settings({"TRE_MODE": written, "TRE_DATABASE_URL": "postgresql://a:b@c/d"})
    assert settings.mode is Mode.PRODUCTION


def test_production_refuses_the_embedded_database_and_failpoints() -> None:
    sentence = faults_of(TRE_MODE="production", TRE_FAILPOINT="after_charge")
    assert "TRE_DATABASE_URL is missing" in sentence
    assert "TRE_FAILPOINT is for demonstrations only" in sentence


def test_a_demonstration_may_have_both() -> None:
    assert read_settings({"TRE_FAILPOINT": "after_charge"}).failpoint == "after_charge"


def test_a_fault_never_repeats_what_was_set() -> None:
    assert "CANARY" not in faults_of(TRE_PORTAL_PORT="CANARY", TRE_NOTHING="CANARY", TRE_MODE="CANARY")


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read_settings({"TRE_TOKEN": "CANARY", "TRE_DATABASE_URL": "postgresql://a:CANARY@c/d"})
    assert "CANARY" not in repr(settings)
    assert "CANARY" not in str(settings.model_dump())
    assert settings.token is not None
    assert settings.token.get_secret_value() == "CANARY"
