from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.pdfgen import canvas  # type: ignore[import-untyped]

from runner.providers.local.corpus import Block, Document
from runner.providers.local.documents import (
    SUFFIXES,
    UnreadableError,
    parse_document,
    read_document,
)
from runner.providers.local.passages import full_text


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in document.blocks]


def read(text: str, name: str) -> Document:
    return parse_document(text.encode(), name)


def only(document: Document, kind: str) -> list[Block]:
    return [block for block in document.blocks if block.kind == kind]


def write_pdf(path: Path, lines: list[str], *, title: str = "") -> None:
    page = canvas.Canvas(str(path), pagesize=A4)
    if title:
        page.setTitle(title)
    for at, line in enumerate(lines):
        page.drawString(72, 800 - 16 * at, line)
    page.save()


class TestMarkdown:
    def test_front_matter_becomes_pairs_and_gives_title_and_date(self) -> None:
        document = read(
            "---\ntitle: 'Acme Corp'\ndate: 2024-03-05\ntags: [rockets, anvils]\n"
            "places:\n  - Rome\n  - Oslo\noffice:\n  city: Paris\n---\nBody.\n",
            "a.md",
        )
        assert (document.title, document.date) == ("Acme Corp", "2024-03-05")
        assert [block.cells[0] for block in only(document, "pair")] == [
            ("title", "Acme Corp"),
            ("date", "2024-03-05"),
            ("tags", "rockets, anvils"),
            ("places", "Rome, Oslo"),
            ("office city", "Paris"),
        ]
        assert blocks(document)[-1] == ("paragraph", "Body.")

    def test_a_rule_at_the_top_is_no_front_matter(self) -> None:
        assert blocks(read("---\n\nJust text.\n\n---\n\nMore.", "a.md")) == [
            ("paragraph", "Just text."),
            ("paragraph", "More."),
        ]

    def test_the_title_is_the_first_top_heading_and_is_not_repeated_above_others(self) -> None:
        document = read("# Acme\n\n## Products\n\nAnvils.\n\n### Heavy\n\nBig ones.", "notes/x.md")
        assert document.title == "Acme"
        assert [block.headings for block in only(document, "paragraph")] == [
            ("Products",),
            ("Products", "Heavy"),
        ]

    def test_tables_become_rows_with_headers_and_links_stay(self) -> None:
        document = read(
            "| Name | Site |\n|---|---|\n| Acme | [home](https://acme.example) |\n| Bolt | |\n",
            "a.md",
        )
        first, second = only(document, "row")
        assert first.text == "Name: Acme; Site: home"
        assert first.cells == (("Name", "Acme"), ("Site", "home"))
        assert first.links == (("home", "https://acme.example"),)
        assert second.cells == (("Name", "Bolt"),)

    def test_labelled_lines_lists_code_and_inline_html(self) -> None:
        document = read(
            "**License:** MIT  \n**Author:** Jo\n\n- one\n  - two\n\n```\nx = 1\n\ny = 2\n```\n\n"
            "<p>Raw <b>html</b></p>\n\nLine<br>break and `code`.\n",
            "a.md",
        )
        assert blocks(document) == [
            ("pair", "License: MIT"),
            ("pair", "Author: Jo"),
            ("item", "one"),
            ("item", "two"),
            ("code", "x = 1\n\ny = 2"),
            ("paragraph", "Raw html"),
            ("paragraph", "Line\nbreak and code."),
        ]


