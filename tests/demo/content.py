"""A whole demo world in miniature: the real site files and one course of one lesson, to be broken by tests."""

import shutil
from pathlib import Path

from demo.files import CONTENT

LESSON = "courses/mini/ru/01-first/01-one.md"
TRANSLATION = "courses/mini/en/01-first/01-one.md"
THREAD = "forum/evidence-and-experts/01-mini.yaml"

FILES = {
    "courses/mini/course.yaml": """\
slug: mini
subject: jury_trials
countries: [KZ]
cpd_minutes: 60
workload_minutes: 90
author: author@example.org
facilitators: [facilitator@example.org]
""",
    "courses/mini/ru/course.md": """\
---
title: Малый курс
summary: Один урок.
outcomes:
  - Прочитать урок
---
О чём этот курс.
""",
    "courses/mini/ru/01-first/module.md": """\
---
title: Первый модуль
---
""",
    LESSON: """\
---
title: Первый урок
minutes: 20
---
## Начало

Вступление.

:::statute ст. 632 УПК РК
source: Уголовно-процессуальный кодекс
in_force_on: 2025-09-16
---
Один судья и десять присяжных.
:::

:::table Голоса
| Голосов | Вердикт |
|---|---|
| 6 | виновен |
:::

:::keypoints
- Одиннадцать голосов.
- Шесть решают.
:::

:::quiz Проверка
id: check
pass_mark: 70
attempts: 3
---

### single: Сколько присяжных?
- [x] Десять
- [ ] Двенадцать
> Судья один, присяжных десять.
> Source: ст. 632 УПК РК

### truefalse: Воздержаться можно?
answer: false
> Нельзя.
> Source: ст. 656 УПК РК
:::
""",
}

FORUM = {
    THREAD: """\
title: Сколько ждать эксперта?
kind: question
author: KZ 1
days_ago: 3
tags: [expert]
posts:
  - text: |
      Экспертизу назначили весной. Сколько ждут у вас?
  - author: KG 5
    after: 2h
    reply_to: 1
    text: |
      Два месяца, если напоминать.
    reactions: {useful: [KZ 1]}
  - author: UZ 2
    after: 1d
    quotes: 2
    text: |
      > Два месяца

      У нас три.

      @[KZ 1], пишите жалобу на срок.
    edited: true
answer: 2
""",
}

ENGLISH = {
    "Малый курс": "Small course",
    "Один урок.": "One lesson.",
    "Прочитать урок": "Read the lesson",
    "О чём этот курс.": "What it is about.",
    "Первый модуль": "First module",
    "Первый урок": "First lesson",
    "Проверка": "Check",
}


def write_world(folder: Path) -> Path:
    """Write the miniature in Russian and, half translated, in English; return its folder."""
    shutil.copytree(CONTENT / "site", folder / "site")
    for name, text in FILES.items():
        write(folder / name, text)
        if "/ru/" in name:
            for russian, english in ENGLISH.items():
                text = text.replace(russian, english)
            write(folder / name.replace("/ru/", "/en/"), text)
    for name, text in FORUM.items():
        write(folder / name, text)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def line_of(path: Path, part: str) -> int:
    """Return the number of the first line that holds a text."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, start=1) if part in line)
