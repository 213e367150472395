"""What happens to requests of this project outside its views."""

import logging
import re

# Addresses whose key is a secret, by the names of their routes: what stands before the key, and the key.
SECRETS = {
    "account_confirm_email": r"(/confirm-email/)[^/\s]+",
    "account_reset_password_from_key": r"(/password/reset/key/)(?!done/)[^/\s]+",
    "wagtailadmin_password_reset_confirm": r"(/password_reset/confirm/)[^\s\"']+",
    "notifications:unsubscribe": r"(/unsubscribe/)[^/\s]+",
    "application:reference": r"(/references/)[^/\s]{20,}",
    "card:check": r"(/card/)[\w-]{16,}",
    "cpd:verify": r"(/cpd/)[0-9A-Za-z]{12,}",
    "cpd:transcript_pdf": r"(/transcripts/)[0-9A-Za-z]{12,}",
    "cpd:transcript_revoke": r"(/transcripts/)[0-9A-Za-z]{12,}",
    "courses:certificate_pdf": r"(/learn/certificates/)[0-9A-Za-z]{12,}",
    "courses:certificate_lookup": r"(/verify/\?(?:[^\s]*&)?public_id=)[^&\s]+",
    "courses:certificate_verify": r"(/verify/)[^/\s?]+",
}
_SECRETS = [re.compile(pattern) for pattern in dict.fromkeys(SECRETS.values())]


class MaskTokens(logging.Filter):
    """Keep the secrets of links out of the log: Django names the address of what went wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = message
        for pattern in _SECRETS:
            masked = pattern.sub(r"\1…", masked)
        if masked != message:
            record.msg, record.args = masked, ()
        return True
