import pytest

from members.rules.folding import fold

ONE_NAME = [
    ("kasimbekov", ["Қасымбеков", "Касымбеков", "Qasymbekov", "Kassymbekov", "Kasımbekov"]),
    ("erlan", ["Ерлан", "Yerlan", "Erlan", "ЕРЛАН"]),
    ("janil", ["Жаңыл", "Жаныл", "Zhanyl", "Janyl", "Jangyl", "Jañyl"]),
    ("omurbek", ["Өмүрбек", "Омурбек", "Ömürbek", "Omurbek"]),
    ("jenbekov", ["Жээнбеков", "Jeenbekov", "Zheenbekov"]),
    ("jamshed", ["Ҷамшед", "Джамшед", "Jamshed", "Dzhamshed", "Djamshed"]),
    ("rahmon", ["Раҳмон", "Рахмон", "Rahmon", "Rakhmon", "Raxmon"]),
    ("maruf", ["Маъруф", "Ma'ruf", "Maʼruf", "Maruf"]),
    ("iunusi", ["Юнусӣ", "Юнуси", "Yunusi", "Yunusī"]),
    ("uzbekov", ["Ўзбеков", "Oʻzbekov", "O'zbekov", "O‘zbekov", "O`zbekov", "Узбеков"]),
    ("gulomov", ["Ғуломов", "Gʻulomov", "G'ulomov", "G’ulomov", "Ghulomov", "Гуломов"]),
    ("iuldoshev", ["Йўлдошев", "Yoʻldoshev", "Yuldoshev", "Юлдошев"]),
    ("ekub", ["Ёқуб", "Yoqub", "Екуб"]),
    ("berdimuhamedov", ["Бердымухамедов", "Berdimuhamedow", "Berdymukhamedov"]),
    ("niazov", ["Ниязов", "Nyýazow", "Niyazov", "Niiazov"]),
    ("aman chareva", ["Аман Чарыева", "Aman Çaryýewa", "Aman  CHARYEVA"]),
    ("shohrat", ["Шохрат", "Şöhrat", "Shokhrat"]),
    ("shemiakin", ["Щемякин", "Shchemyakin", "Schemiakin"]),
    ("solovev", ["Соловьёв", "Соловьев", "Solovyov", "Solovyev", "Solov’ev"]),
    ("dmitri aliev", ["Дмитрий Алиев", "Dmitry Aliyev", "Dmitriy Aliev"]),
    ("ainur aksel 2", ["Ainur-Aksel (2)", "Айнур — Аксель, 2"]),
]


@pytest.mark.parametrize(("key", "spellings"), ONE_NAME, ids=[key for key, _ in ONE_NAME])
def test_fold_leads_all_spellings_to_one_key(key: str, spellings: list[str]) -> None:
    assert {spelling: fold(spelling) for spelling in spellings} == dict.fromkeys(spellings, key)


def test_fold_keeps_different_names_apart() -> None:
    names = ["Алия", "Алина", "Айгуль", "Айгерим", "Тимур", "Темир", "Шохрат", "Чары"]

    assert len({fold(name) for name in names}) == len(names)


@pytest.mark.parametrize("text", ["", "  ", "—", "!?", "ь"])
def test_fold_of_nothing_is_nothing(text: str) -> None:
    assert fold(text) == ""


@pytest.mark.parametrize("text", ["Oʻzbekov", "Щербаков", "Nyýazow", "Жаңыл"])
def test_fold_of_a_key_is_the_key(text: str) -> None:
    assert fold(fold(text)) == fold(text)
