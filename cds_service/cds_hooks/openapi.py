"""What `/docs` and `/openapi.json` say of the services. By hand, because `request` reads the body and no model does."""

from typing import Any

from cds_service.cds_hooks.request import EXPIRY_FORM, INSTANCE_FORMS
from cds_service.cds_hooks.service import ContextField, Service
from cds_service.explanation import EXTENSION, MOST_NAMED

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}


def _pattern(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^({pattern})$"}


_AUTHORIZATION: Schema = {
    "type": "object",
    "required": ["access_token", "token_type"],
    "properties": {
        "access_token": _TEXT,
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "number"},
        "scope": _TEXT,
        "subject": _TEXT,
        "patient": {**_TEXT, "description": "Must be `context.patientId` where it is given."},
    },
}
_STRICT_AUTHORIZATION: Schema = {
    **_AUTHORIZATION,
    "required": ["access_token", "token_type", "expires_in", "scope", "subject"],
}
_LENIENT_AUTHORIZATION: Schema = {
    **_AUTHORIZATION,
    "properties": {
        **_AUTHORIZATION["properties"],
        "expires_in": {"anyOf": [{"type": "number"}, _pattern(EXPIRY_FORM.pattern.pattern)]},
    },
}

_PREFETCH: dict[str, Any] = {
    "patient": {"resourceType": "Patient", "id": "example", "gender": "female", "birthDate": "1990-04-02"},
    "conditions": {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {
                "resource": {
                    "resourceType": "Condition",
                    "id": "example-sle",
                    "subject": {"reference": "Patient/example"},
                    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "55464009"}]},
                }
            }
        ],
    },
}

CARDS: Schema = {
    "type": "object",
    "required": ["cards"],
    "properties": {
        "cards": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["uuid", "summary", "indicator", "source"],
                "properties": {
                    "uuid": {"type": "string", "format": "uuid"},
                    "summary": {**_TEXT, "maxLength": 139},
                    "detail": {**_TEXT, "description": "GitHub-flavoured Markdown."},
                    "indicator": {"enum": ["info", "warning", "critical"]},
                    "source": {"type": "object", "required": ["label"]},
                    "suggestions": {"type": "array", "items": {"type": "object"}},
                    "selectionBehavior": {"enum": ["any", "at-most-one"]},
                    "overrideReasons": {"type": "array", "items": {"type": "object"}},
                    "links": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
        "extension": {
            "type": "object",
            "properties": {
                EXTENSION: {
                    "type": "object",
                    "description": (
                        "Trials that could not be judged because entries of the record could not be read: their number "
                        f"and the first {MOST_NAMED} of their ids, and how many entries these are. Not there: every "
                        "trial was judged."
                    ),
                    "required": ["count", "trials", "entries"],
                    "properties": {
                        "count": {"type": "integer", "minimum": 1},
                        "trials": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_NAMED},
                        "entries": {"type": "integer", "minimum": 1},
                    },
                    "additionalProperties": False,
                }
            },
        },
    },
}

OUTCOME: Schema = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code", "diagnostics"],
                "properties": {"severity": {"const": "error"}, "code": _TEXT, "diagnostics": _TEXT},
            },
        },
    },
}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def hook_operation(service: Service, *, is_strict: bool) -> dict[str, Any]:
    """What is sent to `service`: for its route's `openapi_extra`. `is_strict`: without what is forgiven otherwise."""
    content = {"schema": _request(service, is_strict), "example": _example(service)}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _request(service: Service, is_strict: bool) -> Schema:
    instance: list[Schema] = [{"type": "string", "format": "uuid"}]
    instance += [] if is_strict else [_pattern(form.pattern.pattern) for form in INSTANCE_FORMS]
    return {
        "type": "object",
        "required": ["hook", "hookInstance", "context"],
        "properties": {
            "hook": {"const": service.hook},
            "hookInstance": instance[0] if is_strict else {"anyOf": instance},
            "fhirServer": {"type": "string", "format": "uri", "description": "Required with `fhirAuthorization`."},
            "fhirAuthorization": _STRICT_AUTHORIZATION if is_strict else _LENIENT_AUTHORIZATION,
            "context": {
                "type": "object",
                "required": [field.name for field in service.required if is_strict or field.absent is None],
                "properties": {field.name: _context_field(field, is_strict) for field in service.context},
            },
            "prefetch": {
                "type": "object",
                "description": (
                    "By key: a FHIR resource, a Bundle, or null. Keys are those of `GET /cds-services`; "
                    "a resource under another key is sorted by its type."
                ),
            },
        },
    }


