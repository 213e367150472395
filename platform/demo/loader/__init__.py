"""Loads the demo world: every file is read and checked first, then everything is written in one transaction."""

import datetime as dt
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from demo.files import CONTENT, CourseFiles, read_course
from demo.loader.course_pages import load_course
from demo.loader.forum import load_forum
from demo.loader.membership import MemberFiles, load_members
from demo.loader.people import load_chapters, load_people
from demo.loader.reset import StrangersLearnHere, StrangersWriteHere, remove_demo
from demo.loader.site_pages import load_site
from demo.sources import read_yaml
from demo.threads import ForumFiles, read_forum
from members.services.setup import load_reference

__all__ = [
    "DemoFiles",
    "StrangersLearnHere",
    "StrangersWriteHere",
    "load_demo",
    "load_forum",
    "load_membership",
    "read_demo",
    "remove_demo",
]


@dataclass
class DemoFiles:
    """Everything that the files say."""

    site: Any
    home: Any
    pages: list[Any]
    news: list[Any]
    people: list[dict[str, Any]]
    members: MemberFiles
    chapters: list[dict[str, Any]]
    runs: dict[str, Any]
    courses: list[CourseFiles]
    forum: ForumFiles


def read_demo(folder: Path = CONTENT) -> DemoFiles:
    """Read and check every content file. Raises ContentError for the first mistake."""
    site = folder / "site"
    files = DemoFiles(
        site=read_yaml(site / "site.yaml"),
        home=read_yaml(site / "home.yaml"),
        pages=[read_yaml(path) for path in sorted((site / "pages").glob("*.yaml"))],
        news=[read_yaml(path) for path in sorted((site / "news").glob("*.yaml"))],
        people=read_yaml(site / "people.yaml"),
        members=MemberFiles(**{field.name: read_yaml(site / f"{field.name}.yaml") for field in fields(MemberFiles)}),
        chapters=read_yaml(site / "chapters.yaml"),
        runs=read_yaml(site / "runs.yaml"),
        courses=[read_course(path) for path in sorted((folder / "courses").iterdir()) if path.is_dir()],
        forum=read_forum(folder),
    )
    known = {person["email"] for person in files.people}
    for course in files.courses:
        for email in (course.meta["author"], *course.meta.get("facilitators", [])):
            if email not in known:
                raise course.meta.where.error(f"“{email}” is not among the demo accounts.")
    return files


@transaction.atomic
def load_demo(files: DemoFiles, *, hostname: str, port: int, at: dt.datetime) -> list[str]:
    """Create whatever of the demo world is missing; return the slugs of the courses that were created."""
    catalogues = load_site(files.site, files.home, files.pages, files.news, hostname=hostname, port=port)
    people = load_membership(files, at=at)
    load_forum(files.forum, at=at)
    return [
        course.meta["slug"]
        for course in files.courses
        if load_course(course, catalogues, people, files.runs.get(course.meta["slug"], {}), at=at)
    ]


@transaction.atomic
def load_membership(files: DemoFiles, *, at: dt.datetime) -> dict[str, User]:
    """Create the chapters, accounts and members that are missing; return the accounts by e-mail address."""
    chapters = load_chapters(files.chapters)
    people = load_people(files.people, chapters, at=at)
    load_reference()
    load_members(files.members, chapters, people, at=at)
    return people
