"""Jobs and outcomes to render, and what a reader of GitHub would see of the markdown."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

from runner.execute.outcomes import Outcome
from runner.job.model import (
    REPORT_TEMPLATES,
    AutoOutput,
    InlineItems,
    Job,
    JsonOutput,
    Report,
    Search,
    Step,
    Task,
    TextOutput,
)
from runner.report.render import render_report

TEMPLATES = REPORT_TEMPLATES

COMPANY = {
    "type": "object",
    "properties": {
        "founded_year": {"type": ["integer", "null"]},
        "headquarters": {"type": "string", "title": "Head office"},
        "key_products": {"type": "array", "items": {"type": "string"}},
    },
}


def task(schema=None, output=None):
    return Task(input="x", output=output or JsonOutput(schema=schema or COMPANY))


ACTIONS = {
    "table": task(),
    "cards": task(),
    "brief": task(),
    "search": Search(objective="x"),
    "research": task(output=TextOutput()),
    "auto": task(output=AutoOutput()),
}
"""An action whose answers suit each built-in template."""


def job(
    action=None, *, template=None, folder=Path("/project"), steps=(), items=(), results=None, **more
):
    """Return a job; one row without `items` of its own, as a job without rows has."""
    return Job(
        file=folder / "companies.yaml",
        root=folder,
        name="companies",
        items=InlineItems(rows=tuple(items)) if items else None,
        steps=tuple(steps) or (Step(action=action or task()),),
        report=Report(path=folder / "reports" / "companies.md", template=template),
        results=results,
        source=None,
        **more,
    )


def outcome(output=None, *, row=0, key="Acme", status="ok", step="main", basis=(), **more):
    """Return an outcome; its item has one column, `company`, with the key."""
    more.setdefault("item", {"company": key})
    return Outcome(step=step, row=row, key=key, status=status, output=output, basis=basis, **more)


def cited(
    field, *excerpts, url="notes/acme.md", title="Acme", confidence="high", reasoning="Read."
):
    """Return what a value rests on, with one source."""
    citation = {"url": url, "title": title, "excerpts": list(excerpts)}
    return {
        "field": field,
        "confidence": confidence,
        "reasoning": reasoning,
        "citations": [citation],
    }


def every_kind_of_row():
    """Return one row of each status, cited, weak, disputed and empty values among them."""
    return [
        outcome(
            {
                "founded_year": 1901,
                "headquarters": "Bern, Switzerland",
                "key_products": ["anvils", "rope"],
            },
            basis=[
                cited("founded_year", "Founded: 1901"),
                cited(
                    "headquarters",
                    "Its head office is in Bern, Switzerland.",
                    url="https://example.com/acme?a=1&b=2",
                    title="Acme | Home",
                    confidence="medium",
                    reasoning="One page says so.",
                ),
                cited(
                    "key_products",
                    "Founded: 1901",
                    reasoning="The sources disagree: anvils, rope / anvils.",
                ),
            ],
        ),
        outcome(
            {"founded_year": None, "headquarters": "Oslo", "key_products": []},
            row=1,
            key="Globex",
            basis=[
                cited("headquarters", confidence="low", reasoning="A guess."),
                {"field": "founded_year", "confidence": "low", "reasoning": "No document says."},
                {"field": "key_products", "confidence": "low", "reasoning": "No document says."},
            ],
            warnings=["The document a.pdf cannot be read"],
        ),
        outcome(
            {"founded_year": None, "headquarters": "", "key_products": []},
            row=2,
            key="Hooli",
            warnings=["No document is about 'Hooli'"],
        ),
        outcome(
            {"founded_year": "long ago", "headquarters": "Rome", "key_products": ["oil"]},
            row=3,
            key="Initech",
            status="invalid",
            error="founded_year: 'long ago' is no integer",
        ),
        outcome(row=4, key="Umbrella", status="failed", error="There was no answer"),
        outcome(row=5, key="Vandelay", status="failed", error="There was no answer"),
        outcome(row=6, key="Wonka", status="pending"),
        outcome(row=7, key="Zorg", status="skipped", error="Beyond --limit"),
    ]


def found_pages():
    """Return what two searches found."""
    results = [
        {
            "url": "https://www.example.com/a",
            "title": "Anvils",
            "publish_date": "2025-10-10",
            "excerpts": ["# Anvils\nFirst line.\n\nSecond paragraph.", "Maker: Acme\nYear: 1901"],
        },
        {"url": "notes/acme.md", "title": "", "excerpts": [], "full_content": "All of it."},
    ]
    return [
        outcome({"results": results, "errors": []}, key="anvils"),
        outcome({"results": []}, row=1, key="nothing"),
        outcome(
            {"results": [], "errors": [{"url": "https://example.com/gone", "error_type": "404"}]},
            row=2,
            key="gone",
        ),
        outcome(row=3, key="failed", status="failed", error="No answer"),
    ]


LONG_TEXT = """\
# The market

