"""The words behind `naming`: what a grocer's till abbreviations mean, and which kinds carry no name at all."""

from __future__ import annotations

ABBREVIATIONS = {
    "ACC": "accessories", "ACCESS": "accessories", "ACCSS": "accessories", "ACCESSIORES": "accessories",
    "ADDITI": "additives", "ASCEPTIC": "aseptic", "ASST": "assorted", "BA": "", "BEERALE": "beer",
    "BEERALEMALT": "malt", "BEV": "beverage", "BKD": "baked", "BKNGWARES": "bakeware", "BLK": "bulk", "BN": "beans",
    "BNDGES": "bandages", "BRD": "bread", "BRKFST": "breakfast", "BROCCO": "broccoli", "BTL": "bottle",
    "BTLS": "bottles", "BTR": "butter", "CARB": "sparkling", "CATFD": "cat food", "CHEEZ": "cheese",
    "CHICK": "chicken", "CHIX": "chicken", "CHOC": "chocolate", "CHOCOCLATE": "chocolate", "CHOCOL": "chocolate",
    "CHOCOLA": "chocolate", "CHP": "chop", "CIG": "cigarette", "CKE": "cake", "CKYS": "cookies", "CLEANE": "cleaner",
    "CLEANG": "cleaning", "CND": "canned", "CNDLES": "candles", "CNDY": "candy", "CNTRL": "control", "COCO": "cocoa",
    "COFF": "coffee", "COMBIN": "combination", "CONC": "concentrate", "CONTAINR": "containers", "COOKI": "cookies",
    "COOKNG": "cooking", "CRACKE": "crackers", "CRBNTD": "carbonated", "CRKR": "crackers", "CRMD": "creamed",
    "CRYSTL": "crystal", "DECAFFINATED": "decaffeinated", "DEOD": "deodorant", "DIPILATORIES": "depilatories",
    "DISPOSIBLE": "disposable", "DNR": "dinner", "DNRS": "dinners", "DOGFD": "dog food", "DPS": "dips",
    "DRNK": "drink", "DRNKING": "drinking", "DRNKNG": "drinking", "DRNKS": "drinks", "DRP": "drops",
    "DRSNG": "dressing", "DSH": "dishes", "ELSTC": "elastic", "ENTREES": "entrées", "FD": "food", "FDS": "foods",
    "FEM": "feminine", "FINFISH": "fish", "FLAV": "flavored", "FLVR": "flavor", "FLVRD": "flavored", "FRD": "fried",
    "FRE": "fresh", "FRUIT&FRUIT": "fruit", "FRZ": "frozen", "FRZN": "frozen", "GDS": "goods", "GR": "grain",
    "GRND": "ground", "HBC": "health & beauty", "HANDKE": "handkerchiefs", "HYGN": "hygiene", "INSTORE": "in-store",
    "IWS": "wrapped singles", "JCE": "juice", "JUI": "juice", "JUIC": "juice", "KLR": "killer", "LIQ": "liquid",
    "LIQS": "liquors", "LOAVE": "loaves", "LOZNG": "lozenges", "LTR": "liter", "MARIN": "marinades",
    "MARINAD": "marinades", "MAY": "mayonnaise", "MEMORABLILIA": "memorabilia", "MERCH": "", "MFG": "",
    "MINERA": "mineral", "MIXS": "mixes", "MLK": "milk", "MLT": "malt", "MNERAL": "mineral", "MNR": "mineral",
    "MNRL": "mineral", "MUSTAR": "mustard", "MX": "mix", "MXS": "mixes", "NATRL": "natural", "NDAIRY": "non-dairy",
    "NT": "", "NZ": "New Zealand", "OCCAS": "occasions", "ORG": "organizers", "OTHE": "other", "OTYHER": "other",
    "PAC": "pack", "PICAN": "pecan", "PICANTEE": "picante", "PICKLD": "pickled", "PK": "pack", "PKG": "packaged",
    "PKGD": "packaged", "PKLD": "pickled", "PLSTC": "plastic", "PNCH": "punch", "PNT": "peanut", "PORTON": "portion",
    "PREM": "premium", "PREP": "prepared", "PREPORTND": "portions", "PRESLCD": "sliced", "PRESHCOOL": "preschool",
    "PROTIEN": "protein", "PRSLC": "sliced", "PWDR": "powder", "PWDRS": "powders", "RBR": "rubber",
    "REFIGERATED": "refrigerated", "REFRGRATD": "refrigerated", "REFRIG": "refrigerated", "REG": "regular",
    "REPELLANTS": "repellents", "RETL": "", "RIC": "rice", "RTD": "ready-to-drink", "RTS": "ready-to-serve",
    "RX": "", "SAL": "salad", "SALD": "salad", "SANDWIC": "sandwiches",
    "SAUCESSALSAPICANTEE": "salsa & picante sauces", "SAUS": "sausage", "SEAFRD": "seafood", "SECT": "sections",
    "SFT": "soft", "SGL": "single", "SH": "", "SHERBTS": "sherbets", "SHLDR": "shoulder", "SHLFSH": "shellfish",
    "SHRED": "shredded", "SLC": "slice", "SNDWCH": "sandwich", "SNGL": "single", "SNKS": "snacks", "SOD": "soda",
    "SPEC": "specialty", "SPECILATY": "specialty", "SPLY": "supplies", "SPRD": "spread", "SRV": "serving",
    "STK": "steak", "STRP": "strips", "STW": "stew", "SUGR": "sugar", "SUP": "supplies", "SUPP": "supplement",
    "SUPPLEMEN": "supplement", "SUPPPLIES": "supplies", "SUPRT": "supports", "SWE": "sweetener", "SWEE": "sweetener",
    "SWEETNERS": "sweeteners", "SWT": "sweet", "SYRNGS": "syringes", "SYRP": "syrup", "THN": "than",
    "TN": "Tennessee", "TISS": "tissue", "TORT": "tortilla", "TRAD": "traditional", "TRANS": "", "TRSH": "trash",
    "VARIETAL": "varietal", "VEG": "vegetable", "WAT": "water", "WATE": "water", "WHL": "whole",
    "WHLSM": "wholesome", "WORCHESTER": "Worcestershire", "WRA": "wrap", "WT": "weight", "WTR": "water",
    "XMAS": "Christmas", "XPCTRNT": "expectorant", "BG": "bags",
}  # fmt: skip

