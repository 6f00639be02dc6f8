"""Product pictures: package art drawn as SVG from brand, category, department and size, always the same for a product.

The words of category and name choose one of some fifty shapes; the brand chooses colours and label style.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from html import escape

from . import artwork_goods as goods
from . import artwork_packages as packages
from .artwork_label import Look, look

VERSION = "1"
"""Part of every ETag and address: raise it when the drawings change, as browsers keep them for a year."""

Drawing = Callable[[Look], str]


def artwork(*, name: str, brand: str, category: str, department: str, size: str) -> str:
    """The picture as an SVG document of about 2-5 kB; every text in it is escaped."""
    words = _folded(f"{name} {category} {department} {size}")
    seen = look(name=name, brand=brand, size=size, words=words)
    drawing = _drawing(_folded(name), _folded(category), _folded(department), words)
    return _FRAME.format(title=escape(f"{brand} {name}".strip()), drawing=drawing(seen))


def etag(*, name: str, brand: str, category: str, department: str, size: str) -> str:
    """Changes with whatever the picture shows."""
    told = "/".join((VERSION, name, brand, category, department, size))
    return f"{zlib.crc32(told.encode()):08x}-{len(told):x}"


_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" width="320" height="320" role="img">'
    "<title>{title}</title><defs>"
    '<linearGradient id="s"><stop offset="0" stop-opacity=".3"/><stop offset=".16" stop-color="#fff" stop-opacity=".1"/>'
    '<stop offset=".3" stop-color="#fff" stop-opacity=".3"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/>'
    '<stop offset="1" stop-opacity=".32"/></linearGradient>'
    '<linearGradient id="f" x2=".3" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".24"/>'
    '<stop offset=".5" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-opacity=".14"/></linearGradient>'
    '<radialGradient id="g"><stop offset="0" stop-opacity=".34"/><stop offset="1" stop-opacity="0"/></radialGradient>'
    '</defs><ellipse cx="160" cy="292" rx="128" ry="17" fill="url(#g)"/>{drawing}</svg>'
)

# Read from top to bottom; the first row of which a word begins a word of the product decides.
_BY_WORDS: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("greeting card postcard wrap", (goods.card,)),
    ("magazine book newspaper stationery notebook diary journal", (goods.book,)),
    ("candle t-light tealight votive", (goods.candle,)),
    ("lantern lamp light lights", (goods.lantern,)),
    ("necklace bracelet earring ring jewel brooch", (goods.jewel,)),
    ("cushion pillow", (goods.cushion,)),
    ("mug cup cups teacup", (goods.mug,)),
    ("bag bags tote shopper backpack handbag", (goods.tote,)),
    ("sign frame clock mirror chalkboard blackboard plaque", (goods.sign,)),
    ("bauble ornament decoration christmas halloween easter valentine seasonal holiday bunting garland", (goods.bauble, goods.gift)),
    ("toy toys game games doll puzzle play memorabil sports", (goods.toy,)),
    ("tin tins", (packages.tin,)),
    ("apparel hosiery sock towel domestic cloth apron tea-towel shirt sewing shoe", (goods.cloth,)),
)  # fmt: skip

_BY_CATEGORY: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("egg", (packages.egg_box,)),
    ("liquor wine champagne", (packages.wine,)),
    ("beer beers ale ales cider", (packages.beer, packages.drink_can)),
    ("soft soda carbonated energy", (packages.drink_can, packages.bottle)),
    ("water isotonic drink drinks beverage tea-iced", (packages.bottle,)),
    ("milk creamer", (packages.gable, packages.jug)),
    ("juice juices refrgratd-juices", (packages.gable, packages.bottle)),
    ("detergent bleach softener laundry", (packages.jug,)),
    ("cleaner cleaners household air insecticide ironing", (packages.spray, packages.jug)),
    ("shampoo hair conditioner lotion soap hand bath-gel", (packages.pump, packages.bottle)),
    ("oral tooth makeup beauty cosmetic facial suntan foot ethnic", (packages.tube, packages.pump)),
    ("deodorant shaving fragrance", (packages.stick, packages.spray)),
    ("vitamin vitamins analgesic antacid laxative cold sinus pharmacy dietary medicine first diet fitness smoking", (packages.pill_bottle, packages.small_box)),
    ("tissue tissues paper towels napkin diaper diapers feminine incontinence", (packages.rolls, packages.small_box)),
    ("battery batteries electrical hardware film audio video accessories gadget automotive prepaid hooks", (packages.blister,)),
    ("pizza frozen-pizza", (packages.flat_box,)),
    ("ice sherbet sherbert novelties", (packages.tub, packages.carton)),
    ("yogurt", (packages.cup,)),
    ("margarine butter dip dips cottage sour", (packages.tub,)),
    ("soup beans canned vegetables-shelf tuna fruit-shelf meat-shelf seafood-shelf tomato-sauce shelf", (packages.can,)),
    ("baby infant formula", (packages.jar, packages.carton)),
    ("jam jelly jams jellies peanut pickle pickles relish olive olives pasta-sauce salsa honey condiment condiments spread spices spice sauce sauces preserve", (packages.jar,)),
    ("dressing dressings syrup ketchup mustard vinegar oil shortening molasses topping", (packages.bottle,)),
    ("coffee", (packages.pouch, packages.can)),
    ("tea teas cocoa", (packages.small_box,)),
    ("dog cat pet bird seed litter flour sugar sugars charcoal rice", (packages.sack,)),
    ("cereal cracker crackers cookie cookies mix mixes dinner breakfast macaroni pasta noodles popcorn", (packages.carton, packages.small_box)),
    ("snack snacks chip chips candy pretzel nuts nut bag dried", (packages.bag, packages.pouch)),
    ("flowering foliage plants plant garden lawn", (goods.plant,)),
    ("floral flower flowers rose roses bouquet lily", (goods.bouquet,)),
    ("salad", (lambda seen: packages.clear_tray(seen, goods.greens(seen)),)),
    ("sushi deli heat serve prepared sandwich sandwiches party tray trays", (lambda seen: packages.clear_tray(seen, goods.bites(seen)),)),
    ("hot-dog hot bacon sausage lunchmeat smoked ham cheese cheeses", (packages.vacuum,)),
    ("beef pork chicken turkey lamb veal meat meats seafood fish poultry", (packages.meat_tray,)),
    ("frozen frzn", (packages.bag, packages.flat_box)),
    ("pie pies", (goods.pie,)),
    ("cake cakes sweet pastry donut donuts muffin dessert", (goods.cake,)),
    ("bread breads bun buns roll rolls bagel dough", (packages.loaf_bag,)),
    ("cookware bakeware pan kitchen glassware dinnerware houseware housewares appliance", (goods.pan, goods.mug)),
    ("broom mop trash wraps foil foilware filters", (packages.small_box, packages.rolls)),
    ("water", (packages.bottle,)),
)  # fmt: skip

_BY_DEPARTMENT: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("produce", (goods.produce,)),
    ("bakery pastry", (goods.bread, goods.cake)),
    ("floral flowers", (goods.bouquet,)),
    ("garden", (goods.plant,)),
    ("cosmetics beauty", (packages.tube, packages.pump)),
    ("spirits wine", (packages.wine,)),
    ("meat packaged-meat", (packages.meat_tray,)),
    ("seafood", (packages.meat_tray,)),
    ("deli salad restaurant chef", (lambda seen: packages.clear_tray(seen, goods.bites(seen)),)),
    ("drug health", (packages.small_box, packages.pill_bottle, packages.blister)),
    ("grocery natural", (packages.carton, packages.bag, packages.can)),
)  # fmt: skip

_ANYTHING: tuple[Drawing, ...] = (goods.gift, packages.small_box, goods.tote)

# Departments where the thing itself is sold: its name says more about the shape than any package.
_LOOSE = ("produce", "bakery", "pastry", "flower", "floral")


def _drawing(name: str, category: str, department: str, words: str) -> Drawing:
    bare = any(f" {word}" in department for word in _LOOSE)
    tables = (
        (department, _BY_DEPARTMENT[:1]),
        (category, _BY_WORDS + _BY_CATEGORY),
        (name, _BY_CATEGORY if bare else _BY_WORDS + _BY_CATEGORY),
        (department, _BY_DEPARTMENT),
    )
    for text, table in tables:
        for keys, drawings in table:
            if any(f" {key} " in text or (len(key) > 4 and f" {key}" in text) for key in keys.split()):
                return drawings[zlib.crc32(words.encode()) % len(drawings)]
    return _ANYTHING[zlib.crc32(words.encode()) % len(_ANYTHING)]


def _folded(text: str) -> str:
    return f" {re.sub(r'[^a-z0-9]+', ' ', text.casefold())} "
