"""Invented people for sources that name nobody: name, `example.com` address and street, always the same for an id."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

FIRST_NAMES = (
    "Ada", "Aisha", "Alejandro", "Amara", "Amelia", "Amir", "Ana", "Andre", "Anika", "Anna", "Antonio", "Aria",
    "Arjun", "Asha", "Astrid", "Ava", "Beatrice", "Ben", "Bianca", "Brandon", "Camila", "Carlos", "Caroline",
    "Catalina", "Cedric", "Chen", "Chloe", "Clara", "Daniel", "Daphne", "Darius", "David", "Deepa", "Diego",
    "Dmitri", "Dora", "Ebony", "Edith", "Eduardo", "Elena", "Eli", "Elise", "Emeka", "Emily", "Emma", "Ethan", "Eva",
    "Farah", "Fatima", "Felix", "Finn", "Fiona", "Frank", "Freya", "Gabriel", "Grace", "Greta", "Hana", "Hannah",
    "Harold", "Hassan", "Hector", "Helen", "Henry", "Hugo", "Ibrahim", "Ines", "Ingrid", "Irene", "Isaac", "Isabel",
    "Ivan", "Jack", "Jada", "Jamal", "James", "Jasmine", "Jin", "Joan", "Joel", "Jorge", "Joseph", "Josie", "Julia",
    "Kai", "Karim", "Kate", "Keisha", "Kenji", "Kofi", "Kwame", "Laila", "Lars", "Laura", "Leah", "Leo", "Leila",
    "Lila", "Linda", "Liam", "Louis", "Lucia", "Luis", "Luna", "Mai", "Malik", "Marco", "Maria", "Marie", "Martin",
    "Mateo", "Maya", "Mei", "Mia", "Miguel", "Mila", "Milan", "Minh", "Mira", "Mohammed", "Nadia", "Naomi",
    "Natalie", "Nia", "Nico", "Nina", "Noah", "Noor", "Nora", "Olga", "Olivia", "Omar", "Oscar", "Otis", "Owen",
    "Pablo", "Pari", "Patricia", "Paul", "Pedro", "Penelope", "Petra", "Priya", "Quinn", "Rafael", "Rahul", "Rania",
    "Raven", "Ravi", "Rebecca", "Rita", "Robert", "Rosa", "Rose", "Ruben", "Ruth", "Sam", "Samir", "Santiago",
    "Sara", "Selma", "Sergio", "Shanice", "Sienna", "Simone", "Sofia", "Stella", "Sunita", "Tamika", "Tara", "Tessa",
    "Theo", "Thomas", "Tomas", "Ursula", "Valentina", "Vera", "Victor", "Vikram", "Viola", "Walter", "Wei", "Willa",
    "Xavier", "Yara", "Yasmin", "Yuki", "Yusuf", "Zahra", "Zane", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Acosta", "Adeyemi", "Ahmed", "Alvarez", "Andersen", "Baker", "Banerjee", "Barnes", "Becker", "Bell",
    "Bennett", "Berg", "Bianchi", "Boateng", "Bose", "Brooks", "Brown", "Bui", "Campbell", "Carter", "Castillo",
    "Chang", "Chavez", "Clark", "Cohen", "Coleman", "Cooper", "Costa", "Cruz", "Das", "Davies", "Delgado", "Diaz",
    "Dixon", "Dubois", "Edwards", "Eriksen", "Evans", "Farah", "Fernandez", "Fischer", "Fleming", "Flores", "Foster",
    "Franklin", "Fujita", "Garcia", "Gibson", "Gomez", "Gonzalez", "Graham", "Grant", "Green", "Gupta", "Hall",
    "Hansen", "Harris", "Hassan", "Hayes", "Hernandez", "Hill", "Ho", "Holt", "Hughes", "Hussain", "Ibarra", "Ito",
    "Ivanov", "Jackson", "Jensen", "Johnson", "Jones", "Joshi", "Kamara", "Kaplan", "Kaur", "Kelly", "Khan", "Kim",
    "King", "Klein", "Kowalski", "Kumar", "Lam", "Larsen", "Lee", "Lewis", "Li", "Lindqvist", "Lopez", "Lund", "Ma",
    "Malik", "Marino", "Martin", "Mbeki", "Medina", "Mehta", "Mendez", "Meyer", "Miller", "Mitchell", "Molina",
    "Moore", "Morales", "Morgan", "Moreno", "Murphy", "Nakamura", "Nelson", "Ng", "Nguyen", "Nielsen", "Novak",
    "Nunez", "Okafor", "Oliveira", "Olsen", "Ortiz", "Osei", "Owens", "Park", "Patel", "Perez", "Perry", "Petrov",
    "Pham", "Phillips", "Popov", "Powell", "Price", "Qureshi", "Quinn", "Rahman", "Ramirez", "Reddy", "Reed",
    "Reyes", "Rice", "Rivera", "Robinson", "Romero", "Rossi", "Ruiz", "Russell", "Sanchez", "Sato", "Schmidt",
    "Scott", "Shah", "Sharma", "Silva", "Singh", "Smith", "Sokolov", "Sorensen", "Soto", "Stewart", "Suzuki",
    "Tanaka", "Taylor", "Thompson", "Torres", "Tran", "Turner", "Vargas", "Vasquez", "Walker", "Walsh", "Wang",
    "Ward", "Washington", "Weber", "White", "Williams", "Wilson", "Wong", "Wood", "Wright", "Wu", "Yamamoto", "Yang",
    "Young", "Zhang", "Ziegler",
)  # fmt: skip
_STREETS = (
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Brook", "Cedar", "Cherry", "Chestnut", "Clover", "College",
    "Cypress", "Elm", "Fern", "Garden", "Grove", "Hawthorn", "Hazel", "Highland", "Hill", "Juniper", "Lake",
    "Laurel", "Linden", "Locust", "Magnolia", "Maple", "Meadow", "Mill", "Oak", "Orchard", "Park", "Pine", "Poplar",
    "River", "Rose", "School", "Spring", "Spruce", "Station", "Sycamore", "Valley", "Walnut", "Willow",
)  # fmt: skip
_KINDS = ("Street", "Avenue", "Lane", "Road", "Court", "Drive", "Way")
_TOWNS = (
    "Alder Springs", "Bramble Falls", "Cedar Landing", "Clover Heights", "Copper Ridge", "Elm Crossing",
    "Fern Harbor", "Hazel Grove Park", "Juniper Bend", "Lantern Bay", "Larkfield Mills", "Maple Hollow",
    "Meadow Gate", "Otter Creek Falls", "Quail Ridge", "Rowan Bridge", "Sage Prairie", "Thistle Point",
    "Willow Ferry", "Wren Valley",
)  # fmt: skip


# Universal Postal Union, addressing systems; countries not named here are written with five digits
_POSTCODE_SHAPES = {
    "AT": "9999", "AU": "9999", "BE": "9999", "CA": "A9A 9A9", "CH": "9999", "CY": "9999", "DK": "9999",
    "GB": "AA9 9AA", "IE": "A99 A9A9", "IS": "999", "JP": "999-9999", "LU": "9999", "MT": "AAA 9999", "NL": "9999 AA",
    "NO": "9999", "PL": "99-999", "PT": "9999-999", "SE": "999 99", "SG": "999999", "ZA": "9999",
}  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody who doesn't exist. The town doesn't either."""

    first_name: str
    last_name: str
    email: str
    line1: str
    city: str
    postcode: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


def invent(source_id: int | str, *, seed: int, country: str = "US") -> Person:
    """The person who stands for a source's customer id; the id in the address keeps it unique.

    The postcode has the shape of the `country`'s (ISO 3166), so that the person can have parcels sent there.
    """
    chance = random.Random(f"{seed}:{source_id}")
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    street = f"{chance.randrange(1, 990)} {chance.choice(_STREETS)} {chance.choice(_KINDS)}"
    return Person(
        first_name=first,
        last_name=last,
        email=f"{_plain(first)}.{_plain(last)}.{source_id}@example.com",
        line1=street,
        city=chance.choice(_TOWNS),
        postcode=_postcode(chance, _POSTCODE_SHAPES.get(country, "99999")),
    )


def _postcode(chance: random.Random, shape: str) -> str:
    """9 stands for a digit (the first is none of 0), A for a letter that every country uses."""
    signs = {"9": "123456789", "A": "ABDEHLNPRSTW"}
    return "".join(chance.choice(signs[sign]) if sign in signs else sign for sign in shape)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
