from typing import Any, ClassVar

from django import forms


class GalleryForm(forms.Form):
    """Shows each kind of field on the gallery, half of them wrongly filled in."""

    WRONG_ANSWERS: ClassVar[dict[str, Any]] = {
        "name": "Айгуль Нурпеисова",
        "licence": "KR-11",
        "email": "nobody@",
        "country": "kz",
        "answer": "second",
    }

    name = forms.CharField(label="Text", help_text="A hint stands between label and input.")
    licence = forms.RegexField(r"^\d+$", label="Number", help_text="Digits only.")
    email = forms.EmailField(label="E-mail")
    country = forms.ChoiceField(label="Select", choices=[("kz", "Kazakhstan"), ("kg", "Kyrgyzstan")])
    why = forms.CharField(label="Long text", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    subjects = forms.MultipleChoiceField(
        label="Several choices",
        choices=[("jury", "Jury trials"), ("cross", "Cross-examination"), ("un", "United Nations bodies")],
        widget=forms.CheckboxSelectMultiple,
    )
    answer = forms.ChoiceField(
        label="One choice",
        choices=[("first", "What did you see?"), ("second", "The lamp was out at 22:15?")],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label="A tick", help_text="With a hint of its own.")
