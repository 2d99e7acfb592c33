"""Every message of the code stands in every catalogue, translated, and fills in what the code fills in."""

import ast

import pytest
from babel.messages.catalog import Catalog

from catalogue.__main__ import main
from catalogue.file import faults
from catalogue.sentences import ELSEWHERE, marked, sentences
from momentum.languages import CATALOGUES

ROOT = CATALOGUES.parent.parent


def test_the_catalogues_are_up_to_date_and_complete(capsys):
    assert (main(["--check"]), capsys.readouterr().out) == (0, "")


def test_every_place_that_is_left_out_exists():
    assert not [place for place in ELSEWHERE if not (ROOT / place).exists()]


CODE = '''
def told(name, wrong, count):
    """This docstring is for nobody else."""
    where = f"{name} was told" if wrong else f"{name} was asked"
    log.info("not_a_sentence", count=count)
    if wrong:
        raise ValueError("This is a bug and no sentence.")
    field(description="This describes the API.")
    raise Invalid(CODE, f"{name} cannot be read: {'it is' if wrong else 'they are'} gone. {wrong.detail} Try again, "
        f"{phrase(f'or ask {name}')}.")
    return f"{where} at {clock(count)}.", t._(f"{_('When:')} x"), t.counted("%(num)s row", "%(num)s rows", count)
'''


def test_sentences_are_found_with_what_is_filled_in():
    assert sorted({*sentences("momentum/x.py", ast.parse(CODE))}) == [
        ("phrase", "or ask {}"),
        ("sentence", "Try again, {}."),
        ("sentence", "{} cannot be read: it is gone."),
        ("sentence", "{} cannot be read: they are gone."),
        ("sentence", "{} was asked at {}."),
        ("sentence", "{} was told at {}."),
    ]
    assert sorted(marked(ast.parse(CODE)), key=str) == [("%(num)s row", "%(num)s rows"), "When:"]


@pytest.mark.parametrize(
    ("message", "translated", "context", "fault"),
    [
        ("%(name)s is here", "", None, "not translated"),
        ("%(name)s is here", "%(nom)s ist da", None, "fills in other things"),
        (("%(num)s row", "%(num)s rows"), ("eine Zeile", "%(num)s Zeilen"), None, "fills in other things"),
        ("{} of {}", "{} von", "sentence", "fills in other things"),
        ("{} of {}", "{2} von {2}", "sentence", "fills in other things"),
        ("Half", "50 % davon", None, "a percent sign"),
        ("A & B", "A & B", None, "markup"),
        ("{} of {}", "{2} hat {1}", "sentence", None),
        ("Half", "50 %% davon", None, None),
    ],
)
def test_what_is_wrong_with_a_translation_is_said(message, translated, context, fault):
    catalogue = Catalog("de")
    catalogue.add(message, translated, context=context)
    assert [fault in found for found in faults(catalogue)] == ([True] if fault else [])
