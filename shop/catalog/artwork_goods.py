"""Drawn goods without a package: fruit, vegetables, bread, cakes, flowers, and things for the home."""

from __future__ import annotations

from .artwork_label import Look, label, motif, tag
from .artwork_packages import packed

_FRUIT = (
    ("banana plantain", "banana", "#f2cf3f", "#b98d12"), ("lemon", "round", "#f5d33c", "#c79d10"),
    ("lime", "round", "#7fb63a", "#4d7d18"), ("orange citrus tangerine clementine grapefruit", "round", "#f0902d", "#c1620d"),
    ("tomato", "round", "#d9402f", "#8f1f14"), ("peach nectarine apricot stone", "round", "#f2a065", "#c9653a"),
    ("pear", "pear", "#b9c554", "#7f8c25"), ("plum", "round", "#6e3a70", "#43204a"), ("onion", "onion", "#c98b4e", "#8a4f20"),
    ("potato", "potato", "#c79a63", "#8b6434"), ("mushroom", "mushroom", "#efe2cf", "#b39a77"),
    ("carrot", "carrot", "#ee8a2f", "#b65b0d"), ("pepper", "pepper", "#d8432f", "#8c2115"), ("corn", "corn", "#f3cb45", "#b98e16"),
    ("melon watermelon", "melon", "#4f9145", "#d9455a"), ("grape", "grapes", "#7a4a86", "#4d2a59"),
    ("berr cherr", "grapes", "#cc3347", "#86172a"), ("squash pumpkin", "pumpkin", "#e58a2c", "#a95a10"),
    ("broccoli cauliflower", "broccoli", "#5c8f45", "#37642a"),
    ("herb lettuce salad green spinach cabbage celery leaf vegetable", "leafy", "#7db356", "#467a2c"),
    ("apple", "round", "#c9362f", "#861a17"), ("tropical mango kiwi pineapple", "round", "#e9a13b", "#6c8f34"),
    ("", "round", "#8fb04c", "#55732a"),
)  # fmt: skip

_CRATES = (
    ("#d3a971", "#c99d63", "#8a6236", "#b88a50"), ("#b98a5e", "#ad7d50", "#6b4527", "#966a40"),
    ("#efe6d4", "#e6dac3", "#b5a582", "#d6c8a9"), ("#8fae9a", "#83a38e", "#52705d", "#6f917c"),
)  # fmt: skip


def produce(look: Look) -> str:
    """A wooden crate of the fruit or vegetable that the words name."""
    _words, kind, colour, dark = next(
        row for row in _FRUIT if any(f" {w}" in look.words for w in row[0].split()) or not row[0]
    )
    if " green" in look.words and kind in {"round", "pepper", "grapes"}:
        colour, dark = "#93b84a", "#567a22"
    if (" yellow" in look.words or " gold" in look.words) and kind in {"round", "pepper"}:
        colour, dark = "#efc645", "#b28912"
    spots = ((92, 168), (160, 158), (228, 168), (126, 132), (194, 132), (160, 108))
    fruits = "".join(
        _one(kind, x, y + look.chance(7, salt=i), colour, dark) for i, (x, y) in enumerate(reversed(spots))
    )
    wood, dark_wood, grain, post = _CRATES[look.chance(len(_CRATES))]
    slats = "".join(
        f'<rect x="46" y="{y}" width="228" height="32" rx="4" fill="{c}"/><path d="M60 {y + 11}H200M120 {y + 21}H262" stroke="{grain}" stroke-opacity=".35" stroke-width="2"/>'
        for y, c in ((182, wood), (218, dark_wood), (254, wood))
    )
    posts = "".join(f'<rect x="{x}" y="176" width="16" height="114" rx="3" fill="{post}"/>' for x in (44, 260))
    return fruits + slats + posts + tag(look, 100, 208, 120)


