"""allauth's forms in our words and without placeholders: a label that vanishes on typing is no label."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp.forms import ActivateTOTPForm as BaseActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as BaseAddWebAuthnForm
from allauth.mfa.webauthn.forms import EditWebAuthnForm as BaseEditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

EMAIL_INPUT = {"type": "email", "inputmode": "email", "autocomplete": "email"}
CODE_INPUT = {
    "class": "otp",
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "autocapitalize": "off",
    "spellcheck": "false",
}
PASSWORD_HINT = _("At least 10 characters, not only digits. Three or four unrelated words are easy to remember.")


class PlainForm(forms.Form):
    """Takes the placeholders out of the form it is mixed into."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LoginForm(PlainForm, account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs = {**EMAIL_INPUT, "autocomplete": "username webauthn"}
        self.fields["password"].help_text = ""  # the link stands below the form, out of the tab order
        self.fields["remember"].label = _("Remember me for 30 days")
        self.fields["remember"].help_text = _("Leave this empty on somebody else’s computer.")


class SignupForm(PlainForm, account_forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].help_text = _("You will sign in with it. Colleagues do not see it.")
        self.fields["email"].widget.attrs = {**EMAIL_INPUT}
        self.fields["password1"].help_text = PASSWORD_HINT


class ResetPasswordForm(PlainForm, account_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs = {**EMAIL_INPUT}


class AddEmailForm(PlainForm, account_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs = {**EMAIL_INPUT}


class ReauthenticateForm(PlainForm, account_forms.ReauthenticateForm):
    """The password once more, before something delicate."""


class NewPasswordForm(PlainForm):
    """Asks for the new password once: browsers show what was typed, and a forgotten one can be reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_HINT


class ChangePasswordForm(NewPasswordForm, account_forms.ChangePasswordForm):
    """The old password and the new one."""


class ResetPasswordKeyForm(NewPasswordForm, account_forms.ResetPasswordKeyForm):
    """The new password after a link from a letter."""


class AuthenticateForm(PlainForm, mfa_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the app, or a recovery code")
        self.fields["code"].widget.attrs = {**CODE_INPUT}


class ReauthenticateCodeForm(PlainForm, mfa_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the app, or a recovery code")
        self.fields["code"].widget.attrs = {**CODE_INPUT}


class ActivateTOTPForm(PlainForm, BaseActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Six digits from the app")
        self.fields["code"].widget.attrs = {**CODE_INPUT}


class AddWebAuthnForm(BaseAddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        self.fields["name"].help_text = _("For yourself, to tell keys apart: “Phone”, “Office computer”.")
        self.fields["passwordless"].label = _("Sign in with this key alone, without a password")
        self.fields["passwordless"].help_text = _("The device will ask for your fingerprint, face or PIN.")
        self.fields["passwordless"].initial = True


class EditWebAuthnForm(BaseEditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
