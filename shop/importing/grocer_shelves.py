"""Where a grocer's till categories stand in the web shop, and which of them can't be sold on the web at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .naming import kind_name

NOT_SOLD_ONLINE = "Not sold online"

DEPARTMENTS = (
    "Fruit & Vegetables", "Bakery", "Dairy & Eggs", "Meat & Poultry", "Fish & Seafood", "Deli & Prepared", "Frozen",
    "Pantry", "Snacks & Sweets", "Drinks", "Beer, Wine & Spirits", "Natural & Nutrition", "Household & Pets",
    "Health & Beauty", "Baby", "Home, Toys & Stationery", "Flowers & Garden", NOT_SOLD_ONLINE,
)  # fmt: skip

AGE_LIMITS = {"Beer, Wine & Spirits": 21}
"""Departments whose goods are sold to grown-ups only, by the law of the source's country."""

SERIAL_NUMBERED = frozenset({"Personal Care Appliances", "Portable Electric Appliances"})
"""Categories whose pieces have serial numbers and a warranty."""

_BY_SOURCE = {
    "PRODUCE": "Fruit & Vegetables", "PASTRY": "Bakery", "MEAT": "Meat & Poultry", "MEAT-PCKGD": "Meat & Poultry",
    "SEAFOOD": "Fish & Seafood", "SEAFOOD-PCKGD": "Fish & Seafood", "DELI": "Deli & Prepared",
    "CHEF SHOPPE": "Deli & Prepared", "SALAD BAR": "Deli & Prepared", "FROZEN GROCERY": "Frozen", "GROCERY": "Pantry",
    "SPIRITS": "Beer, Wine & Spirits", "NUTRITION": "Natural & Nutrition", "DRUG GM": "Home, Toys & Stationery",
    "COSMETICS": "Health & Beauty", "FLORAL": "Flowers & Garden", "GARDEN CENTER": "Flowers & Garden",
}  # fmt: skip

# The two departments that are a whole supermarket of their own are spread over the shelves a shopper looks for.
_BY_CATEGORY = {
    "Bakery": (
        "BAKED BREAD/BUNS/ROLLS", "BAKED SWEET GOODS",
    ),
    "Dairy & Eggs": (
        "FLUID MILK PRODUCTS", "CHEESE", "EGGS", "BUTTER", "MARGARINES", "YOGURT", "MILK BY-PRODUCTS", "MISC. DAIRY",
        "REFRGRATD DOUGH PRODUCTS",
    ),
    "Frozen": (
        "FRZN ICE", "ICE CREAM/MILK/SHERBTS", "FRZN VEGETABLE/VEG DSH", "FROZEN PIZZA", "FRZN BREAKFAST FOODS",
        "FROZEN PIE/DESSERTS", "FROZEN BREAD/DOUGH", "FRZN NOVELTIES/WTR ICE", "FRZN MEAT/MEAT DINNERS",
        "FRZN JCE CONC/DRNKS", "FRZN POTATOES", "FRZN FRUITS", "FROZEN CHICKEN", "FRZN SEAFOOD", "FROZEN MEAT",
        "FROZEN PACKAGE MEAT", "FROZEN - BOXED(GROCERY)", "FROZEN",
    ),
    "Snacks & Sweets": (
        "BAG SNACKS", "CRACKERS/MISC BKD FD", "COOKIES/CONES", "SNACK NUTS", "WAREHOUSE SNACKS", "CANDY - PACKAGED",
        "CANDY - CHECKLANE", "CONVENIENT BRKFST/WHLSM SNACKS", "POPCORN", "SNACKS",
    ),
    "Drinks": (
        "COFFEE", "SOFT DRINKS", "WATER - CARBONATED/FLVRD DRINK", "ISOTONIC DRINKS", "REFRGRATD JUICES/DRNKS",
        "COCOA MIXES", "TEAS", "CANNED JUICES", "PWDR/CRYSTL DRNK MX", "NEW AGE", "SERVICE BEVERAGE",
        "COFFEE FILTERS",
    ),
    "Beer, Wine & Spirits": (
        "LIQUOR", "BEERS/ALES", "DOMESTIC WINE", "IMPORTED WINE", "MISC WINE",
    ),
    "Household & Pets": (
        "AIR CARE", "PAPER HOUSEWARES", "HOUSEHOLD CLEANG NEEDS", "FD WRAPS/BAGS/TRSH BG", "FACIAL TISS/DNR NAPKIN",
        "BATH TISSUES", "DOG FOODS", "LAUNDRY ADDITIVES", "LAUNDRY DETERGENTS", "BLEACH", "PAPER TOWELS", "CAT FOOD",
        "DISHWASH DETERGENTS", "CAT LITTER", "PET CARE SUPPLIES", "BIRD SEED", "INSECTICIDES", "BROOMS AND MOPS",
        "DISPOSIBLE FOILWARE", "IRONING AND CHEMICALS", "PLASTIC HOUSEWARES", "BATTERIES",
        "CHARCOAL AND LIGHTER FLUID",
    ),
    "Health & Beauty": (
        "DIETARY AID PRODUCTS", "SHAVING CARE PRODUCTS", "FIRST AID PRODUCTS", "COLD AND FLU", "SOAP - LIQUID & BAR",
        "VITAMINS", "HAND/BODY/FACIAL PRODUCTS", "ORAL HYGIENE PRODUCTS", "FEMININE HYGIENE", "HAIR CARE PRODUCTS",
        "SINUS AND ALLERGY", "FOOT CARE PRODUCTS", "EYE AND EAR CARE PRODUCTS", "LAXATIVES", "SUNTAN", "ANTACIDS",
        "PERSONAL CARE APPLIANCES", "DEODORANTS", "HAIR CARE ACCESSORIES", "ANALGESICS", "FAMILY PLANNING",
        "ADULT INCONTINENCE", "NATURAL HBC", "ETHNIC PERSONAL CARE", "GLASSES/VISION AIDS", "HOME HEALTH CARE",
        "MISCELLANEOUS HBC", "SMOKING CESSATIONS", "SHOE CARE", "FITNESS&DIET", "MAKEUP AND TREATMENT", "BATH",
        "FRAGRANCES", "COSMETIC ACCESSORIES",
    ),
    "Baby": (
        "BABY HBC", "BABY FOODS", "INFANT CARE PRODUCTS", "INFANT FORMULA", "DIAPERS & DISPOSABLES", "BABYFOOD",
    ),
    "Flowers & Garden": (
        "LAWN AND GARDEN SHOP",
    ),
    NOT_SOLD_ONLINE: (
        "COUPON/MISC ITEMS", "COUPON", "COUPONS/STORE & MFG", "BOTTLE DEPOSITS", "CIGARETTES", "CIGARS",
        "TOBACCO OTHER", "TICKETS", "PREPAID WIRELESS&ACCESSORIES", "LONG DISTANCE CALLING CARDS",
        "IN-STORE PHOTOFINISHING", "OVERNIGHT PHOTOFINISHING", "PHARMACY", "NEWSPAPER", "PROPANE", "FIREWORKS",
        "DELI SUPPLIES", "MEAT SUPPLIES", "PROD SUPPLIES", "CONTINUITIES", "MISCELLANEOUS", "FUEL", "COFFEE SHOP",
        "COFFEE SHOP SWEET GOODS&RETAIL", "QUICK SERVICE", "J-HOOKS",
    ),
}  # fmt: skip
_SHELF_OF = {category: shelf for shelf, categories in _BY_CATEGORY.items() for category in categories}