def _one(kind: str, x: float, y: float, c: str, d: str) -> str:
    shine = '<ellipse cx="-12" cy="-13" rx="8" ry="5" fill="#fff" opacity=".4" transform="rotate(-35 -12 -13)"/>'
    stem = '<path d="M0-32Q2-40 8-42" fill="none" stroke="#5b4420" stroke-width="4" stroke-linecap="round"/><path d="M3-34Q14-44 22-36 14-28 3-34z" fill="#5f9440"/>'
    ball = f'<circle r="34" fill="{c}"/><path d="M-34 0A34 34 0 0 0 34 0 30 26 0 0 1-34 0z" fill="{d}" opacity=".28"/>'
    forms = {
        "round": ball + stem + shine,
        "pear": f'<path d="M0-44C12-44 12-22 22-8 36 12 26 34 0 34S-36 12-22-8C-12-22-12-44 0-44z" fill="{c}"/>' + stem.replace("-32", "-42").replace("-40Q", "-50") + shine,
        "onion": f'<path d="M0-44Q4-30 24-20 40-8 34 12 26 34 0 34T-34 12Q-40-8-24-20-4-30 0-44z" fill="{c}"/><path d="M0-30Q20-4 0 33M0-30Q-20-4 0 33" fill="none" stroke="{d}" stroke-opacity=".5" stroke-width="2"/>' + shine,
        "potato": f'<ellipse rx="40" ry="29" fill="{c}" transform="rotate(-14)"/><circle cx="-10" cy="-4" r="2.500" fill="{d}"/><circle cx="14" cy="6" r="2.500" fill="{d}"/><circle cx="6" cy="-14" r="2" fill="{d}"/>' + shine,
        "mushroom": f'<path d="M-12 0V26Q0 34 12 26V0z" fill="#fbf3e6"/><path d="M-36 4Q-34-32 0-32T36 4Q0 14-36 4z" fill="{c}"/><path d="M-36 4Q0 14 36 4" fill="none" stroke="{d}" stroke-width="2"/>' + shine,
        "carrot": f'<path d="M-14-30Q0-40 14-30 12 14 0 48-12 14-14-30z" fill="{c}"/><path d="M-8-8H4M-4 8H8" stroke="{d}" stroke-width="2"/><path d="M0-34Q-18-50-14-64M0-34Q0-54 4-68M0-34Q16-48 18-60" fill="none" stroke="#5f9440" stroke-width="6" stroke-linecap="round"/>',
        "pepper": f'<path d="M-6-26Q-36-34-34 0-30 34-10 34 0 28 10 34 30 34 34 0 36-34 6-26 0-22-6-26z" fill="{c}"/><path d="M0-24Q-8 6 0 30" fill="none" stroke="{d}" stroke-opacity=".5" stroke-width="3"/><path d="M0-26Q0-40 10-44" fill="none" stroke="#4f8136" stroke-width="7" stroke-linecap="round"/>' + shine,
        "corn": f'<ellipse rx="20" ry="42" fill="{c}"/><path d="M-10-36V36M0-42V42M10-36V36M-19-14H19M-20 0H20M-19 14H19" stroke="{d}" stroke-opacity=".45" stroke-width="2"/><path d="M-26 40Q-34-6-12 4-8 26 0 44 8 26 12 4 34-6 26 40z" fill="#77a84b"/>',
        "melon": f'<circle r="36" fill="{c}"/><path d="M-12-34Q-24 0-12 34M12-34Q24 0 12 34M0-36V36" fill="none" stroke="#2f6b2c" stroke-width="4" opacity=".7"/>' + shine,
        "grapes": "".join(f'<circle cx="{gx}" cy="{gy}" r="12.500" fill="{c}"/><circle cx="{gx - 4}" cy="{gy - 4}" r="3.500" fill="#fff" opacity=".4"/>' for gx, gy in ((-22, -12), (0, -16), (22, -12), (-12, 6), (12, 6), (0, 24))) + f'<path d="M0-26V-40" stroke="{d}" stroke-width="4"/>',
        "pumpkin": f'<ellipse cx="-18" rx="20" ry="28" fill="{c}"/><ellipse cx="18" rx="20" ry="28" fill="{c}"/><ellipse rx="20" ry="30" fill="{c}" stroke="{d}" stroke-opacity=".4" stroke-width="2"/><path d="M0-28Q0-42 8-44" fill="none" stroke="#5f7a30" stroke-width="7" stroke-linecap="round"/>',
        "broccoli": f'<path d="M-9 6V36Q0 40 9 36V6z" fill="#a9c87c"/><circle cx="-20" cy="-4" r="18" fill="{c}"/><circle cx="20" cy="-4" r="18" fill="{c}"/><circle cy="-18" r="22" fill="{c}"/><circle cx="-6" cy="-22" r="5" fill="{d}" opacity=".4"/><circle cx="12" cy="-10" r="5" fill="{d}" opacity=".4"/>',
        "leafy": f'<path d="M0 40Q-46 10-30-26-18-52 0-42 18-52 30-26 46 10 0 40z" fill="{c}"/><path d="M0 38V-30M0 12L-18-6M0 12L18-6M0-6L-12-22M0-6L12-22" fill="none" stroke="{d}" stroke-width="3" stroke-linecap="round"/>',
        "banana": f'<path d="M-38-20Q-24 24 30 22 40 18 38 10-4 12-24-26-34-30-38-20z" fill="{c}"/><path d="M-30-16Q-14 16 34 16" fill="none" stroke="{d}" stroke-opacity=".5" stroke-width="2"/><circle cx="-35" cy="-24" r="4" fill="#6a4a14"/>',
    }  # fmt: skip
    return f'<g transform="translate({x:.0f} {y:.0f})">{forms[kind]}</g>'


