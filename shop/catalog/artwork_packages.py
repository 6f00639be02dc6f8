"""Drawn packages: cans, bottles, boxes, bags, jars, tubs … each a function from a `Look` to SVG in a 320 × 320 field."""

from __future__ import annotations

from .artwork_label import Look, label, motif

METAL = "#cfd3d6"
GLASS = "#dfeaec"


def packed(d: str, fill: str, print_: str = "", *, shade: str = "s", over: str = "") -> str:
    """A body with its print clipped to it, shaded as round (`s`) or as flat (`f`)."""
    return (
        f'<clipPath id="b"><path d="{d}"/></clipPath><path d="{d}" fill="{fill}"/>'
        f'<g clip-path="url(#b)">{print_}{over}</g><path d="{d}" fill="url(#{shade})"/>'
    )


def can(look: Look) -> str:
    body = "M86 74V272Q160 300 234 272V74Q160 50 86 74z"
    rim = f'<ellipse cx="160" cy="70" rx="74" ry="15" fill="{METAL}"/><ellipse cx="160" cy="69" rx="64" ry="11" fill="#aab0b5"/>'
    rings = "".join(
        f'<ellipse cx="160" cy="69" rx="{r}" ry="{r / 6:.0f}" fill="none" stroke="#c9ced2"/>' for r in (54, 42)
    )
    return packed(body, METAL, label(look, 86, 90, 148, 182)) + rim + rings


def drink_can(look: Look) -> str:
    body = "M104 66L112 48H208L216 66V268Q214 288 200 292H120Q106 288 104 268z"
    lid = f'<ellipse cx="160" cy="48" rx="48" ry="9" fill="{METAL}"/><ellipse cx="160" cy="47" rx="40" ry="6" fill="#aeb4b9"/><ellipse cx="168" cy="46" rx="12" ry="3" fill="#e4e7e9"/>'
    bubbles = "".join(
        f'<circle cx="{112 + look.chance(96, salt=i)}" cy="{80 + look.chance(190, salt=i + 20)}" r="{3 + i % 4}" fill="#fff" opacity=".16"/>'
        for i in range(9)
    )
    return packed(body, METAL, label(look, 104, 66, 112, 208), over=bubbles) + lid


def wine(look: Look) -> str:
    body = "M145 40H175V108Q176 124 196 140 206 150 206 166V282Q206 292 196 292H124Q114 292 114 282V166Q114 150 124 140 144 124 145 108z"
    glass = ("#23402f", "#3c1420", "#5a4a1d", "#1f2c33")[look.chance(4)]
    foil = f'<path d="M143 30H177V84H143z" fill="{look.main}"/><path d="M143 30H177V84H143z" fill="url(#s)"/><rect x="143" y="78" width="34" height="4" fill="{look.accent}"/>'
    return packed(body, glass, label(look, 114, 168, 92, 100)) + foil


def bottle(look: Look) -> str:
    body = "M142 62H178V84Q206 102 208 136V176Q202 184 208 192V276Q206 292 192 292H128Q114 292 112 276V192Q118 184 112 176V136Q114 102 142 84z"
    liquid = f'<rect x="100" y="104" width="120" height="190" fill="{look.accent}" opacity=".75"/>'
    cap = f'<rect x="138" y="38" width="44" height="26" rx="5" fill="{look.main}"/><rect x="138" y="38" width="44" height="26" rx="5" fill="url(#s)"/>'
    return packed(body, GLASS, liquid + label(look, 108, 138, 104, 122)) + cap


def beer(look: Look) -> str:
    body = "M147 44H173V110Q176 130 194 146 202 154 202 168V282Q202 292 192 292H128Q118 292 118 282V168Q118 154 126 146 144 130 147 110z"
    glass = ("#6b3d12", "#2f5a34", "#7a4a17")[look.chance(3)]
    cap = f'<path d="M143 32H177L175 48H145z" fill="{look.main}"/><rect x="147" y="78" width="26" height="26" fill="{look.tint}"/><rect x="147" y="78" width="26" height="3" fill="{look.accent}"/>'
    return packed(body, glass, label(look, 118, 172, 84, 104)) + cap


