"""Forms about people. Those that build on allauth's own live in `signin`: allauth imports this module."""

from accounts.forms.person import ProfileForm, SignupForm, TimeZoneField, VerificationForm

__all__ = ["ProfileForm", "SignupForm", "TimeZoneField", "VerificationForm"]