class TestHtml:
    def test_title_date_headings_and_entities(self) -> None:
        document = read(
            "<title>Acme &amp; Co</title><meta property='article:published_time'"
            " content='2023-01-02T10:00:00Z'><h1>Acme &amp; Co</h1><h2>Past</h2><p>Old &lt;days&gt;",
            "a.html",
        )
        assert (document.title, document.date) == ("Acme & Co", "2023-01-02")
        assert only(document, "paragraph")[0].text == "Old <days>"
        assert only(document, "paragraph")[0].headings == ("Past",)

    def test_scripts_styles_and_navigation_are_left_out(self) -> None:
        document = read(
            "<nav><a href='/'>Home</a></nav><script>var secret</script><style>p{}</style>"
            f"<p>{'Real words. ' * 30}</p><footer>Fine print</footer>",
            "a.html",
        )
        assert [kind for kind, _ in blocks(document)] == ["paragraph"]
        assert "secret" not in full_text(document)[0]
        assert document.warnings == ()

    def test_navigation_that_holds_most_of_the_page_is_kept(self) -> None:
        document = read(f"<nav><p>{'Only text here. ' * 40}</p></nav><p>x</p>", "a.html")
        assert "Only text here." in full_text(document)[0]

    def test_what_is_left_out_is_named_when_it_is_much(self) -> None:
        document = read(
            f"<footer>{'Small print. ' * 100}</footer><p>{'Real words here. ' * 300}</p>", "a.html"
        )
        assert document.warnings == (
            "a.html: 20% of its text, navigation and footers, is left out",
        )

    def test_table_headers_reach_their_cells_through_spans(self) -> None:
        document = read(
            "<table><thead><tr><th>Company<th colspan=2>Facts<tr><th><th>City<th>Year</thead>"
            "<tr><td rowspan=2>Acme<td>Paris<br>Lyon<td>1990<tr><td>Rome<td>1991</table>",
            "a.html",
        )
        assert [row.cells for row in only(document, "row")] == [
            (("Company", "Acme"), ("Facts City", "Paris; Lyon"), ("Facts Year", "1990")),
            (("Company", "Acme"), ("Facts City", "Rome"), ("Facts Year", "1991")),
        ]

    def test_row_headers_and_definition_lists_become_definitions(self) -> None:
        document = read(
            "<table><tr><th>Founded:</th><td>1990</td></tr></table>"
            "<dl><dt>Licence<dd>MIT<dt>City<dt>Town<dd><p>Oslo</p><p>in the north</p></dl>",
            "a.html",
        )
        assert [block.cells[0] for block in only(document, "definition")] == [
            ("Founded", "1990"),
            ("Licence", "MIT"),
            ("City, Town", "Oslo"),
        ]

    def test_items_links_breaks_and_preformatted_text(self) -> None:
        document = read(
            "<ul><li><strong>License:</strong> MIT<li>Out<ul><li>In</ul></ul>"
            "<p><a href='/about'>About  us</a>, <a href='#top'>up</a></p>"
            "<p>Address: 1 Road<br>City: Rome</p><pre>a\n  b</pre>",
            "a.html",
        )
        assert blocks(document) == [
            ("item", "License: MIT"),
            ("item", "Out"),
            ("item", "In"),
            ("paragraph", "About us, up"),
            ("pair", "Address: 1 Road"),
            ("pair", "City: Rome"),
            ("code", "a\n  b"),
        ]
        assert only(document, "paragraph")[0].links == (("About us", "/about"),)

    def test_layout_tables_give_their_content(self) -> None:
        document = read("<table><tr><td><h2>Head</h2><p>Text</p></td></tr></table>", "a.html")
        assert blocks(document) == [("heading", "Head"), ("paragraph", "Text")]

    @pytest.mark.parametrize(
        "text",
        ["", "<", "<p>a<b>c</p></i>", "<div>" * 20_000 + "x", "<b>" * 5_000 + "x", "<table><td>x"],
    )
    def test_broken_html_never_fails(self, text: str) -> None:
        assert read(text, "a.html").path == "a.html"


class TestText:
    def test_header_lines_are_pairs_and_the_body_follows_its_stated_type(self) -> None:
        document = read(
            "Name: httpx\nSummary: A client\n  for the web\nClassifier: A\nClassifier: B\n"
            "Description-Content-Type: text/markdown\n\n## Features\n\n- *fast*\n",
            "METADATA",
        )
        assert document.title == "httpx"
        assert [block.cells[0] for block in only(document, "pair")][:4] == [
            ("Name", "httpx"),
            ("Summary", "A client for the web"),
            ("Classifier", "A"),
            ("Classifier", "B"),
        ]
        assert blocks(document)[-2:] == [("heading", "Features"), ("item", "fast")]

    def test_paragraphs_lists_labels_and_underlined_headings(self) -> None:
        document = read(
            "Guide\n=====\n\nSome text\nwraps.\n\nParts\n-----\n\n- one\n- two\n  more\n\n"
            "Founded: 1990\nHead office: Paris\n\nsize   weight\n10     20\n",
            "guide.rst",
        )
        assert blocks(document) == [
            ("heading", "Guide"),
            ("paragraph", "Some text wraps."),
            ("heading", "Parts"),
            ("item", "one"),
            ("item", "two more"),
            ("pair", "Founded: 1990"),
            ("pair", "Head office: Paris"),
            ("code", "size   weight\n10     20"),
        ]
        assert document.blocks[-1].headings == ("Guide", "Parts")

    def test_prose_with_a_colon_stays_prose(self) -> None:
        text = (
            "One thing is certain: this is a sentence that goes on for quite a while, " + "x " * 60
        )
        assert only(read(text, "a.txt"), "pair") == []