def jug(look: Look) -> str:
    body = "M132 66H176Q190 66 196 80L222 118Q232 134 232 150V272Q232 290 214 290H106Q88 290 88 272V136Q90 112 110 98 130 84 132 66z"
    hole = '<path d="M196 112Q214 124 214 148V186Q214 196 206 192 200 188 200 178V138Q198 124 192 118z" fill="#8d95a0" opacity=".4"/>'
    fill = "#fbfaf6" if " milk" in look.words or " water" in look.words else look.main
    cap = f'<rect x="128" y="42" width="52" height="26" rx="6" fill="{look.accent}"/><rect x="128" y="42" width="52" height="26" rx="6" fill="url(#s)"/>'
    return packed(body, fill, label(look, 98, 150, 104, 122)) + hole + cap


def jar(look: Look) -> str:
    body = "M100 104Q88 112 88 130V268Q88 290 110 290H210Q232 290 232 268V130Q232 112 220 104z"
    inside = f'<rect x="80" y="118" width="160" height="180" fill="{look.accent}"/>' + "".join(
        f'<circle cx="{92 + look.chance(136, salt=i)}" cy="{126 + look.chance(150, salt=i + 30)}" r="{7 + i % 5}" fill="{look.deep}" opacity=".15"/>'
        for i in range(12)
    )
    lid = f'<rect x="92" y="64" width="136" height="40" rx="8" fill="{look.main}"/><rect x="92" y="64" width="136" height="40" rx="8" fill="url(#s)"/><rect x="92" y="92" width="136" height="5" fill="#000" opacity=".14"/>'
    return packed(body, GLASS, inside + label(look, 88, 150, 144, 110)) + lid


def tub(look: Look) -> str:
    body = "M84 110H236L218 280Q216 290 204 290H116Q104 290 102 280z"
    lid = f'<path d="M76 92Q160 74 244 92V110Q160 122 76 110z" fill="{look.accent}"/><path d="M76 92Q160 74 244 92V110Q160 122 76 110z" fill="url(#s)"/><ellipse cx="160" cy="90" rx="80" ry="9" fill="#fff" opacity=".28"/>'
    return packed(body, look.tint, label(look, 92, 112, 136, 170)) + lid


def cup(look: Look) -> str:
    body = "M102 128H218L204 282Q202 290 192 290H128Q118 290 116 282z"
    foil = f'<path d="M96 116L226 116 230 106Q228 100 218 102L100 100Q92 104 96 116z" fill="{METAL}"/><path d="M98 116H222V128H98z" fill="#eef0f1"/>{motif(look, 160, 109, 8, look.main, look.deep)}'
    return packed(body, "#fff", label(look, 106, 130, 108, 152)) + foil


def bag(look: Look) -> str:
    body = "M82 48H238L234 62Q250 170 234 278L238 292H82L86 278Q70 170 86 62z"
    crimps = "".join(
        f'<path d="M{x} 48V60M{x} 280V292" stroke="#fff" stroke-opacity=".4" stroke-width="2"/>'
        for x in range(90, 236, 8)
    )
    folds = '<path d="M96 66Q108 120 98 180M226 74Q212 140 226 220" fill="none" stroke="#fff" stroke-opacity=".35" stroke-width="5" stroke-linecap="round"/>'
    return packed(body, look.main, label(look, 76, 62, 168, 216), over=folds + crimps)


def pouch(look: Look) -> str:
    body = "M98 58H222L226 250Q236 280 222 290H98Q84 280 94 250z"
    seal = f'<rect x="90" y="58" width="140" height="14" fill="{look.deep}" opacity=".35"/><circle cx="160" cy="88" r="5" fill="#000" opacity=".25"/>'
    foot = '<path d="M92 262Q160 296 228 262" fill="none" stroke="#000" stroke-opacity=".18" stroke-width="3"/>'
    return packed(body, look.main, label(look, 92, 72, 136, 192), over=seal + foot)


