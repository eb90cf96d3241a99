"""The lists of models and of limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from ttsgate import catalog
from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import Account
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.http_reply import Call, Reply

__all__ = ["Models"]

_Item = TypeVar("_Item")

_PAGE_SIZES = range(1, 201)


class Models:
    """``/compatible-mode/v1/models``, ``/api/v1/models`` and ``/api/v1/models/limits``."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def compatible(self, call: Call) -> Reply | ApiError:
        """The list of the OpenAI-style interface, or one entry of it."""
        name = call.path.removeprefix("/compatible-mode/v1/models").strip("/")
        items = [{"id": m.name, "object": "model", "created": 0, "owned_by": "system"} for m in self._visible()]
        if not name:
            return Reply(document={"object": "list", "data": items})
        found = [item for item in items if item["id"] == name]
        return Reply(document=found[0]) if found else _missing(name)

    async def catalogue(self, call: Call) -> Reply | ApiError:
        """The native list, with the filters ``model``, ``capabilities`` and ``providers``, in pages."""
        models = [_entry(m) for m in self._visible()]
        for key, field in (("model", "model"), ("providers", "provider"), ("capabilities", "capabilities")):
            wanted = _values(call, key)
            if wanted:
                models = [m for m in models if wanted & set([m[field]] if isinstance(m[field], str) else m[field])]
        return _page(call, models, "models")

    async def limits(self, call: Call) -> Reply | ApiError:
        """The request rates of this key: https://help.aliyun.com/zh/model-studio/rate-limit"""
        wanted = _values(call, "model")
        quotas = [self._quota(call, m) for m in self._visible() if not wanted or m.name in wanted]
        return _page(call, quotas, "quotas")

    def _visible(self) -> list[catalog.Model]:
        return self._account.visible_models()

    def _quota(self, call: Call, model: catalog.Model) -> dict[str, Any]:
        rate = self._account.rate_limit(model.name)
        limit = {
            "request_limit": rate.per_minute if rate.per_minute is not None else rate.per_second,
            "request_limit_period": 60 if rate.per_minute is not None else 1,
            "usage_limit": None,
            "usage_limit_field": None,
            "usage_limit_period": None,
            "async_user_queue_limit": None,
            "async_user_concurrency_limit": None,
        }
        workspace = call.principal.workspace
        return {"model": model.name, "workspace_id": workspace, "model_limit": limit, "workspace_limit": None}


def _entry(model: catalog.Model) -> dict[str, Any]:
    price = catalog.price(model.name, "cn-beijing")
    features = ["instructions"] if model.instructions else []
    return {
        "model": model.name,
        "name": model.name,
        "description": f"Qwen TTS, {model.family}",
        "provider": "qwen",
        "inference_provider": "aliyun",
        "capabilities": ["TTS", "Realtime-Text-to-Speech"] if model.realtime else ["TTS"],
        "features": features,
        "inference_metadata": {"request_modality": ["Text"], "response_modality": ["Audio"]},
        "model_info": {"max_input_characters": model.max_characters},
        "prices": [] if price is None else [{"price": str(price.amount), "currency": price.currency}],
        "published_time": model.online_since,
        "equivalent_snapshot": model.snapshot,
    }


def _values(call: Call, key: str) -> set[str]:
    # Repeated keys, which is why the query is a multi-dictionary.
    return set(call.query.getall(key, ())) if hasattr(call.query, "getall") else set()


def _page(call: Call, items: Sequence[_Item], key: str) -> Reply | ApiError:
    try:
        number, size = int(call.query.get("page_no", 1)), int(call.query.get("page_size", 10))
    except ValueError:
        return errors.INVALID_PARAMETERS
    if number < 1 or size not in _PAGE_SIZES:
        return errors.INVALID_PARAMETERS
    page = list(items[(number - 1) * size : number * size])
    output = {"total": len(items), "page_no": number, "page_size": size, key: page}
    return Reply(document={"output": output, "success": True, "request_id": call.request_id})


def _missing(name: str) -> ApiError:
    message = f"The model `{name}` does not exist or you do not have access to it."
    return ApiError(404, "ModelNotFound", message)
