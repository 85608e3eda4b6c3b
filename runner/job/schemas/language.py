"""The JSON Schemas of the job language: of job files, of what they extend, and of runner.yaml."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.jsonvalue import JSON

_NAME = "job.schema.json"

DEFAULTABLE = (
    "provider",
    "documents",
    "processor",
    "max_processor",
    "fast",
    "source_policy",
    "location",
    "metadata",
    "cache",
    "timeout",
    "retry",
    "concurrency",
    "budget",
    "checks",
    "verify",
    "webhook",
)
"""The keys of a job that `defaults:` in runner.yaml may set for all jobs."""


@cache
def job_schema_text() -> str:
    """Return the JSON Schema of job files as text, from the wheel or from the checkout.

    Raises:
        StateError: the installation lacks it.
    """
    package = Path(__file__).parents[2]
    for folder in (package, package.parent):
        file = folder / "schemas" / _NAME
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise StateError(f"{_NAME} is not installed", hint="install research-runner again")


@cache
def job_schema() -> Mapping[str, JSON]:
    """Return the JSON Schema of job files."""
    schema: Mapping[str, JSON] = json.loads(job_schema_text())
    return schema


@cache
def project_schema() -> Mapping[str, JSON]:
    """Return the JSON Schema of runner.yaml: some keys of a job, named source policies, prices."""
    job = job_schema()
    policy = {**job["$defs"]["source_policy"], "type": "object"}
    return {
        "$schema": job["$schema"],
        "title": "Project file",
        "description": "runner.yaml: what holds for every job in its folder and below.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "defaults": {
                "title": "Defaults",
                "description": "Settings of jobs that do not say otherwise; what a job sets takes "
                "the place of the whole setting.",
                "examples": [{"cache": "24h"}],
                "type": "object",
                "additionalProperties": False,
                "properties": {key: job["properties"][key] for key in DEFAULTABLE},
            },
            "source_policies": {
                "title": "Source policies",
                "description": "Policies that jobs name in source_policy.",
                "examples": [{"filings": {"include_domains": ["sec.gov"]}}],
                "type": "object",
                "additionalProperties": policy,
            },
            "prices": job["$defs"]["prices"],
        },
        "$defs": job["$defs"],
    }


@cache
def base_schema() -> Mapping[str, JSON]:
    """Return the JSON Schema of a file that jobs extend: the keys of a job, none of them needed."""
    job = job_schema()
    return {
        **{key: job[key] for key in job if key not in {"$id", "required", "if", "else"}},
        "title": "Base",
        "description": "What several jobs share: each names this file in `extends`.",
    }
