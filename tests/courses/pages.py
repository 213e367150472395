"""What a reader sees of an answer."""

import html
import re

from bs4 import BeautifulSoup
from django.contrib.messages import get_messages
from django.http import HttpResponse


def said(response: HttpResponse) -> list[str]:
    """List the messages that an answer leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def main_of(response: HttpResponse) -> BeautifulSoup:
    """Parse the main part of a page: neither menus nor footer."""
    main = BeautifulSoup(response.content, "html.parser").main
    assert main is not None
    return main


def text_of(response: HttpResponse) -> str:
    """Return the text of the main part of a page, each run of white space as one space."""
    return re.sub(r"\s+", " ", html.unescape(main_of(response).get_text(" "))).strip()


def actions_of(response: HttpResponse) -> list[str]:
    """List where the forms of the main part lead."""
    return [form["action"] for form in main_of(response).find_all("form") if form.get("method") == "post"]


def links_of(response: HttpResponse) -> list[str]:
    return [link["href"] for link in main_of(response).find_all("a", href=True)]