# Till codes and packing notes that say nothing to a shopper.
DROPPED = frozenset((
    "42P", "A", "ALL", "B", "BR", "BULK", "C", "CLU", "CNTRL", "COLOGNE-SP", "CRV", "DL", "DXM", "EL", "ET", "ETC",
    "EVERYDAY", "EX", "EXC", "EXCE", "EXCEPT", "EXCP", "F", "FS", "G", "INCL", "INCLUDED", "INCLUDI", "INCLUDING",
    "IQF", "J-HOOKS", "JHOOK", "MFG", "MISC", "MISCELLANEOUS", "N", "NF", "NOT", "O", "ONLY", "OTH", "OTHER",
    "OTHERS", "OV", "OVE", "P", "PPK", "PREPACK", "PROMO", "PROMOTIONAL", "PRPCK", "PSE", "RW", "S", "SA", "SPHE",
    "SS", "STORE", "SUBJECT", "SV", "SV-BEV", "SW", "T", "W",
))  # fmt: skip

# "HEAD: rest" where the head is only a till group, not a word of the product's name.
GROUP_HEADS = frozenset((
    "CHIX", "CONTINUITY", "DL SPEC", "FRZN", "JHOOK", "MEAT", "PREP FD", "SALAD", "SV BEV", "SW GDS",
))  # fmt: skip

# Shop counters whose name precedes the kind with hyphens: "SEAFOOD-FRZ-IQF RAW SHRIMP".
COUNTER_PREFIXES = (
    "SEAFOOD-FRZ-", "SEAFOOD-FRE-", "SEAFOOD-MISC-", "SEAFOOD-", "JHOOK - ", "FLORAL-", "FLORAL- ",
)  # fmt: skip

# The kind comes first in the data and last in speech: "APPLES GALA" is a Gala apple.
TURNED = frozenset((
    "APPLES", "BALLOONS", "BEANS", "BERRIES", "CABBAGE", "CANDLES", "CARDS", "CARROTS", "CHERRIES", "GIFT-WRAP",
    "GRAPES", "HAMS", "HERBS", "LETTUCE", "MELONS", "MUSHROOMS", "NECTARINES", "NUTS", "ONIONS", "ORANGES",
    "ORGANIC-HERBS", "PATTIES", "PEACHES", "PEARS", "PEPPERS", "PICKLES", "PLUMS", "POTATOES", "SALADS", "SPONGES",
    "SQUASH", "TOMATOES",
))  # fmt: skip

