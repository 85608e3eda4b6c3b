"""What a document states as label and value; each case is a file's text and what is found."""

from __future__ import annotations

import pytest

from runner.providers.local.documents import parse_document
from runner.providers.local.facts import HEADING, LEAD, extract_facts


def facts(text: str, name: str = "a.md") -> list[tuple[str, str, str]]:
    found = extract_facts(parse_document(text.encode(), name))
    return [(fact.entity, fact.label, fact.value) for fact in found]


def test_labelled_lines_and_what_their_values_state_in_turn() -> None:
    found = facts(
        "License: MIT\nProject-URL: Homepage, https://x.org\nClassifier: A :: B :: C\n", "a.txt"
    )
    assert ("", "License", "MIT") in found
    assert ("", "Homepage", "https://x.org") in found
    assert ("", "A", "B :: C") in found


def test_headings_label_what_stands_below_them() -> None:
    found = facts(
        "# Acme\n\nAcme makes anvils of iron.\n\n## Products\n\n- anvils\n- rockets\n\n## Empty\n\n## Staff\n\nAbout 40.\n"
    )
    assert ("", HEADING, "Acme") in found
    assert ("", LEAD, "Acme makes anvils of iron.") in found
    assert ("", "Products", "anvils") in found
    assert ("", "Products", "rockets") in found
    assert ("", "Empty", "") in found
    assert ("", "Staff", "About 40.") in found


def test_an_announcement_labels_the_list_below_it() -> None:
    found = facts("# A\n\nKey products:\n\n- anvils\n- rockets\n")
    assert ("", "Key products", "anvils") in found


def test_links_are_labels_of_their_addresses() -> None:
    assert ("", "Homepage", "https://x.org/") in facts(
        "See [Homepage](https://x.org/) or [b](/b).\n"
    )


def test_a_row_is_about_what_names_it() -> None:
    found = facts("Year,Company,Staff\n2020,Acme,40\n", "a.csv")
    assert ("Acme", "Staff 2020", "40") in found


def test_a_date_column_dates_its_neighbour() -> None:
    found = facts("Company,Staff,Staff as of\nAcme,40,end of 2024\n", "a.csv")
    assert ("Acme", "Staff 2024", "40") in found


def test_years_as_columns_give_the_rows_their_labels_and_the_corner_its_unit() -> None:
    found = facts(
        "| Million euros | 2023 | FY 2024 |\n|---|---|---|\n| Revenue | 13,247 | 15,673 |\n| Margin | 5 % | 6 % |\n"
    )
    assert ("", "Revenue 2023", "13,247 million euros") in found
    assert ("", "Revenue FY 2024", "15,673 million euros") in found
    assert ("", "Margin 2023", "5 %") in found


@pytest.mark.parametrize("corner", ["Item", "Metric", ""])
def test_a_table_of_labels_is_about_the_document(corner: str) -> None:
    found = facts(f"| {corner} | Value |\n|---|---|\n| Founded | 1990 |\n")
    assert ("", "Founded", "1990") in found


def test_several_columns_of_values_are_about_their_headers() -> None:
    found = facts("| Item | Acme | Umbrella |\n|---|---|---|\n| Founded | 1990 | 1968 |\n")
    assert ("Acme", "Founded", "1990") in found
    assert ("Umbrella", "Founded", "1968") in found


def test_the_excerpt_of_a_very_wide_row_is_the_cell() -> None:
    header = ",".join(f"column{n}" for n in range(2_000))
    cells = ",".join(f"value{n}" for n in range(2_000))
    found = extract_facts(parse_document(f"{header}\n{cells}\n".encode(), "a.csv"))
    assert "column7: value7" in [fact.excerpt for fact in found]
    assert max(len(fact.excerpt) for fact in found) < 100
