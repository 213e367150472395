"""What is known about the duties of professional development in the five countries: little, and shown so."""

import datetime as dt

from django.db import migrations

# Country, first day, required minutes or None for unknown, source in Russian, source in English.
RULES = [
    (
        "KZ",
        dt.date(2018, 7, 5),
        None,
        "Закон от 5 июля 2018 г. № 176-VI обязывает адвокатов повышать квалификацию; порядок устанавливает "
        "Республиканская коллегия адвокатов. Число часов и период Лига не подтвердила.",
        "The law of 5 July 2018 No. 176-VI obliges advocates to improve their qualification; the Republican Collegium "
        "sets the rules. The League has not confirmed hours and period.",
    ),
    (
        "KG",
        dt.date(2014, 7, 14),
        None,
        "Учебный центр Адвокатуры проводит обязательные курсы и курсы по выбору. Годовое число часов Лига не "
        "подтвердила.",
        "The Training Centre of the Advokatura gives mandatory and elective courses. The League has not confirmed the "
        "hours of a year.",
    ),
    (
        "TJ",
        dt.date(2024, 7, 27),
        None,
        "Постановление Правительства от 27 июля 2024 г. № 428 о переподготовке, повышении квалификации и аттестации "
        "адвокатов. Число часов Лига не подтвердила.",
        "Government order of 27 July 2024 No. 428 on retraining, further training and attestation of advocates. The "
        "League has not confirmed the hours.",
    ),
    (
        "TM",
        dt.date(2010, 1, 1),
        None,
        "Требования Лиге неизвестны.",
        "The League knows of no rule.",
    ),
    (
        "UZ",
        dt.date(1996, 12, 27),
        72 * 60,
        "Центр повышения квалификации юристов при Министерстве юстиции указывает повышение квалификации не менее двух "
        "недель (72 часа). Сведения давние, период Лига не подтвердила.",
        "The Lawyers’ Training Centre of the Ministry of Justice states further training of two weeks at least "
        "(72 hours). The statement is old, and the League has not confirmed the period.",
    ),
]


def create_rules(apps, schema_editor):
    rule = apps.get_model("members", "CpdRule")
    for country, starts_on, minutes, source_ru, source_en in RULES:
        rule.objects.get_or_create(
            country=country,
            starts_on=starts_on,
            defaults={"minutes_required": minutes, "source_ru": source_ru, "source_en": source_en},
        )


def delete_rules(apps, schema_editor):
    rule = apps.get_model("members", "CpdRule")
    for country, starts_on, *_rest in RULES:
        rule.objects.filter(country=country, starts_on=starts_on).delete()


class Migration(migrations.Migration):
    dependencies = [("members", "0007_cards_cpd_committees")]

    operations = [migrations.RunPython(create_rules, delete_rules)]
