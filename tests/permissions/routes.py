"""Every address of the project as its resolver knows it, and how to make a path of each."""

import re
from collections.abc import Iterator, Mapping

from django.urls import URLPattern, URLResolver, get_resolver

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def walk_routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Yield the route of each address, without the language's prefix."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from walk_routes(pattern, route)


def make_path(route: str, values: Mapping[str, object]) -> str:
    """Fill a route's parameters: by the route itself where it is given a path, by their names, else with 1."""
    if route in values:
        return str(values[route])
    return "/" + PARAMETER.sub(lambda match: str(values.get(match[1], 1)), route)
