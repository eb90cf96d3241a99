"""All HTTP addresses of the emulated service, ready to be mounted in one application."""

from __future__ import annotations

from aiohttp import web

from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import Account
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.http_customization import CUSTOMIZATION_PATH, Customization
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.http_files import FILES_PATH, FileStore
from ttsgate.emulator.http_generation import GENERATION_PATH, Generation
from ttsgate.emulator.http_models import Models
from ttsgate.emulator.http_reply import Call, Dialect, Doorway, Handler, Hook, Reply
from ttsgate.emulator.http_tokens import Tokens
from ttsgate.emulator.speech.engine import Speech

__all__ = ["http_routes"]

_COMPATIBLE = "/compatible-mode/v1"


def http_routes(
    account: Account, speech: Speech, config: EmulatorConfig, *, hook: Hook | None = None
) -> list[web.RouteDef]:
    """Every route of the service but the websocket.

    Args:
        account: whose keys, models, voices and limits are in force; made with ``config``.
        speech: what speaks.
        config: what the emulator was told to be.
        hook: sees each reply before it is written and may replace it (faults).
    """
    doorway = Doorway(account, hook)
    files = FileStore(account)
    models = Models(account)
    catalogue_open = account.behaviour("catalogue-auth") == "open"

    def route(
        method: str,
        path: str,
        family: str,
        handler: Handler,
        *,
        dialect: Dialect = "dashscope",
        keyless: bool = False,
    ) -> web.RouteDef:
        return web.route(method, path, doorway.endpoint(family, handler, dialect=dialect, keyless=keyless))

    compatible = f"{_COMPATIBLE}/models"
    doors = [
        route("POST", GENERATION_PATH, "generation", Generation(account, speech, files).post),
        route("POST", CUSTOMIZATION_PATH, "customization", Customization(account, speech).post),
        route("GET", "/api/v1/models", "models", models.catalogue, keyless=catalogue_open),
        route("GET", "/api/v1/models/limits", "models", models.limits),
        route("POST", "/api/v1/tokens", "tokens", Tokens(account).post),
        route("GET", compatible, "models", models.compatible, dialect="openai"),
        route("GET", f"{compatible}/{{model}}", "models", models.compatible, dialect="openai"),
        route("GET", f"{FILES_PATH}/{{name}}", "files", files.get, keyless=True),
    ]
    elsewhere = _Elsewhere(account)
    # After the doors: what matches none of them by path or by method.
    closed = [route("*", path, "elsewhere", _wrong_method) for path in sorted({door.path for door in doors[:5]})]
    return [
        *doors,
        *closed,
        route("*", "/api/v1/services/{tail:.*}", "elsewhere", elsewhere.service),
        route("*", "/api/v1/{tail:.*}", "elsewhere", _nothing_here),
        route("*", f"{_COMPATIBLE}/{{tail:.*}}", "elsewhere", elsewhere.compatible, dialect="openai"),
    ]


class _Elsewhere:
    """Addresses of other products of the vendor: a speech model that is sent there is refused as reported."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def service(self, call: Call) -> Reply | ApiError:
        """Another native service."""
        if not call.model:
            return errors.NOT_FOUND
        return self._account.model_problem(call.model) or errors.URL_ERROR

    async def compatible(self, call: Call) -> Reply | ApiError:
        """The OpenAI-style interface, which offers no speech."""
        model = self._account.find_model(call.model)
        if not call.path.endswith("/chat/completions"):
            return errors.NOT_FOUND
        if model is None:
            message = f"The model `{call.model}` does not exist or you do not have access to it."
            return ApiError(404, "ModelNotFound", message)
        if model.realtime:
            return errors.HTTP_NOT_SUPPORTED
        message = f"Unsupported model `{model.name}` for OpenAI compatibility mode."
        return ApiError(404, "model_not_supported", message)


async def _wrong_method(call: Call) -> Reply | ApiError:
    return ApiError(405, "InvalidParameter", "Request method is not supported.")


async def _nothing_here(call: Call) -> Reply | ApiError:
    return errors.NOT_FOUND