def cake(look: Look) -> str:
    icing = "M72 150Q72 128 94 128H226Q248 128 248 150V176Q238 198 226 178 214 200 200 180 186 202 170 180 154 202 140 180 124 200 110 180 94 200 84 180 76 190 72 176z"
    tops = "".join(
        f'<circle cx="{x}" cy="122" r="10" fill="{look.accent}"/><circle cx="{x - 3}" cy="118" r="3" fill="#fff" opacity=".6"/>'
        for x in range(92, 240, 34)
    )
    layers = f'<rect x="72" y="150" width="176" height="114" rx="8" fill="#d6a566"/><rect x="72" y="212" width="176" height="10" fill="{look.tint}"/><rect x="72" y="150" width="176" height="114" rx="8" fill="url(#s)"/>'
    stand = '<ellipse cx="160" cy="268" rx="116" ry="14" fill="#f2eee6" stroke="#d8d0c2"/><path d="M140 280H180L190 294H130z" fill="#e2dbcd"/>'
    return stand + layers + f'<path d="{icing}" fill="{look.tint}"/>' + tops + tag(look, 100, 218, 120)


def pie(look: Look) -> str:
    lattice = "".join(
        f'<path d="M{x} 108L{x - 46} 212M{x - 46} 108L{x} 212" stroke="#d9a35c" stroke-width="11"/>'
        for x in range(110, 290, 42)
    )
    rim = "".join(
        f'<circle cx="{x}" cy="{y}" r="12" fill="#c98a45"/>'
        for x, y in (
            (56, 164),
            (66, 138),
            (88, 118),
            (116, 106),
            (146, 101),
            (176, 101),
            (206, 106),
            (232, 118),
            (254, 138),
            (264, 164),
        )
    )
    dish = f'<path d="M44 176H276L250 268Q246 282 232 282H88Q74 282 70 268z" fill="{look.main}"/><path d="M44 176H276L250 268Q246 282 232 282H88Q74 282 70 268z" fill="url(#s)"/>'
    return (
        f'<clipPath id="b"><path d="M52 178Q52 100 160 100T268 178z"/></clipPath>{rim}<g clip-path="url(#b)"><rect x="40" y="96" width="240" height="90" fill="{look.accent}"/>{lattice}</g>'
        + dish
        + tag(look, 100, 206, 120)
    )