_CATEGORY_NAMES = {
    "BABY HBC": "Baby Care", "BAG SNACKS": "Chips & Bag Snacks", "BAKED BREAD/BUNS/ROLLS": "Bread, Buns & Rolls",
    "BAKED SWEET GOODS": "Cakes & Sweet Goods", "BATH": "Bath & Shower", "BEANS - CANNED GLASS & MW": "Canned Beans",
    "BEVERAGE": "Beverages", "BOOKSTORE": "Books", "BOUQUET (NON ROSE)": "Bouquets", "BULK FOODS": "Loose Foods",
    "BABYFOOD": "Natural Baby Food", "CANDY - CHECKLANE": "Candy Bars & Mints",
    "CANDY - PACKAGED": "Bagged & Boxed Candy", "CHEESES": "Deli Cheese",
    "CHICKEN/POULTRY": "Rotisserie & Fried Chicken", "CHRISTMAS  SEASONAL": "Christmas",
    "CONVENIENT BRKFST/WHLSM SNACKS": "Breakfast Bars & Pastries", "CRACKERS/MISC BKD FD": "Crackers",
    "DINNER MXS:DRY": "Dinner Mixes", "DISHWASH DETERGENTS": "Dishwashing", "DOLLAR VALUE PRODUCTS": "Bargains",
    "DOMESTIC GOODS": "Home Textiles", "DRY BN/VEG/POTATO/RICE": "Rice, Beans & Potatoes",
    "FACIAL TISS/DNR NAPKIN": "Tissues & Napkins", "ETHNIC PERSONAL CARE": "Textured Hair & Skin Care",
    "FALL AND WINTER SEASONAL": "Fall & Winter", "FD WRAPS/BAGS/TRSH BG": "Food Wraps & Trash Bags",
    "FLORAL- HARD GOODS": "Vases & Decorations", "FLORAL-ACCESSORIES": "Flower Accessories",
    "FLORAL-FRESH CUT": "Fresh Cut Flowers", "FLUID MILK PRODUCTS": "Milk & Cream", "FROZEN": "Natural Frozen Foods",
    "FROZEN - BOXED(GROCERY)": "Boxed Frozen Seafood", "FRZN ICE": "Ice",
    "FRZN JCE CONC/DRNKS": "Frozen Juice & Drinks", "FRZN MEAT/MEAT DINNERS": "Frozen Dinners",
    "FRZN NOVELTIES/WTR ICE": "Ice Pops & Novelties", "FRZN VEGETABLE/VEG DSH": "Frozen Vegetables",
    "FRUIT - SHELF STABLE": "Canned & Jarred Fruit", "GLASSES/VISION AIDS": "Reading Glasses",
    "GREETING CARDS/WRAP/PARTY SPLY": "Greeting Cards & Party", "HEAT/SERVE": "Heat & Serve",
    "HISPANIC": "Mexican & World Foods", "HOUSEHOLD CLEANG NEEDS": "Household Cleaning",
    "ICE CREAM/MILK/SHERBTS": "Ice Cream & Sherbet", "IRONING AND CHEMICALS": "Ironing & Fabric Care",
    "ISOTONIC DRINKS": "Sports Drinks", "JUICE": "Natural Juice", "MAGAZINE": "Magazines",
    "MAKEUP AND TREATMENT": "Makeup", "MEAT - MISC": "Meat Selection", "MEAT - SHELF STABLE": "Canned Meat",
    "MILK BY-PRODUCTS": "Sour Cream & Cottage Cheese", "MISC WINE": "Wine Specialties",
    "MISC. DAIRY": "Dairy Specialties", "MISCELLANEOUS HBC": "Health & Beauty Extras",
    "MOLASSES/SYRUP/PANCAKE MIXS": "Syrups & Pancake Mixes", "NDAIRY/TEAS/JUICE/SOD": "Natural Drinks",
    "NEW AGE": "Teas & Juice Drinks", "NON EDIBLE PRODUCTS": "Natural Home & Body",
    "NON-DAIRY BEVERAGES": "Plant-Based Drinks", "ORGANICS FRUIT & VEGETABLES": "Organic Fruit & Vegetables",
    "PAPER HOUSEWARES": "Paper Plates & Party Ware", "PKG.SEAFOOD MISC": "Packaged Seafood",
    "PNT BTR/JELLY/JAMS": "Peanut Butter, Jelly & Jams", "PROCESSED": "Prepared Produce & Dips",
    "PWDR/CRYSTL DRNK MX": "Drink Mixes", "REFRIGERATED": "Natural Chilled Foods",
    "SALD DRSNG/SNDWCH SPRD": "Salad Dressings & Spreads", "RW FRESH PROCESSED MEAT": "Fresh Seasoned Meat",
    "SEAFOOD - MISC": "Seafood Selection", "SEAFOOD - SHELF STABLE": "Canned Seafood",
    "SEAFOOD-FRESH": "Fresh Seafood", "SEASONAL": "Seasonal Produce",
    "SNKS/CKYS/CRKR/CNDY": "Natural Snacks & Cookies", "SOAP - LIQUID & BAR": "Soap",
    "SPRING/SUMMER SEASONAL": "Spring & Summer", "SUNTAN": "Sun Care", "SNACKS": "Deli Snacks",
    "VALENTINE": "Valentine's Day", "VALUE ADDED FRUIT": "Cut Fruit", "VALUE ADDED VEGETABLES": "Cut Vegetables",
    "VEGETABLES - ALL OTHERS": "Fresh Vegetables", "VEGETABLES - SHELF STABLE": "Canned Vegetables",
    "VEGETABLES SALAD": "Salad Vegetables", "WAREHOUSE SNACKS": "Snack Boxes",
    "WATCHES/CALCULATORS/LOBBY": "Watches & Calculators", "WATER": "Natural Water",
    "WATER - CARBONATED/FLVRD DRINK": "Water", "SOUP": "Soup", "SERVICE BEVERAGE": "Ready Drinks",
    "REFRGRATD JUICES/DRNKS": "Chilled Juices & Drinks", "REFRGRATD DOUGH PRODUCTS": "Chilled Dough",
    "COUPON/MISC ITEMS": "Coupons & sundries", "J-HOOKS": "Sundries", "MISCELLANEOUS": "Sundries",
    "CANDLES/ACCESSORIES": "Candles", "CONDIMENTS/SAUCES": "Condiments & Sauces", "COUPONS/STORE & MFG": "Coupons",
}  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """Where a till category stands. `listed` is False where it can't be sold on the web."""

    department: str
    category: str
    listed: bool


@cache
def shelf_of(department: str, category: str) -> Shelf:
    """The place of a till category ("" = none) of a till department ("" = the source doesn't know the product)."""
    place = _BY_SOURCE.get(department, NOT_SOLD_ONLINE)
    if place != NOT_SOLD_ONLINE and department in {"GROCERY", "DRUG GM", "COSMETICS"}:
        place = _SHELF_OF.get(category, place)
    elif _SHELF_OF.get(category) == NOT_SOLD_ONLINE:
        place = NOT_SOLD_ONLINE
    if place == NOT_SOLD_ONLINE:
        return Shelf(
            place, _category_name(category) if category else kind_name(department) or "Unknown products", False
        )
    return Shelf(place, _category_name(category) if category else kind_name(department), True)


def _category_name(category: str) -> str:
    return _CATEGORY_NAMES.get(category) or kind_name(category) or "Sundries"
