"""The rows of what staff do on a customer's page and with their pieces."""

from __future__ import annotations

from tests.architecture.route_row import Row
from tests.architecture.route_row import staff as _staff

_PERSONS = _staff("support")
ON_A_CUSTOMERS_PAGE = {
    "console.unit_check GET": Row(_PERSONS, query={"number": "SN-1"}),
    "console.enter_unit POST": Row(_PERSONS, form={"serial_number": "SN-2", "order": "order"}),
    "console.many_units GET": Row(_PERSONS),
    "console.upload_units POST": Row(_PERSONS),
    "console.check_units GET": Row(_PERSONS, {"token": "unit_file"}),
    "console.units_left_out GET": Row(_PERSONS, {"token": "unit_file"}),
    "console.enter_units POST": Row(_PERSONS, {"token": "unit_file"}),
    "console.unit GET": Row(_PERSONS, {"unit_id": "unit"}),
    "console.ask_service_point POST": Row(_PERSONS, {"unit_id": "unit"}, form={"point": "point", "words": "broken"}),
    "console.move_request POST": Row(
        _PERSONS, {"unit_id": "unit", "request_id": "warranty_request"}, form={"state": "accepted"}
    ),
    "console.list_service_points GET": Row(_staff("marketer", "support")),
    "console.add_service_point POST": Row(_staff()),
    "console.upload_service_points POST": Row(_staff()),
    "console.service_point GET": Row(_staff(), {"point_id": "point"}),
    "console.change_service_point POST": Row(
        _staff(), {"point_id": "point"}, form={"name": "W", "country": "DE", "latitude": "50", "longitude": "10"}
    ),
    "console.open_service_point POST": Row(_staff(), {"point_id": "point"}),
    "console.close_service_point POST": Row(_staff(), {"point_id": "point"}, last=True),
    "console.customer_mail GET": Row(_PERSONS, {"customer_id": "customer"}),
    "console.customer_browsers GET": Row(_PERSONS, {"customer_id": "customer"}),
    "console.visit_steps GET": Row(_PERSONS, {"customer_id": "customer", "visit_id": "visit"}),
    "console.write_note POST": Row(_PERSONS, {"customer_id": "customer"}, form={"text": "a note"}),
    "console.change_note POST": Row(_PERSONS, {"customer_id": "customer", "note_id": "note"}, form={"deed": "pin"}),
    "console.note_offer POST": Row(_PERSONS, {"customer_id": "customer"}, form={"product": "product", "how": "phone"}),
}
