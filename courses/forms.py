from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _


class VerificationForm(forms.Form):
    """The public id of a certificate, typed from paper."""

    public_id = forms.CharField(
        label=_("Code of the certificate"),
        max_length=300,
        help_text=_("The last part of the address printed beside the square code."),
        error_messages={"required": _("Type the code that is printed on the certificate.")},
    )

    def clean_public_id(self) -> str:
        """Forgive a whole address, spaces, hyphens, capitals, and letters that look like digits."""
        code = str(self.cleaned_data["public_id"]).strip().rstrip("/").rsplit("/", 1)[-1]
        code = code.replace(" ", "").replace("-", "").lower()
        if not code:
            raise forms.ValidationError(self.fields["public_id"].error_messages["required"], code="required")
        return code.translate(str.maketrans("oil", "011"))


def read_answers(data: QueryDict) -> dict[str, list[str]]:
    """Read the answers of a posted quiz: fields `q-<question id>`, one value for each chosen option.

    `asked` names the questions that were on the screen, so that clearing every box clears the answer.
    """
    asked = data.getlist("asked")
    named = [name.removeprefix("q-") for name in data if name.startswith("q-")]
    return {question_id: data.getlist(f"q-{question_id}") for question_id in dict.fromkeys([*asked, *named])}