# Other firms' names that the data carry as a kind; our brands are invented, so the plain word stands instead.
KINDS = {
    "COVERGIRL": "Face Makeup", "MAYBELLINE": "Eye Makeup", "LOREAL COSMETICS": "Lip Color",
    "REVLON": "Lip & Eye Color", "SALLY HANSEN": "Nail Color", "ALMAY": "Gentle Makeup", "MAX FACTOR": "Foundation",
    "WET N WILD": "Party Makeup", "NEOTERIC": "Skin Care Cream", "BODY FANTASY": "Body Spray",
    "BONNE BELL": "Lip Balm", "PHYSICIANS FORMULA": "Powder", "EXACT": "First Aid Basics", "BARBIE": "Fashion Doll",
    "LEVI 550": "Jeans", "FISHER PRICE": "Toddler Toys", "CALGON": "Bath Soak", "CARDS EVERYDAY": "Greeting Card",
    "CARDS SEASONAL": "Seasonal Greeting Card", "GIFT-WRAP EVERYDAY": "Gift Wrap",
    "GIFT-WRAP SEASONAL": "Seasonal Gift Wrap", "PARTY EVERYDAY": "Party Supplies", "BREAD": "Bread",
    "SNACKS": "Snacks", "MISC BUDGET COSMETICS": "Everyday Makeup", "L'EGGS": "Tights", "HANES": "Underwear",
    "LEGGS": "Tights", "YOGURT NOT MULTI-PACKS": "Yogurt", "YOGURT MULTI-PACKS": "Yogurt Multi-Pack",
    "ALPO": "Dog Food", "BEERALEMALT LIQUORS": "Beer & Ale",
    "SFT DRNK 2 LITER BTL CARB INCL": "Sparkling Soft Drink", "SOFT DRINKS 12/18&15PK CAN CAR": "Soft Drink Cans",
    "SOFT DRINKS 20PK&24PK CAN CARB": "Soft Drink Cans", "SOFT DRINKS 6PK/4PK CAN CARB (": "Soft Drink Cans",
    "SFT DRNK SNGL SRV BTL CARB (EX": "Soft Drink Bottle", "FLUID MILK WHITE ONLY": "Fresh Milk",
    "MAY": "Mayonnaise", "HAND BAG": "Hand Bag", "DOLLAR VALUE PRODUCTS": "Bargain",
    "FRZN SS PREMIUM ENTREES/DNRS/N": "Premium Frozen Entrée", "FRZN SS ECONOMY ENTREES/DINNER": "Frozen Entrée",
    "FRZN MULTI SERVE ENTREES ALL": "Frozen Family Entrée", "SPICES & SEASONINGS": "Spices & Seasonings",
    "ANTI ACIDS": "Antacids", "SHRED": "Shredder", "AS SEEN ON TV": "Handy Gadget", "GREAT GIFTS": "Gift",
    "CHEESE CRACKERS (CHEEZ-ITS/GOL": "Cheese Crackers", "PREMIUM COOKIES (EX: PEPPERIDG": "Premium Cookies",
    "BUTTER SPRAY CRACKER (RITZ/CLU": "Butter Crackers", "CAN CATFD GOURMET/SUP PREM (FA": "Gourmet Cat Food Can",
    "CAN CAT FOOD (FRISKIE/9-LIVES)": "Cat Food Can", "DRY DOG ECONOMY (COST CUTTER/F": "Everyday Dry Dog Food",
    "CAN DOGFD MAINSTRM(PEDIGREE/AL": "Dog Food Can", "BORED GAMES": "Board Games",
    "CHILDRENS LOW END": "Children's Books", "SOLID/STK DEODORANTS": "Stick Deodorant",
    "SEASONAL CANDY BAGS-CHOCOLATE": "Seasonal Chocolate Candy Bag",
    "SEASONAL CANDY BOX-CHOCOLATE": "Seasonal Chocolate Box", "CANDY BAGS-NON CHOCOLATE": "Candy Bag",
    "CANDY BAGS-CHOCOCLATE": "Chocolate Candy Bag", "FITNESS&DIET - BARS": "Fitness & Diet Bars",
    "MISCELLANEOUS CANDY (INCLUDING": "Candy Assortment", "DAIRY CASE 100% PURE JUICE - O": "100% Pure Orange Juice",
    "FEM. HYGN.NAPKINS": "Sanitary Napkins", "BABY FOOD - BEGINNER": "Beginner Baby Food",
    "BABY FOOD JUNIOR ALL BRANDS": "Junior Baby Food", "SS ECONOMY ENTREES/DINNERS ALL": "Economy Entrées & Dinners",
    "FRZN SS PREMIUM ENTREES/DNRS/T": "Premium Frozen Dinner", "NON-IWS SINGLE CHEESE": "Single Cheese Slices",
    "HARDBACK/TRADE EVERYDAY": "Hardback Book", "HARDBACK/TRADE BEST SELLER": "Best-Selling Hardback",
    "CANNING SPICESSALSAPICKLING": "Canning & Pickling Spices", "BEST-SELLER": "Best-Selling Book",
    "TRADE PAPERBACK": "Paperback", "PAPERBACK BEST SELLER": "Best-Selling Paperback", "PREM PLUSH": "Plush Toy",
    "KODAK COPY PRINT STATION": "Photo Prints",
}  # fmt: skip