It grew by 5 percent [1]. *Few* makers remain [2].

## Makers

| Maker | Share |
| --- | --- |
| Acme | 40 % |

Sources: [1] notes/acme.md, [2] https://example.com/b
"""


def long_text():
    """Return a long text with references, and the sources it names and does not name."""
    return [
        outcome(
            LONG_TEXT,
            basis=[
                cited("output", "It grew by 5 percent", "Other words"),
                cited("output.1", "Few makers", url="https://example.com/b", title="Makers"),
            ],
        )
    ]


def any_json():
    """Return an answer whose shape the provider chose."""
    output = {
        "title": "Acme in short",
        "summary": "Acme makes anvils. " * 15,
        "site": "https://www.acme.example/",
        "facts": [{"label": "Founded", "value": 1901}, {"label": "Staff", "value": None}],
        "sections": [
            {"heading": "Strategy", "points": [{"text": "More anvils.", "source": "a.md"}]},
            {"heading": "History", "points": [{"text": "Long " * 50, "source": "b.md"}]},
        ],
        "deep": {"a": {"b": {"c": [1, [2, 3]]}}},
        "public": True,
        "revenue": None,
    }
    return [
        outcome(
            output,
            basis=[
                cited("summary", "Acme makes anvils.", confidence="medium"),
                cited("facts", "Founded: 1901", confidence="low", reasoning="A table."),
                cited("sections.0", "More anvils."),
            ],
        )
    ]


def every_text(template, texts):
    """Return rows that hold each text wherever an answer can hold it, and one without an answer."""
    rows = []
    for n, text in enumerate(texts):
        basis = [
            cited("headquarters", text, title=text, url=f"https://a.example/{n}", confidence="low"),
            cited("founded_year", text, reasoning=f"The sources disagree: {text}"),
        ]
        output = {"headquarters": text, "founded_year": n, "key_products": [text, text]}
        if template == "search":
            page = {"url": f"https://a.example/{n}", "title": text, "excerpts": [f"x {text}"]}
            output, basis = {"results": [page]}, []
        if template == "research":
            output = f"Before.\n\n{text}\n\nAfter [1]. Source: https://a.example/{n}"
        rows.append(outcome(output, row=n, key=text, basis=basis, warnings=[text]))
    rows.append(outcome(row=len(rows), key="x", status="failed", error="No answer"))
    return rows


EXAMPLES = {
    "table": every_kind_of_row,
    "cards": every_kind_of_row,
    "brief": every_kind_of_row,
    "search": found_pages,
    "research": long_text,
    "auto": any_json,
}


def render(template, outcomes=None, **more):
    """Return a built-in template's report; by default of outcomes that suit it."""
    outcomes = EXAMPLES[template]() if outcomes is None else outcomes
    return render_report(job(ACTIONS[template], template=template, **more), outcomes)


# What a reader sees ---------------------------------------------------------------------------

MARKDOWN = (
    MarkdownIt("commonmark")
    .enable(["table", "strikethrough"])
    .use(footnote_plugin)
    .use(gfm_autolink_plugin)
    .use(dollarmath_plugin, allow_digits=False)
    .disable("footnote_inline")
)


@dataclass(frozen=True)
class Shown:
    """A rendered markdown text.

    Attributes:
        shape: The types of all tokens but texts, in order.
        text: All texts, a line each block.
        code: What is shown as code.
    """

    shape: tuple
    links: tuple
    headings: tuple
    rows: tuple
    text: str
    code: str


def shown(markdown):
    tokens = MARKDOWN.parse(markdown)
    shape, links, headings, rows, texts, code = [], [], [], [], [], []
    before = None
    for token in tokens:
        children = token.children or ()
        text = "".join(c.content for c in children if c.type == "text")
        if token.type == "inline":
            texts.append(text)
            code += [c.content for c in children if c.type == "code_inline"]
            shape += [c.type for c in children if c.type not in {"text", "softbreak"}]
            links += [c.attrs["href"] for c in children if c.type == "link_open"]
            if before.type == "heading_open":
                headings.append((int(before.tag[1]), text))
            if before.type in {"td_open", "th_open"}:
                rows[-1].append(text)
        else:
            if token.type == "tr_open":
                rows.append([])
            code.append(token.content)
            shape.append((token.type, token.tag))
        before = token
    return Shown(
        shape=tuple(shape),
        links=tuple(links),
        headings=tuple(headings),
        rows=tuple(map(tuple, rows)),
        text="\n".join(texts),
        code="\n".join(code),
    )
