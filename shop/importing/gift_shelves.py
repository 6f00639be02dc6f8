"""Shelves for a gift wholesaler: the data have none, so words of the description decide; the first rule counts."""

from __future__ import annotations

import re

DEPARTMENTS = (
    "Celebrations", "Kitchen & Dining", "Home & Living", "Garden & Outdoors", "Bags & Travel",
    "Jewellery & Accessories", "Stationery & Craft", "Toys & Children", "Gifts & Curiosities",
)  # fmt: skip
EVERYTHING_ELSE = ("Gifts & Curiosities", "Everything Else")

# (department, category, words of the description). Order matters: a Christmas candle is sought under Christmas.
_RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Celebrations", "Christmas", (
        "christmas", "xmas", "advent", "santa", "rudolph", "reindeer", "snowflake", "snowman", "bauble", "baubles",
        "nativity", "noel", "stocking", "robin",
    )),
    ("Celebrations", "Easter", (
        "easter", "bunny", "chick", "chicks", "hen",
    )),
    ("Celebrations", "Party & Birthday", (
        "party", "birthday", "bunting", "balloon", "balloons", "confetti", "garland", "invites", "streamer",
    )),
    ("Celebrations", "Cards & Gift Wrap", (
        "card", "cards", "wrap", "ribbon", "ribbons", "gift-bag", "tissue", "giftwrap", "tag", "tags",
    )),
    ("Jewellery & Accessories", "Jewellery", (
        "necklace", "bracelet", "earrings", "earring", "ring", "brooch", "pendant", "bangle", "charm", "necklaces",
        "bead", "beads", "diamante", "jewelled", "hoop", "amber", "amethyst",
    )),
    ("Jewellery & Accessories", "Hair & Scarves", (
        "hair", "hairband", "hairslide", "scarf", "scarves", "headband", "slide", "grip", "glove", "gloves",
        "umbrella", "parasol", "hat",
    )),
    ("Bags & Travel", "Purses & Wallets", (
        "purse", "wallet", "coin",
    )),
    ("Bags & Travel", "Luggage & Travel", (
        "luggage", "passport", "travel", "suitcase",
    )),
    ("Bags & Travel", "Bags", (
        "bag", "bags", "handbag", "shopper", "rucksack", "backpack", "tote", "satchel", "jumbo",
    )),
    ("Kitchen & Dining", "Lunch Boxes & Bottles", (
        "lunch", "snack", "bottle", "flask", "picnic", "hamper",
    )),
    ("Kitchen & Dining", "Cake & Baking", (
        "cake", "cakes", "cakestand", "baking", "cupcake", "muffin", "cookie", "cutter", "pastry", "pantry",
        "recipe", "jelly", "mould", "moulds", "measuring", "whisk", "rolling",
    )),
    ("Kitchen & Dining", "Tea & Coffee", (
        "tea", "teapot", "teacup", "coffee", "mug", "mugs", "cup", "saucer", "cups", "teatime", "egg",
    )),
    ("Kitchen & Dining", "Plates & Bowls", (
        "plate", "plates", "bowl", "bowls", "dish", "dishes", "cutlery", "spoon", "fork", "knife", "napkin",
        "napkins", "tray", "trays", "coaster", "coasters", "placemat", "glass", "tumbler", "jug", "doily", "doilies",
        "straws",
    )),
    ("Kitchen & Dining", "Kitchen Linen", (
        "apron", "towel", "oven", "glove", "cosy", "tablecloth", "teatowel",
    )),
    ("Kitchen & Dining", "Tins & Storage", (
        "tin", "tins", "jar", "jars", "canister", "storage", "basket", "baskets", "box", "boxes", "crate", "rack",
        "bin", "drawer", "cabinet", "chest",
    )),
    ("Home & Living", "Candles & Lights", (
        "candle", "candles", "t-light", "light", "lights", "lantern", "lamp", "holder", "incense", "candlestick",
        "lampshade", "night", "chandelier",
    )),
    ("Home & Living", "Scents & Bath", (
        "soap", "bath", "scented", "fragrance", "lavender", "oil", "potpourri", "sponge", "bathroom",
    )),
    ("Home & Living", "Clocks & Mirrors", (
        "clock", "clocks", "mirror", "mirrors", "alarm",
    )),
    ("Home & Living", "Signs & Decoration", (
        "sign", "signs", "wall", "hanging", "decoration", "decorations", "wreath", "plaque", "ornament", "hook",
        "hooks", "knob", "knobs", "heart", "hearts", "bird", "birds", "star", "stars", "letter", "letters", "block",
    )),
    ("Home & Living", "Frames & Pictures", (
        "frame", "frames", "picture", "photo", "art", "print", "prints", "canvas",
    )),
    ("Home & Living", "Cushions & Throws", (
        "cushion", "cushions", "throw", "quilt", "rug", "blanket", "doormat", "doorstop", "draught", "curtain",
        "fleece",
    )),
    ("Home & Living", "Furniture", (
        "stool", "chair", "table", "shelf", "shelves", "stand", "cupboard", "sideboard", "bench", "ladder",
    )),
    ("Garden & Outdoors", "Garden", (
        "garden", "watering", "planter", "plant", "plants", "pot", "pots", "seed", "seeds", "flower", "flowers",
        "herb", "birdhouse", "windmill", "spade", "trowel", "hanger", "gnome",
    )),
    ("Stationery & Craft", "Stationery", (
        "notebook", "pen", "pens", "pencil", "pencils", "paper", "notepad", "journal", "book", "eraser", "ruler",
        "sticker", "stickers", "envelope", "stamp", "calendar", "diary", "memo", "magnet", "magnets", "clip",
        "clips", "tape", "chalk",
    )),
    ("Stationery & Craft", "Sewing & Craft", (
        "sewing", "craft", "knitting", "felt", "feltcraft", "kit", "button", "buttons", "needle", "crochet",
        "fabric", "patch",
    )),
    ("Toys & Children", "Toys & Games", (
        "toy", "toys", "game", "games", "doll", "dolls", "jigsaw", "puzzle", "playhouse", "dominoes", "spinning",
        "teddy", "soldier", "skittles", "yo-yo", "marbles", "cards-game", "tattoos", "dinosaur", "robot", "piggy",
        "skipping", "magic",
    )),
    ("Toys & Children", "For Children", (
        "children", "childrens", "child", "childs", "girl", "boy", "baby", "kids", "spaceboy", "nursery", "school",
        "bib",
    )),
    ("Gifts & Curiosities", "Home Curiosities", (
        "vintage", "retro", "antique", "zinc", "wicker", "metal", "wooden", "wood", "enamel", "ceramic", "crystal",
        "feather",
    )),
)  # fmt: skip
_SHELF_OF: dict[str, tuple[int, str, str]] = {}
for _rank, (_department, _category, _words) in enumerate(_RULES):
    for _word in _words:
        _SHELF_OF.setdefault(_word, (_rank, _department, _category))


def shelf_of(description: str) -> tuple[str, str]:
    """(department, category) for a product's description."""
    words = re.findall(
        r"[a-z]+(?:-[a-z]+)*", description.lower().replace("t light", "t-light").replace("tlight", "t-light")
    )
    found = [_SHELF_OF[word] for word in words if word in _SHELF_OF]
    if not found:
        return EVERYTHING_ELSE
    _rank_of_it, department, category = min(found)
    return department, category


def department_position(name: str) -> int:
    """Where a department stands in the shop's navigation."""
    return DEPARTMENTS.index(name)


def product_name(description: str) -> str:
    """A description in capitals as a name: `WHITE METAL LANTERN` → `White Metal Lantern`."""
    words = " ".join(description.replace("\x00", "").split()).strip(" .,;*").split(" ")
    small = {"of", "and", "with", "in", "on", "for", "the", "a", "to"}
    return " ".join(
        word.lower() if index and word.lower() in small else _capitalised(word) for index, word in enumerate(words)
    )[:160]


def _capitalised(word: str) -> str:
    if not word.isupper():
        return word
    return re.sub(r"[A-Z]+('[A-Z]+)?", lambda found: found[0].capitalize(), word)