def bread(look: Look) -> str:
    if look.chance(2):
        loaves = "".join(
            f'<g transform="rotate({a} 160 250)"><path d="M{x} 70Q{x + 26} 44 {x + 52} 70V236Q{x + 26} 256 {x} 236z" fill="{c}"/>'
            + "".join(
                f'<path d="M{x + 10} {y + 22}L{x + 42} {y}" stroke="#f4dcae" stroke-width="8" stroke-linecap="round"/>'
                for y in (86, 122, 158)
            )
            + "</g>"
            for x, a, c in ((92, -12, "#c07f3a"), (172, 12, "#c98a45"), (132, 0, "#d09650"))
        )
        basket = "".join(
            f'<path d="M72 {y}H248" stroke="#8f6531" stroke-width="3" opacity=".5"/>' for y in (222, 240, 258, 276)
        )
        return loaves + '<path d="M64 206H256L240 290H80z" fill="#b98a4f"/>' + basket + tag(look, 100, 222, 120)
    rolls = "".join(
        f'<ellipse cx="{x}" cy="{y}" rx="48" ry="36" fill="{c}"/><path d="M{x - 24} {y - 16}Q{x} {y - 30} {x + 24} {y - 16}" fill="none" stroke="#f3d9a6" stroke-width="6" stroke-linecap="round"/>'
        for x, y, c in (
            (112, 156, "#bd7b36"),
            (208, 156, "#c58540"),
            (160, 118, "#cf954e"),
            (84, 206, "#c98b47"),
            (236, 206, "#c07f3b"),
            (160, 190, "#d39c57"),
        )
    )
    return (
        rolls
        + '<path d="M40 222Q160 246 280 222L262 276Q258 288 244 288H76Q62 288 58 276z" fill="#e7dcc6"/>'
        + tag(look, 100, 236, 120)
    )


def bouquet(look: Look) -> str:
    hues = (look.accent, look.tint, "#e56b7f", "#f2c98a", look.accent, "#fff6ee", "#c77fb0")
    heads = ((160, 74), (112, 96), (208, 96), (136, 128), (186, 126), (88, 142), (232, 142))
    leaves = "".join(
        f'<path d="M160 220Q{x} 150 {x + dx} 110 {x + dx * 2} 170 160 220z" fill="#6d9a56"/>'
        for x, dx in ((84, -16), (236, 16), (120, -8), (200, 8))
    )
    blooms = "".join(
        f'<g transform="translate({x} {y})">'
        + "".join(
            f'<circle cx="{px}" cy="{py}" r="17" fill="{c}"/>'
            for px, py in ((0, -14), (13, -4), (8, 11), (-8, 11), (-13, -4))
        )
        + '<circle r="9" fill="#f6d268"/></g>'
        for (x, y), c in zip(heads, hues, strict=True)
    )
    wrap = f'<path d="M84 160Q160 196 236 160L190 290H130z" fill="{look.main}"/><path d="M84 160Q160 196 236 160L190 290H130z" fill="url(#s)"/><path d="M84 160Q150 190 150 290H130z" fill="#fff" opacity=".18"/>'
    return leaves + blooms + wrap + tag(look, 106, 212)


