"""The columns of a file of members: what the page documents, the template holds and the import reads."""

from django.utils.translation import gettext_noop

# Column, label, whether it must be filled, what is written in it, an example.
COLUMNS: tuple[tuple[str, str, bool, str, str], ...] = (
    ("email", gettext_noop("E-mail"), True, gettext_noop("One address for each person."), "aigul@example.org"),
    ("name", gettext_noop("Name"), True, gettext_noop("As the person writes it."), "Айгуль Нурланова"),
    ("name_latin", gettext_noop("Name in Latin letters"), False, gettext_noop("As in the passport."), "Aigul Nurlan"),
    ("language", gettext_noop("Language"), False, gettext_noop("A code such as ru; Russian where it is empty."), "ru"),
    ("country", gettext_noop("Country"), True, gettext_noop("KZ, KG, TJ, TM, UZ or the name."), "KZ"),
    ("chapter", gettext_noop("Chapter"), False, gettext_noop("A city’s chapter; else the country’s."), ""),
    ("tier", gettext_noop("Kind of membership"), True, gettext_noop("Its code or name."), "full"),
    ("number", gettext_noop("Number of membership"), False, gettext_noop("Such as KZ-00042; else the next one."), ""),
    (
        "joined_on",
        gettext_noop("Member since"),
        True,
        gettext_noop("12.03.2026, 12/03/2026, 2026-03-12."),
        "12.03.2021",
    ),
    ("paid_from", gettext_noop("Paid from"), False, gettext_noop("Else a whole period before “Paid until”."), ""),
    ("paid_until", gettext_noop("Paid until"), True, gettext_noop("The last day that is paid."), "11.03.2027"),
    ("city", gettext_noop("City"), False, "", "Алматы"),
    ("birth_year", gettext_noop("Year of birth"), False, gettext_noop("Only for finding duplicates."), "1984"),
    ("licence_number", gettext_noop("Licence"), False, gettext_noop("Its number."), "0012345"),
    ("licence_issued_on", gettext_noop("Licence issued on"), False, gettext_noop("With a licence."), "01.09.2010"),
    ("licence_body", gettext_noop("Licence issued by"), False, "", ""),
    ("licence_territory", gettext_noop("Regional bar"), False, "", ""),
    ("licence_valid_until", gettext_noop("Licence valid until"), False, "", ""),
)
LABELS = {key: label for key, label, *_rest in COLUMNS}
REQUIRED = [key for key, _label, required, *_rest in COLUMNS if required]
