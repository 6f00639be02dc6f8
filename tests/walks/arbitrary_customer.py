"""The fields of what staff send from a customer's page and about pieces."""

from __future__ import annotations

ON_A_CUSTOMERS_PAGE: dict[str, tuple[str, ...]] = {
    "console.upload_units": (),
    "console.enter_units": (),
    "console.enter_unit": ("serial_number", "order", "product"),
    "console.ask_service_point": ("point", "words"),
    "console.move_request": ("state",),
    "console.add_service_point": ("name", "country", "latitude", "longitude", "email", "serves"),
    "console.upload_service_points": (),
    "console.close_service_point": (),
    "console.open_service_point": (),
    "console.change_service_point": ("name", "country", "latitude", "longitude", "email", "serves"),
    "console.write_note": ("text", "pinned"),
    "console.change_note": ("deed",),
    "console.note_offer": ("product", "how", "again"),
}
