"""What later steps may come to is never less than what their lists really hold."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job.load import load_job
from runner.job.model import Extract, FindAll, Search
from runner.planning.forecast import forecast
from runner.templating import render_value

LISTS = [
    "steps.find.results",
    "steps.find.output.results",
    "steps.find.urls",
    "steps.each.output",
    "steps.each.results",
    "steps.each.urls",
    "steps.each.output[0].results",
    "(steps.each.output | map(attribute='results') | first)",
]
FILTERS = [
    "",
    " | list",
    " | unique(attribute='url') | list",
    " | reverse | list",
    " | select | list",
    " or []",
]
ENDS = st.none() | st.integers(-4, 6)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    file = tmp_path_factory.mktemp("job") / "j.yaml"
    file.write_text(
        "name: j\nprocessor: core\nsteps:\n"
        "  - {id: find, search: {objective: x}}\n"
        "  - {id: each, foreach: '{{ steps.find.results }}', search: {objective: y}}\n"
        "  - {id: last, foreach: '{{ steps.find.urls }}', query: z, output: {a: integer}}\n"
    )
    return load_job(file)


def answer(start, size):
    """Return what a search of some results leaves."""
    results = [{"url": f"https://a.b/{n}"} for n in range(start, start + size)]
    urls = [each["url"] for each in results]
    return {"output": {"results": results}, "results": results, "urls": urls}


def together(parts):
    """Return what a step leaves that was asked once for each entry."""
    return {
        "output": [each["output"] for each in parts],
        "results": [one for each in parts for one in each["results"]],
        "urls": [one for each in parts for one in each["urls"]],
    }


@given(data=st.data())
def test_no_list_is_longer_than_it_was_told(job, data):
    most, rounds, inner = (data.draw(st.integers(1, 4)) for _ in range(3))
    find, each, last = job.steps
    ends = [data.draw(ENDS), data.draw(ENDS)]
    cut = ":".join("" if end is None else str(end) for end in ends)
    text = f"{{{{ ({data.draw(st.sampled_from(LISTS))}{data.draw(st.sampled_from(FILTERS))})[{cut}] }}}}"
    steps = (
        replace(find, action=Search(objective="x", max_results=most)),
        replace(
            each,
            action=Search(objective="y", max_results=inner),
            foreach=f"{{{{ steps.find.results[:{rounds}] }}}}",
        ),
        replace(last, foreach=text),
    )
    found = answer(0, data.draw(st.integers(1, most)))
    asked = found["results"][:rounds]
    left = together(
        [answer(10 * n, data.draw(st.integers(0, inner))) for n in range(1, len(asked) + 1)]
    )
    if "unique" in text and "results" not in text:
        return  # what else there is has no url
    listed = render_value(text, {"steps": {"find": found, "each": left}})
    told = forecast(replace(job, steps=steps), steps[-1])
    assert told.most is not None
    assert len(listed) <= told.most
    assert told.most_usd == told.most * Decimal("0.025")


@pytest.mark.parametrize(
    ("action", "most"),
    [
        (Search(objective="x"), 10),
        (Search(objective="x", max_results="{{ vars.n }}"), None),
        (Extract(urls=("https://a.b", "{{ item.x }}")), 2),
        (Extract(urls="{{ item.urls }}"), None),
        (Extract(urls="{{ item.urls[:4] }}"), 4),
        (FindAll(objective="x", match_limit=7), 7),
        (FindAll(objective="x", match_limit="{{ item.n }}"), 1_000),
    ],
)
def test_as_many_entries_as_an_answer_has_at_most(job, action, most):
    find, _, last = job.steps
    last = replace(last, foreach="{{ steps.find.results }}")
    told = forecast(replace(job, steps=(replace(find, action=action), last)), last)
    assert told.most == most
    assert (told.most_usd is None) == (most is None)


def test_what_a_search_costs_that_asks_for_nobody_knows_how_many(job):
    step = replace(job.steps[0], action=Search(objective="x", max_results="{{ item.n }}"))
    told = forecast(replace(job, steps=(step,)), step)
    assert (told.least_usd, told.most_usd) == (Decimal("0.005"), None)
