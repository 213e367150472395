"""What a page does behind the reader's back: each such thing fails the test that opened the page."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

# Says in the console what Chromium may only note elsewhere: which directive stopped what, and where.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  const place = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`CSP: ${event.effectiveDirective} stopped ${event.blockedURI} at ${place}`);
});
"""


@dataclass
class Watch:
    """Collects console errors, CSP violations, requests to other hosts and failed requests of a context."""

    host: str
    expected: frozenset[int]  # statuses that the test brings about
    allowed: tuple[str, ...]  # beginnings of faults that are not ours to mend
    faults: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        context.on("request", self._asked)
        context.on("response", self._answered)

    def begin(self, expected: frozenset[int]) -> None:
        """Forget what was found so far: another test looks at pages that answer with these statuses."""
        self.expected = expected
        self.faults.clear()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        # Chromium repeats every status of 400 and more in the console: `_answered` judges those.
        if message.text.startswith("Failed to load resource: the server responded with a status of"):
            return
        self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc != self.host:
            self.faults.append(f"other host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"status {response.status}: {response.request.method} {response.url}")

    def check(self) -> None:
        faults = [fault for fault in dict.fromkeys(self.faults) if not fault.startswith(self.allowed)]
        assert not faults, "\n".join(faults)