def _context_field(field: ContextField, is_strict: bool) -> Schema:
    forms = [] if is_strict else [form.pattern.pattern for form in field.forms]
    return _pattern("|".join(f"({pattern})" for pattern in [field.pattern.pattern, *forms]))


def _example(service: Service) -> dict[str, Any]:
    """A request that gets a card."""
    return {
        "hook": service.hook,
        "hookInstance": "4f1c0b1e-6a6a-4d0e-9a43-3f8f4c1f2a10",
        "context": {field.name: field.example for field in service.required},
        "prefetch": _PREFETCH,
    }


HOOK_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Cards, or an empty list where no trial fits that could be judged (see `extension`).",
        "content": _json(CARDS),
    },
    **{
        status: {"description": description, "content": _json(OUTCOME)}
        for status, description in {
            400: "Not a valid request for this hook, or it mixes patients. Each issue names its field.",
            401: "No valid token of a registered client. Why, the service's log says.",
            403: "Without clients: another `Host`, or a page of an `Origin` that is not listed.",
            412: "The Patient or the conditions were not supplied, or none can be read. Issues name the prefetch key.",
            413: "The body is too large.",
            415: "The body is not sent as JSON in UTF-8.",
            500: "The service failed. This is never answered with an empty list.",
            503: "Too many requests at once, or no answer in time. `Retry-After` says when to try again.",
        }.items()
    },
}
"""For a route's `responses`."""


def _feedback(is_strict: bool) -> Schema:
    suggestion: Schema = {"type": "object", "required": ["id"], "properties": {"id": _TEXT}}
    by_uuid: Schema = {"type": "object", "required": ["uuid"], "properties": {"uuid": _TEXT, "id": {"type": "null"}}}
    reason: Schema = {
        "type": "object",
        "properties": {
            "reason": {
                "type": "object",
                "properties": {"code": _TEXT, "system": _TEXT, "display": {"type": "string"}},
            },
            "userComment": {"type": "string"},
        },
    }
    item: Schema = {
        "type": "object",
        "required": ["card", "outcome", "outcomeTimestamp"],
        "properties": {
            "card": {**_TEXT, "maxLength": 255, "description": "The card's `uuid`."},
            "outcome": {"enum": ["accepted", "overridden"]},
            "outcomeTimestamp": {"type": "string", "format": "date-time"},
            "acceptedSuggestions": {
                "type": "array",
                "items": suggestion if is_strict else {"anyOf": [suggestion, by_uuid]},
            },
            "overrideReason": reason if is_strict else {"anyOf": [reason, {"type": "string"}]},
        },
    }
    return {
        "type": "object",
        "required": ["feedback"],
        "properties": {"feedback": {"type": "array", "items": item}},
    }


_FEEDBACK_EXAMPLE: dict[str, Any] = {
    "feedback": [
        {
            "card": "5c0ab9b1-0f6e-5d1c-9a0e-6f1c5d1f2a10",
            "outcome": "overridden",
            "outcomeTimestamp": "2026-05-15T09:30:00Z",
            "overrideReason": {
                "reason": {
                    "code": "patient-refuses",
                    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
                }
            },
        }
    ]
}


def feedback_operation(*, is_strict: bool) -> dict[str, Any]:
    """What is sent as feedback: for its routes' `openapi_extra`."""
    content = {"schema": _feedback(is_strict), "example": _FEEDBACK_EXAMPLE}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


FEEDBACK_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "Kept, durably; what was there already is kept once. An OperationOutcome names the items that could not be "
            "kept; without one it is all of them."
        ),
        "content": _json({"oneOf": [{"type": "object", "maxProperties": 0}, OUTCOME]}),
    },
    **{
        status: {"description": description, "content": _json(OUTCOME)}
        for status, description in {
            400: "Not feedback, in no item. Each issue names its place, and nothing of the batch is kept.",
            401: "No valid token of a registered client.",
            403: "Without clients: another `Host`, or a page of an `Origin` that is not listed.",
            413: "The body is too large.",
            415: "The body is not sent as JSON in UTF-8.",
            500: "The service failed.",
            503: "It could not be kept. `Retry-After` says when to send it again.",
        }.items()
    },
}

DISCOVERY_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: answer for status, answer in HOOK_RESPONSES.items() if status in (401, 403, 500, 503)
}