class TestTables:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.csv", 'Company,Note\n"Acme, Inc","two\nlines"\n'),
            ("a.csv", 'Company;Note\n"Acme, Inc";two lines\n'),
            ("a.tsv", "Company\tNote\nAcme, Inc\ttwo lines\n"),
        ],
    )
    def test_rows_carry_their_headers_whatever_the_separator(self, name: str, text: str) -> None:
        (row,) = read(text, name).blocks
        assert (row.kind, row.text) == ("row", "Company: Acme, Inc; Note: two lines")
        assert row.cells == (("Company", "Acme, Inc"), ("Note", "two lines"))

    def test_ragged_rows_are_read_and_named(self) -> None:
        document = read("a,b\n1\n1,2,3\n", "t.csv")
        assert [row.cells for row in document.blocks] == [
            (("a", "1"),),
            (("a", "1"), ("b", "2"), ("", "3")),
        ]
        assert document.warnings == ("t.csv: 2 rows have more or fewer values than the header",)


class TestPdf:
    def test_text_title_and_date(self, tmp_path: Path) -> None:
        write_pdf(
            tmp_path / "a.pdf", ["Acme was founded in 1990.", "It sells anvils."], title="Acme"
        )
        document = read_document(tmp_path / "a.pdf", "a.pdf")
        assert document.title == "Acme"
        assert document.date is not None
        assert "Acme was founded in 1990. It sells anvils." in full_text(document)[0].replace(
            "\n", " "
        )

    def test_a_heading_is_not_glued_to_the_sentence_below_it(self, tmp_path: Path) -> None:
        lines = [
            "Acme makes the machines that print circuits, and has done so for many years now.",
            "Products",
            "The main products are anvils, rockets and magnets, which are sold in most places",
            "of the world.",
        ]
        write_pdf(tmp_path / "a.pdf", lines)
        document = read_document(tmp_path / "a.pdf", "a.pdf")
        texts = [block.text for block in document.blocks]
        assert "Products" in texts
        assert any(text.startswith("The main products") for text in texts)

    def test_hyphenated_words_are_joined(self, tmp_path: Path) -> None:
        write_pdf(tmp_path / "a.pdf", ["The com-", "pany grows."])
        assert "company" in full_text(read_document(tmp_path / "a.pdf", "a.pdf"))[0]

    def test_a_pdf_that_needs_a_password_is_refused_by_name(self, tmp_path: Path) -> None:
        write_pdf(tmp_path / "a.pdf", ["Secret."])
        writer = PdfWriter(clone_from=PdfReader(tmp_path / "a.pdf"))
        writer.encrypt("word", algorithm="RC4-128")
        writer.write(tmp_path / "b.pdf")
        with pytest.raises(UnreadableError, match=r"b\.pdf is encrypted"):
            read_document(tmp_path / "b.pdf", "b.pdf")

    def test_an_empty_password_is_tried(self, tmp_path: Path) -> None:
        write_pdf(tmp_path / "a.pdf", ["Open."])
        writer = PdfWriter(clone_from=PdfReader(tmp_path / "a.pdf"))
        writer.encrypt("", "owner", algorithm="RC4-128")
        writer.write(tmp_path / "b.pdf")
        assert "Open." in full_text(read_document(tmp_path / "b.pdf", "b.pdf"))[0]

    @pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"%PDF-1.7\ngarbage \xff" * 50])
    def test_damage_is_named_and_silent(
        self, data: bytes, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(UnreadableError, match=r"a\.pdf is damaged"):
            parse_document(data, "a.pdf")
        assert capfd.readouterr() == ("", "")

    def test_a_pdf_without_text_is_refused(self, tmp_path: Path) -> None:
        write_pdf(tmp_path / "a.pdf", [])
        with pytest.raises(UnreadableError, match="holds no text"):
            read_document(tmp_path / "a.pdf", "a.pdf")


class TestEncoding:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_unicode_is_recognised(self, encoding: str) -> None:
        document = parse_document("Café à Zürich".encode(encoding), "a.txt")
        assert (blocks(document), document.warnings) == ([("paragraph", "Café à Zürich")], ())

    def test_a_declared_charset_is_used(self) -> None:
        document = parse_document(b"<meta charset=iso-8859-2><p>\xb3", "a.html")
        assert blocks(document) == [("paragraph", "ł")]

    def test_anything_else_is_windows_1252_with_a_warning(self) -> None:
        document = parse_document("Café".encode("cp1252"), "a.txt")
        assert blocks(document) == [("paragraph", "Café")]
        assert "Windows-1252" in document.warnings[0]


class TestRefusals:
    def test_binary_content_is_refused(self) -> None:
        with pytest.raises(UnreadableError, match=r"a\.txt is not text"):
            parse_document(b"\x00\x01\x02", "a.txt")

    def test_an_unknown_type_is_refused_with_those_known(self) -> None:
        with pytest.raises(UnreadableError, match=r"a\.docx") as caught:
            parse_document(b"x", "a.docx")
        assert ".md" in (caught.value.hint or "")

    def test_a_missing_file_is_refused_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableError, match=r"notes/a\.md cannot be read: No such file"):
            read_document(tmp_path / "a.md", "notes/a.md")

    def test_a_file_over_50_mib_is_refused_unread(self, tmp_path: Path) -> None:
        with (tmp_path / "a.txt").open("wb") as file:
            file.truncate(50 * 1024 * 1024 + 1)
        with pytest.raises(UnreadableError, match="larger than 50 MiB"):
            read_document(tmp_path / "a.txt", "a.txt")

    @pytest.mark.parametrize("suffix", sorted(SUFFIXES - {".pdf"}))
    @settings(max_examples=40, deadline=None)
    @given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
    def test_no_bytes_raise_anything_else(self, suffix: str, data: bytes) -> None:
        try:
            document = parse_document(data, f"a{suffix}")
        except UnreadableError as error:
            assert f"a{suffix}" in error.message
        else:
            assert document.title