def sack(look: Look) -> str:
    body = "M92 66L104 52 118 62 134 50 150 62 166 50 182 62 198 50 214 62 228 66Q222 110 228 170T228 278Q228 290 214 290H106Q92 290 92 278 98 230 92 170T92 66z"
    seam = '<path d="M96 80H224" stroke="#fff" stroke-width="3" stroke-dasharray="7 5"/>'
    return packed(body, look.main, label(look, 92, 88, 136, 190), over=seam)


def carton(look: Look) -> str:
    side = f'<path d="M214 60L242 74V280L214 290z" fill="{look.deep}"/><path d="M82 60L108 48H240L214 60z" fill="{look.tint}"/><path d="M214 60L240 48 242 74z" fill="{look.tint}" opacity=".6"/>'
    return side + packed("M82 60H214V290H82z", look.main, label(look, 82, 60, 132, 230), shade="f")


def small_box(look: Look) -> str:
    side = f'<path d="M222 118L246 132V282L222 290z" fill="{look.deep}"/><path d="M76 118L100 104H246L222 118z" fill="{look.tint}"/>'
    return side + packed("M76 118H222V290H76z", look.main, label(look, 76, 118, 146, 172), shade="f")


def flat_box(look: Look) -> str:
    side = f'<path d="M56 262H264L258 284H62z" fill="{look.deep}"/>'
    dish = (
        f'<circle cx="214" cy="164" r="46" fill="#d9a15b"/><circle cx="214" cy="164" r="39" fill="{look.accent}"/>'
        + "".join(
            f'<circle cx="{214 + dx}" cy="{164 + dy}" r="5.500" fill="{look.deep}" opacity=".6"/>'
            for dx, dy in ((-14, -8), (10, -16), (14, 10), (-8, 16), (0, 2))
        )
    )
    return side + packed(
        "M56 66H264V262H56z",
        look.main,
        label(look, 56, 66, 138, 196) + f'<rect x="194" y="66" width="70" height="196" fill="{look.deep}"/>' + dish,
        shade="f",
    )


def gable(look: Look) -> str:
    top = f'<path d="M104 108L122 62H198L216 108z" fill="{look.tint}"/><rect x="120" y="42" width="80" height="22" fill="{look.main}"/><path d="M216 108L232 118 208 66 198 62z" fill="{look.deep}" opacity=".7"/><circle cx="160" cy="88" r="13" fill="{look.accent}"/><circle cx="160" cy="88" r="9" fill="#fff" opacity=".35"/>'
    side = f'<path d="M216 108L234 118V280L216 290z" fill="{look.deep}"/>'
    return side + packed("M104 108H216V290H104z", look.tint, label(look, 104, 108, 112, 182), shade="f") + top


def vacuum(look: Look) -> str:
    rows = "".join(
        f'<rect x="{76 + i * 28}" y="84" width="24" height="112" rx="12" fill="{("#f0c65a", "#e9b53e")[i % 2] if " cheese" in look.words else ("#e2988a", "#b9584a")[i % 2]}"/>'
        for i in range(6)
    )
    film = '<path d="M66 96Q120 78 176 92T256 88" fill="none" stroke="#fff" stroke-opacity=".6" stroke-width="4"/>'
    return (
        packed(
            "M58 70Q160 62 262 70L266 284Q160 292 54 284z", "#f0e9e2", rows + label(look, 58, 156, 204, 130), shade="f"
        )
        + film
    )


def loaf_bag(look: Look) -> str:
    crust = "".join(
        f'<path d="M{x} 118Q{x + 18} 100 {x + 36} 118" fill="none" stroke="#7c4516" stroke-opacity=".45" stroke-width="4"/>'
        for x in range(66, 232, 32)
    )
    loaf = f'<path d="M58 134Q62 98 110 98H222Q262 98 264 134L260 268Q258 286 240 286H80Q62 286 62 268z" fill="#c98a4b"/>{crust}'
    neck = f'<path d="M150 98L138 60Q160 50 182 60L170 98z" fill="{look.tint}" opacity=".8"/><rect x="146" y="84" width="28" height="9" rx="4" fill="{look.main}"/>'
    body = "M58 134Q62 98 110 98H222Q262 98 264 134L260 268Q258 286 240 286H80Q62 286 62 268z"
    return neck + loaf + packed(body, "none", label(look, 58, 146, 206, 112), shade="f")


