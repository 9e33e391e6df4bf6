"""Ways from one number to another as tables that explain themselves."""

import io

import pytest
from rich.console import Console

from resdet.evaluation.comparison.differences import Ways
from resdet.evaluation.explain import Explanation, Step
from resdet.evaluation.explain_tables import claim_table, way_table
from resdet.evaluation.measures import Measure
from resdet.evaluation.told import Claim


def text_of(table, width=120):
    console = Console(width=width, file=io.StringIO())
    console.print(table)
    return " ".join(console.file.getvalue().replace("│", " ").split())


def test_a_number_that_was_told():
    steps = (Step("a [rule]", 0.0213), Step("one without", None))
    one = Explanation(Measure("AP50"), 0.5, steps, 0.5213, True, ("tidecv",), (0.5, 0.6))
    shown = text_of(claim_table([Claim.of("0.5213")], [one]))
    assert "0.5213 was told: how ours becomes it" in shown
    assert "AP50 by our rules 50.00 a [rule] +2.13 one without n/a AP50 by the rules of" in shown
    assert "tidecv 1.0.1 52.13" in shown
    assert "if equal scores fall worst 50.00 if equal scores fall best 60.00" in shown
    assert "points (x100); each change comes on top of those above it" in shown
    other = Explanation(Measure("AP"), 0.5, (), 0.5, False, (), None)
    shown = text_of(claim_table([Claim.of("52.1321"), Claim.of("AP=1.0")], [other]))
    assert "52.1321 (first of 2 numbers, all at once) was told: no set of rules gives it" in shown
    assert "AP by our rules 50.0000 our own rules are the nearest 50.0000" in shown


def ways(second=None):
    measures = (
        Measure("mAP@0.50", "11point", of_both=True),
        Measure("mAP@0.50", "area", of_both=True),
    )
    pairs = [(measure, second or measure) for measure in measures]
    steps = [[Step("moves one", share), Step("moves none", 0.0)] for share in (0.0, 0.1)]
    return Ways(pairs, [[0.5, 0.6], [0.5, 0.7]], steps, [[None, None], [None, (0.65, 0.75)]])


@pytest.mark.parametrize("width", [80, 120])
def test_two_results(width):
    shown = text_of(way_table(("a.json", "b.json"), ways()), width)
    assert "from a.json to b.json" in shown
    assert "a.json 50.00 60.00 moves one +0.00 +10.00" in shown
    assert "1 other rule that moves nothing 0 0 b.json 50.00 70.00" in shown
    assert "if equal scores fall worst 65.00" in shown
    assert "mAP@0.50, area to AP50" in text_of(way_table(("a", "b"), ways(Measure("AP50"))), 200)