MARKED = st.lists(
    st.sampled_from(
        ["word ", "End. ", "\n", "\n\n", "# ", "- ", "|", "a: b", "```\n", "<p>", "é。"]
    ),
    max_size=400,
).map("".join)


class TestPassages:
    @settings(max_examples=150, deadline=None)
    @given(text=MARKED, suffix=st.sampled_from([".md", ".txt", ".html"]))
    def test_passages_are_slices_in_order_that_hold_all_but_headings(
        self, text: str, suffix: str
    ) -> None:
        document = read(text, f"a{suffix}")
        whole, slices = full_text(document)
        assert all(before.end <= after.start for before, after in pairwise(slices))
        covered = " ".join(whole[cut.start : cut.end] for cut in slices)
        for block in document.blocks:
            assert block.kind == "heading" or "".join(block.text.split()) in "".join(
                covered.split()
            )

    def test_passages_keep_to_their_size_and_end_with_sentences(self) -> None:
        text = " ".join(f"Sentence number {n} speaks of anvils and rockets." for n in range(200))
        whole, slices = full_text(read(text, "a.txt"))
        pieces = [whole[cut.start : cut.end] for cut in slices]
        assert all(300 <= len(piece) <= 900 for piece in pieces[:-1])
        assert all(piece.endswith("rockets.") for piece in pieces)

    def test_an_endless_word_is_cut(self) -> None:
        _, slices = full_text(read("x" * 5000, "a.txt"))
        assert max(cut.end - cut.start for cut in slices) <= 1500

    def test_a_paragraph_stays_whole(self) -> None:
        paragraphs = [
            "".join(f"Sentence {n} of {word}. " for n in range(55)) for word in ("a", "b")
        ]
        text, slices = full_text(read("\n\n".join(paragraphs), "a.txt"))
        assert [text[cut.start : cut.end] for cut in slices] == [p.strip() for p in paragraphs]

    def test_a_passage_knows_its_headings(self) -> None:
        text = f"# T\n\n## One\n\n{'Alpha. ' * 60}\n\n### Two\n\n{'Beta. ' * 60}"
        _, slices = full_text(read(text, "a.md"))
        assert [cut.heading for cut in slices] == ["One", "One > Two"]