def tube(look: Look) -> str:
    body = "M104 46H216L206 232Q204 246 190 246H130Q116 246 114 232z"
    seam = f'<rect x="100" y="46" width="120" height="12" fill="{look.deep}" opacity=".35"/>'
    cap = f'<path d="M124 246H196L192 292H128z" fill="{look.accent}"/><path d="M124 246H196L192 292H128z" fill="url(#s)"/>'
    return packed(body, look.main, label(look, 108, 58, 104, 180), over=seam) + cap


def pump(look: Look) -> str:
    neck = f'<path d="M152 92V64H116Q108 64 108 72V80H120V76H140V92z" fill="{look.accent}"/><rect x="136" y="86" width="48" height="24" rx="5" fill="{look.deep}"/><rect x="150" y="56" width="34" height="14" rx="6" fill="{look.accent}"/><rect x="160" y="66" width="14" height="22" fill="{look.accent}"/>'
    body = "M122 108H198Q222 116 222 144V272Q222 290 204 290H116Q98 290 98 272V144Q98 116 122 108z"
    return neck + packed(body, look.tint, label(look, 98, 132, 124, 146))


def spray(look: Look) -> str:
    head = f'<path d="M112 54H186Q204 54 206 74L212 84H186V106H144V84Q126 84 124 74H112z" fill="{look.accent}"/><path d="M140 84Q120 96 126 116L116 120Q106 96 128 80z" fill="{look.deep}"/>'
    body = "M142 104H190Q196 128 214 142 224 152 224 168V276Q224 290 208 290H118Q102 290 102 276V168Q102 152 118 142 136 128 142 104z"
    return head + packed(body, look.main, label(look, 102, 156, 122, 122))


def stick(look: Look) -> str:
    cap = f'<path d="M112 92Q112 52 160 52T208 92V126H112z" fill="{look.accent}"/><path d="M112 92Q112 52 160 52T208 92V126H112z" fill="url(#s)"/>'
    return (
        packed("M108 126H212V276Q212 290 198 290H122Q108 290 108 276z", look.main, label(look, 108, 132, 104, 148))
        + cap
    )


def pill_bottle(look: Look) -> str:
    cap = (
        '<rect x="110" y="62" width="100" height="44" rx="7" fill="#f7f5f0"/><rect x="110" y="62" width="100" height="44" rx="7" fill="url(#s)"/>'
        + "".join(
            f'<path d="M{x} 68V100" stroke="#000" stroke-opacity=".12" stroke-width="2"/>' for x in range(118, 206, 8)
        )
    )
    return (
        packed(
            "M118 106H202Q226 112 226 136V272Q226 290 208 290H112Q94 290 94 272V136Q94 112 118 106z",
            look.main,
            label(look, 94, 136, 132, 138),
        )
        + cap
    )


def rolls(look: Look) -> str:
    backs = "".join(
        f'<ellipse cx="{x}" cy="80" rx="48" ry="17" fill="#fff" stroke="#ddd6ca"/><ellipse cx="{x}" cy="80" rx="15" ry="5.500" fill="#b99a74"/>'
        for x in (112, 208)
    )
    return (
        packed(
            "M64 80V270Q64 290 84 290H236Q256 290 256 270V80Q208 100 160 84 112 100 64 80z",
            "#fbf9f4",
            label(look, 64, 116, 192, 150),
        )
        + backs
    )


