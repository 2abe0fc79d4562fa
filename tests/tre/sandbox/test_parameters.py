"""Parameters are checked by us: papermill accepts unknown ones, wrong types, and names that are programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain.errors import BadInput
from tre.sandbox.parameters import Parameter, ParameterType, checked_parameters

SCHEMA = {
    "year": Parameter(ParameterType.INTEGER, minimum=2000, maximum=2030),
    "share": Parameter(ParameterType.NUMBER, minimum=0, maximum=1),
    "region": Parameter(ParameterType.TEXT, choices=("London", "Wales")),
    "weighted": Parameter(ParameterType.BOOLEAN),
}
GOOD = {"year": 2020, "share": 0.5, "region": "Wales", "weighted": True}


def test_good_values_come_back_in_the_schemas_order() -> None:
    shuffled = dict(reversed(GOOD.items()))
    assert list(checked_parameters(shuffled, SCHEMA).items()) == list(GOOD.items())


def test_a_whole_number_may_stand_for_a_number() -> None:
    share = checked_parameters(GOOD | {"share": 1}, SCHEMA)["share"]
    assert share == 1.0
    assert isinstance(share, float)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("year", 1999, "parameter_range"),
        ("year", 2031, "parameter_range"),
        ("year", "2020", "parameter_type"),
        ("year", 2020.0, "parameter_type"),
        ("year", True, "parameter_type"),
        ("year", None, "parameter_type"),
        ("year", 2**60, "parameter_type"),
        ("share", float("nan"), "parameter_type"),
        ("share", float("inf"), "parameter_type"),
        ("share", 1.1, "parameter_range"),
        ("share", -0.1, "parameter_range"),
        ("region", "Narnia", "parameter_choice"),
        ("region", "Wales\n", "parameter_type"),
        ("region", "x" * 1001, "parameter_type"),
        ("region", b"Wales", "parameter_type"),
        ("weighted", 1, "parameter_type"),
        ("weighted", "True", "parameter_type"),
        ("other", 1, "parameter_unknown"),
    ],
)
def test_bad_values_are_refused_by_name_without_the_value(name: str, value: object, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_parameters(GOOD | {name: value}, SCHEMA)
    assert refused.value.code == code
    assert name in refused.value.sentence
    assert str(value) not in refused.value.sentence.replace("True", "") or value in (1, None, True)


def test_a_missing_parameter_is_refused() -> None:
    with pytest.raises(BadInput, match="weighted is missing"):
        checked_parameters({name: GOOD[name] for name in ("year", "share", "region")}, SCHEMA)


def test_a_choice_is_of_its_own_type() -> None:
    schema = {"one": Parameter(ParameterType.NUMBER, choices=(1,))}
    with pytest.raises(BadInput):
        checked_parameters({"one": 1}, schema)  # becomes 1.0, and only the integer 1 is declared


INJECTIONS = [
    'x=__import__("os").getpid();y',
    "x\n__import__('os')",
    "x; y",
    "import",
    "match",
    "None",
    "__builtins__",
    "X",
    "x y",
    "",
    "é",
    "x" * 64,
    "1x",
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_name_that_is_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_parameters({name: 1}, {name: Parameter(ParameterType.INTEGER)})
    assert refused.value.code == "parameter_name"


@given(st.text(max_size=20))
def test_an_accepted_name_is_one_token_of_python(name: str) -> None:
    try:
        checked_parameters({name: 1}, {name: Parameter(ParameterType.INTEGER)})
    except BadInput:
        return
    scope: dict[str, object] = {}
    exec(f"{name} = 1", scope)  # noqa: S102 - this is what papermill does with it
    assert set(scope) - {"__builtins__"} == {name}