def plant(look: Look) -> str:
    leaves = "".join(
        f'<path d="M160 210Q{160 + dx * 0.3:.0f} {y + 40} {160 + dx} {y} {160 + dx * 1.1:.0f} {y + 70} 160 210z" fill="{c}"/>'
        for dx, y, c in (
            (-84, 110, "#5d9150"),
            (84, 110, "#4f8245"),
            (-50, 66, "#74a862"),
            (50, 66, "#679b57"),
            (-8, 44, "#82b56d"),
        )
    )
    bloom = "".join(
        f'<circle cx="{x}" cy="{y}" r="13" fill="{look.accent}"/><circle cx="{x}" cy="{y}" r="5" fill="#f7e2a0"/>'
        for x, y in ((112, 96), (208, 92), (160, 62), (140, 130), (186, 132))
    )
    pot = f'<path d="M100 206H220L204 280Q202 290 190 290H130Q118 290 116 280z" fill="{look.main}"/><rect x="92" y="196" width="136" height="24" rx="6" fill="{look.main}"/><path d="M100 206H220L204 280Q202 290 190 290H130Q118 290 116 280z" fill="url(#s)"/>'
    return leaves + (bloom if look.chance(2) or " flower" in look.words else "") + pot + tag(look, 106, 230)


def card(look: Look) -> str:
    back = f'<path d="M108 62L232 46 252 254 128 272z" fill="{look.deep}" opacity=".5"/>'
    return back + packed(
        "M80 58H226V290H80z",
        look.tint,
        label(look, 80, 58, 146, 232)
        + f'<rect x="88" y="66" width="130" height="216" fill="none" stroke="{look.accent}" stroke-width="2"/>',
        shade="f",
    )


def book(look: Look) -> str:
    pages = '<path d="M86 272L98 290H238V70L226 58V272z" fill="#f4efe4"/><path d="M98 284H234M98 278H230" stroke="#cfc5b1" stroke-width="2"/>'
    spine = f'<rect x="80" y="44" width="14" height="230" fill="{look.deep}" opacity=".45"/>'
    return pages + packed("M80 44H226V274H80z", look.main, label(look, 92, 44, 134, 230) + spine, shade="f")


def candle(look: Look) -> str:
    flame = '<path d="M160 34Q180 62 172 78A13 13 0 0 1 148 78Q142 62 160 34z" fill="#f6b73c"/><path d="M160 56Q168 70 164 78A5 5 0 0 1 156 78Q153 70 160 56z" fill="#fff4cf"/><path d="M160 84V102" stroke="#4a3a28" stroke-width="4"/>'
    wax = f'<ellipse cx="160" cy="112" rx="66" ry="16" fill="{look.tint}"/>'
    return packed("M94 112V268Q94 290 160 290T226 268V112z", look.tint, label(look, 94, 150, 132, 106)) + wax + flame


def mug(look: Look) -> str:
    handle = f'<path d="M216 146Q274 138 268 196 262 244 210 240" fill="none" stroke="{look.main}" stroke-width="20"/>'
    steam = '<path d="M128 96Q118 80 130 66T128 40M164 96Q154 80 166 66T164 40" fill="none" stroke="#b9ad9c" stroke-width="5" stroke-linecap="round" opacity=".6"/>'
    return (
        steam
        + handle
        + packed("M72 116H220V252Q220 290 182 290H110Q72 290 72 252z", look.main, label(look, 72, 138, 148, 130))
        + f'<ellipse cx="146" cy="116" rx="74" ry="14" fill="{look.tint}"/><ellipse cx="146" cy="117" rx="64" ry="10" fill="#6b4127"/>'
    )


def tote(look: Look) -> str:
    straps = f'<path d="M112 122Q112 44 160 44T208 122" fill="none" stroke="{look.deep}" stroke-width="11"/>'
    return straps + packed(
        "M72 116H248L262 276Q262 290 248 290H72Q58 290 58 276z", look.main, label(look, 64, 130, 192, 148), shade="f"
    )


def bauble(look: Look) -> str:
    cord = '<path d="M160 30Q140 8 160 8T160 30" fill="none" stroke="#b28a3e" stroke-width="4"/><rect x="144" y="48" width="32" height="26" rx="5" fill="#d8b25c"/><path d="M160 48V28" stroke="#b28a3e" stroke-width="4"/>'
    ball = "M160 70A110 110 0 0 1 160 290 110 110 0 0 1 160 70z"
    return cord + packed(
        ball,
        look.main,
        label(look, 50, 100, 220, 150)
        + '<ellipse cx="116" cy="122" rx="22" ry="34" fill="#fff" opacity=".3" transform="rotate(32 116 122)"/>',
    )


