from django import template
from django.utils.translation import gettext

register = template.Library()

# The first that occurs counts: browsers like to name their relatives too.
BROWSERS = {
    "YaBrowser": "Yandex",
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "UCBrowser": "UC Browser",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def _first_named(user_agent: str, names: dict[str, str]) -> str:
    return next((name for mark, name in names.items() if mark in user_agent), "")


@register.filter
def device_name(user_agent: str) -> str:
    """Say in two words what a session runs on, well enough for its owner to recognise it."""
    browser, system = _first_named(user_agent, BROWSERS), _first_named(user_agent, SYSTEMS)
    if browser and system:
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or user_agent[:60] or gettext("Unknown browser")