# Kinds that say something only together with their shelf: "PREMIUM" is a premium ice cream.
VAGUE = frozenset((
    "ANGUS", "AUTHENTIC", "BASIC", "BOXED", "BULK", "CHOICE", "CUPS", "DECOR", "ECONOMY", "ENHANCED", "EXTERNAL",
    "FLAVORED", "FRESH", "FROZEN", "INTERNAL", "LEAN", "LOIN", "MAINSTREAM", "NATURAL", "ORGANIC", "PACKAGED",
    "PATTIES", "PLAIN", "PREMIUM", "PREPARED", "PRIMAL", "PROCESSED", "REGULAR", "RIBS", "SEASONAL", "SELECT",
    "SHOULDER", "SPECIAL", "SPECIALTY", "THIGHS", "TRADITIONAL", "VARIETY", "WINGS",
))  # fmt: skip

# Words that tell two otherwise equal products of a brand apart, because the data don't: the plain one comes first.
VARIETIES = (
    "Original", "Classic", "Select", "Signature", "Country", "Homestyle", "Kitchen", "Reserve", "Favorite", "Garden",
    "Harvest", "Heritage", "Village", "Sunrise", "Premier", "Choice", "Market", "Family", "Golden", "Prime",
    "Coastal", "Orchard", "Meadow", "Hearth", "Cottage", "Bistro", "Valley", "Festival", "Highland", "Riverside",
    "Prairie", "Lakeside", "Summit", "Bluebird", "Lantern", "Morning", "Evening", "Weekend", "Holiday", "Picnic",
    "Parlor", "Harbor", "Maple", "Willow", "Juniper", "Clover", "Primrose", "Marigold", "Saffron", "Cobalt", "Coral",
    "Indigo", "Ivory", "Crimson", "Amber", "Teal", "Violet", "Scarlet", "Hazel", "Birch", "Aspen", "Cedar", "Laurel",
    "Linden", "Magnolia", "Poppy", "Aster", "Dahlia", "Iris", "Jasmine", "Lilac", "Peony", "Rosemary", "Sage",
    "Thyme",
)  # fmt: skip

# An invented brand is one of the first with one of the second.
BRAND_FIRST = (
    "Alder", "Amber", "Apple", "Ash", "Aspen", "Autumn", "Barley", "Beacon", "Bell", "Birch", "Blossom", "Blue",
    "Bramble", "Bridge", "Bright", "Brook", "Cedar", "Cherry", "Clear", "Clover", "Copper", "Coral", "Corn", "Crane",
    "Dale", "Dove", "Dusk", "Eagle", "Elder", "Elm", "Fair", "Falcon", "Fern", "Finch", "Flint", "Fox", "Gable",
    "Glen", "Gold", "Grain", "Green", "Harbor", "Hare", "Hawk", "Hazel", "Heath", "Heron", "Hill", "Holly", "Honey",
    "Iron", "Ivy", "Juniper", "Kettle", "Lake", "Lantern", "Lark", "Laurel", "Linden", "Maple", "Marble", "Meadow",
    "Mill", "Moss", "North", "Oak", "Olive", "Orchard", "Otter", "Pearl", "Pebble", "Pine", "Plum", "Quail", "Raven",
    "Red", "River", "Robin", "Rowan", "Saddle", "Sage", "Silver", "Spring", "Stone", "Summer", "Thistle", "Timber",
    "Wheat", "Willow", "Winter", "Wren",
)  # fmt: skip
BRAND_SECOND = (
    "bank", "bay", "berry", "born", "bourne", "bright", "brook", "burn", "bury", "by", "combe", "cote", "court",
    "crest", "croft", "dale", "dell", "den", "down", "end", "fall", "fell", "field", "ford", "gate", "glen", "grove",
    "hall", "ham", "haven", "hearth", "hill", "holm", "house", "hurst", "land", "lea", "leigh", "ley", "line",
    "lock", "mark", "mead", "mere", "mill", "mont", "moor", "more", "mouth", "ridge", "shaw", "shire", "side",
    "stead", "stone", "stow", "thorpe", "ton", "vale", "view", "ville", "wall", "ward", "water", "way", "well",
    "wick", "wood", "worth", "yard",
)  # fmt: skip