def lantern(look: Look) -> str:
    frame = f'<path d="M126 70Q160 20 194 70" fill="none" stroke="{look.deep}" stroke-width="7"/><path d="M92 102L122 66H198L228 102z" fill="{look.main}"/><rect x="92" y="270" width="136" height="20" rx="4" fill="{look.main}"/>'
    glass = (
        '<rect x="102" y="102" width="116" height="168" fill="#fff3d0"/><circle cx="160" cy="176" r="56" fill="#ffd977" opacity=".6"/>'
        + '<path d="M160 132Q176 158 170 172A11 11 0 0 1 150 172Q145 158 160 132z" fill="#f3a531"/><rect x="146" y="186" width="28" height="84" fill="#fdf8ea"/>'
    )
    bars = "".join(f'<rect x="{x}" y="102" width="7" height="168" fill="{look.main}"/>' for x in (98, 215))
    return frame + glass + bars + tag(look, 106, 222)


def sign(look: Look) -> str:
    cord = '<path d="M84 130L160 56 236 130" fill="none" stroke="#8b6f47" stroke-width="5"/><circle cx="160" cy="54" r="7" fill="#8b6f47"/>'
    return (
        cord
        + packed("M56 126H264V276H56z", look.main, label(look, 64, 134, 192, 134), shade="f")
        + '<path d="M56 126H264V276H56z" fill="none" stroke="#7a5a33" stroke-width="7"/>'
    )


def cushion(look: Look) -> str:
    ground = "".join(
        motif(look, x, y, 15, look.accent, look.tint)
        for x, y in ((96, 112), (224, 112), (96, 246), (224, 246), (160, 92), (160, 266))
    )
    return packed("M54 74Q160 96 266 74 244 180 266 288 160 268 54 288 76 180 54 74z", look.main, ground) + tag(
        look, 100, 158, 120
    )


def pan(look: Look) -> str:
    handle = '<rect x="226" y="196" width="88" height="17" rx="8" fill="#3b3835"/>'
    lid = f'<path d="M60 174Q64 116 150 112 236 116 240 174z" fill="{look.tint}" stroke="{look.deep}" stroke-opacity=".25"/><rect x="134" y="92" width="32" height="22" rx="8" fill="#3b3835"/>'
    return (
        handle
        + lid
        + packed("M52 174H248V256Q248 288 214 288H86Q52 288 52 256z", look.main, label(look, 66, 182, 168, 98))
    )


def cloth(look: Look) -> str:
    folds = "".join(
        f'<rect x="60" y="{y}" width="200" height="46" rx="20" fill="{c}"/><rect x="60" y="{y}" width="200" height="46" rx="20" fill="url(#f)"/>'
        for y, c in ((96, look.accent), (142, look.tint), (188, look.main), (236, look.deep))
    )
    return folds + tag(look, 106, 188)


def toy(look: Look) -> str:
    hues = (look.main, look.accent, look.tint, look.deep)
    blocks = "".join(
        f'<rect x="{x}" y="{y}" width="82" height="82" rx="10" fill="{hues[i]}"/><rect x="{x}" y="{y}" width="82" height="82" rx="10" fill="url(#f)"/>{motif(look, x + 41, y + 41, 22, hues[(i + 1) % 4], hues[(i + 2) % 4])}'
        for i, (x, y) in enumerate(((74, 206), (164, 206), (119, 118)))
    )
    ball = f'<circle cx="238" cy="150" r="34" fill="{look.accent}"/><path d="M206 142Q238 164 270 142" fill="none" stroke="#fff" stroke-width="7"/>'
    return ball + blocks + tag(look, 40, 76, 112)


