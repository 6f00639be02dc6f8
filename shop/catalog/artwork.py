"""Product pictures: package art drawn as SVG from brand, category, department and size, always the same for a product.

The words of category and name choose one of some fifty shapes; the brand chooses colours and label style.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from functools import cache
from html import escape

from . import artwork_goods as goods
from . import artwork_packages as packages
from .artwork_label import Look, look

VERSION = "1"
"""Part of every ETag and address: raise it when the drawings change, as browsers keep them for a month."""

Drawing = Callable[[Look], str]


def artwork(*, name: str, brand: str, category: str, department: str, size: str) -> str:
    """The picture as an SVG document of about 2-5 kB; every text in it is escaped."""
    name, brand, size = _printable(name), _printable(brand), _printable(size)
    words = _folded(f"{name} {category} {department} {size}")
    seen = look(name=name, brand=brand, size=size, words=_folded(f"{name} {category}"))
    drawing = _drawing(_folded(name), _folded(category), _folded(department), words, branded=bool(brand.strip()))
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


def _greens(seen: Look) -> str:
    return packages.clear_tray(seen, goods.greens(seen))


def _bites(seen: Look) -> str:
    return packages.clear_tray(seen, goods.bites(seen))


# Read from top to bottom; the first row with a word of the category decides, else of the name, else of the department.
# A word stands for its plural, too; one that ends in * for all that begin with it; _ is a space.
_SHAPES: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("wine liquor champagne spirits", (packages.wine,)),
    ("canned", (packages.can,)),
    ("sports_drink sport_drink", (packages.bottle,)),
    ("peanut_butter jelly jam preserve", (packages.jar,)),
    ("egg", (packages.egg_box,)),
    ("hot_dog bacon lunchmeat sausage smoked", (packages.vacuum,)),
    ("fowl poultry", (packages.meat_tray,)),
    ("charcoal firewood litter", (packages.sack,)),
    ("snack chip popcorn pretzel crouton", (packages.bag, packages.pouch)),
    ("tissue napkin towel diaper feminine incontinence", (packages.rolls, packages.small_box)),
    ("trash wrap foil foilware filter broom mop disposable disposible", (packages.small_box, packages.carton)),
    ("greeting card postcard", (goods.card,)),
    ("magazine book* newspaper stationery notebook diary journal", (goods.book,)),
    ("candle t_light tealight votive incense", (goods.candle,)),
    ("lantern lamp light", (goods.lantern,)),
    ("necklace bracelet earring ring jewel* brooch watch", (goods.jewel,)),
    ("cushion pillow doorstop", (goods.cushion,)),
    ("mug teacup cup", (goods.mug,)),
    ("bag tote shopper backpack handbag", (goods.tote,)),
    ("sign frame clock mirror chalkboard blackboard plaque hook furnishing", (goods.sign,)),
    ("bauble ornament decoration christmas xmas halloween easter valentine seasonal seasonals holiday bunting garland firework", (goods.bauble, goods.gift)),
    ("toy game doll puzzle play memorab* sport", (goods.toy,)),
    ("tin", (packages.tin,)),
    ("apparel hosiery sock cloth apron shirt sewing domestic textile scarf", (goods.cloth,)),
    ("beer ale cider", (packages.beer, packages.drink_can)),
    ("soft soda carbonated energy", (packages.drink_can, packages.bottle)),
    ("water isotonic", (packages.bottle,)),
    ("ice sherbet sherbt novelt*", (packages.tub, packages.carton)),
    ("yogurt pudding", (packages.cup,)),
    ("milk creamer dairy", (packages.gable, packages.jug)),
    ("juice drink beverage", (packages.gable, packages.bottle)),
    ("detergent bleach softener laundry", (packages.jug,)),
    ("cleaner cleang cleaning household air insecticide ironing", (packages.spray, packages.jug)),
    ("oral tooth* makeup beauty cosmetic facial suntan foot ethnic treatment", (packages.tube, packages.pump)),
    ("shampoo hair conditioner lotion soap hand bath", (packages.pump, packages.bottle)),
    ("deodorant shaving fragrance", (packages.stick, packages.spray)),
    ("cereal", (packages.carton,)),
    ("vitamin analgesic antacid laxative cold sinus pharmacy diet* medicine first fitness smoking", (packages.pill_bottle, packages.small_box)),
    ("battery batterie electric* hardware film audio video automotive prepaid gadget tobacco cigarette", (packages.blister,)),
    ("pizza", (packages.flat_box,)),
    ("margarine butter dip cottage sour", (packages.tub, packages.cup)),
    ("soup canned bean shelf", (packages.can,)),
    ("infant baby", (packages.jar, packages.carton)),
    ("jam jelly jellie peanut pickle relish olive salsa honey condiment spread spice sauce preserve extract", (packages.jar,)),
    ("dressing drsng syrup ketchup mustard vinegar oil shortening molasses topping", (packages.bottle,)),
    ("coffee", (packages.pouch, packages.can)),
    ("tea cocoa", (packages.small_box, packages.tin)),
    ("dog cat pet bird seed flour sugar rice", (packages.sack,)),
    ("cereal cracker cookie mix mixe dinner breakfast brkfst macaroni pasta noodle", (packages.carton, packages.small_box)),
    ("candy nut trail dried", (packages.bag, packages.pouch)),
    ("flowering foliage plant garden lawn", (goods.plant,)),
    ("floral flower rose bouquet lily", (goods.bouquet,)),
    ("salad", (_greens,)),
    ("sushi sandwich sandwiche heat serve prepared party_tray tray", (_bites,)),
    ("dog bacon sausage lunchmeat smoked ham cheese", (packages.vacuum,)),
    ("beef pork chicken turkey lamb veal meat seafood fish poultry", (packages.meat_tray,)),
    ("frozen frzn", (packages.bag, packages.flat_box)),
    ("pie", (goods.pie,)),
    ("cake pastry donut muffin dessert sweet", (goods.cake,)),
    ("bread bun roll bagel dough", (packages.loaf_bag,)),
    ("plate bowl party_ware", (goods.bowls,)),
    ("cookware bakeware pan kitchen appliance", (goods.pan,)),
    ("glassware dinnerware houseware* jug teapot", (goods.mug, goods.pan)),
)  # fmt: skip

# What carries no brand is no packaged good but the thing itself: here the name decides first.
_THINGS: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("t_light tealight candle holder candlestick incense", (goods.candle,)),
    ("lantern light lamp chandelier lampshade", (goods.lantern,)),
    ("teacup mug cup saucer beaker teapot coffee tea cocoa", (goods.mug,)),
    ("umbrella parasol", (goods.umbrella,)),
    ("cushion doorstop doormat throw quilt blanket rug", (goods.cushion,)),
    ("apron towel glove cosy scarf tablecloth napkin sewing knitting feltcraft felt craft sock hat", (goods.cloth,)),
    ("cake cakestand cupcake muffin", (goods.cake,)),
    ("tin canister storage box lunch snack jar drawer cabinet chest trinket", (packages.tin,)),
    ("plate bowl dish tray jug glass tumbler cutlery spoon dinner", (goods.bowls,)),
    ("pan kitchen baking mould oven", (goods.pan,)),
    ("bottle flask", (packages.bottle,)),
    ("bag shopper handbag purse wallet satchel rucksack backpack tote passport luggage travel basket", (goods.tote,)),
    ("clock sign plaque frame mirror chalkboard blackboard wall hanging hook picture photo canvas knob letter", (goods.sign,)),
    ("christmas xmas bauble ornament decoration easter", (goods.bauble, goods.gift)),
    ("necklace bracelet earring ring jewel* brooch pendant bangle charm", (goods.jewel,)),
    ("card postcard wrap ribbon tag tissue", (goods.card,)),
    ("notebook book pen pencil paper journal notepad diary calendar sticker stationery memo", (goods.book,)),
    ("plant planter pot flower garden herb watering seed", (goods.plant,)),
    ("toy game doll puzzle children childrens spaceboy skipping dinosaur spinning jigsaw teddy playhouse", (goods.toy,)),
    ("soap bath lotion scented fragrance lavender bathroom", (packages.pump,)),
    ("party birthday bunting garland balloon gift set", (goods.gift,)),
    ("heart star bird vintage wooden metal ceramic", (goods.bauble, goods.sign)),
)  # fmt: skip

# Where goods are sold without a package, the department decides before the words do …
_LOOSE: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("produce fruit vegetable", (goods.produce,)),
    ("bakery", (goods.bread, goods.cake)),
)
# … except for what has one even there.
_PACKED_THERE: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("salad croissant", (_greens,)),
    ("juice dressing", (packages.bottle,)),
    ("popcorn crouton dried processed nut snack supplie coupon misc", (packages.bag, packages.pouch)),
    ("cake sweet donut tray", (goods.cake,)),
    ("pie", (goods.pie,)),
    ("cookie", (packages.carton,)),
    ("bread bun roll bagel", (goods.bread, packages.loaf_bag)),
)

_BY_DEPARTMENT: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("floral flower", (goods.bouquet,)),
    ("garden", (goods.plant,)),
    ("cosmetic beauty", (packages.tube, packages.pump)),
    ("meat seafood", (packages.meat_tray,)),
    ("deli salad restaurant chef", (_bites,)),
    ("drug health", (packages.small_box, packages.pill_bottle, packages.blister)),
    ("kitchen", (goods.pan, goods.mug)),
    ("grocery natural nutrition pantry snack baking", (packages.carton, packages.bag, packages.can)),
)

_ANYTHING: tuple[Drawing, ...] = (goods.gift, packages.small_box, goods.tote)


def _drawing(name: str, category: str, department: str, words: str, *, branded: bool) -> Drawing:
    loose = _choices(department, _LOOSE)
    thing = () if branded or loose else _choices(name, _THINGS) or _choices(category, _THINGS)
    if thing:
        found = thing
    elif loose:
        found = _choices(category, _PACKED_THERE) or _choices(name, _PACKED_THERE) or loose
    else:
        found = _choices(category, _SHAPES) or _choices(name, _SHAPES) or _choices(department, _SHAPES + _BY_DEPARTMENT)
    drawings = found or _ANYTHING
    return drawings[zlib.crc32(words.encode()) % len(drawings)]


def _choices(words: str, table: tuple[tuple[str, tuple[Drawing, ...]], ...]) -> tuple[Drawing, ...]:
    return next((drawings for pattern, drawings in _compiled(table) if pattern.search(words)), ())


@cache
def _compiled(table: tuple[tuple[str, tuple[Drawing, ...]], ...]) -> list[tuple[re.Pattern[str], tuple[Drawing, ...]]]:
    def alternative(key: str) -> str:
        return key[:-1] + r"\w*" if key.endswith("*") else key.replace("_", " ") + "s?"

    return [(re.compile(rf"\b(?:{'|'.join(map(alternative, keys.split()))})\b"), found) for keys, found in table]


def _folded(text: str) -> str:
    return f" {re.sub(r'[^a-z0-9]+', ' ', text.casefold())} "


def _printable(text: str) -> str:
    """Without control characters, which no XML document may hold."""
    return "".join(letter for letter in text if letter.isprintable())
