"""Who has which right in which room, as SQL that is compiled once.

The condition names seven kinds of people over six tables. Django needs milliseconds to build it, a page asks it several
times, and only the person and the day differ: so it is built once with marks in their places, which each use fills in.
"""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.db.models.sql.compiler import SQLCompiler

PERSON = -987_654_321  # stands for the person
DAY = dt.date(1901, 2, 3)  # stands for today

Compiled = tuple[str, tuple[Any, ...]]


class Rights:
    """The rules that a person meets today, as a table of two columns: `room_id` and `right`."""

    def __init__(self, build: Callable[[int, dt.date], models.QuerySet[Any, Any]]) -> None:
        """`build` returns the rows for a person and a day, with these two columns."""
        self._build = build
        self._compile = cache(self._compile_for)

    def _compile_for(self, vendor: str) -> Compiled:
        sql, parameters = self._build(PERSON, DAY).query.sql_with_params()
        return sql, tuple(parameters)

    def sql(self, person: int, day: dt.date) -> tuple[str, list[Any]]:
        """Return the SELECT and its parameters."""
        sql, parameters = self._compile(connection.vendor)
        filled: dict[Any, Any] = {PERSON: person, DAY: day, str(DAY): str(day)}
        return sql, [filled.get(value, value) for value in parameters]

    def rooms(self, person: int, day: dt.date, right: int) -> RawSQL:
        """Return the expression of the rooms in which a person has a right."""
        sql, parameters = self.sql(person, day)
        among = f'SELECT met.room_id FROM ({sql}) AS met WHERE met."right" >= %s'  # noqa: S608 -- Django's own SQL
        return RawSQL(among, [*parameters, int(right)])  # noqa: S611 -- with parameters

    def strongest(self, person: int, day: dt.date, room: str) -> "StrongestRight":
        """Return the expression of a person’s strongest right in the room that a column names; None without any."""
        return StrongestRight(room, *self.sql(person, day))


class StrongestRight(models.Func):
    """The greatest right of a table of rights in one room."""

    output_field = models.SmallIntegerField(null=True)

    def __init__(self, room: str | models.F, sql: str, parameters: list[Any]) -> None:
        super().__init__(room)
        self._sql, self._parameters = sql, parameters

    def as_sql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]  # of fewer arguments
        room, of_room = compiler.compile(self.source_expressions[0])
        sql = f'(SELECT MAX(met."right") FROM ({self._sql}) AS met WHERE met.room_id = {room})'  # noqa: S608 -- Django's own SQL
        return sql, (*self._parameters, *of_room)
