import pytest
from django.utils import translation

from accounts.templatetags.accounts import device_name

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0) {APPLE} Chrome/140.0 YaBrowser/25.1",
            "Yandex on Windows",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14) {APPLE} Chrome/140.0 Safari/537.36",
            "Chrome on Android",
        ),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) {APPLE} Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("An old telephone", "An old telephone"),
        ("x" * 200, "x" * 60),
        ("", "Unknown browser"),
    ],
)
def test_device_name_is_what_its_owner_would_call_it(user_agent: str, name: str) -> None:
    with translation.override("en"):
        assert device_name(user_agent) == name
