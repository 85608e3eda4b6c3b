"""The reference pages and the README say what the code does: they cannot drift from it."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from runner.cli.main import main
from runner.cli.reference import described_commands, written_pages
from runner.errors import ExitCode, UsageError
from runner.job.schemas.language import job_schema, project_schema
from runner.reference.errors import EXITS
from runner.reference.pages import PAGES, anchor, filled, page_text, section, shown, without_links

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "runner" / "reference"
README = ROOT / "README.md"
TEXTS = {README: README.read_text(encoding="utf-8")} | {
    FOLDER / f"{name}.md": page_text(name) for name in PAGES
}
each_text = pytest.mark.parametrize(
    ("file", "text"), TEXTS.items(), ids=[file.name for file in TEXTS]
)

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"<!-- \w+: .*?<!-- end -->\n", re.DOTALL)


def by_hand(text):
    """What a person wrote: the parts that the code writes are left out."""
    return _BLOCK.sub("", text) if text != TEXTS[README] else text


def inline(text):
    return _CODE.findall(_FENCED.sub("", text))


def lines_of_shell(text):
    return [
        line.strip()
        for language, body in _FENCED.findall(text)
        if language == "sh"
        for line in body.splitlines()
    ]


# The pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_what_the_code_writes_now(name):
    written = written_pages()[name]
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == written, (
        f"{name}.md is not up to date. Run: runner reference --to runner/reference"
    )


def test_every_key_has_one_section():
    titles = _HEADING.findall(page_text("language"))
    keys = [*job_schema()["properties"], *project_schema()["properties"]]
    assert {key: titles.count(f"`{key}`") for key in keys} == dict.fromkeys(keys, 1)


def test_every_command_has_one_section_with_all_its_options():
    text = page_text("commands")
    for command in described_commands():
        head = f"### `runner {command.name}`\n"
        assert text.count(head) == 1
        section = text.partition(head)[2].partition("\n### ")[0].partition("\n## ")[0]
        assert [o.name for o in command.options if f"{o.name}" not in section] == []


def test_every_exit_code_is_explained():
    assert set(EXITS) == set(ExitCode)


def test_every_variable_of_the_environment_is_told():
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "runner").rglob("*.py"))
    read = set(re.findall(r"environ\S*?(?:\.get\(|\[)\"(\w+)\"|envvar=\"(\w+)\"", source))
    names = {name for pair in read for name in pair if name}
    assert {"PARALLEL_API_KEY", "RUNNER_STATE_DIR", "NO_COLOR"} <= names
    told = page_text("errors")
    assert [name for name in sorted(names) if f"`{name}`" not in told] == []


def test_messages_that_are_told_are_those_that_are_given():
    told = re.findall(r"^\| `([^`]+)` \|", page_text("errors"), re.MULTILINE)
    given = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "tests/jobs/err").glob("*.out")
    )
    messages = [each for each in told if " " in each]
    assert len(messages) > 5
    for message in messages:
        pattern = ".+".join(re.escape(part) for part in message.split("…"))
        assert re.search(pattern, given), message


def test_a_page_that_asks_for_what_nobody_writes_is_refused():
    with pytest.raises(UsageError, match="nothing"):
        filled("<!-- nothing: here -->\n<!-- end -->\n", {})


def test_what_a_page_does_not_name_is_written_where_it_asks_for_the_rest():
    def writer(name, named):
        return f"{name} without {', '.join(sorted(named))}"

    page = "<!-- key: a -->\nold\n<!-- end -->\nkept\n<!-- key: * -->\n<!-- end -->\n"
    assert shown(filled(page, {"key": writer})) == "a without *, a\nkept\n* without *, a\n"


def test_filling_a_page_again_changes_nothing():
    pages = written_pages()
    assert all(TEXTS[FOLDER / f"{name}.md"] == text for name, text in pages.items())


# What the texts name --------------------------------------------------------------------------


@each_text
def test_links_lead_somewhere(file, text):
    """Files exist, and so do the headings within them."""
    targets = [link for link in _LINK.findall(_FENCED.sub("", text)) if "://" not in link]
    for target in targets:
        name, _, heading = target.partition("#")
        there = (file.parent / name) if name else file
        assert there.exists(), target
        if heading:
            titles = _HEADING.findall(_FENCED.sub("", there.read_text(encoding="utf-8")))
            assert heading in {anchor(title) for title in titles}, target


@each_text
def test_sample_files_that_are_named_exist(file, text):
    named = re.findall(r"(?<![\w/])jobs/[\w/.-]+\.(?:yaml|csv|json)", by_hand(text))
    shown_only = {"jobs/companies.yaml"}
    assert [each for each in named if each not in shown_only and not (ROOT / each).exists()] == []


def test_every_sample_job_is_named_in_the_readme():
    samples = {f"jobs/{file.name}" for file in (ROOT / "jobs").glob("*.yaml")}
    assert samples - set(re.findall(r"jobs/[\w-]+\.yaml", TEXTS[README])) == set()


@each_text
def test_commands_and_options_that_are_named_exist(file, text):
    hand = by_hand(text)
    for line in [*inline(hand), *lines_of_shell(hand)]:
        if line.startswith("runner "):
            check_command(re.split(r" [#|>&;] ?", line)[0].replace("\\", ""))


def check_command(line):
    words = [word.strip("[]") for word in shlex.split(line)[1:]]
    if not words or words[0].startswith("-"):
        return
    context = click.Context(main, info_name="runner")
    command = main.get_command(context, words[0])
    assert command is not None, line
    if isinstance(command, click.Group) and len(words) > 1:
        command = command.commands[words[1]]
    known = {name for option in command.params for name in option.opts} | {"--help"}
    assert [word for word in words if word.startswith("-") and word not in known] == [], line


@each_text
def test_options_that_are_named_alone_exist(file, text):
    known = {option for each in described_commands() for o in each.options for option in [o.name]}
    named = [word.split()[0] for word in inline(by_hand(text)) if word.startswith("--")]
    assert [each for each in named if each not in {*known, "--help"}] == []


@each_text
def test_no_text_is_longer_than_it_should_be(file, text):
    """The README is read to its end; pages have titles and an index."""
    if file == README:
        assert len(text.splitlines()) <= 200
    else:
        assert text.startswith("# ")
        assert "<!-- index: " in text


# The README's job -----------------------------------------------------------------------------


def test_the_readme_shows_a_job_and_what_its_run_gives(tmp_path, monkeypatch):
    text = TEXTS[README]
    job = re.search(r"<!-- job -->\n```yaml\n(.*?)```", text, re.DOTALL)[1]
    report = re.search(r"<!-- report -->\n(.*?)<!-- end -->", text, re.DOTALL)[1]
    shutil.copytree(ROOT / "jobs" / "documents", tmp_path / "documents")
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    (tmp_path / "runner.yaml").write_text("{}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", "job.yaml"], prog_name="runner")
    assert done.exit_code == 0, done.output
    given = (tmp_path / "reports" / "head-offices.md").read_text(encoding="utf-8")
    as_shown = re.sub(r"\[\^(\d+)\]:?", r"<sup>\1</sup>", given)
    as_shown = as_shown.replace("](../documents/", "](jobs/documents/")
    as_shown = as_shown.replace("# Head offices\n", "**Head offices**\n")
    lines = as_shown.splitlines()
    missing = [line for line in report.splitlines() if line and line not in lines]
    assert missing == []


@pytest.mark.parametrize("file", [README, FOLDER / "errors.md"], ids=["README", "errors"])
def test_the_mistake_that_is_shown_is_told_so(file, tmp_path, monkeypatch):
    (told,) = [body for _, body in _FENCED.findall(TEXTS[file]) if ":7:1: error:" in body]
    job = ["name: a", "provider: local", "documents: [n]", "query: q", "output: text", "cache: 1h"]
    (tmp_path / "jobs").mkdir()
    (tmp_path / "n").mkdir()
    text = "\n".join([*job, told.splitlines()[1].strip(), ""])
    (tmp_path / "jobs" / "companies.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["validate", "jobs"], prog_name="runner")
    assert told in done.stderr


def test_the_python_of_the_guide_runs(tmp_path, monkeypatch, capfd):
    text = page_text("guide")
    program, plugin = [body for language, body in _FENCED.findall(text) if language == "python"]
    assert plugin == (ROOT / "tests/plugins/example/almanac.py").read_text(encoding="utf-8")
    for name in ("jobs", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".runner"))
    (tmp_path / "runner.yaml").write_text("{}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "guide.md", "exec"), {})
    assert capfd.readouterr().out.strip()


# The command ----------------------------------------------------------------------------------


def run(*words):
    return CliRunner().invoke(main, ["reference", *words], prog_name="runner")


def test_reference_prints_a_page_without_its_comments():
    said = run("language").stdout
    assert said == shown(page_text("language"))
    assert "<!--" not in said
    assert "### `query`" in said


def test_reference_prints_one_part_of_a_page():
    said = run("language", "checks").stdout
    assert said.startswith("### `checks`\n")
    assert said.count("\n### ") == 0
    assert "min_confidence" in said
    whole_group = run("language", "Rows").stdout
    assert whole_group.startswith("## Rows\n")
    assert "### `key`" in whole_group
    assert run("commands", "plan").stdout.startswith("### `runner plan`\n")


def test_a_misspelt_part_is_answered_with_a_suggestion():
    done = run("language", "chekcs")
    assert done.exit_code == ExitCode.USAGE
    assert "checks" in done.stderr


def test_a_heading_within_code_is_none():
    page = "# T\n\n## A\n\n```sh\n## B\n```\n\ntext\n\n## C\n"
    assert section(page, "a") == "## A\n\n```sh\n## B\n```\n\ntext\n"


def test_links_within_the_pages_are_words_on_a_terminal():
    page = "[a](#b) [c](d.md) [e](d.md#f) [g](https://example.org) [h](i.py)"
    assert without_links(page) == "a c e [g](https://example.org) [h](i.py)"


def test_on_a_terminal_a_page_is_laid_out():
    ours, theirs = os.openpty()
    environment = {**os.environ, "PAGER": "cat", "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    words = [sys.executable, "-m", "runner", "reference", "errors", "exit codes"]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        # A terminal that nobody holds any more answers with an error.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                said += part
    os.close(ours)
    assert process.returncode == 0
    text = said.decode()
    assert "Interrupted with Ctrl-C." in text
    assert "| --- |" not in text


def test_reference_lists_its_pages():
    assert re.findall(r"^runner reference (\w+)", run().stdout, re.MULTILINE) == list(PAGES)


def test_reference_writes_the_pages_into_a_folder(tmp_path):
    assert run("--to", str(tmp_path / "new" / "pages")).exit_code == 0
    written = {file.name for file in (tmp_path / "new" / "pages").iterdir()}
    assert written == {f"{name}.md" for name in PAGES}


def test_reference_says_why_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("--to", str(tmp_path / "file" / "below"))
    assert done.exit_code == ExitCode.USAGE
    assert "cannot be written" in done.stderr


def test_an_unknown_page_is_refused():
    assert run("manual").exit_code == ExitCode.USAGE