def blister(look: Look) -> str:
    window = f'<rect x="104" y="150" width="112" height="112" rx="22" fill="#fff" opacity=".9"/>{motif(look, 160, 206, 40, look.accent, look.deep)}<path d="M118 168Q124 158 140 158" fill="none" stroke="#fff" stroke-width="5"/>'
    hole = '<path d="M140 66H152Q160 56 168 66H180" fill="none" stroke="#000" stroke-opacity=".45" stroke-width="5" stroke-linecap="round"/>'
    card = packed(
        "M88 46H232V284Q232 290 226 290H94Q88 290 88 284z",
        look.main,
        f'<g transform="translate(0 -4)">{label(look, 88, 76, 144, 78)}</g>',
        shade="f",
    )
    return card + window + hole


def tin(look: Look) -> str:
    lid = f'<path d="M66 112Q66 88 160 88T254 112V136H66z" fill="{look.deep}"/><path d="M66 112Q66 88 160 88T254 112V136H66z" fill="url(#s)"/><ellipse cx="160" cy="106" rx="80" ry="12" fill="#fff" opacity=".16"/>'
    return packed("M70 134H250V268Q250 288 160 288T70 268z", look.main, label(look, 70, 138, 180, 142)) + lid


def egg_box(look: Look) -> str:
    eggs = "".join(
        f'<ellipse cx="{x}" cy="150" rx="24" ry="30" fill="{c}"/>'
        for x, c in ((86, "#e9c8a2"), (135, "#f2dcc0"), (184, "#e2b88d"), (233, "#efd3b0"))
    )
    return eggs + packed(
        "M52 158Q70 150 86 164 110 176 135 162 160 176 184 162 208 176 233 164 250 150 268 158L254 286H66z",
        "#b9b2a4",
        label(look, 84, 190, 152, 92),
        shade="f",
    )


def clear_tray(look: Look, filling: str) -> str:
    lid = '<path d="M56 132Q62 98 96 96H224Q258 98 264 132z" fill="#fff" fill-opacity=".32" stroke="#9fb3b5" stroke-opacity=".7"/><path d="M84 106H150" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".8"/>'
    body = "M52 132H268L250 280Q248 290 236 290H84Q72 290 70 280z"
    return (
        packed(body, GLASS, f'<g transform="translate(0 30)">{filling}</g>', shade="f")
        + lid
        + f'<rect x="70" y="196" width="180" height="76" rx="10" fill="{look.tint}"/><svg x="70" y="196" width="180" height="76">{label(look, 0, 0, 180, 76)}</svg>'
    )


def meat_tray(look: Look) -> str:
    slices = "".join(
        f'<path d="M{x} {y}q34-34 76-10 26 20 2 44-36 24-70 4-24-16-8-38z" fill="{c}"/><path d="M{x + 6} {y + 4}q32-26 62-8" fill="none" stroke="#f7ded6" stroke-width="5" stroke-linecap="round"/><path d="M{x + 24} {y + 16}q14 10 34 4" fill="none" stroke="#f3cfc6" stroke-width="3" stroke-linecap="round"/>'
        for x, y, c in ((72, 122, look_meat(look)), (150, 112, look_meat(look)), (112, 166, look_meat(look)))
    )
    return (
        '<path d="M44 96Q44 84 56 84H264Q276 84 276 96L264 276Q262 288 250 288H70Q58 288 56 276z" fill="#2e2b29"/>'
        '<path d="M58 98H262L252 272H68z" fill="#403c39"/>'
        + slices
        + '<path d="M66 110Q120 92 200 104" fill="none" stroke="#fff" stroke-opacity=".35" stroke-width="5" stroke-linecap="round"/>'
        + f'<svg x="112" y="206" width="140" height="72">{label(look, 0, 0, 140, 72)}</svg>'
    )


def look_meat(look: Look) -> str:
    """The colour of the meat that the words name."""
    for colour, words in (
        ("#f0b9a6", "chicken turkey poultry fowl"),
        ("#e48f78", "pork ham bacon veal"),
        ("#f3906b", "salmon shrimp"),
    ):
        if any(f" {word}" in look.words for word in words.split()):
            return colour
    return "#e9e2da" if any(w in look.words for w in (" fish", " cod", " tilapia", " seafood")) else "#b23a3a"
