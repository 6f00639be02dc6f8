"""What the public views accept; everything else is refused with a 400."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

_NO_NUL = validate.ContainsNoneOf("\x00")


class ConsentForm(Schema):
    """The consent banner's answer."""

    grade = fields.Integer(required=True, validate=validate.OneOf([0, 1, 2]))
    next = fields.String(load_default="/", validate=[validate.Length(max=2000), _NO_NUL])


class Engagement(Schema):
    """What the beacon reports when a page is left: seconds it was visible, depth of scrolling in per cent."""

    class Meta:
        unknown = RAISE

    path = fields.String(required=True, validate=[validate.Length(min=1, max=200), validate.Regexp(r"/"), _NO_NUL])
    seconds = fields.Integer(required=True, strict=True, validate=validate.Range(0, 86_400))
    scroll = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100))