def jewel(look: Look) -> str:
    stand = f'<path d="M104 290Q112 128 160 92 208 128 216 290z" fill="{look.tint}"/><path d="M104 290Q112 128 160 92 208 128 216 290z" fill="url(#s)"/>'
    beads = "".join(
        f'<circle cx="{x}" cy="{y}" r="8" fill="{c}"/>'
        for x, y, c in (
            (126, 150, look.accent),
            (130, 172, look.main),
            (140, 192, look.accent),
            (180, 192, look.accent),
            (190, 172, look.main),
            (194, 150, look.accent),
        )
    )
    return stand + beads + f'<path d="M160 196L176 214 160 236 144 214z" fill="{look.main}"/>' + tag(look, 106, 240)


def gift(look: Look) -> str:
    bow = f'<path d="M160 118Q104 56 92 92T160 118Q216 56 228 92T160 118z" fill="{look.accent}"/><circle cx="160" cy="116" r="13" fill="{look.deep}"/>'
    body = packed("M70 148H250V290H70z", look.main, label(look, 70, 158, 180, 132), shade="f")
    return (
        body
        + f'<rect x="58" y="116" width="204" height="36" rx="5" fill="{look.deep}"/><rect x="148" y="116" width="24" height="36" fill="{look.accent}"/>'
        + bow
    )


def greens(look: Look) -> str:
    """Leaves for a clear tray."""
    return "".join(
        f'<path d="M{x} {y}q-26-30 4-52 30 20 4 52z" fill="{c}" transform="rotate({look.chance(80, salt=i) - 40} {x} {y})"/>'
        for i, (x, y, c) in enumerate(
            (
                (90, 150, "#79ad52"),
                (130, 140, "#5d9340"),
                (170, 150, "#8dbd63"),
                (210, 142, "#6aa04a"),
                (240, 152, "#5d9340"),
                (110, 166, "#93c26a"),
                (190, 164, "#79ad52"),
            )
        )
    )


def bites(look: Look) -> str:
    """Small round things for a clear tray."""
    return "".join(
        f'<circle cx="{88 + i % 5 * 36}" cy="{110 + i // 5 * 34}" r="17" fill="{("#e2894a", "#7fa650", "#f3e3c4", "#c9503f")[look.chance(4, salt=i)]}"/><circle cx="{84 + i % 5 * 36}" cy="{105 + i // 5 * 34}" r="5" fill="#fff" opacity=".4"/>'
        for i in range(10)
    )


def bowls(look: Look) -> str:
    """A stack of bowls."""
    stack = "".join(
        f'<path d="M{52 + i * 8} {y}H{268 - i * 8}Q{262 - i * 8} {y + 70} {206 - i * 4} {y + 70}H{114 + i * 4}Q{58 + i * 8} {y + 70} {52 + i * 8} {y}z" fill="{c}"/>'
        f'<ellipse cx="160" cy="{y}" rx="{108 - i * 8}" ry="13" fill="{look.tint}" stroke="{c}" stroke-width="3"/>'
        for i, (y, c) in enumerate(((216, look.main), (170, look.accent), (126, look.deep)))
    )
    return stack + tag(look, 100, 234, 120)


def umbrella(look: Look) -> str:
    """An open umbrella."""
    ribs = "".join(
        f'<path d="M160 60Q{x} 100 {x} 176" fill="none" stroke="{look.deep}" stroke-width="2"/>' for x in (108, 212)
    )
    canopy = "M40 176Q48 60 160 60T280 176Q262 160 246 176 228 160 212 176 186 160 160 176 134 160 108 176 92 160 74 176 58 160 40 176z"
    stick = f'<path d="M160 48V268Q160 288 178 288T196 268" fill="none" stroke="{look.deep}" stroke-width="8" stroke-linecap="round"/>'
    spots = "".join(
        motif(look, x, y, 11, look.accent, look.tint)
        for x, y in ((84, 140), (136, 110), (186, 112), (238, 142), (160, 146))
    )
    return stick + packed(canopy, look.main, spots) + ribs + tag(look, 34, 226, 112)
